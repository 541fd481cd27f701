public import JournalFormat

/// What an entry of a white list does, without its texts: see ``AuthenticationData`` for those.
public struct AuthenticationEntry: Hashable, Sendable {
  /// Which item of the message it is, from 1.
  public fileprivate(set) var item: UInt32
  /// Nil where it is absent or ``unreadable``; so are the other values.
  public fileprivate(set) var actionType: ActionType?
  /// How the user is named.
  public fileprivate(set) var user: UserKey
  /// Whether the user is named by the UID of a badge that is not written in hexadecimal digits alone.
  public fileprivate(set) var isNoHexadecimalBadge: Bool
  /// 1, generic charge, where it is absent (guide 5.5.3): see ``isServiceAssumed``.
  public fileprivate(set) var service: RequestedServiceId?
  /// Whether ``service`` is absent, and the generic charge stands for it.
  public fileprivate(set) var isServiceAssumed: Bool
  /// Anything but 1 refuses the service.
  public fileprivate(set) var authorisationValue: AuthorisationValue?
  /// From when the entry does not count any more.
  public fileprivate(set) var expiryDate: Timestamp?
  /// What of it is there and cannot be read, its limits included.
  public fileprivate(set) var unreadable: UnreadableValues
  /// As ``AuthenticationData/operatorId``, compact; empty where it is not named.
  public fileprivate(set) var operatorId: [UInt8]
  /// CRC-32C of all else that it says (alias, limits, parameter, ...) and of what cannot be read, as written: tells whether an entry repeats
  /// another. Of personal texts.
  public fileprivate(set) var detailsChecksum: UInt32
}

extension MessageFacts {
  /// How many entries of a white list the message has.
  public var authenticationEntryCount: Int {
    var (count, last) = (0, 0 as UInt32)
    for leaf in leaves where leaf.path.parent == WireName.authenticationData && leaf.item != last {
      count += 1
      last = leaf.item
    }
    return count
  }

  /// The items of a white list that name no user, and are no entries of it therefore, by their numbers in the message.
  public var itemsWithoutUser: [UInt32] {
    var items: [UInt32] = []
    let user = LeafPath(name: WireName.userId, parent: WireName.authenticationData)
    leaves[...].forEachRun(by: \.item) { leaves in
      let namesNobody = !leaves.contains { $0.path == user && !leafTexts.isEmpty($0) }
      if namesNobody && leaves.isItem(WireName.authenticationData) { items.append(leaves[leaves.startIndex].item) }
      return true
    }
    return items
  }

  /// Shows the entries of a white list in order, those without a user left out. It makes no texts: a message may have hundreds.
  /// - Throws: what `body` throws.
  public func forEachAuthenticationEntry<Failure: Error>(_ body: (AuthenticationEntry) throws(Failure) -> Void) throws(Failure) {
    try leaves[...].forEachRun(by: \.item) { (leaves) throws(Failure) in
      if let entry = authenticationEntry(leaves) { try body(entry) }
      return true
    }
  }

  private func authenticationEntry(_ leaves: ArraySlice<Leaf>) -> AuthenticationEntry? {
    var places = AuthenticationPlaces()
    var unreadable = UnreadableValues()
    for (index, leaf) in zip(leaves.indices, leaves) where !leafTexts.isEmpty(leaf) {
      if leaf.path.parent == WireName.authenticationData {
        places.note(leaf.path.name, index)
      } else if leaf.subitem > 0 {
        unreadable.noteMeter(leaf.path.name, leafTexts.text(leaf))
      }
    }
    guard places.user >= 0 else { return nil }
    let actionType: ActionType? = code(places.action, "actionType", &unreadable)
    let service: RequestedServiceId? = code(places.service, "requestedServiceId", &unreadable)
    let authorisationValue: AuthorisationValue? = code(places.authorisation, "authorisationValue", &unreadable)
    _ = value(places.intermediate, "intermediateCDRRequested", &unreadable) { Bool(xml: $0) }
    let expiryDate = value(places.expiry, "expiryDate", &unreadable) { Timestamp(utf8: $0) }
    let (user, isNoHexadecimalBadge) = leafTexts.withText(leaves[places.user]) { id in
      guard places.type >= 0 else { return (UserKey(utf8: EmptyCollection(), id), false) }
      return leafTexts.withText(leaves[places.type]) { type in
        (UserKey(utf8: type, id), UserIdType.termKind(utf8: type) == .userRFID && !RFID.isHexadecimal(id))
      }
    }
    let partner = places.salePartner >= 0 ? places.salePartner : places.operator
    return AuthenticationEntry(
      item: leaves[leaves.startIndex].item, actionType: actionType, user: user,
      isNoHexadecimalBadge: isNoHexadecimalBadge, service: places.service < 0 ? .genericCharge : service,
      isServiceAssumed: places.service < 0, authorisationValue: authorisationValue, expiryDate: expiryDate, unreadable: unreadable,
      operatorId: partner < 0 ? [] : leafTexts.withText(leaves[partner]) { TermComparison.compact.normalized($0) },
      detailsChecksum: detailsChecksum(leaves, unreadable))
  }

  private func detailsChecksum(_ leaves: ArraySlice<Leaf>, _ unreadable: UnreadableValues) -> UInt32 {
    var crc = CRC32C()
    for leaf in leaves where !(leaf.path.parent == WireName.authenticationData && AuthenticationPlaces.isPlace(leaf.path.name)) {
      withUnsafeBytes(of: UInt32(leaf.path.parent).littleEndian << 16 | UInt32(leaf.path.name).littleEndian) { crc.update($0) }
      leafTexts.withText(leaf) { crc.update(UnsafeRawBufferPointer($0)) }
    }
    for value in unreadable.values { Array((value.name + value.text).utf8).withUnsafeBytes { crc.update($0) } }
    return crc.value
  }

  private func code<Code: OpenCode>(_ index: Int, _ name: String, _ unreadable: inout UnreadableValues) -> Code? {
    value(index, name, &unreadable) { Code(utf8: $0) }
  }

  /// What a leaf means; one that cannot be read is noted. Nil where there is none, too.
  private func value<Value>(
    _ index: Int, _ name: String, _ unreadable: inout UnreadableValues, _ read: (UnsafeBufferPointer<UInt8>) -> Value?
  ) -> Value? {
    guard index >= 0 else { return nil }
    let value = leafTexts.withText(leaves[index], read)
    if value == nil { unreadable.note(name, text: leafTexts.text(leaves[index])) }
    return value
  }
}

/// Where the fields of an entry stand among the leaves: the first of each; -1 where there is none.
private struct AuthenticationPlaces {
  var action = -1
  var type = -1
  var user = -1
  var service = -1
  var authorisation = -1
  var intermediate = -1
  var expiry = -1
  var salePartner = -1
  var `operator` = -1

  static func isPlace(_ name: UInt16) -> Bool {
    switch name {
    case WireName.actionType, WireName.userIdType, WireName.userId, WireName.requestedServiceId, WireName.authorisationValue,
      WireName.expiryDate, WireName.salePartnerOperatorId, WireName.operatorId:
      true
    default: false
    }
  }

  mutating func note(_ name: UInt16, _ index: Int) {
    switch name {
    case WireName.actionType: if action < 0 { action = index }
    case WireName.userIdType: if type < 0 { type = index }
    case WireName.userId: if user < 0 { user = index }
    case WireName.requestedServiceId: if service < 0 { service = index }
    case WireName.authorisationValue: if authorisation < 0 { authorisation = index }
    case WireName.intermediateCDRRequested: if intermediate < 0 { intermediate = index }
    case WireName.expiryDate: if expiry < 0 { expiry = index }
    case WireName.salePartnerOperatorId: if salePartner < 0 { salePartner = index }
    case WireName.operatorId: if `operator` < 0 { `operator` = index }
    default: break
    }
  }
}
