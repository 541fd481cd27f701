internal import EMIP
internal import JournalFormat
internal import JournalStore

/// A message that could not be read safely. What HTTP sent in a message's place, the page of a proxy for instance, is none.
struct UnreadMessage: Hashable {
  /// Whether it is an answer.
  var isAnswer: Bool
  /// When it was on the wire.
  var observedAt: Timestamp
  /// The operation that it was announced as, or that its request is of; empty where nobody knows.
  var operation: String
  /// Who sent it, as far as the connection told; empty where it did not.
  var peer: String
  /// Why it was not read: one sentence behind its code, which quotes nothing of it.
  var reason: String
  /// What its request or its answer says; empty where that says none.
  var transactionId: String
  /// The answer to it; nil while there is none, and of an answer.
  var answer: JournalPosition?
  /// Whether that says that it was accepted.
  var isAccepted = false

  /// Nil where the entry is something else.
  init?(_ entry: ProjectedEntry) {
    guard ExchangeOutcome(entry.entry)?.by == .us else { return nil }
    let context = entry.context
    isAnswer = entry.entry.requestPosition != nil
    observedAt = entry.entry.content.observedAt
    operation = context.operation.map(Self.cut) ?? ""
    peer = Self.cut(context.peer.certificateCommonName ?? context.peer.address ?? "")
    reason = Self.cut(context.reason ?? "")
    transactionId = Self.cut(entry.request?.facts?.transactionId ?? "")
  }

  /// No real name is longer.
  fileprivate static func cut(_ text: String) -> String {
    text.utf8.count <= 256 ? text : String(decoding: text.utf8.prefix(256), as: UTF8.self)
  }

  /// As it was known as of a position; nil where it was not there yet.
  func asOf(_ position: JournalPosition?) -> Self {
    guard let position, let answer, answer > position else { return self }
    var before = self
    before.answer = nil
    before.isAccepted = false
    before.transactionId = ""
    return before
  }

  // MARK: On disk

  //     flags(1) observedAt(signed) operation peer reason transactionId [answer]   ; texts counted; flags 1 an answer, 2 has an answer, 4 accepted

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [(isAnswer ? 1 : 0) | (answer == nil ? 0 : 2) | (isAccepted ? 4 : 0)]
    bytes.appendSignedVarint(observedAt.rawValue)
    for text in [operation, peer, reason, transactionId] { bytes.appendCounted(text.utf8) }
    if let answer { bytes.appendVarint(answer.rawValue) }
    return bytes
  }

  init(from reader: inout ByteReader) throws(FormatError) {
    let flags = try reader.byte()
    isAnswer = flags & 1 != 0
    isAccepted = flags & 4 != 0
    observedAt = Timestamp(rawValue: try reader.signedVarint())
    operation = try reader.string()
    peer = try reader.string()
    reason = try reader.string()
    transactionId = try reader.string()
    if flags & 2 != 0 { answer = JournalPosition(try reader.varint()) }
  }
}

/// The messages that could not be read, by their positions.
struct UnreadMessageTable {
  let table: ModelTable

  func put(_ message: UnreadMessage, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try rows.put(message.encoded(), for: bigEndianBytes(position.rawValue), in: table)
  }

  /// Notes what came of one: the first answer, unless a later one says that it was accepted.
  func noteAnswer(_ entry: ProjectedEntry, to position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    guard let value = try rows.value(of: bigEndianBytes(position.rawValue), in: table), let outcome = RequestOutcome(entry) else { return }
    var message = try table.reading(value) { (reader) throws(FormatError) in try UnreadMessage(from: &reader) }
    guard message.answer == nil || outcome.isAccepted && !message.isAccepted else { return }
    message.answer = entry.position
    message.isAccepted = outcome.isAccepted
    message.transactionId = UnreadMessage.cut(entry.facts?.transactionId ?? "")
    try put(message, at: position, in: rows)
  }

  /// Shows them as they were known as of a position, in order.
  func forEach(
    asOf position: JournalPosition?, in rows: any ModelRows, _ body: (JournalPosition, UnreadMessage) throws -> Void
  ) throws {
    try rows.forEach(in: table) { row in
      let found = JournalPosition(UInt64(bigEndian: row.key))
      if let position, found > position { return false }
      let message = try table.reading(row.value) { (reader) throws(FormatError) in try UnreadMessage(from: &reader) }
      try body(found, message.asOf(position))
      return true
    }
  }
}
