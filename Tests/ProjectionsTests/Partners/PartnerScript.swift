import EMIP
import JournalFormat
import JournalStore
import Recording
import Testing

@testable import Projections

/// Writes requests and answers one by one, by any partner and on any leg.
struct PartnerScript {
  let journal: ScriptedJournal
  private let recorder = Recorder()

  init() throws { journal = try ScriptedJournal() }

  /// A request without its answer.
  @discardableResult
  func request(
    _ operation: String, _ direction: Direction = .toIOP, at time: Int64, partner: String = "FR*C01", operator name: String? = nil,
    target: String? = nil, transaction: String? = nil, leg: Leg = .gatewayIOP
  ) async throws -> JournalPosition {
    let element = OperationFacts.named(operation)!.localName(direction, .request)
    var body = transaction.map { "<transactionId>\($0)</transactionId>" } ?? ""
    body += "<partnerIdType>eMI3</partnerIdType><partnerId>\(partner)</partnerId>"
    body += "<operatorIdType>eMI3</operatorIdType><operatorId>\(name ?? partner)</operatorId>"
    if let target { body += "<targetOperatorIdType>eMI3</targetOperatorIdType><targetOperatorId>\(target)</targetOperatorId>" }
    let message = ObservedMessage(
      Self.payload(element, body), observedAt: ScriptedJournal.moment(time), leg: leg, direction: direction)
    return try await journal.append(EntryDraft(recorder.request(message), recordedAt: ScriptedJournal.moment(time)))
  }

  /// What answers a request.
  enum Answer {
    /// The response's `requestStatus`, and what else it says.
    case status(UInt32, String = "")
    case fault
    case failure
    /// A response that cannot be read.
    case unreadable
  }

  /// An answer to a request that stands there already.
  @discardableResult
  func answer(_ answer: Answer, to position: JournalPosition, after latency: Int64 = 50, author: Author = .peer) async throws
    -> JournalPosition
  {
    let request = try #require(try JournalReader(journal.directory).entry(at: position)).content
    let time = request.observedAt.adding(milliseconds: latency)
    var message = ObservedMessage([], observedAt: time, leg: request.context.leg, author: author)
    message.http.status = 200
    var content: EntryContent
    switch answer {
    case .failure: content = recorder.failure("timeout", at: time, latencyMilliseconds: nil, to: request)
    case .unreadable:
      message.payload = Array("<not".utf8)
      content = recorder.response(message, to: request)
    case .fault:
      message.http.status = 500
      message.payload = Self.envelope(
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>INTERNAL_ERROR</s:Text></s:Reason></s:Fault>")
      content = recorder.response(message, to: request)
    case .status(let status, let body):
      let element = OperationFacts.named(request.context.operation!)!.localName(request.context.direction!, .response)
      message.payload = Self.payload(element, "<requestStatus>\(status)</requestStatus>" + body)
      content = recorder.response(message, to: request)
    }
    return try await journal.append(EntryDraft(content, request: .position(position), recordedAt: time))
  }

  /// A request that cannot be read.
  @discardableResult
  func refusal(at time: Int64) async throws -> JournalPosition {
    let message = ObservedMessage(Array("<not".utf8), observedAt: ScriptedJournal.moment(time), direction: .toIOP)
    return try await journal.append(EntryDraft(recorder.request(message), recordedAt: ScriptedJournal.moment(time)))
  }

  func model() throws -> ReadModel { try journal.model(PartnerProjection.self) }

  private static func payload(_ element: String, _ body: String) -> [UInt8] {
    envelope("<e:\(element) xmlns:e=\"urn:e\">\(body)</e:\(element)>")
  }

  private static func envelope(_ body: String) -> [UInt8] {
    Array("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(body)</s:Body></s:Envelope>".utf8)
  }
}

extension ReadModel {
  func partners(
    _ partner: String? = nil, asOf position: JournalPosition? = nil, _ span: PartnerSpan = PartnerSpan(), byOperation: Bool = false
  ) throws -> [PartnerAnswer] {
    try PartnerQuestions(snapshot(), asOf: position).answers(partner: partner, span: span, byOperation: byOperation)
  }

  func partnerFindings(asOf position: JournalPosition? = nil) throws -> [ReportedFinding] {
    try PartnerQuestions(snapshot(), asOf: position).findings()
  }
}
