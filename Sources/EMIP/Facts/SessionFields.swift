internal import JournalFormat

/// What a message says of one session, as written, gathered in one pass: in short what ``ServiceAuthorisation``, ``ChargeDetailRecord`` and
/// ``SessionReport`` say at length. Of each element the first text that is not empty; nil where there is none.
public struct SessionFields: Hashable, Sendable {
  /// The id that IOP gave the session.
  public private(set) var serviceSessionId: String?
  /// The CPO's or the eMSP's own, by operation and direction.
  public private(set) var partnerServiceSessionId: String?
  /// The CPO's id of the session.
  public private(set) var execPartnerSessionId: String?
  /// The eMSP's id of the session.
  public private(set) var salePartnerSessionId: String?
  /// The CPO, as written.
  public private(set) var execPartnerOperatorId: String?
  /// The eMSP, as written.
  public private(set) var salePartnerOperatorId: String?
  /// The EVSE, as written.
  public private(set) var evseId: String?
  /// The kind of the user's id.
  public private(set) var userIdType: String?
  /// Personal.
  public private(set) var userId: String?
  /// Personal.
  public private(set) var userContractIdAlias: String?
  /// The service that is asked for.
  public private(set) var requestedServiceId: String?
  /// Whether the user may charge.
  public private(set) var authorisationValue: String?
  /// Whether records are wanted while the session lasts.
  public private(set) var intermediateCDRRequested: String?
  /// The nature of the record, as written.
  public private(set) var cdrNature: String?
  /// When charging began.
  public private(set) var startTime: String?
  /// When charging ended.
  public private(set) var endTime: String?
  /// The nature of the event, as written.
  public private(set) var sessionEventNature: String?
  /// When the event happened, as written.
  public private(set) var sessionEventDateTime: String?
  /// The nature of the action, as written.
  public private(set) var sessionActionNature: String?
  /// When the action was asked for, as written.
  public private(set) var sessionActionDateTime: String?
  /// Whether there is any part of an event, an action.
  public private(set) var hasEvent = false
  /// Whether it asks for an action.
  public private(set) var hasAction = false
  /// Meters of a record, or limits.
  public private(set) var hasMeters = false
  /// What of the limits of an authorisation cannot be read.
  private(set) var unreadableLimits = UnreadableValues()

  init(_ leaves: ArraySlice<Leaf>, _ texts: LeafTexts) {
    for leaf in leaves {
      note(leaf.path.parent)
      if leaf.subitem > 0 {
        hasMeters = true
        // Records are items, and tell of their meters themselves.
        if leaf.item == 0, !texts.isEmpty(leaf) { unreadableLimits.noteMeter(leaf.path.name, texts.text(leaf)) }
      } else if !texts.isEmpty(leaf) {
        takeId(leaf, texts)
      }
    }
  }

  private mutating func note(_ parent: UInt16) {
    switch parent {
    case WireName.sessionEvent: hasEvent = true
    case WireName.sessionAction: hasAction = true
    default: break
    }
  }

  private mutating func takeId(_ leaf: Leaf, _ texts: LeafTexts) {
    switch leaf.path.name {
    case WireName.serviceSessionId: Self.take(leaf, texts, &serviceSessionId)
    case WireName.partnerServiceSessionId: Self.take(leaf, texts, &partnerServiceSessionId)
    case WireName.execPartnerSessionId: Self.take(leaf, texts, &execPartnerSessionId)
    case WireName.salePartnerSessionId: Self.take(leaf, texts, &salePartnerSessionId)
    case WireName.execPartnerOperatorId: Self.take(leaf, texts, &execPartnerOperatorId)
    case WireName.salePartnerOperatorId: Self.take(leaf, texts, &salePartnerOperatorId)
    case WireName.evseId: Self.take(leaf, texts, &evseId)
    case WireName.userIdType: Self.take(leaf, texts, &userIdType)
    case WireName.userId: Self.take(leaf, texts, &userId)
    case WireName.userContractIdAlias: Self.take(leaf, texts, &userContractIdAlias)
    default: takeMore(leaf, texts)
    }
  }

  private mutating func takeMore(_ leaf: Leaf, _ texts: LeafTexts) {
    switch leaf.path.name {
    case WireName.requestedServiceId: Self.take(leaf, texts, &requestedServiceId)
    case WireName.authorisationValue: Self.take(leaf, texts, &authorisationValue)
    case WireName.intermediateCDRRequested: Self.take(leaf, texts, &intermediateCDRRequested)
    case WireName.cdrNature: Self.take(leaf, texts, &cdrNature)
    case WireName.startTime: Self.take(leaf, texts, &startTime)
    case WireName.endTime: Self.take(leaf, texts, &endTime)
    case WireName.sessionEventNature: Self.take(leaf, texts, &sessionEventNature)
    case WireName.sessionEventDateTime: Self.take(leaf, texts, &sessionEventDateTime)
    case WireName.sessionActionNature: Self.take(leaf, texts, &sessionActionNature)
    case WireName.sessionActionDateTime: Self.take(leaf, texts, &sessionActionDateTime)
    default: break
    }
  }

  private static func take(_ leaf: Leaf, _ texts: LeafTexts, _ field: inout String?) {
    if field == nil { field = texts.text(leaf) }
  }
}

extension SessionFields {
  /// How the user is named.
  public var user: UserIdentity {
    UserIdentity(userIdType: userIdType.map(UserIdType.init(rawValue:)), userId: userId, userContractIdAlias: userContractIdAlias)
  }
}

extension MessageFacts {
  /// The fields of a message about one session.
  public var sessionFields: SessionFields { SessionFields(leaves[...], leafTexts) }

  /// The fields of each charge detail record, in the order of ``chargeDetailRecords``.
  public var recordFields: [SessionFields] { items(WireName.chargeDetailRecord).map { SessionFields($0.leaves, leafTexts) } }

  /// One of ``recordFields``; nil where there are not so many.
  /// - Parameter number: from 0.
  public func recordFields(at number: Int) -> SessionFields? {
    item(WireName.chargeDetailRecord, at: number).map { SessionFields($0.leaves, leafTexts) }
  }

  /// The meters of one charge detail record.
  /// - Parameter number: from 0, among ``recordFields``.
  public func meters(ofRecord number: Int) -> [MeterReading] {
    item(WireName.chargeDetailRecord, at: number).map(MeterReading.readings) ?? []
  }
}
