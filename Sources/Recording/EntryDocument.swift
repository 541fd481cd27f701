internal import EMIP
internal import Foundation
public import JournalFormat
public import JournalStore

/// An entry as JSON: what `show`, `list` and `export` write and `import` reads back. The keys are the field names.
public struct EntryDocument: Codable, Sendable {
  /// Who was at the other end.
  public struct PeerDocument: Codable, Sendable {
    /// The address, as text.
    public var address: String?
    /// The common name of the client certificate.
    public var certificateCN: String?
    /// The hash of the client certificate, in lower-case hexadecimal.
    public var certificateSHA256: String?
  }

  /// One HTTP header.
  public struct HeaderDocument: Codable, Sendable {
    /// The name, as it was sent.
    public var name: String
    /// The value, as it was sent.
    public var value: String
  }

  /// What HTTP told.
  public struct HTTPDocument: Codable, Sendable {
    /// The method, for instance `POST`.
    public var method: String?
    /// The request target: path and query.
    public var target: String?
    /// The status code of the answer.
    public var status: UInt16?
    /// The headers that matter, in order.
    public var headers: [HeaderDocument]?
  }

  /// How the exchange ended.
  public struct OutcomeDocument: Codable, Sendable {
    /// The class of the outcome, by name; of an exchange as ``ExchangeOutcome`` tells it, of an export as it was recorded.
    public var `class`: String?
    /// Whose outcome it is, of an exchange: `us` or `peer`; nil where nobody answered.
    public var by: String?
    /// True where the answer of an exchange is to something else, so that it tells nothing of it; else nil.
    public var isDoubtful: Bool?
    /// The status that the answer names.
    public var requestStatus: UInt32?
    /// What of the answer of an exchange is there and cannot be read, by field; nil where all can.
    public var unreadable: [String: String]?
    /// The code of a SOAP fault.
    public var faultCode: String?
    /// The reason of a SOAP fault.
    public var faultReason: String?
  }

  /// What was found wrong or odd.
  public struct FindingDocument: Codable, Sendable {
    /// The line of the payload, from 1; nil where it has none.
    public var line: UInt32?
    /// What was found, in a sentence.
    public var message: String
  }

  /// Where it stands in the journal.
  public var position: UInt64
  /// When the journal took it in, RFC 3339.
  public var recordedAt: String
  /// When it was on the wire, RFC 3339.
  public var observedAt: String
  /// What it records, by name.
  public var kind: String
  /// The position of the request that it answers.
  public var exchange: UInt64?
  /// Between whom it went, by name.
  public var leg: String
  /// Who made it, by name.
  public var author: String
  /// `toIOP` or `fromIOP`.
  public var direction: String?
  /// For instance `eMIP`.
  public var `protocol`: String?
  /// The operation, as the protocol names it.
  public var operation: String?
  /// The partner that the message names.
  public var partner: String?
  /// The operator for whom the partner speaks.
  public var `operator`: String?
  /// The operator whom it is for.
  public var targetOperator: String?
  /// Kind by kind, as written, each text once, in the order of the message.
  public var identifiers: [String: [String]]
  /// Who was at the other end; nil where nothing is known.
  public var peer: PeerDocument?
  /// What HTTP told; nil where that is nothing.
  public var http: HTTPDocument?
  /// How the exchange ended; nil on a request.
  public var outcome: OutcomeDocument?
  /// From request to answer.
  public var latencyMilliseconds: UInt32?
  /// 1 for the first, more for each retry.
  public var attempt: UInt32
  /// Why: of a failure, a refusal, or a fact about the journal.
  public var reason: String?
  /// What was found wrong or odd; nil where nothing was.
  public var findings: [FindingDocument]?
  /// The payload exactly as it was; nil where there is none, or it is no UTF-8.
  public var body: String?
  /// The payload where it is no UTF-8.
  public var bodyBase64: String?

  /// The document of an entry.
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

  /// - Parameter hidden: ranges of the payload of which nothing is told.
  fileprivate static func identifiers(_ content: EntryContent, hiding hidden: [Range<Int>] = []) -> [String: [String]] {
    var texts: [String: [String]] = [:]
    var seen: Set<[UInt8]> = []
    for mark in content.marks {
      guard let name = mark.kind.name else { continue }
      let text = hidden.contains { $0.overlaps(mark.range) } ? Array(mask.utf8) : mark.text(in: content.payload)
      guard seen.insert([mark.kind.rawValue] + text).inserted else { continue }
      texts[name, default: []].append(String(decoding: text, as: UTF8.self))
    }
    return texts
  }
}

extension EntryDocument {
  /// What stands in a secret's place.
  private static let mask = "••••"

  fileprivate mutating func hideSecrets(_ content: EntryContent) {
    if let headers = http?.headers, headers.contains(where: { Secrets.isSecret(header: $0.name) }) {
      http?.headers = headers.map { HeaderDocument(name: $0.name, value: Secrets.isSecret(header: $0.name) ? Self.mask : $0.value) }
    }
    let secrets = Secrets.ranges(in: content.payload)
    guard !secrets.isEmpty else { return }
    identifiers = Self.identifiers(content, hiding: secrets)
    guard body != nil || bodyBase64 != nil else { return }
    var shown: [UInt8] = []
    var offset = 0
    for secret in secrets {
      shown += content.payload[offset..<secret.lowerBound] + Array(Self.mask.utf8)
      offset = secret.upperBound
    }
    shown += content.payload[offset...]
    if body != nil { body = String(decoding: shown, as: UTF8.self) } else { bodyBase64 = Data(shown).base64EncodedString() }
  }
}

/// An exchange as JSON; what there is none of is `null`. Exact and unmasked but for secrets.
public struct ExchangeDocument: Encodable, Sendable {
  /// The request.
  public var request: EntryDocument?
  /// The response.
  public var response: EntryDocument?
  /// Why no response came.
  public var failure: EntryDocument?
  /// From request to answer.
  public var latencyMilliseconds: UInt32?
  /// The positions of entries that belong to it, or may, and cannot be read.
  public var unreadablePositions: [UInt64]

  /// The document of an exchange.
  /// - Parameter includesBody: false leaves the bodies out.
  public init(_ exchange: Exchange, includesBody: Bool) {
    request = exchange.request.map { Self.document($0, includesBody: includesBody) }
    response = exchange.response.map { Self.document($0, includesBody: includesBody) }
    if let request = exchange.request, let response = exchange.response, AnswerMismatch(response.content, to: request.content) != nil {
      self.response?.outcome?.isDoubtful = true
    }
    failure = exchange.failure.map { Self.document($0, includesBody: includesBody) }
    latencyMilliseconds = exchange.latencyMilliseconds
    unreadablePositions = exchange.unreadable.map(\.rawValue)
  }

  /// An entry with the outcome as it is told when it is read, and without any secret.
  private static func document(_ entry: Entry, includesBody: Bool) -> EntryDocument {
    var document = EntryDocument(entry, includesBody: includesBody)
    document.hideSecrets(entry.content)
    if let outcome = ExchangeOutcome(entry) {
      var told = document.outcome ?? EntryDocument.OutcomeDocument()
      told.class = outcome.name.rawValue
      told.by = outcome.by?.rawValue
      told.unreadable = unreadableStatus(entry.content).map { ["requestStatus": $0] }
      document.outcome = told
    }
    return document
  }

  /// What the status of an answer says, where that cannot be read.
  private static func unreadableStatus(_ content: EntryContent) -> String? {
    guard content.hasUnreadableStatus, case .message(let facts) = MessageReader().read(content) else { return nil }
    return facts.text(of: WireName.requestStatus)
  }

  private enum CodingKeys: CodingKey {
    case request, response, failure, latencyMilliseconds, unreadablePositions
  }

  /// Writes all four keys, be they null, and a fifth where something cannot be read.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    // Not `encodeIfPresent`: a reader counts on all four keys.
    try container.encode(request, forKey: .request)
    try container.encode(response, forKey: .response)
    try container.encode(failure, forKey: .failure)
    try container.encode(latencyMilliseconds, forKey: .latencyMilliseconds)
    if !unreadablePositions.isEmpty { try container.encode(unreadablePositions, forKey: .unreadablePositions) }
  }
}
