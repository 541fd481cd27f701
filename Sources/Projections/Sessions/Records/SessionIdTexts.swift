internal import JournalFormat
internal import JournalStore

/// The ids of a session as they were written, in place of the messages that are gone: what the log carries since a purge horizon.
///
///     carried = (kind position item text)*
struct SessionIdTexts {
  private(set) var rows: [Row] = []

  struct Row {
    let kind: SessionIdKind
    let position: JournalPosition
    let item: UInt32
    let text: String
  }

  init() {}

  mutating func add(_ source: SessionFacts.IdSource, _ text: String) {
    rows.append(Row(kind: source.kind, position: source.position, item: source.item, text: text))
  }

  func text(_ source: SessionFacts.IdSource) -> String? {
    rows.first { $0.kind == source.kind && $0.position == source.position && $0.item == source.item }?.text
  }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    for row in rows {
      bytes.append(row.kind.rawValue)
      bytes.appendVarint(row.position.rawValue)
      bytes.appendVarint(UInt64(row.item))
      bytes.appendCounted(row.text.utf8)
    }
    return bytes
  }

  /// - Parameter carried: of the first chunk of a session's log; empty where its messages are still there.
  init(_ carried: [UInt8]) throws(FormatError) {
    rows = try carried.reading { (reader) throws(FormatError) in
      var rows: [Row] = []
      while !reader.isAtEnd {
        guard let kind = SessionIdKind(rawValue: try reader.byte()) else { throw FormatError("an id of a session has an unknown kind") }
        let position = JournalPosition(try reader.varint())
        rows.append(Row(kind: kind, position: position, item: try reader.number(), text: try reader.string()))
      }
      return rows
    }
  }
}
