public import JournalFormat

/// An entry on its way into the journal, which gives it its position and time.
public struct EntryDraft: Hashable, Sendable {
  public var content: EntryContent
  public var exchange: ExchangeReference
  /// When it counts as recorded; nil for now. The journal moves it up to the time of the entry before, never down.
  public var recordedAt: Timestamp?

  /// Which request an answer belongs to.
  public enum ExchangeReference: Hashable, Sendable {
    case none
    /// The entry that stands this many places before it in the same call; 1 is the one right before.
    case behind(Int)
    case position(JournalPosition)
  }

  /// A request or anything else that answers nothing, or an answer.
  public init(_ content: EntryContent, exchange: ExchangeReference = .none, recordedAt: Timestamp? = nil) {
    self.content = content
    self.exchange = exchange
    self.recordedAt = recordedAt
  }

  /// For the hand-over socket: recordedAt and exchange, then the metadata with its context in full, then the payload.
  func encode(to output: inout [UInt8]) {
    switch exchange {
    case .none: output.append(0)
    case .behind(let distance):
      output.append(1)
      output.appendVarint(distance)
    case .position(let position):
      output.append(2)
      output.appendLittleEndian(position.rawValue)
    }
    output.append(recordedAt == nil ? 0 : 1)
    if let recordedAt { output.appendLittleEndian(recordedAt.rawValue) }
    let metadata = EntryMetadata(content, context: .inline(content.sharedContext), recordedAt: content.observedAt, exchange: nil)
    metadata.encode(position: .first, baseTime: Timestamp(rawValue: 0), to: &output)
    output.appendCounted(content.payload)
  }

  init(from reader: inout ByteReader) throws(FormatError) {
    switch try reader.byte() {
    case 0: exchange = .none
    case 1: exchange = .behind(try reader.count(atMost: WriteQueue.maximumEntryCount))
    case 2: exchange = .position(JournalPosition(try reader.littleEndian(UInt64.self)))
    default: throw FormatError("an exchange reference is unknown")
    }
    recordedAt = try reader.byte() == 0 ? nil : Timestamp(rawValue: try reader.littleEndian(Int64.self))
    let metadata = try EntryMetadata(from: &reader, position: .first, baseTime: Timestamp(rawValue: 0))
    guard case .inline(let context) = metadata.context else { throw FormatError("an entry came without its context") }
    let payload = Array(try reader.counted())
    try metadata.validate(payloadCount: payload.count)
    content = EntryContent(
      observedAt: metadata.observedAt, sharedContext: context, latencyMilliseconds: metadata.latencyMilliseconds, marks: metadata.marks,
      findings: metadata.findings, payload: payload)
  }
}
