/// What every exchange that sends a charge detail record has, planted or not.
extension TrafficContext {
  /// Writes the exchange. The same key gives the same transactionId.
  /// - Parameter write: writes the record.
  mutating func sendRecord(
    _ session: Session, _ direction: Direction, key: UInt64, _ outcome: Outcome, _ write: (inout MessageWriter) -> Void
  ) {
    let call = Call(
      operation: .setChargeDetailRecord, direction: direction, peer: direction == .toIOP ? .operatorBackEnd : session.provider,
      transaction: key, outcome: outcome)
    begin(call)
    write(&exchange.request)
    exchange.endRequest()
    guard exchange.beginResponse() else { return }
    if direction == .toIOP {
      exchange.response.text(.salePartnerOperatorIdType, "eMI3")
      exchange.response.operatorId(.salePartnerOperatorId, session.provider)
      exchange.response.serviceSession(.serviceSessionId, session)
    } else if session.origin != .whiteList {
      exchange.response.saleSession(.partnerServiceSessionId, session)
    }
    exchange.endResponse()
  }
}

extension MessageWriter {
  /// What stands in a record before its times: what it is, whose, where and of which user.
  /// - Parameters:
  ///   - named: whose id of the operator it carries; nil for none.
  ///   - hasPlatformId: whether the operator knows the platform's id of the session; the platform always does.
  mutating func recordHead(_ session: Session, _ direction: Direction, nature: Int, evse: Int, named: Session?, hasPlatformId: Bool) {
    number(.cdrNature, nature)
    if hasPlatformId || direction == .fromIOP { serviceSession(.serviceSessionId, session) }
    if let named { execSession(.execPartnerSessionId, named) }
    text(.execPartnerOperatorIdType, "eMI3")
    operatorId(.execPartnerOperatorId, .operatorBackEnd)
    if direction == .fromIOP, session.origin != .whiteList { saleSession(.salePartnerSessionId, session) }
    text(.salePartnerOperatorIdType, "eMI3")
    operatorId(.salePartnerOperatorId, session.provider)
    number(.requestedServiceId, 1)
    evseElements(evse)
    alias(session.user)
    userElements(session.user, byContract: session.origin == .remote)
  }
}
