internal import EMIP
public import JournalFormat
internal import JournalStore

/// What partners are held against.
public enum PartnerRules {
  /// Guide 5.4.6.
  public static let offline = FindingRule(
    80, "partner-offline", .warning,
    "A partner was not heard for longer than the period within which it must be, and some grace: 30 s or a tenth of the period.")
  static let clockOffset = FindingRule(
    81, "partner-clock-offset", .warning,
    "What a partner dates is off by the same multiple of 15 min in 20 requests in a row, over 10 min at least: its clock is set to another zone."
  )

  /// The platform tells in its answers to heartbeats when it wants the next (guide 5.4.6).
  public static let unreadable = FindingRule(
    85, "partner-value-unreadable", .error,
    "The heartBeatPeriod of an answer is there and cannot be read; told once, until one can be.")

  /// Guide 5.4.1. The same bytes again are a repetition.
  public static let transactionReused = FindingRule(
    88, "transaction-id-reused", .warning, "A client used a transactionId again, for another request: each is to be unique to its client.")

  /// In the order of their numbers.
  public static let all = [offline, clockOffset, unreadable, transactionReused]

  /// Tells that two requests of one client have one transactionId, in words.
  public static func reusedSentence(_ position: JournalPosition, _ earlier: JournalPosition) -> String {
    "The request at position \(position) has the transactionId of that at position \(earlier), by the same client, and other bytes."
  }

  static func noteReused(
    _ request: ProjectedMessage, _ earlier: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) {
    var detail: [UInt8] = []
    detail.appendVarint(earlier.rawValue)
    let id = request.facts?.transactionId ?? ""
    try PartnerTables.findings.add(transactionReused, at: request.position, subject: Array(id.utf8.prefix(200)), detail: detail, in: rows)
  }

  private static func reported(reuse stored: FindingTable.Stored) throws(JournalError) -> ReportedFinding {
    let earlier = try PartnerTables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in try reader.varint() }
    return ReportedFinding(
      rule: transactionReused, position: stored.position, resolvedAt: stored.resolvedAt,
      subject: String(decoding: stored.subject, as: UTF8.self), sentence: reusedSentence(stored.position, JournalPosition(earlier)))
  }

  /// A finding in words; nil where it is of no rule of partners.
  static func reported(_ stored: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> ReportedFinding? {
    if stored.rule == offline.number { return try reportedSilence(stored, rows) }
    if stored.rule == clockOffset.number { return try reportedOffset(stored, rows) }
    if stored.rule == transactionReused.number { return try reported(reuse: stored) }
    return stored.rule == unreadable.number ? try reportedUnreadable(stored, rows) : nil
  }

  private static func name(_ subject: PartnerPresence.Subject, _ rows: any ModelRows) throws(JournalError) -> String {
    try PartnerTables.names.text(partner: subject.partner, rows) + (subject.leg == .backEndGateway ? " (back end)" : "")
  }

  private static func reportedOffset(_ stored: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> ReportedFinding {
    let table = PartnerTables.findings.table
    let subject = try table.decoding { () throws(FormatError) in try PartnerPresence.Subject(stored.subject) }
    let (quarters, since) = try table.reading(stored.detail) { (reader) throws(FormatError) in
      (try reader.signedVarint(), Timestamp(rawValue: try reader.signedVarint()))
    }
    let partner = try name(subject, rows)
    var until: Timestamp?
    if stored.resolvedAt != nil { until = try PartnerClock.end(of: stored.key, rows) }
    let minutes = quarters.magnitude * 15
    let offset = minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes) min"
    return ReportedFinding(
      rule: clockOffset, position: stored.position, resolvedAt: stored.resolvedAt, subject: partner,
      sentence: "The clock of \(partner) is \(offset) \(quarters < 0 ? "behind" : "ahead"), since \(since)"
        + (until.map { " and until \($0)" } ?? "") + ", as what it reports is dated so.")
  }

  private static func reportedUnreadable(_ stored: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> ReportedFinding {
    let table = PartnerTables.findings.table
    let subject = try table.decoding { () throws(FormatError) in try PartnerPresence.Subject(stored.subject) }
    let (period, text) = try table.reading(stored.detail) { (reader) throws(FormatError) in (try reader.varint(), try reader.string()) }
    let partner = try name(subject, rows)
    return ReportedFinding(
      rule: unreadable, position: stored.position, resolvedAt: stored.resolvedAt, subject: partner,
      sentence: "\(partner) was told the heartBeatPeriod \"\(text)\", which cannot be read; it stays at \(period) s.")
  }

  private static func reportedSilence(_ stored: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> ReportedFinding {
    let subject = try PartnerTables.findings.table.decoding { () throws(FormatError) in try PartnerPresence.Subject(stored.subject) }
    let partner = try name(subject, rows)
    let (period, lastHeard) = try PartnerTables.findings.table.decoding { () throws(FormatError) in
      try stored.detail.reading { (reader) throws(FormatError) in
        (try reader.varint(), Timestamp(rawValue: try reader.signedVarint()))
      }
    }
    let heardAgain = try stored.resolvedAt.flatMap { (position) throws(JournalError) in
      try PartnerTables.presence.heardAgain(subject, at: position, rows)
    }
    let silence = heardAgain.map { "for \(spelled(milliseconds: $0.milliseconds(since: lastHeard)))" } ?? "since \(lastHeard)"
    let unread = rows.gaps.count(after: stored.position, before: stored.resolvedAt)
    let doubt = unread > 0 ? "; \(unread) \(unread == 1 ? "entry" : "entries") since could not be read" : ""
    return ReportedFinding(
      rule: offline, position: stored.position, resolvedAt: stored.resolvedAt, subject: partner,
      sentence: "\(partner) was not heard \(silence); it must be every \(period) s\(doubt).")
  }

  /// In minutes, or in seconds below ten of them.
  private static func spelled(milliseconds: Int64) -> String {
    milliseconds >= 600_000 ? "\(milliseconds / 60_000) min" : "\(milliseconds / 1_000) s"
  }
}

extension PartnerPresence {
  /// When the sign of life at a position was given that ended a silence.
  fileprivate func heardAgain(_ subject: Subject, at position: JournalPosition, _ rows: any ModelRows) throws(JournalError) -> Timestamp? {
    guard let chunk = try history.chunk(of: subject.bytes, asOf: position, in: rows) else { return nil }
    for record in chunk.records.reversed() where record.position == position {
      let change = try history.table.decoding { () throws(FormatError) in try Change(record.bytes) }
      if case .online(let time) = change { return time }
    }
    return nil
  }
}
