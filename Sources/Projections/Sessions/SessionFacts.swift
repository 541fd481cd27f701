internal import JournalFormat
internal import JournalStore

/// All that the rows say of one session as of a position: its own records, those of sessions that turned out to be it, and those of
/// sessions that probably are.
struct SessionFacts {
  /// The lowest that it has had.
  let number: UInt32
  private(set) var opened = Timestamp(rawValue: 0)
  private(set) var firstPosition = JournalPosition(0)
  private(set) var lastPosition = JournalPosition(0)
  /// Of the first message that named each.
  private(set) var evse: UInt32?
  private(set) var exec: UInt32?
  private(set) var sale: UInt32?
  private(set) var ids: [IdSource] = []
  private(set) var steps: [Step] = []
  private(set) var findings: [FindingMark] = []
  /// The sessions whose records are here by an inference only.
  private(set) var twins: Set<UInt32> = []

  /// Where an id can be read again.
  struct IdSource: Hashable {
    let kind: SessionIdKind
    let position: JournalPosition
    /// Of a list.
    let item: UInt32
    /// Whose it is; nil for the platform's.
    let owner: UInt32?
    let isInferred: Bool
  }

  /// A request and what came of it, or a record that was downloaded.
  struct Step: Hashable {
    let position: JournalPosition
    let record: SessionRecord
    let isInferred: Bool
    fileprivate(set) var answer: SessionRecord.Answer?
    fileprivate(set) var answerPosition: JournalPosition?
  }

  struct FindingMark: Hashable {
    let rule: UInt8
    let cause: UInt64
    let key: [UInt8]
  }

  func has(_ kind: SessionIdKind) -> Bool { ids.contains { $0.kind == kind && !$0.isInferred } }

  func has(_ kind: SessionIdKind, of owner: UInt32?) -> Bool { ids.contains { $0.kind == kind && $0.owner == owner && !$0.isInferred } }

  func hasFinding(_ rule: FindingRule, cause: UInt64? = nil) -> Bool {
    findings.contains { $0.rule == rule.number && (cause == nil || $0.cause == cause) }
  }
}

extension SessionFacts {
  /// Of a session that nothing is known of yet.
  init(new number: UInt32) { self.number = number }

  /// Nil where there was no such session then.
  /// - Parameter number: not of one that was merged into another by then.
  init?(_ number: UInt32, asOf position: JournalPosition?, withTwins: Bool = true, in rows: any ModelRows) throws(JournalError) {
    self.number = number
    var gathered = Gathering(position: position, withTwins: withTwins, rows: rows)
    try gathered.add(number, isInferred: false)
    guard let first = gathered.records.first else { return nil }
    firstPosition = first.position
    lastPosition = gathered.records.last!.position
    // What is inferred stands behind what is certain at the same position.
    for gathered in gathered.records { take(gathered) }
    twins = gathered.inferred
  }

  private mutating func take(_ gathered: Gathering.Gathered) {
    let record = gathered.record
    if let novelty = record.novelty { take(novelty, gathered) }
    switch record.content {
    case .get, .set, .record, .event, .action:
      steps.append(Step(position: gathered.position, record: record, isInferred: gathered.isInferred))
    case .answer(let answer):
      for index in steps.indices where steps[index].position == answer.request && !steps[index].isDownload {
        // An answer that came late beats the failure before it; a failure does not beat an answer.
        if let known = steps[index].answer, known.outcome != .lost, answer.outcome == .lost { continue }
        steps[index].answer = answer
        steps[index].answerPosition = gathered.position
      }
    case .finding(let rule, let number, let cause):
      let key: [UInt8] = bigEndianBytes(gathered.position.rawValue) + [rule] + bigEndianBytes(number)
      if !findings.contains(where: { $0.key == key }) { findings.append(FindingMark(rule: rule, cause: cause, key: key)) }
    case .absorbed, .mergedInto, .twin, .twinDropped: break
    }
  }

  private mutating func take(_ novelty: SessionRecord.Novelty, _ gathered: Gathering.Gathered) {
    if let opened = novelty.opened, self.opened.rawValue == 0 || !gathered.isInferred && opened < self.opened { self.opened = opened }
    evse = evse ?? novelty.evse
    exec = exec ?? novelty.exec
    sale = sale ?? novelty.sale
    let item: UInt32 = if case .record(let record) = gathered.record.content { record.item } else { 0 }
    for kind in novelty.ids {
      let owner: UInt32? =
        switch kind {
        case .service: nil
        case .exec: novelty.exec ?? exec
        case .sale: novelty.sale ?? sale
        }
      ids.append(IdSource(kind: kind, position: gathered.position, item: item, owner: owner, isInferred: gathered.isInferred))
    }
  }

  /// Collects the records of a session and of those that belong to it.
  private struct Gathering {
    let position: JournalPosition?
    let withTwins: Bool
    let rows: any ModelRows
    var records: [Gathered] = []
    var inferred: Set<UInt32> = []
    private var seen: Set<UInt32> = []

    struct Gathered {
      let position: JournalPosition
      let record: SessionRecord
      let isInferred: Bool
    }

    init(position: JournalPosition?, withTwins: Bool, rows: any ModelRows) {
      self.position = position
      self.withTwins = withTwins
      self.rows = rows
    }

    mutating func add(_ number: UInt32, isInferred: Bool) throws(JournalError) {
      guard seen.insert(number).inserted else { return }
      var found: [Gathered] = []
      var absorbed: [UInt32] = []
      var twins: Set<UInt32> = []
      var opened: Timestamp?
      for stored in try SessionsProjection.log.records(of: bigEndianBytes(number), asOf: position, in: rows) {
        let record: SessionRecord
        do throws(FormatError) { record = try SessionRecord(stored, opened: opened) } catch {
          throw .damagedModel(error, SessionsProjection.log.table)
        }
        opened = opened ?? record.novelty?.opened
        switch record.content {
        case .absorbed(let other): absorbed.append(other)
        case .twin(let other): twins.insert(other)
        case .twinDropped(let other): twins.remove(other)
        default: break
        }
        found.append(Gathered(position: stored.position, record: record, isInferred: isInferred))
      }
      merge(found)
      for other in absorbed { try add(other, isInferred: isInferred) }
      for other in twins.sorted() where withTwins && !seen.contains(other) {
        let current = try SessionsProjection.current(other, asOf: position, in: rows)
        guard !seen.contains(current) else { continue }
        inferred.insert(current)
        try add(current, isInferred: true)
      }
    }

    /// Both in the order of their positions.
    private mutating func merge(_ found: [Gathered]) {
      guard !records.isEmpty else {
        records = found
        return
      }
      var merged: [Gathered] = []
      merged.reserveCapacity(records.count + found.count)
      var (left, right) = (records[...], found[...])
      while let first = left.first, let second = right.first {
        merged.append(first.position <= second.position ? left.removeFirst() : right.removeFirst())
      }
      records = merged + left + right
    }
  }
}

extension SessionFacts.Step {
  var isDownload: Bool { if case .record(let record) = record.content { record.isDownload } else { false } }

  /// Whether it was turned down. What was lost may have arrived.
  var isRefused: Bool { answer.map { $0.outcome == .rejected || $0.outcome == .fault } ?? false }

  var chargeRecord: SessionRecord.ChargeRecord? { if case .record(let record) = record.content { record } else { nil } }
}
