internal import JournalFormat
internal import JournalStore

/// All that the rows say of one session as of a position: its own records, and those of sessions that turned out to be it.
///
/// It is made by taking record after record in the order in which they were written. While a projection runs, what it remembers takes each new
/// record as well, and so always is what the rows would give.
final class SessionFacts {
  /// By first appearance; of sessions that turned out to be one, the lowest.
  let number: UInt32
  /// This one's, and those of the sessions that turned out to be it.
  private(set) var members: [UInt32]
  /// Also those of the sessions that probably are.
  private(set) var holders: [UInt32]
  /// When the session's own first record was observed: what its dates are written from.
  private(set) var ownOpened: Timestamp
  private(set) var opened: Timestamp
  private(set) var firstPosition = JournalPosition(.max)
  /// The EVSE, the CPO and the eMSP as the first message that named each has them.
  private(set) var evse: Named?
  private(set) var exec: Named?
  private(set) var sale: Named?
  private(set) var ids: [IdSource] = []
  private(set) var steps: [Step] = []
  private(set) var findings: [FindingMark] = []
  /// Sessions that are probably this one, by the numbers that they had then.
  private(set) var twins: [UInt32] = []
  /// The sessions whose records are here by an inference only, by their present numbers.
  private(set) var inferred: [UInt32] = []
  /// The session that this one has turned out to be.
  private(set) var mergedInto: UInt32?

  /// The number of a name, and where it was first given.
  struct Named: Hashable {
    let number: UInt32
    let position: JournalPosition
  }

  /// Where an id can be read again.
  struct IdSource: Hashable {
    let kind: SessionIdKind
    let position: JournalPosition
    /// Which item of a list, from 1; 0 for no list.
    let item: UInt32
    /// Whose it is; nil for the platform's.
    let owner: UInt32?
    fileprivate(set) var isInferred: Bool
  }

  /// A request and what came of it, or a record that was downloaded.
  struct Step: Hashable {
    let position: JournalPosition
    let content: SessionRecord.Content
    let isFromIOP: Bool
    let isBackEnd: Bool
    fileprivate(set) var isInferred = false
    /// The one that counts.
    fileprivate(set) var answer: SessionRecord.Answer?
    /// The position of the last answer that came, and below of the last note that none did.
    fileprivate(set) var answerPosition: JournalPosition?
    fileprivate(set) var failurePosition: JournalPosition?
  }

  struct FindingMark: Hashable {
    let rule: UInt8
    let cause: UInt64
    let key: [UInt8]
  }

  /// Makes a session that nothing is known of yet.
  /// - Parameter opened: when its first message was observed.
  init(new number: UInt32, opened: Timestamp) {
    self.number = number
    members = [number]
    holders = [number]
    ownOpened = opened
    self.opened = opened
  }

  init(copying other: SessionFacts) {
    number = other.number
    members = other.members
    holders = other.holders
    ownOpened = other.ownOpened
    opened = other.opened
    firstPosition = other.firstPosition
    (evse, exec, sale) = (other.evse, other.exec, other.sale)
    (ids, steps, findings, twins) = (other.ids, other.steps, other.findings, other.twins)
  }

  func has(_ kind: SessionIdKind) -> Bool { ids.contains { $0.kind == kind && !$0.isInferred } }

  func has(_ kind: SessionIdKind, of owner: UInt32?) -> Bool { ids.contains { $0.kind == kind && $0.owner == owner && !$0.isInferred } }

  func hasFinding(_ rule: FindingRule, cause: UInt64? = nil) -> Bool {
    findings.contains { $0.rule == rule.number && (cause == nil || $0.cause == cause) }
  }

  // MARK: Records

  /// Takes the next record. What one brings that another session turned out to be this one is ``absorb(_:isInferred:)``'s.
  func take(_ record: SessionRecord, at position: JournalPosition) {
    firstPosition = min(firstPosition, position)
    if let novelty = record.novelty { take(novelty, record, position) }
    switch record.content {
    case .get, .set, .record, .event, .action:
      steps.append(Step(position: position, content: record.content, isFromIOP: record.isFromIOP, isBackEnd: record.isBackEnd))
    case .answer(let answer): take(answer, position)
    case .finding(let rule, let number, let cause):
      let key: [UInt8] = bigEndianBytes(position.rawValue) + [rule] + bigEndianBytes(number)
      add(FindingMark(rule: rule, cause: cause, key: key))
    case .mergedInto(let other): mergedInto = other
    case .twin(let other): if !members.contains(other) && !twins.contains(other) { twins.append(other) }
    case .twinDropped(let other): twins.removeAll { $0 == other }
    case .absorbed: break
    }
  }

  private func take(_ novelty: SessionRecord.Novelty, _ record: SessionRecord, _ position: JournalPosition) {
    if let opened = novelty.opened { self.opened = min(self.opened, opened) }
    evse = evse ?? novelty.evse.map { Named(number: $0, position: position) }
    exec = exec ?? novelty.exec.map { Named(number: $0, position: position) }
    sale = sale ?? novelty.sale.map { Named(number: $0, position: position) }
    guard !novelty.ids.isEmpty else { return }
    let item: UInt32 = if case .record(let record) = record.content { record.item } else { 0 }
    for kind in SessionIdKind.all where novelty.ids.contains(kind) {
      let owner: UInt32? =
        switch kind {
        case .service: nil
        case .exec: novelty.exec ?? exec?.number
        case .sale: novelty.sale ?? sale?.number
        }
      ids.append(IdSource(kind: kind, position: position, item: item, owner: owner, isInferred: false))
    }
  }

  private func take(_ answer: SessionRecord.Answer, _ position: JournalPosition) {
    var index = steps.endIndex
    while index > 0, steps[index - 1].position >= answer.request {
      index -= 1
      guard steps[index].position == answer.request && !steps[index].isDownload else { continue }
      if answer.outcome == .lost { steps[index].failurePosition = position } else { steps[index].answerPosition = position }
      // An answer that came late beats the failure before it; a failure does not beat an answer.
      if let known = steps[index].answer, known.outcome != .lost, answer.outcome == .lost { continue }
      steps[index].answer = answer
    }
  }

  private func add(_ mark: FindingMark) {
    if !findings.contains(where: { $0.key == mark.key }) { findings.append(mark) }
  }

  // MARK: Other sessions

  /// Takes in what is known of another session.
  /// - Parameter isInferred: where it is only probably this one.
  func absorb(_ other: SessionFacts, isInferred: Bool) {
    firstPosition = min(firstPosition, other.firstPosition)
    holders += other.holders
    evse = Self.first(evse, other.evse)
    exec = Self.first(exec, other.exec)
    sale = Self.first(sale, other.sale)
    var (otherIds, otherSteps) = (other.ids, other.steps)
    if isInferred {
      for index in otherIds.indices { otherIds[index].isInferred = true }
      for index in otherSteps.indices { otherSteps[index].isInferred = true }
      inferred.append(other.number)
    } else {
      opened = min(opened, other.opened)
      members += other.members
      for twin in other.twins where !twins.contains(twin) { twins.append(twin) }
      twins.removeAll(where: members.contains)
    }
    ids = Self.merged(ids, otherIds) { $0.position <= $1.position }
    steps = Self.merged(steps, otherSteps) { $0.position <= $1.position }
    for mark in other.findings { add(mark) }
    findings.sort { $0.key.lexicographicallyPrecedes($1.key) }
  }

  private static func first(_ own: Named?, _ other: Named?) -> Named? {
    guard let own, let other else { return own ?? other }
    return own.position <= other.position ? own : other
  }

  /// One list of two that are in order; of equals the first's come first.
  private static func merged<Element>(_ one: [Element], _ other: [Element], _ isInOrder: (Element, Element) -> Bool) -> [Element] {
    guard let last = one.last, let first = other.first, !isInOrder(last, first) else { return one + other }
    var merged: [Element] = []
    merged.reserveCapacity(one.count + other.count)
    var (left, right) = (0, 0)
    while left < one.count, right < other.count {
      if isInOrder(one[left], other[right]) {
        merged.append(one[left])
        left += 1
      } else {
        merged.append(other[right])
        right += 1
      }
    }
    return merged + one[left...] + other[right...]
  }
}

extension SessionFacts.Step {
  var isDownload: Bool { if case .record(let record) = content { record.isDownload } else { false } }

  /// Whether it was turned down. What was lost may have arrived.
  var isRefused: Bool { answer.map { $0.outcome == .rejected || $0.outcome == .fault } ?? false }

  /// Whether it is a request for an authorisation, or one.
  var isAuthorisation: Bool {
    switch content {
    case .get, .set: true
    default: false
    }
  }

  var chargeRecord: SessionRecord.ChargeRecord? { if case .record(let record) = content { record } else { nil } }
}
