public import EMIP
public import JournalFormat
public import JournalStore

/// A status as it is told to the platform anew, ready to be sent (guide 6.2.4, "re-init").
public struct StatusMessage: Hashable, Sendable {
  /// The stem, for instance `SetEVSEBusyStatus`.
  public let operation: String
  /// The `SOAPAction` that the request is sent with.
  public let soapAction: String
  /// SOAP 1.2, UTF-8.
  public let request: String
  /// The level of the element that it is about.
  public let element: StatusReport.Element
  /// The element's id as it was written.
  public let id: String
  /// The position of the message that told the status first.
  public let position: JournalPosition
}

/// Tells the platform all current statuses anew: pools, stations, EVSEs, connectors; of each the availability before the busy status.
public struct StatusReinitialisation {
  private let statuses: EVSEQuestions
  private let origins: StatusOrigins
  private let makeTransactionId: () -> String

  /// - Parameters:
  ///   - reader: shows who reported a status, and the comment that came with it.
  ///   - makeTransactionId: asked for each message; two are never the same.
  public init(_ statuses: EVSEQuestions, reader: JournalReader, makeTransactionId: @escaping () -> String) {
    self.statuses = statuses
    origins = StatusOrigins(reader)
    self.makeTransactionId = makeTransactionId
  }

  /// Shows one message for each status that is known and has not ended, however old it is: what has not changed for months is the one that gets lost.
  /// It carries the date that the status counts from. A status that cannot be read cannot be told.
  /// - Parameter isWanted: whether the messages of an element are.
  /// - Returns: the elements with a status that cannot be told, each with its position.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, what reading rows and messages throws, and what `body` throws.
  @discardableResult
  public func forEach(
    _ moment: StatusMoment, where isWanted: (ElementStatus) -> Bool = { _ in true }, _ body: (StatusMessage) throws -> Void
  ) throws -> [(id: String, position: JournalPosition)] {
    var untold: [(id: String, position: JournalPosition)] = []
    try statuses.forEach(moment) { status in
      guard isWanted(status) else { return true }
      // Only EVSEs have a busy status of their own on the wire.
      let busy = status.element == .evse ? status.busy : nil
      let parts: [(PartStatus?, String, StatusPart)] = [
        (status.availability, Self.availabilityOperation(status.element), StatusPart.availability), (busy, "SetEVSEBusyStatus", .busy),
      ]
      for (part, operation, kind) in parts {
        guard let part, !hasEnded(part, moment) else { continue }
        if let message = try message(status, part, operation, kind) {
          try body(message)
        } else {
          untold.append((status.id, part.event.position))
        }
      }
      return true
    }
    return untold
  }

  private func hasEnded(_ part: PartStatus, _ moment: StatusMoment) -> Bool { part.event.until.map { $0 < moment.time } ?? false }

  private static func availabilityOperation(_ element: StatusReport.Element) -> String {
    switch element {
    case .chargingPool: "SetChargingPoolAvailabilityStatus"
    case .chargingStation: "SetChargingStationAvailabilityStatus"
    case .evse: "SetEVSEAvailabilityStatus"
    case .chargingConnector: "SetChargingConnectorAvailabilityStatus"
    }
  }

  /// The fields of an element and of what is told of it.
  private static func names(
    _ element: StatusReport.Element, _ kind: StatusPart
  ) -> (idType: UInt16, id: UInt16, status: UInt16, until: UInt16, comment: UInt16) {
    let (idType, id) =
      switch element {
      case .chargingPool: (WireName.chargingPoolIdType, WireName.chargingPoolId)
      case .chargingStation: (WireName.chargingStationIdType, WireName.chargingStationId)
      case .evse: (WireName.evseIdType, WireName.evseId)
      case .chargingConnector: (WireName.chargingConnectorIdType, WireName.chargingConnectorId)
      }
    return switch kind {
    case .availability:
      (idType, id, WireName.availabilityStatus, WireName.availabilityStatusUntil, WireName.availabilityStatusComment)
    case .busy: (idType, id, WireName.busyStatus, WireName.busyStatusUntil, WireName.busyStatusComment)
    }
  }

  /// Nil where the status cannot be read.
  private func message(
    _ status: ElementStatus, _ part: PartStatus, _ operation: String, _ kind: StatusPart
  ) throws(JournalError) -> StatusMessage? {
    guard let code = part.event.status else { return nil }
    let facts = OperationFacts.named(operation)!
    let origin =
      if let told = try origins.origin(of: part.event, status.element, status.id, kind) { told } else {
        try statuses.keptOrigin(of: part.event, status, kind) ?? StatusOrigins.named(status.id)
      }
    let names = Self.names(status.element, kind)
    var fields: [(name: UInt16, text: String)] = [
      (WireName.transactionId, makeTransactionId()), (WireName.partnerIdType, "eMI3"), (WireName.partnerId, origin.partner),
      (WireName.operatorIdType, "eMI3"), (WireName.operatorId, origin.operator), (names.idType, "eMI3"), (names.id, status.id),
      (WireName.statusEventDate, part.event.time.description), (names.status, String(code)),
    ]
    if let until = part.event.until { fields.append((names.until, until.description)) }
    if let comment = origin.comment { fields.append((names.comment, comment)) }
    let request = MessageWriter().message(facts, .toIOP, .request, fields)
    return StatusMessage(
      operation: operation, soapAction: facts.soapAction(.toIOP), request: String(decoding: request, as: UTF8.self),
      element: status.element, id: status.id, position: part.event.position)
  }
}
