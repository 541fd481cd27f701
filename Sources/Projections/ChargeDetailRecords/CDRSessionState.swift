internal import JournalFormat
internal import JournalStore

/// What the log of a session says as of a position: its versions and what came of them.
struct CDRSessionState: Sendable {
  /// A finding of the session, by its key in the table of findings.
  struct FindingKey: Hashable, Sendable {
    let rule: UInt8
    let bytes: [UInt8]
  }

  var number: UInt32
  /// In the order in which they were first seen.
  var versions: [CDRVersion] = []
  var findings: [FindingKey] = []
  /// The sessions that turned out to be this one.
  var absorbed: [UInt32] = []

  /// Whether the platform's id of the session is known.
  var hasPlatformId: Bool {
    versions.contains { version in version.hasPlatformId || version.attempts.contains { $0.answer?.hasPlatformId == true } }
  }

  /// The answers with what the records themselves do not say.
  var answers: [CDRVersion.Answer] { versions.flatMap { $0.attempts.compactMap(\.answer) } }

  func versions(_ side: CDRSide) -> [CDRVersion] { versions.filter { $0.side == side } }

  func acceptance(of version: CDRVersion) -> CDRAcceptance {
    let hasOtherFinal = versions.contains { other in
      other.side == version.side && other.nature == .final && other.digest != version.digest && other.acceptingAnswer != nil
    }
    return CDRAcceptance(version, hasOtherFinal: hasOtherFinal)
  }

  // MARK: In force

  /// Of the versions of some sides the one that counts: the newest final that was accepted, else the newest that was not refused; where there is no
  /// final one, the newest intermediate that was not refused.
  func inForce(_ isOfSide: (CDRSide) -> Bool) -> CDRVersion? {
    let standing = versions.filter { isOfSide($0.side) }.map { ($0, acceptance(of: $0)) }.filter { $0.1.isAccepted != false }
    let finals = standing.filter { $0.0.nature == .final }
    return (finals.last { $0.1.isAccepted == true } ?? finals.last ?? standing.last { $0.0.nature == .intermediate })?.0
  }

  var sentInForce: CDRVersion? { inForce { $0 == .toIOP } }
  var receivedInForce: CDRVersion? { inForce(\.isReceived) }

  /// What the CPO sent, where the journal has that, else what the eMSP got.
  var inForce: CDRVersion? { sentInForce ?? receivedInForce }

  // MARK: Operators

  /// Numbers of ``CDRNames``; 0 where nobody said.
  var execOperator: UInt32 { versions.lazy.map(\.execOperator).first { $0 != 0 } ?? 0 }
  var saleOperator: UInt32 {
    versions.lazy.map(\.saleOperator).first { $0 != 0 } ?? answers.lazy.map(\.saleOperator).first { $0 != 0 } ?? 0
  }
}

/// The logs of the sessions.
enum CDRLog {
  /// The log as it stands, of a session that may have been merged into another since.
  static func records(
    of number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows
  ) throws(JournalError) -> [(position: JournalPosition, record: CDRLogRecord)] {
    var records: [(position: JournalPosition, record: CDRLogRecord)] = []
    for stored in try ChargeDetailRecordProjection.log.records(of: bigEndianBytes(number), asOf: position, in: rows) {
      do throws(FormatError) { records.append((stored.position, try CDRLogRecord(stored.bytes, at: stored.position))) } catch {
        throw .damagedModel(error, ChargeDetailRecordProjection.log.table)
      }
    }
    return records
  }

  /// The session that a number stands for as of a position.
  static func current(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> UInt32 {
    var number = number
    // Always into a lower one.
    while let next = try records(of: number, asOf: position, in: rows).lazy.compactMap(\.record.merged).first { number = next }
    return number
  }

  /// Nil where there was nothing of the session, or it had become another.
  static func state(_ number: UInt32, asOf position: JournalPosition?, in rows: any ModelRows) throws(JournalError) -> CDRSessionState? {
    var records = try records(of: number, asOf: position, in: rows)
    guard !records.isEmpty, !records.contains(where: { $0.record.merged != nil }) else { return nil }
    var state = CDRSessionState(number: number)
    var index = 0
    while index < records.count {
      if case .absorbed(let other) = records[index].record {
        state.absorbed.append(other)
        records += try Self.records(of: other, asOf: position, in: rows)
      }
      index += 1
    }
    let order = records.indices.sorted { (records[$0].position, $0) < (records[$1].position, $1) }
    for index in order { state.apply(records[index].record, at: records[index].position) }
    return state
  }
}

extension CDRLogRecord {
  /// The session that this one became part of.
  fileprivate var merged: UInt32? { if case .mergedInto(let number) = self { number } else { nil } }
}

extension CDRSessionState {
  fileprivate mutating func apply(_ record: CDRLogRecord, at position: JournalPosition) {
    switch record {
    case .version(var version):
      version.attempts = [CDRVersion.Attempt(position: position, leg: version.leg, isRepeated: false)]
      versions.append(version)
    case .attempt(let first, let item, let leg, let isRepeated):
      guard let index = versions.firstIndex(where: { $0.position == first && $0.item == item }) else { return }
      versions[index].attempts.append(CDRVersion.Attempt(position: position, leg: leg, isRepeated: isRepeated))
    case .answer(let request, let isResponse, let answer):
      for version in versions.indices {
        for attempt in versions[version].attempts.indices where versions[version].attempts[attempt].position == request {
          if isResponse {
            versions[version].attempts[attempt].response = answer
          } else {
            versions[version].attempts[attempt].failure = answer
          }
        }
      }
    case .finding(let rule, let number):
      let key: [UInt8] = bigEndianBytes(position.rawValue) + [rule] + bigEndianBytes(number)
      if !findings.contains(where: { $0.bytes == key }) { findings.append(FindingKey(rule: rule, bytes: key)) }
    case .absorbed, .mergedInto: return
    }
  }
}
