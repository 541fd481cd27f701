internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds what is wrong with a report by itself: that it is dated ahead, or cannot be read. A clock or a program that is wrong is so with every report:
/// it is told once, until a report of the same part comes that is right.
struct StatusReportFindings {
  private var ahead: StatusEvent?
  private var unreadable = UnreadableValues()

  /// Whether there is anything to be told of an event.
  static func concern(_ event: StatusEvent) -> Bool { isFarAhead(event) || !event.unreadable.isEmpty }

  private static func isFarAhead(_ event: StatusEvent) -> Bool { (event.aheadMilliseconds ?? 0) > EVSERules.aheadMilliseconds }

  /// Takes in an event that is no repetition.
  /// - Parameter before: the newest of its part before it.
  mutating func note(_ event: StatusEvent, _ part: StatusPart, after before: StatusEvent?) {
    if Self.isFarAhead(event), before.map(Self.isFarAhead) != true, (ahead?.aheadMilliseconds ?? 0) < event.aheadMilliseconds! {
      ahead = event
    }
    guard event.unreadable.values.map(\.name) != before?.unreadable.values.map(\.name) else { return }
    for value in event.unreadable.values { unreadable.note(EVSERules.fieldName(value.name, part), text: value.text) }
  }

  /// Tells of a report about an element.
  func tell(_ element: EVSEElement, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    if let ahead, let milliseconds = ahead.aheadMilliseconds {
      var detail: [UInt8] = []
      detail.appendSignedVarint(ahead.said.rawValue)
      detail.appendVarint(UInt64(milliseconds))
      try EVSETables.findings.add(EVSERules.ahead, at: position, subject: element.key, detail: detail, in: rows)
    }
    guard !unreadable.isEmpty else { return }
    var detail: [UInt8] = []
    for value in unreadable.values { for text in [value.name, value.text] { detail.appendCounted(text.utf8) } }
    try EVSETables.findings.add(EVSERules.unreadable, at: position, subject: element.key, detail: detail, in: rows)
  }
}
