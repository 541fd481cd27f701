internal import JournalFormat
internal import JournalStore

/// What the log of a session says as of a position: its versions and what came of them.
final class CDRHistory {
  /// A finding of the session, by its key in the table of findings.
  struct FindingKey: Hashable, Sendable {
    let rule: UInt8
    let bytes: [UInt8]
  }

  let number: UInt32
  /// In the order in which they were first seen.
  private(set) var versions: [CDRVersion] = []
  private(set) var findings: [FindingKey] = []
  /// The sessions that turned out to be this one.
  private(set) var absorbed: [UInt32] = []
  /// The last version of the session's own log, which the next is written against.
  private(set) var lastOwn: CDRVersion?
  /// What ``CDRIntervals`` has of the session. Of the projection alone.
  var settledCharge: CDRCharge?
  /// What ``CDRBadges`` has of it; nil where the rows must be asked.
  var badge: UInt64?

  init(number: UInt32) { self.number = number }

  /// Whether the platform's id of the session is known.
  var hasPlatformId: Bool {
    versions.contains { version in version.hasPlatformId || version.attempts.contains { $0.answer?.hasPlatformId == true } }
  }

  func acceptance(of version: CDRVersion) -> CDRAcceptance {
    CDRAcceptance(
      version,
      hasOtherFinal: versions.contains { other in
        other.side == version.side && other.nature == .final && other.digest != version.digest && other.acceptingAnswer != nil
      })
  }

  // MARK: In force

  /// The version that counts of what was sent, or of what was got: the newest final that was accepted, else the newest that was not refused; where
  /// there is no final one, the newest intermediate that was not refused.
  func inForce(isReceived: Bool) -> CDRVersion? {
    var final: Int?
    var intermediate: Int?
    for index in versions.indices.reversed() where versions[index].side.isReceived == isReceived {
      switch versions[index].nature {
      case .unknown: continue
      case .intermediate:
        if intermediate == nil && final == nil && acceptance(of: versions[index]).isAccepted != false { intermediate = index }
      case .final:
        switch acceptance(of: versions[index]).isAccepted {
        case true?: return versions[index]
        case false?: continue
        case nil: final = final ?? index
        }
      }
    }
    return (final ?? intermediate).map { versions[$0] }
  }

  var sentInForce: CDRVersion? { inForce(isReceived: false) }
  var receivedInForce: CDRVersion? { inForce(isReceived: true) }

  /// What the CPO sent, where the journal has that, else what the eMSP got.
  var inForce: CDRVersion? { sentInForce ?? receivedInForce }

  /// Whether one of its messages, or an answer to one, stands at a position.
  func has(_ position: JournalPosition) -> Bool {
    versions.contains { version in
      version.attempts.contains { $0.position == position || $0.response?.position == position || $0.failure?.position == position }
    }
  }

  // MARK: Operators

  /// Numbers of ``CDROperators``; 0 where nobody said.
  var execOperator: UInt32 {
    for version in versions where version.execOperator != 0 { return version.execOperator }
    return 0
  }

  /// See ``execOperator``.
  var saleOperator: UInt32 {
    for version in versions where version.saleOperator != 0 { return version.saleOperator }
    for version in versions {
      for attempt in version.attempts { if let answer = attempt.answer, answer.saleOperator != 0 { return answer.saleOperator } }
    }
    return 0
  }

  // MARK: Records

  /// - Parameter isOwn: whether it stands in the session's own log, not in that of one that it absorbed.
  func apply(_ record: CDRLogRecord, at position: JournalPosition, isOwn: Bool = true) {
    switch record {
    case .version(var version):
      if isOwn { lastOwn = version }
      version.attempts = [CDRVersion.Attempt(position: position, leg: version.leg)]
      versions.append(version)
    case .attempt(let first, let item, let leg):
      guard let index = versions.firstIndex(where: { $0.position == first && $0.item == item }) else { return }
      versions[index].attempts.append(CDRVersion.Attempt(position: position, leg: leg))
    case .answer(let request, let isResponse, let answer): apply(answer, to: request, isResponse: isResponse)
    case .finding(let rule, let number):
      let key: [UInt8] = bigEndianBytes(position.rawValue) + [rule] + bigEndianBytes(number)
      if !findings.contains(where: { $0.bytes == key }) { findings.append(FindingKey(rule: rule, bytes: key)) }
    case .absorbed(let other): absorbed.append(other)
    case .mergedInto: return
    }
  }

  private func apply(_ answer: CDRVersion.Answer, to request: JournalPosition, isResponse: Bool) {
    for version in versions.indices {
      for attempt in versions[version].attempts.indices where versions[version].attempts[attempt].position == request {
        if isResponse {
          versions[version].attempts[attempt].response = answer
        } else {
          versions[version].attempts[attempt].failure = answer
        }
      }
    }
  }
}

/// The logs of the sessions.
enum CDRLog {
  /// A record, where it stands, and whose log that is.
  private struct Placed {
    let position: JournalPosition
    let record: CDRLogRecord
    let session: UInt32
  }

  /// The log as it stands, of a session that may have been merged into another since.
  private static func records(of number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> [Placed] {
    var records: [Placed] = []
    var previous: CDRVersion?
    for stored in try CDRTables.log.records(of: bigEndianBytes(number), asOf: position, in: rows) {
      let record = try record(stored, after: previous)
      if case .version(let version) = record { previous = version }
      records.append(Placed(position: stored.position, record: record, session: number))
    }
    return records
  }

  /// The session that a number stands for as of a position.
  static func current(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32 {
    var number = number
    // Always into a lower one, and nothing comes behind that.
    while let last = try CDRTables.log.chunk(of: bigEndianBytes(number), asOf: position, in: rows)?.records.last,
      CDRLogRecord.isMerging(last.bytes), case .mergedInto(let next) = try record(last, after: nil)
    { number = next }
    return number
  }

  private static func record(_ stored: HistoryTable.Record, after previous: CDRVersion?) throws(JournalError) -> CDRLogRecord {
    return try CDRTables.log.table.decoding { () throws(FormatError) in try CDRLogRecord(stored.bytes, at: stored.position, after: previous)
    }
  }

  /// Nil where there was nothing of the session, or it had become another.
  static func state(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> CDRHistory? {
    var records = try records(of: number, asOf: position, in: rows)
    guard !records.isEmpty else { return nil }
    let state = CDRHistory(number: number)
    var hasAbsorbed = false
    var index = 0
    while index < records.count {
      switch records[index].record {
      case .mergedInto where records[index].session == number: return nil
      case .absorbed(let other):
        hasAbsorbed = true
        records += try Self.records(of: other, asOf: position, in: rows)
      default: break
      }
      index += 1
    }
    if hasAbsorbed {
      let order = records.indices.sorted { (records[$0].position, $0) < (records[$1].position, $1) }
      records = order.map { records[$0] }
    }
    for record in records { state.apply(record.record, at: record.position, isOwn: record.session == number) }
    return state
  }
}
