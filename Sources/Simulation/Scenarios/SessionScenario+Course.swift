/// The messages between a session's authorisation and its records.
extension SessionScenario {
  /// A busy status of the session's EVSE: 1 free, 2 busy, 3 reserved. Sent again where the answer was lost.
  mutating func writeBusyStatus(
    _ session: Session, _ status: Int, at date: Int, attempt: UInt8, _ index: Int32, _ context: inout TrafficContext
  ) {
    let outcome = attempt == 0 ? Outcome.draw(.setEVSEBusyStatus, &context.random) : .done(1)
    let call = Call(
      operation: .setEVSEBusyStatus, direction: .toIOP, peer: .operatorBackEnd,
      transaction: SplitMix64.derive(session.key, 20 + UInt64(status)), outcome: outcome)
    context.begin(call)
    context.exchange.request.evseElements(session.evse)
    context.exchange.request.date(.statusEventDate, date)
    context.exchange.request.number(.busyStatus, status)
    if status == 3 { context.exchange.request.date(.busyStatusUntil, date + 900_000) }
    context.exchange.endRequest()
    context.exchange.plainResponse()
    if outcome == .lost {
      let task = [Task.free, .busy, .reserved][status - 1]
      plan(task, index, after: context.random.between(60_000, 70_000), attempt: 1, &context)
    }
  }

  /// An event, from the operator to the platform or on to the provider.
  func writeEvent(_ session: Session, nature: Int32, _ direction: Direction, _ context: inout TrafficContext) {
    let call = Call(
      operation: .setSessionEventReport, direction: direction, peer: direction == .toIOP ? .operatorBackEnd : session.provider,
      transaction: context.random.next(), outcome: Outcome.draw(.setSessionEventReport, &context.random))
    context.begin(call)
    context.exchange.request.serviceSession(.serviceSessionId, session)
    if direction == .toIOP {
      context.exchange.request.execSession(.execPartnerSessionId, session)
    } else {
      context.exchange.request.saleSession(.salePartnerSessionId, session)
    }
    writeEvent(session, nature, &context.exchange.request)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    context.exchange.response.serviceSession(.serviceSessionId, session)
    if session.key & 3 == 0 { writeEventId(session, nature, &context.exchange.response) }
    context.exchange.endResponse()
  }

  private func writeEvent(_ session: Session, _ nature: Int32, _ request: inout MessageWriter) {
    request.open(.sessionEvent)
    request.number(.sessionEventNature, Int(nature))
    writeEventId(session, nature, &request)
    request.date(.sessionEventDateTime, session.eventDate(nature: nature))
    if nature == 2 { request.text(.sessionEventParameter, "Pause demand&#xE9;e par le v&#xE9;hicule &amp; ventilation &lt; 10 %") }
    request.close(.sessionEvent)
  }

  private func writeEventId(_ session: Session, _ nature: Int32, _ message: inout MessageWriter) {
    message.start(.sessionEventId)
    if session.key & 0x10 == 0 {
      message.raw("Event-Id-")
      message.rawDate(session.eventDate(nature: nature))
    } else {
      message.rawUUID(SplitMix64.derive(session.key, 50 &+ UInt64(nature)))
    }
    message.finish(.sessionEventId)
  }

  /// The provider asks for the session's end.
  /// - Parameter outcome: nil to leave it to chance.
  func writeStop(_ session: Session, _ direction: Direction, outcome: Outcome? = nil, _ context: inout TrafficContext) {
    let call = Call(
      operation: .setSessionActionRequest, direction: direction, peer: direction == .toIOP ? session.provider : .operatorBackEnd,
      counterpart: session.provider, transaction: context.random.next(),
      outcome: outcome ?? Outcome.draw(.setSessionActionRequest, &context.random))
    context.begin(call)
    context.exchange.request.serviceSession(.serviceSessionId, session)
    if direction == .toIOP {
      context.exchange.request.saleSession(.salePartnerSessionId, session)
    } else {
      context.exchange.request.execSession(.execPartnerSessionId, session)
    }
    writeAction(session, &context.exchange.request)
    context.exchange.endRequest()
    guard context.exchange.beginResponse() else { return }
    if direction == .toIOP {
      context.exchange.response.serviceSession(.serviceSessionId, session)
      writeActionId(session, &context.exchange.response)
    }
    context.exchange.endResponse()
  }

  private func writeAction(_ session: Session, _ request: inout MessageWriter) {
    request.open(.sessionAction)
    request.number(.sessionActionNature, session.key & 0x1F00 == 0 ? 0 : 1)
    writeActionId(session, &request)
    request.date(.sessionActionDateTime, session.stoppedAt ?? session.end - 2500)
    request.close(.sessionAction)
  }

  private func writeActionId(_ session: Session, _ message: inout MessageWriter) {
    message.start(.sessionActionId)
    message.rawUUID(SplitMix64.derive(session.key, 15))
    message.finish(.sessionActionId)
  }
}
