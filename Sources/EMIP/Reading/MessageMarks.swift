import JournalFormat

/// What the indexes find a message by, and what is masked in it: told by its leaves alone.
enum MessageMarks {
  /// Every identifier of every item, in the order of the leaves; empty texts make none. A personal leaf that is no identifier, an attribute
  /// too, makes a `personalText`.
  static func marks(of leaves: [Leaf], _ texts: LeafTexts) -> [Mark] {
    var marks: [Mark] = []
    marks.reserveCapacity(8)
    var userTypes = UserTypes()
    for (index, leaf) in leaves.enumerated() {
      if leaf.path.name == WireName.userIdType { userTypes.see(index) }
      guard let kind = kind(of: leaf), !texts.isEmpty(leaf) else { continue }
      let isUser = leaf.path.name == WireName.userId
      let resolved = isUser ? userTypes.kind(ofUser: index, in: leaves, texts) : kind
      let inlineText = leaf.decoded.map { texts.decoded[$0] }
      marks.append(Mark(kind: resolved, range: leaf.range, inlineText: inlineText))
      // An identifier that was declared personal: it is found by what it is, and masked all the same.
      if leaf.isPersonal, !resolved.isPersonal { marks.append(Mark(kind: .personalText, range: leaf.range, inlineText: inlineText)) }
    }
    return marks
  }

  private static func kind(of leaf: Leaf) -> TermKind? {
    switch leaf.path.name {
    case WireName.transactionId: .transactionId
    case WireName.serviceSessionId: .serviceSessionId
    case WireName.partnerServiceSessionId: .partnerServiceSessionId
    case WireName.execPartnerSessionId: .execPartnerSessionId
    case WireName.salePartnerSessionId: .salePartnerSessionId
    case WireName.sessionEventId, WireName.relatedSessionEventId: .sessionEventId
    case WireName.sessionActionId, WireName.relatedSessionActionId: .sessionActionId
    case WireName.bookingId: .bookingId
    case WireName.salePartnerBookingId: .salePartnerBookingId
    case WireName.evseId: .evseId
    case WireName.chargingStationId: .chargingStationId
    case WireName.chargingPoolId: .chargingPoolId
    case WireName.chargingConnectorId: .chargingConnectorId
    case WireName.userId, WireName.userContractIdAlias: .userContract
    case WireName.salePartnerOperatorId, WireName.execPartnerOperatorId: .operatorId
    default: leaf.isPersonal ? .personalText : nil
    }
  }
}

/// Which `userIdType` belongs to which `userId`: of the same item the one before it that is not taken yet, else the next one after it.
private struct UserTypes {
  private var last: Int?
  private var taken: Int?

  mutating func see(_ index: Int) {
    if index != taken { last = index }
  }

  mutating func kind(ofUser index: Int, in leaves: [Leaf], _ texts: LeafTexts) -> TermKind {
    guard let type = type(ofUser: index, in: leaves) else { return .userContract }
    return texts.withText(leaves[type]) { UserIdType.termKind(utf8: $0) }
  }

  private mutating func type(ofUser index: Int, in leaves: [Leaf]) -> Int? {
    let item = leaves[index].item
    if let type = last, leaves[type].item == item {
      last = nil
      return type
    }
    for next in leaves[(index + 1)...].indices {
      guard leaves[next].item == item, leaves[next].path.name != WireName.userId else { return nil }
      if leaves[next].path.name == WireName.userIdType {
        taken = next
        return next
      }
    }
    return nil
  }
}
