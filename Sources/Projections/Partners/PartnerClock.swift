internal import EMIP
internal import JournalFormat
internal import JournalStore

/// How far a partner's clock stands from the wire: by how much what its requests report is dated before or behind the moment at which they were
/// observed. A clock that is set to another zone is off by a multiple of 15 minutes, and so is everything that it dates.
///
///     subject(5) -> run: quarters(signed) count since(signed) ‖ offset: 0, or 1 quarters(signed) finding(counted) ‖ *(checksum(4))
///     0xff finding -> until(signed)          of an offset that ended
final class PartnerClock: ChangingRow {
  let key: [UInt8]
  var isPending = false
  private let subject: PartnerPresence.Subject
  /// The last requests in a row whose dates lie in one place.
  private var run = Run(quarters: 0, count: 0, since: Timestamp(rawValue: 0))
  /// What was found and holds.
  private var offset: Offset?
  /// The last reports: who sends one again is late, and that says nothing of the clock.
  private var checksums: [UInt32] = []

  private struct Run {
    let quarters: Int64
    var count: UInt64
    /// When the first of them was observed.
    let since: Timestamp
  }

  private struct Offset {
    let quarters: Int64
    let finding: [UInt8]
  }

  private static var table: ModelTable { PartnerTables.clocks }

  /// The requests that report what happened.
  static let operations: Set<String> = [
    "SetChargeDetailRecord", "SetSessionEventReport", "SetSessionActionRequest", "SetEVSEAvailabilityStatus", "SetEVSEBusyStatus",
    "SetEVSESyntheticStatus", "SetChargingPoolAvailabilityStatus", "SetChargingStationAvailabilityStatus",
    "SetChargingConnectorAvailabilityStatus",
  ]

  private static let quarterMilliseconds: Int64 = 15 * 60_000
  /// What happened is reported so late at most, by the clock as it would be without its offset; clocks that are right differ by so little.
  private static let reportedWithinMilliseconds: Int64 = 5 * 60_000
  private static let aheadMilliseconds: Int64 = 2 * 60_000
  /// So many in a row, over so long, are no chance.
  private static let leastCount = 20
  private static let leastMilliseconds: Int64 = 10 * 60_000
  private static let rememberedCount = 64

  init(_ subject: PartnerPresence.Subject, _ rows: any ModelRows) throws(JournalError) {
    self.subject = subject
    key = subject.bytes
    guard let value = try rows.value(of: key, in: Self.table) else { return }
    try Self.table.reading(value) { (reader) throws(FormatError) in
      run = Run(
        quarters: try reader.signedVarint(), count: try reader.varint(), since: Timestamp(rawValue: try reader.signedVarint()))
      if try reader.byte() == 1 { offset = Offset(quarters: try reader.signedVarint(), finding: Array(try reader.counted())) }
      while !reader.isAtEnd { checksums.append(try reader.littleEndian(UInt32.self)) }
    }
  }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendSignedVarint(run.quarters)
    bytes.appendVarint(run.count)
    bytes.appendSignedVarint(run.since.rawValue)
    bytes.append(offset == nil ? 0 : 1)
    if let offset {
      bytes.appendSignedVarint(offset.quarters)
      bytes.appendCounted(offset.finding)
    }
    for checksum in checksums { bytes.appendLittleEndian(checksum) }
    return bytes
  }

  /// Takes what a request of the partner reports; one that was sent again says nothing.
  /// - Parameter observedAt: when the request was on the wire.
  func take(
    _ moment: ReportedMoment, observedAt: Timestamp, at position: JournalPosition, _ rows: ModelTransaction
  ) throws(JournalError) {
    guard !checksums.contains(moment.checksum) else { return }
    if checksums.count >= Self.rememberedCount { checksums.removeFirst() }
    checksums.append(moment.checksum)
    rows.put(self, in: Self.table)
    guard let quarters = Self.quarters(moment.time, observedAt: observedAt) else {
      run.count = 0
      return
    }
    if run.count > 0, run.quarters == quarters {
      run.count += 1
    } else {
      run = Run(quarters: quarters, count: 1, since: observedAt)
    }
    if quarters == 0 {
      try end(at: position, until: observedAt, rows)
    } else if run.count >= Self.leastCount, observedAt.milliseconds(since: run.since) >= Self.leastMilliseconds,
      offset?.quarters != quarters
    {
      try end(at: position, until: run.since, rows)
      var detail: [UInt8] = []
      detail.appendSignedVarint(quarters)
      detail.appendSignedVarint(run.since.rawValue)
      let finding = try PartnerTables.findings.add(PartnerRules.clockOffset, at: position, subject: key, detail: detail, in: rows)
      offset = Offset(quarters: quarters, finding: finding)
    }
  }

  private func end(at position: JournalPosition, until time: Timestamp, _ rows: ModelTransaction) throws(JournalError) {
    guard let offset else { return }
    try PartnerTables.findings.resolve(offset.finding, at: position, in: rows)
    var value: [UInt8] = []
    value.appendSignedVarint(time.rawValue)
    try rows.put(value, for: [0xff] + offset.finding, in: Self.table)
    self.offset = nil
  }

  /// By how many quarters of an hour a date is ahead, or behind where it is negative, if what it dates was reported at once or soon; nil where it
  /// was not, by any of them.
  static func quarters(_ date: Timestamp, observedAt: Timestamp) -> Int64? {
    let ahead = date.milliseconds(since: observedAt)
    // The highest multiple by which it was not reported before it happened, but for what clocks differ by: rounded down.
    let (quotient, remainder) = (ahead + reportedWithinMilliseconds).quotientAndRemainder(dividingBy: quarterMilliseconds)
    let quarters = remainder < 0 ? quotient - 1 : quotient
    return ahead - quarters * quarterMilliseconds <= aheadMilliseconds ? quarters : nil
  }

  /// Until when an offset lasted; nil where nobody knows.
  static func end(of finding: [UInt8], _ rows: any ModelRows) throws(JournalError) -> Timestamp? {
    guard let value = try rows.value(of: [0xff] + finding, in: table) else { return nil }
    return try table.reading(value) { (reader) throws(FormatError) in Timestamp(rawValue: try reader.signedVarint()) }
  }
}
