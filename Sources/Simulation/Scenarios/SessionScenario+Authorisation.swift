/// The messages with which a session begins.
extension SessionScenario {
  /// The operator asks.
  func writeAuthorisation(_ session: Session, _ outcome: Outcome, _ context: inout TrafficContext) {
    let call = Call(
      operation: .getServiceAuthorisation, direction: .toIOP, peer: .operatorBackEnd, transaction: context.random.next(), outcome: outcome)
    let waited = session.legOutcome == .lost ? 5000 : 0
    context.begin(call, latency: waited + context.random.between(60, 130) + context.random.below(100))
    writeQuestion(session, &context.exchange.request)
    context.exchange.request.execSession(.partnerServiceSessionId, session)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    writeAnswer(session, isPlatform: true, &context.exchange.response)
    context.exchange.endResponse()
  }

  /// The platform asks the customer's provider.
  func writeAuthorisationLeg(_ session: Session, _ context: inout TrafficContext) {
    let call = Call(
      operation: .getServiceAuthorisation, direction: .fromIOP, peer: session.provider, transaction: context.random.next(),
      outcome: session.legOutcome)
    context.begin(call, latency: context.random.between(25, 90))
    writeQuestion(session, &context.exchange.request)
    context.exchange.request.serviceSession(.serviceSessionId, session)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    writeAnswer(session, isPlatform: false, &context.exchange.response)
    context.exchange.endResponse()
  }

  private func writeQuestion(_ session: Session, _ request: inout MessageWriter) {
    request.evseElements(session.evse)
    request.userElements(session.user, byContract: false)
    request.number(.requestedServiceId, 1)
  }

  private func writeAnswer(_ session: Session, isPlatform: Bool, _ response: inout MessageWriter) {
    if isPlatform {
      response.text(.salePartnerOperatorIdType, "eMI3")
      response.operatorId(.salePartnerOperatorId, session.provider)
    }
    response.number(.authorisationValue, session.isAuthorised ? 1 : 2)
    if isPlatform {
      response.serviceSession(.serviceSessionId, session)
    } else {
      response.saleSession(.partnerServiceSessionId, session)
    }
    response.number(.intermediateCDRRequested, session.wantsIntermediateRecords ? 1 : 0)
    guard session.isAuthorised else { return }
    response.alias(session.user)
    response.limits(session.limitWattHours)
    if session.key & 0x3F == 5 { response.text(.parameter, "tariff=B2B-02") }
  }

  /// Service 0: the platform asks a provider whether the user is one of its customers. Opens no session.
  func writeManagedQuestion(_ session: Session, asked: Int, _ context: inout TrafficContext) {
    let call = Call(
      operation: .getServiceAuthorisation, direction: .fromIOP, peer: Partner.providers[asked], transaction: context.random.next(),
      outcome: .done(1))
    context.begin(call)
    context.exchange.request.evseElements(session.evse)
    context.exchange.request.userElements(session.user, byContract: false)
    context.exchange.request.number(.requestedServiceId, 0)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    context.exchange.response.number(.authorisationValue, asked == session.user.provider ? 1 : 2)
    context.exchange.endResponse()
  }

  /// A remote start, from the provider to the platform or on to the operator.
  func writeRemoteStart(_ session: Session, _ direction: Direction, _ outcome: Outcome, _ context: inout TrafficContext) {
    let call = Call(
      operation: .setServiceAuthorisation, direction: direction, peer: direction == .toIOP ? session.provider : .operatorBackEnd,
      counterpart: session.provider, transaction: context.random.next(), outcome: outcome)
    context.begin(call)
    writeStart(session, direction, &context.exchange.request)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    switch direction {
    case .toIOP:
      context.exchange.response.serviceSession(.serviceSessionId, session)
      context.exchange.response.text(.execPartnerOperatorIdType, "eMI3")
      context.exchange.response.operatorId(.execPartnerOperatorId, .operatorBackEnd)
    case .fromIOP: context.exchange.response.execSession(.partnerServiceSessionId, session)
    }
    context.exchange.endResponse()
  }

  private func writeStart(_ session: Session, _ direction: Direction, _ request: inout MessageWriter) {
    request.evseElements(session.evse)
    request.userElements(session.user, byContract: true)
    request.number(.requestedServiceId, 1)
    if direction == .toIOP {
      request.saleSession(.partnerServiceSessionId, session)
    } else {
      request.serviceSession(.serviceSessionId, session)
    }
    request.number(.authorisationValue, 1)
    request.number(.intermediateCDRRequested, session.wantsIntermediateRecords ? 1 : 0)
    request.alias(session.user)
    request.limits(session.limitWattHours)
    guard session.key & 0xF == 3 else { return }
    request.start(.bookingId)
    request.raw("BK-")
    request.rawHex(SplitMix64.derive(session.key, 14), digits: 10)
    request.finish(.bookingId)
  }
}
