internal import JournalFormat
internal import JournalStore

/// When each list is due: the earliest is asked for with every request.
///
///     list -> time (8, big-endian), then the key of the finding that says that nothing came by then
final class WhiteListCadence {
  static let table = WhiteListTables.deadlines

  private struct Deadline {
    var due: Timestamp
    /// Empty until it has passed.
    var finding: [UInt8] = []

    /// What is due behind what could not be read, until the next request tells how late it is.
    static let afterGap = Timestamp(rawValue: .max)
  }

  /// The deadlines of all lists; nil until they are read.
  private var deadlines: [UInt16: Deadline]?
  private var earliest = Timestamp(rawValue: .max)
  /// Whether something could not be read, and nobody knows yet when that was.
  private var isBehindGap = false

  /// Notes that a list was uploaded or downloaded.
  func note(_ list: UInt16, at time: Timestamp, _ position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    var deadlines = try read(rows)
    if let finding = deadlines[list]?.finding, !finding.isEmpty {
      try WhiteListTables.findings.resolve(finding, at: position, in: rows)
    }
    let deadline = Deadline(due: time.adding(milliseconds: WhiteListRules.longestPauseMilliseconds))
    deadlines[list] = deadline
    try rows.put(Self.encoded(deadline), for: bigEndianBytes(list), in: Self.table)
    remember(deadlines)
  }

  /// Excuses the lists that are waited for: what could not be read may have brought any of them.
  func passGap(in rows: ModelTransaction) throws(JournalError) { try postpone(to: Deadline.afterGap, in: rows) { $0 != Deadline.afterGap } }

  /// Puts off when lists are due that have no finding.
  private func postpone(to due: Timestamp, in rows: ModelTransaction, where isMoved: (Timestamp) -> Bool) throws(JournalError) {
    var deadlines = try read(rows)
    for (list, deadline) in deadlines where deadline.finding.isEmpty && isMoved(deadline.due) {
      deadlines[list]!.due = due
      try rows.put(Self.encoded(deadlines[list]!), for: bigEndianBytes(list), in: Self.table)
    }
    remember(deadlines)
  }

  /// Tells of the lists that are overdue by the clock.
  func check(at position: JournalPosition, _ memory: WhiteListMemory, in rows: ModelTransaction) throws(JournalError) {
    if deadlines == nil { remember(try read(rows)) }
    if isBehindGap {
      try postpone(to: rows.clock.adding(milliseconds: WhiteListRules.longestPauseMilliseconds), in: rows) { $0 == Deadline.afterGap }
    }
    guard earliest < rows.clock else { return }
    var deadlines = try read(rows)
    let overdue = deadlines.filter { $0.value.finding.isEmpty && $0.value.due < rows.clock }
    for (list, deadline) in overdue.sorted(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }) {
      let rule = try memory.identity(list, in: rows).isPlatforms ? WhiteListRules.uploadMissed : WhiteListRules.downloadMissed
      var told = deadline
      told.finding = try WhiteListTables.findings.add(
        rule, at: position, subject: bigEndianBytes(list), detail: bigEndianBytes(deadline.due.rawValue), in: rows)
      deadlines[list] = told
      try rows.put(Self.encoded(told), for: bigEndianBytes(list), in: Self.table)
    }
    remember(deadlines)
  }

  private func remember(_ deadlines: [UInt16: Deadline]) {
    self.deadlines = deadlines
    earliest = deadlines.values.lazy.filter(\.finding.isEmpty).map(\.due).min() ?? Timestamp(rawValue: .max)
    isBehindGap = deadlines.values.contains { $0.due == Deadline.afterGap }
  }

  private func read(_ rows: ModelTransaction) throws(JournalError) -> [UInt16: Deadline] {
    if let deadlines { return deadlines }
    var (read, start) = ([:] as [UInt16: Deadline], [] as [UInt8])
    while let row = try rows.first(from: start, beginningWith: [], in: Self.table) {
      let due = UInt64(bigEndian: row.value[..<8])
      read[UInt16(row.key[0]) << 8 | UInt16(row.key[1])] = Deadline(
        due: Timestamp(rawValue: Int64(bitPattern: due)), finding: Array(row.value[8...]))
      start = row.key + [0]
    }
    return read
  }

  private static func encoded(_ deadline: Deadline) -> [UInt8] { bigEndianBytes(deadline.due.rawValue) + deadline.finding }
}
