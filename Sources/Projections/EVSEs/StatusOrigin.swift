internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Who reported a status, and the comment that came with it.
struct StatusOrigin: Hashable {
  var partner: String
  var `operator`: String
  var comment: String?
}

/// Reads from the journal who reported a status.
final class StatusOrigins {
  private let messages: JournalMessages

  init(_ journal: JournalReader) { messages = JournalMessages(journal) }

  /// The operator's own message says it best; else the operator is in the id, as far as that is one. Nil where the message is gone or damaged.
  func origin(
    of event: StatusEvent, _ element: StatusReport.Element, _ id: String, _ part: StatusPart
  ) throws(JournalError) -> StatusOrigin? {
    guard let facts = try messages.facts(at: event.position) else { return nil }
    var origin = Self.named(id)
    if !event.isFromPlatform {
      origin.operator = facts.operatorId ?? facts.partnerId ?? origin.operator
      origin.partner = facts.partnerId ?? origin.operator
    }
    let report = facts.statusReports.first { report in
      report.element == element && IdentifierSpelling(report.id).canBe(IdentifierSpelling(id))
        && (part == .availability ? report.availability?.status.value?.rawValue : report.busy?.status.value?.rawValue) == event.status
    }
    origin.comment = part == .availability ? report?.availability?.comment : report?.busy?.comment
    return origin
  }

  /// What the id alone says.
  static func named(_ id: String) -> StatusOrigin {
    let named = (try? EVCIIdentifier(id))?.operator.description ?? ""
    return StatusOrigin(partner: named, operator: named)
  }
}

/// Origins of statuses whose messages may be purged, by the subject of their events, with the position of the message.
struct StatusOriginTable {
  let table: ModelTable

  func put(_ origin: StatusOrigin, of position: JournalPosition, _ subject: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    var value: [UInt8] = []
    value.appendVarint(position.rawValue)
    for text in [origin.partner, origin.operator] { value.appendCounted(text.utf8) }
    if let comment = origin.comment { value.appendCounted(comment.utf8) }
    try rows.put(value, for: subject, in: table)
  }

  /// Nil where that of another message is kept, or none.
  func origin(of position: JournalPosition, _ subject: [UInt8], in rows: any ModelRows) throws(JournalError) -> StatusOrigin? {
    guard let value = try rows.value(of: subject, in: table) else { return nil }
    return try table.reading(value) { (reader) throws(FormatError) in
      guard try reader.varint() == position.rawValue else { return nil }
      var origin = StatusOrigin(partner: try reader.string(), operator: try reader.string())
      if !reader.isAtEnd { origin.comment = try reader.string() }
      return origin
    }
  }
}
