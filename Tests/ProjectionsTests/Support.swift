import EMIP
import JournalFormat
import JournalStore
import Recording
import TestSupport
import Testing

@testable import Projections

/// Counts what is read of rows: an answer must take as few reads of a long history as of a short one.
final class CountedReads: ModelRows {
  private let rows: any ModelRows
  private(set) var readCount = 0

  init(_ rows: any ModelRows) { self.rows = rows }

  var hash: SubjectHash { rows.hash }

  func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]? {
    readCount += 1
    return try rows.value(of: key, in: table)
  }

  func last(upTo key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    readCount += 1
    return try rows.last(upTo: key, beginningWith: prefix, in: table)
  }

  func first(from key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    readCount += 1
    return try rows.first(from: key, beginningWith: prefix, in: table)
  }

  /// How many reads a question takes.
  func count<Answer>(_ question: (CountedReads) throws -> Answer) rethrows -> (answer: Answer, readCount: Int) {
    readCount = 0
    let answer = try question(self)
    return (answer, readCount)
  }
}

/// A journal that a test writes exchange by exchange, through the real recorder, and read models made of it.
final class ScriptedJournal {
  let temporary = TemporaryDirectory()
  let directory: JournalDirectory
  private let journal: Journal
  private let recorder = Recorder()

  /// What comes back.
  enum Answer {
    /// The children of the response's element, `requestStatus` among them.
    case response(String)
    case fault
    /// None: a timeout.
    case lost
    /// None yet: see ``answer(_:to:after:)``.
    case pending
  }

  init() throws {
    directory = try temporary.journal()
    journal = try Journal(directory, purpose: "test")
  }

  /// Records one exchange. Times are milliseconds after 2025-03-01T00:00:00Z.
  /// - Parameters:
  ///   - body: the children of the request's element behind the header fields.
  ///   - target: of a call from the platform: whom it asks.
  /// - Returns: the position of the request.
  @discardableResult
  func exchange(
    _ operation: String, _ direction: Direction = .toIOP, at time: Int64, operator name: String = "FR*C01", target: String? = nil,
    transaction: String? = nil, leg: Leg = .gatewayIOP, _ body: String = "", latency: Int64 = 50,
    answer: Answer = .response("<requestStatus>1</requestStatus>")
  ) async throws -> JournalPosition {
    let transaction = transaction ?? "T-\(time)-\(operation)"
    let request = try await append(
      EntryDraft(self.request(operation, direction, time, name, target, transaction, leg, body), recordedAt: Self.moment(time)))
    try await self.answer(answer, to: request, operation, direction, at: time + latency, transaction: transaction)
    return request
  }

  /// Records the answer to a request.
  /// - Parameter transaction: nil for the request's.
  func answer(
    _ answer: Answer, to position: JournalPosition, _ operation: String, _ direction: Direction, at time: Int64, transaction: String? = nil
  ) async throws {
    let request = try #require(try JournalReader(directory).entry(at: position)).content
    var message = ObservedMessage([], observedAt: Self.moment(time), leg: request.context.leg)
    let content: EntryContent
    switch answer {
    case .pending: return
    case .lost: content = recorder.failure("timeout", at: Self.moment(time), latencyMilliseconds: nil, to: request)
    case .fault:
      message.http.status = 500
      message.payload = Array(
        Self.envelope(
          "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>INTERNAL_ERROR</s:Text></s:Reason></s:Fault>"
        )
        .utf8)
      content = recorder.response(message, to: request)
    case .response(let body):
      let name = OperationFacts.named(operation)!.localName(direction, .response)
      let transaction = transaction ?? request.texts(of: .transactionId).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
      message.http.status = 200
      message.payload = Array(
        Self.envelope("<e:\(name) xmlns:e=\"urn:e\"><transactionId>\(transaction)</transactionId>\(body)</e:\(name)>").utf8)
      content = recorder.response(message, to: request)
    }
    try await append(EntryDraft(content, request: .position(position), recordedAt: Self.moment(time)))
  }

  private func request(
    _ operation: String, _ direction: Direction, _ time: Int64, _ name: String, _ target: String?, _ transaction: String, _ leg: Leg,
    _ body: String
  ) -> EntryContent {
    let element = OperationFacts.named(operation)!.localName(direction, .request)
    let partner = direction == .toIOP ? name : "IOP"
    var header = "<transactionId>\(transaction)</transactionId><partnerIdType>eMI3</partnerIdType><partnerId>\(partner)</partnerId>"
    header += "<operatorIdType>eMI3</operatorIdType><operatorId>\(name)</operatorId>"
    if let target { header += "<targetOperatorIdType>eMI3</targetOperatorIdType><targetOperatorId>\(target)</targetOperatorId>" }
    let payload = Array(Self.envelope("<e:\(element) xmlns:e=\"urn:e\">\(header)\(body)</e:\(element)>").utf8)
    return recorder.request(ObservedMessage(payload, observedAt: Self.moment(time), leg: leg, direction: direction))
  }

  private static func envelope(_ body: String) -> String {
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(body)</s:Body></s:Envelope>"
  }

  static func moment(_ milliseconds: Int64) -> Timestamp { Timestamp("2025-03-01T00:00:00Z")!.adding(milliseconds: milliseconds) }

  @discardableResult
  func append(_ draft: EntryDraft) async throws -> JournalPosition { try await journal.append([draft]).lowerBound }

  /// A read model of one projection, up to date.
  func model(_ projection: any Projection.Type) throws -> ReadModel {
    let runner = try ProjectionRunner(directory, projections: [projection], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    return runner.models[0]
  }

  /// Whether a projection that was thrown away between any two entries leaves the rows that one leaves which lived through all of them.
  func forgetsNothing(_ projection: any Projection.Type) throws -> Bool {
    let runner = try ProjectionRunner(directory, projections: [projection], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    let end = try runner.models[0].state().next
    let model = try runner.begin(projection, generation: 0, path: temporary.path + "/forgetful")
    while try model.state().next < end {
      _ = try runner.advance([model], to: model.state().next.next)
      // It goes with a transaction that fails.
      _ = try? model.write { (_, _) throws(JournalError) in throw JournalError(.invalidEntry, "forget") }
    }
    return try model.digest() == runner.models[0].digest()
  }
}
