public import JournalFormat

/// What an entry of a white list does, without its texts: see ``AuthenticationData`` for those.
public struct AuthenticationEntry: Hashable, Sendable {
  /// Which item of the message it is, from 1.
  public fileprivate(set) var item: UInt32
  /// Nil where it is absent or no number.
  public fileprivate(set) var actionType: ActionType?
  /// How the user is named.
  public fileprivate(set) var user: UserKey
  /// 1, generic charge, where it is absent (guide 5.5.3); nil where it is no number.
  public fileprivate(set) var service: RequestedServiceId?
  /// Nil where it is absent or no number.
  public fileprivate(set) var authorisationValue: AuthorisationValue?
  /// Nil where it is absent or no date.
  public fileprivate(set) var expiryDate: Timestamp?
  /// As ``AuthenticationData/operatorId``, in its compact form; empty where it is not named.
  public fileprivate(set) var operatorId: [UInt8]
  /// CRC-32C of all else that it says (alias, limits, parameter, ...), as written: tells whether an entry repeats another. Of personal texts.
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
    for (index, leaf) in zip(leaves.indices, leaves) where leaf.path.parent == WireName.authenticationData && !leafTexts.isEmpty(leaf) {
      places.note(leaf.path.name, index)
    }
    guard places.user >= 0 else { return nil }
    let user = leafTexts.withText(leaves[places.user]) { id in
      guard places.type >= 0 else { return UserKey(utf8: EmptyCollection(), id) }
      return leafTexts.withText(leaves[places.type]) { type in UserKey(utf8: type, id) }
    }
    let partner = places.salePartner >= 0 ? places.salePartner : places.operator
    return AuthenticationEntry(
      item: leaves[leaves.startIndex].item, actionType: code(places.action), user: user,
      service: places.service < 0 ? .genericCharge : code(places.service), authorisationValue: code(places.authorisation),
      expiryDate: places.expiry < 0 ? nil : leafTexts.withText(leaves[places.expiry]) { Timestamp(utf8: $0) },
      operatorId: partner < 0 ? [] : leafTexts.withText(leaves[partner]) { TermComparison.compact.normalized($0) },
      detailsChecksum: detailsChecksum(leaves))
  }

  private func detailsChecksum(_ leaves: ArraySlice<Leaf>) -> UInt32 {
    var crc = CRC32C()
    for leaf in leaves where !(leaf.path.parent == WireName.authenticationData && AuthenticationPlaces.isPlace(leaf.path.name)) {
      withUnsafeBytes(of: UInt32(leaf.path.parent).littleEndian << 16 | UInt32(leaf.path.name).littleEndian) { crc.update($0) }
      leafTexts.withText(leaf) { crc.update(UnsafeRawBufferPointer($0)) }
    }
    return crc.value
  }

  private func code<Code: OpenCode>(_ index: Int) -> Code? {
    index < 0 ? nil : leafTexts.withText(leaves[index]) { Code(utf8: $0) }
  }
}

/// Where the fields of an entry stand among the leaves: the first of each; -1 where there is none.
private struct AuthenticationPlaces {
  var action = -1
  var type = -1
  var user = -1
  var service = -1
  var authorisation = -1
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
    case WireName.expiryDate: if expiry < 0 { expiry = index }
    case WireName.salePartnerOperatorId: if salePartner < 0 { salePartner = index }
    case WireName.operatorId: if `operator` < 0 { `operator` = index }
    default: break
    }
  }
}
