internal import EMIP
internal import Foundation
public import JournalFormat
public import JournalStore

/// An entry as JSON: what `show`, `list` and `export` write and `import` reads back. The keys are the field names.
public struct EntryDocument: Codable, Sendable {
  /// Who was at the other end.
  public struct PeerDocument: Codable, Sendable {
    public var address: String?
    public var certificateCN: String?
    public var certificateSHA256: String?
  }

  /// One HTTP header.
  public struct HeaderDocument: Codable, Sendable {
    public var name: String
    public var value: String
  }

  /// What HTTP told.
  public struct HTTPDocument: Codable, Sendable {
    public var method: String?
    public var target: String?
    public var status: UInt16?
    public var headers: [HeaderDocument]?
  }

  /// How the exchange ended.
  public struct OutcomeDocument: Codable, Sendable {
    public var `class`: String?
    public var requestStatus: UInt32?
    public var faultCode: String?
    public var faultReason: String?
  }

  /// What was found wrong or odd.
  public struct FindingDocument: Codable, Sendable {
    public var line: UInt32?
    public var message: String
  }

  public var position: UInt64
  public var recordedAt: String
  public var observedAt: String
  public var kind: String
  public var exchange: UInt64?
  public var leg: String
  public var author: String
  public var direction: String?
  public var `protocol`: String?
  public var operation: String?
  public var partner: String?
  public var `operator`: String?
  public var targetOperator: String?
  /// Kind by kind, as written, each text once, in the order of the message.
  public var identifiers: [String: [String]]
  public var peer: PeerDocument?
  public var http: HTTPDocument?
  public var outcome: OutcomeDocument?
  public var latencyMilliseconds: UInt32?
  public var attempt: UInt32
  public var reason: String?
  public var findings: [FindingDocument]?
  /// The payload exactly as it was; nil where there is none, or it is no UTF-8.
  public var body: String?
  public var bodyBase64: String?

  /// - Parameter includesBody: false leaves the body out.
  public init(_ entry: Entry, includesBody: Bool) {
    let content = entry.content
    let context = content.context
    position = entry.position.rawValue
    recordedAt = entry.recordedAt.description
    observedAt = content.observedAt.description
    kind = "\(context.kind)"
    exchange = entry.requestPosition?.rawValue
    leg = "\(context.leg)"
    author = "\(context.author)"
    direction = context.direction.map { "\($0)" }
    self.protocol = context.protocolName
    operation = context.operation
    partner = context.partner
    self.operator = context.operator
    targetOperator = context.targetOperator
    identifiers = Self.identifiers(content)
    if context.peer != Peer() {
      peer = PeerDocument(
        address: context.peer.address, certificateCN: context.peer.certificateCommonName,
        certificateSHA256: context.peer.certificateSHA256)
    }
    if context.http != HTTPFacts() {
      let headers = context.http.headers.map { HeaderDocument(name: $0.name, value: $0.value) }
      http = HTTPDocument(
        method: context.http.method, target: context.http.target, status: context.http.status, headers: headers.isEmpty ? nil : headers)
    }
    if context.outcome != Outcome() {
      outcome = OutcomeDocument(
        class: context.outcome.outcomeClass.map { "\($0)" }, requestStatus: context.outcome.requestStatus,
        faultCode: context.outcome.faultCode, faultReason: context.outcome.faultReason)
    }
    latencyMilliseconds = content.latencyMilliseconds
    attempt = context.attempt
    reason = context.reason
    if !content.findings.isEmpty {
      findings = content.findings.map { FindingDocument(line: $0.line == 0 ? nil : $0.line, message: $0.message) }
    }
    guard includesBody, !content.payload.isEmpty else { return }
    if let text = String(validating: content.payload, as: UTF8.self) {
      body = text
    } else {
      bodyBase64 = Data(content.payload).base64EncodedString()
    }
  }

  private static func identifiers(_ content: EntryContent) -> [String: [String]] {
    var texts: [String: [String]] = [:]
    var seen: Set<[UInt8]> = []
    for mark in content.marks {
      guard let name = mark.kind.name else { continue }
      let text = mark.text(in: content.payload)
      guard seen.insert([mark.kind.rawValue] + text).inserted else { continue }
      texts[name, default: []].append(String(decoding: text, as: UTF8.self))
    }
    return texts
  }
}

/// An exchange as JSON; what there is none of is `null`.
public struct ExchangeDocument: Encodable, Sendable {
  public var request: EntryDocument?
  public var response: EntryDocument?
  public var failure: EntryDocument?
  public var latencyMilliseconds: UInt32?

  public init(_ exchange: Exchange, includesBody: Bool) {
    request = exchange.request.map { EntryDocument($0, includesBody: includesBody) }
    response = exchange.response.map { EntryDocument($0, includesBody: includesBody) }
    failure = exchange.failure.map { EntryDocument($0, includesBody: includesBody) }
    latencyMilliseconds = exchange.latencyMilliseconds
  }

  private enum CodingKeys: CodingKey {
    case request, response, failure, latencyMilliseconds
  }

  /// Writes all four keys, be they null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    // Not `encodeIfPresent`: a reader counts on all four keys.
    try container.encode(request, forKey: .request)
    try container.encode(response, forKey: .response)
    try container.encode(failure, forKey: .failure)
    try container.encode(latencyMilliseconds, forKey: .latencyMilliseconds)
  }
}
