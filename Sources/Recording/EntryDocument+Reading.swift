public import EMIP
internal import Foundation
public import JournalFormat

/// Why a line of an export is no entry.
public struct EntryDocumentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which key is wrong, and how.
  public let message: String
  public var description: String { message }
}

extension EntryDocument {
  /// The entry's content as it was.
  /// - Parameter reader: finds again where in the body the identifiers stand, and how it divides.
  /// - Throws: ``EntryDocumentError`` naming the key that is wrong.
  public func content(_ reader: MessageReader) throws(EntryDocumentError) -> EntryContent {
    var context = EntryContext(
      kind: try Self.value(kind, "kind"), leg: try Self.value(leg, "leg"), author: try Self.value(author, "author"))
    context.direction = try direction.map { (text) throws(EntryDocumentError) in try Self.value(text, "direction") }
    context.protocolName = self.protocol
    context.operation = operation
    context.partner = partner
    context.operator = self.operator
    context.targetOperator = targetOperator
    context.peer = Peer(
      address: peer?.address, certificateCommonName: peer?.certificateCN, certificateSHA256: peer?.certificateSHA256)
    context.http = HTTPFacts(
      method: http?.method, target: http?.target, status: http?.status,
      headers: (http?.headers ?? []).map { HTTPHeader(name: $0.name, value: $0.value) })
    context.outcome = Outcome(
      try outcome?.class.map { (text) throws(EntryDocumentError) in try Self.value(text, "outcome.class") },
      requestStatus: outcome?.requestStatus, faultCode: outcome?.faultCode, faultReason: outcome?.faultReason)
    context.attempt = attempt
    context.reason = reason
    let payload = try self.payload()
    var facts: MessageFacts?
    if context.kind.isMessage, case .message(let read) = reader.read(payload) { facts = read }
    return EntryContent(
      observedAt: try Self.timestamp(observedAt, "observedAt"), context: context, latencyMilliseconds: latencyMilliseconds,
      marks: try marks(facts?.marks ?? [], payload),
      findings: (findings ?? []).map { Finding(line: $0.line ?? 0, message: $0.message) }, payload: payload, layout: facts?.layout)
  }

  /// When it was recorded.
  /// - Throws: ``EntryDocumentError`` where that is no date and time.
  public func recordedTimestamp() throws(EntryDocumentError) -> Timestamp { try Self.timestamp(recordedAt, "recordedAt") }

  private func payload() throws(EntryDocumentError) -> [UInt8] {
    if let body { return Array(body.utf8) }
    guard let bodyBase64 else { return [] }
    guard let data = Data(base64Encoded: bodyBase64) else { throw EntryDocumentError(message: "bodyBase64 is not Base64") }
    return Array(data)
  }

  /// The marks of the body, held against the identifiers that the line names: the line is what was recorded, so it wins.
  private func marks(_ read: [Mark], _ payload: [UInt8]) throws(EntryDocumentError) -> [Mark] {
    var wanted: [TermKind: Set<[UInt8]>] = [:]
    for (name, texts) in identifiers {
      guard let kind = TermKind(name: name) else { throw EntryDocumentError(message: "identifiers has an unknown kind") }
      wanted[kind] = Set(texts.map { Array($0.utf8) })
    }
    guard !wanted.isEmpty else { return [] }
    var marks = read.filter { wanted[$0.kind]?.contains($0.text(in: payload)) ?? false }
    for mark in marks { wanted[mark.kind]?.remove(mark.text(in: payload)) }
    for (kind, texts) in wanted.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      for text in texts.sorted(by: { $0.lexicographicallyPrecedes($1) }) { marks.append(Mark(kind: kind, range: 0..<0, inlineText: text)) }
    }
    return marks
  }

  private static func timestamp(_ text: String, _ key: String) throws(EntryDocumentError) -> Timestamp {
    guard let timestamp = Timestamp(text) else { throw EntryDocumentError(message: "\(key) is no date and time") }
    return timestamp
  }

  private static func value<Value: CaseIterable>(_ text: String, _ key: String) throws(EntryDocumentError) -> Value {
    guard let value = Value.allCases.first(where: { "\($0)" == text }) else {
      throw EntryDocumentError(message: "\(key) has an unknown value")
    }
    return value
  }
}
