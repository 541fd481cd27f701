public import JournalFormat

extension MessageWriter {
  /// A heartbeat of ours (guide 5.4.6).
  public func heartBeat(transactionId: String, partnerId: String, operatorId: String) -> [UInt8] {
    message(
      OperationFacts.named("HeartBeat")!, .toIOP, .request,
      [
        (WireName.transactionId, transactionId), (WireName.partnerIdType, "eMI3"), (WireName.partnerId, partnerId),
        (WireName.operatorIdType, "eMI3"), (WireName.operatorId, operatorId),
      ])
  }

  /// The answer to a heartbeat of the platform's.
  /// - Parameters:
  ///   - periodSeconds: within which the next is expected.
  ///   - time: now.
  /// - Returns: nil where the message is no heartbeat.
  public static func heartBeatAnswer(to request: MessageFacts, periodSeconds: Int, at time: Timestamp) -> [UInt8]? {
    guard request.operation?.name == "HeartBeat" else { return nil }
    return answer(
      to: request, status: 1, [(WireName.heartBeatPeriod, String(periodSeconds)), (WireName.currentTime, time.description)])
  }

  /// The answer that a back end has while a message that is stored and forwarded waits: a record's names its session, as far as the record does.
  /// - Parameter status: what a deferral is to look like, below 10000.
  /// - Returns: nil where the operation is never stored and forwarded.
  public static func deferredAnswer(to request: MessageFacts, status: UInt32) -> [UInt8]? {
    guard request.operation?.direction != .fromIOP, let family = request.operation?.facts?.storeAndForward else { return nil }
    let session = family == .chargeDetailRecord ? request.text(of: WireName.serviceSessionId) : nil
    return answer(to: request, status: status, session.map { [(WireName.serviceSessionId, $0)] } ?? [])
  }

  /// The answer to "is this user managed by you?" (`requestedServiceId` 0, guide 7.2): it authorises nothing and opens no session.
  /// - Returns: nil where the message asks anything else.
  public static func managedUserAnswer(to request: MessageFacts, isManaged: Bool) -> [UInt8]? {
    guard request.operation?.name == "GetServiceAuthorisation", request.text(of: WireName.requestedServiceId) == "0" else { return nil }
    return answer(
      to: request, status: 1, [(WireName.authorisationValue, isManaged ? "1" : "2"), (WireName.intermediateCDRRequested, "0")])
  }

  /// The answer to an event report of the platform's that nobody but the journal takes (guide 7.5.1).
  /// - Returns: nil where the message reports no event.
  public static func eventAcknowledgement(to request: MessageFacts) -> [UInt8]? {
    guard request.operation?.name == "SetSessionEventReport" else { return nil }
    let names = [WireName.serviceSessionId, WireName.sessionEventId]
    return answer(to: request, status: 1, names.compactMap { name in request.text(of: name).map { (name, $0) } })
  }

  /// An answer in the version and the namespace of its request, with the request's transactionId.
  private static func answer(
    to request: MessageFacts, status: UInt32, _ fields: [(name: UInt16, text: String)]
  ) -> [UInt8]? {
    guard let operation = request.operation, let facts = operation.facts, operation.part != .response else { return nil }
    let transaction = request.transactionId.map { [(WireName.transactionId, $0)] } ?? []
    return MessageWriter(request.soapVersion).message(
      facts, operation.direction ?? .toIOP, .response, namespace: request.namespace,
      transaction + [(WireName.requestStatus, String(status))] + fields)
  }
}
