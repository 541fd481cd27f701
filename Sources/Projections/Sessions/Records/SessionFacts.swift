internal import JournalFormat
internal import JournalStore

/// All that the rows say of one session as of a position: its own records, and those of sessions that turned out to be it.
///
/// It is made by taking record after record in the order in which they were written. While a projection runs, what it remembers takes each new
/// record as well, and so always is what the rows would give. What came first is told by when the messages were observed, never by when they were
/// recorded: in whatever order a session's messages arrive, the same is known of it in the end.
final class SessionFacts {
  /// By first appearance; of sessions that turned out to be one, the lowest.
  let number: UInt32
  /// This one's, and those of the sessions that turned out to be it.
  private(set) var members: [UInt32]
  /// Also those of the sessions that probably are.
  private(set) var holders: [UInt32]
  /// When the session's own first record was observed: what its dates are written from.
  private(set) var ownOpened: Timestamp
  /// When the first of its messages was observed.
  private(set) var opened: Timestamp
  private(set) var firstPosition = JournalPosition(.max)
  /// In the order of their messages.
  private(set) var namings: [Naming] = []
  /// In the order of the messages that named them first.
  private(set) var ids: [IdSource] = []
  /// In the order in which they were observed.
  private(set) var steps: [Step] = []
  private(set) var findings: [FindingMark] = []
  /// Sessions that are probably this one, by the numbers that they had then.
  private(set) var twins: [UInt32] = []
  /// Those of them that have an id of the same operator.
  private(set) var namesakes: Set<UInt32> = []
  /// The sessions whose records are here by an inference only, by their present numbers.
  private(set) var inferred: [UInt32] = []
  /// The session that this one has turned out to be.
  private(set) var mergedInto: UInt32?

  /// The number of a name, and where it was given.
  struct Naming: Hashable, Comparable {
    let party: SessionParty
    let number: UInt32
    /// When its message was observed.
    let time: Timestamp
    let position: JournalPosition
    /// Which item of a list, from 1; 0 for no list.
    let item: UInt32

    static func < (one: Naming, other: Naming) -> Bool {
      (one.time, one.position, one.party.rawValue) < (other.time, other.position, other.party.rawValue)
    }
  }

  /// Where an id can be read again.
  struct IdSource: Hashable, Comparable {
    let kind: SessionIdKind
    let position: JournalPosition
    /// Which item of a list, from 1; 0 for no list.
    let item: UInt32
    /// Whose it is; nil for the platform's.
    let owner: UInt32?
    /// When its message was observed.
    let time: Timestamp
    fileprivate(set) var isInferred: Bool

    static func < (one: IdSource, other: IdSource) -> Bool {
      (one.time, one.position, one.kind.rawValue) < (other.time, other.position, other.kind.rawValue)
    }
  }

  /// A request and what came of it, or a record that was downloaded.
  struct Step: Hashable, Comparable {
    let position: JournalPosition
    let observedAt: Timestamp
    let content: SessionRecord.Content
    let isFromIOP: Bool
    let isBackEnd: Bool
    fileprivate(set) var isInferred = false
    /// The one that counts.
    fileprivate(set) var answer: SessionRecord.Answer?
    /// The position of the last answer that came, and below of the last note that none did.
    fileprivate(set) var answerPosition: JournalPosition?
    fileprivate(set) var failurePosition: JournalPosition?

    /// By when it was observed; at one moment the question comes first and the platform's side last, whatever was recorded first.
    static func < (one: Step, other: Step) -> Bool {
      if one.observedAt != other.observedAt { return one.observedAt < other.observedAt }
      if one.rank != other.rank { return one.rank < other.rank }
      return (one.position, one.chargeRecord?.item ?? 0) < (other.position, other.chargeRecord?.item ?? 0)
    }

    private var rank: Int {
      let kind =
        switch content {
        case .get: 0
        case .set: 1
        case .action: 2
        case .event: 3
        default: 4
        }
      return kind << 2 | (isFromIOP ? 2 : 0) | (isBackEnd ? 0 : 1)
    }
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
    namings = other.namings
    (ids, steps, findings, twins, namesakes) = (other.ids, other.steps, other.findings, other.twins, other.namesakes)
  }

  /// The EVSE, the CPO and the eMSP as the first message that named each has them.
  var evse: Naming? { first(.evse) }
  var exec: Naming? { first(.exec) }
  var sale: Naming? { first(.sale) }

  func first(_ party: SessionParty) -> Naming? { namings.first { $0.party == party } }

  func has(_ kind: SessionIdKind) -> Bool { ids.contains { $0.kind == kind && !$0.isInferred } }

  func has(_ kind: SessionIdKind, of owner: UInt32?) -> Bool { ids.contains { $0.kind == kind && $0.owner == owner && !$0.isInferred } }

  // MARK: Records

  /// Takes the next record. What one brings that another session turned out to be this one is ``absorb(_:isInferred:)``'s.
  func take(_ record: SessionRecord, at position: JournalPosition) {
    firstPosition = min(firstPosition, position)
    if let novelty = record.novelty { take(novelty, record, position) }
    switch record.content {
    case .get, .set, .record, .event, .action:
      let observedAt = record.observedAt ?? ownOpened
      opened = min(opened, observedAt)
      let step = Step(
        position: position, observedAt: observedAt, content: record.content, isFromIOP: record.isFromIOP, isBackEnd: record.isBackEnd)
      Self.insert(step, into: &steps)
    case .answer(let answer): take(answer, position)
    case .finding(let rule, let number, let cause):
      let key: [UInt8] = bigEndianBytes(position.rawValue) + [rule] + bigEndianBytes(number)
      add(FindingMark(rule: rule, cause: cause, key: key))
    case .mergedInto(let other): mergedInto = other
    case .twin(let other, let sharesId):
      if !members.contains(other) && !twins.contains(other) { twins.append(other) }
      if sharesId { namesakes.insert(other) }
    case .twinDropped(let other):
      twins.removeAll { $0 == other }
      namesakes.remove(other)
    case .absorbed: break
    }
  }

  private func take(_ novelty: SessionRecord.Novelty, _ record: SessionRecord, _ position: JournalPosition) {
    if let opened = novelty.opened { self.opened = min(self.opened, opened) }
    let time = time(of: record)
    let item: UInt32 = if case .record(let record) = record.content { record.item } else { 0 }
    for (party, number) in [(SessionParty.evse, novelty.evse), (.exec, novelty.exec), (.sale, novelty.sale)] {
      guard let number else { continue }
      Self.insert(Naming(party: party, number: number, time: time, position: position, item: item), into: &namings)
    }
    guard !novelty.ids.isEmpty else { return }
    for kind in SessionIdKind.all where novelty.ids.contains(kind) {
      let owner: UInt32? =
        switch kind {
        case .service: nil
        case .exec: novelty.exec ?? exec?.number
        case .sale: novelty.sale ?? sale?.number
        }
      let source = IdSource(kind: kind, position: position, item: item, owner: owner, time: time, isInferred: false)
      Self.insert(source, into: &ids)
    }
  }

  /// When what a record tells was observed: of an answer, when it was asked.
  private func time(of record: SessionRecord) -> Timestamp {
    if let observedAt = record.observedAt { return observedAt }
    guard case .answer(let answer) = record.content else { return ownOpened }
    return steps.last { $0.position == answer.request }?.observedAt ?? opened
  }

  private func take(_ answer: SessionRecord.Answer, _ position: JournalPosition) {
    for index in steps.indices where steps[index].position == answer.request && !steps[index].isDownload {
      if answer.outcome == .lost { steps[index].failurePosition = position } else { steps[index].answerPosition = position }
      // An answer that came late beats the failure before it; a failure does not beat an answer.
      if let known = steps[index].answer, known.outcome != .lost, answer.outcome == .lost { continue }
      steps[index].answer = answer
    }
  }

  private func add(_ mark: FindingMark) {
    if !findings.contains(where: { $0.key == mark.key }) { findings.append(mark) }
  }

  /// Mostly what comes last was observed last.
  private static func insert<Element: Comparable>(_ element: Element, into list: inout [Element]) {
    var index = list.endIndex
    while index > 0, element < list[index - 1] { index -= 1 }
    list.insert(element, at: index)
  }

  // MARK: Other sessions

  /// Takes in what is known of another session.
  /// - Parameter isInferred: where it is only probably this one.
  func absorb(_ other: SessionFacts, isInferred: Bool) {
    firstPosition = min(firstPosition, other.firstPosition)
    holders += other.holders
    opened = min(opened, other.opened)
    var (otherIds, otherSteps) = (other.ids, other.steps)
    if isInferred {
      for index in otherIds.indices { otherIds[index].isInferred = true }
      for index in otherSteps.indices { otherSteps[index].isInferred = true }
      inferred.append(other.number)
    } else {
      members += other.members
      for twin in other.twins where !twins.contains(twin) { twins.append(twin) }
      twins.removeAll(where: members.contains)
      namesakes.formUnion(other.namesakes)
    }
    namings = Self.merged(namings, other.namings)
    ids = Self.merged(ids, otherIds)
    steps = Self.merged(steps, otherSteps)
    for mark in other.findings { add(mark) }
    findings.sort { $0.key.lexicographicallyPrecedes($1.key) }
  }

  /// One list of two that are in order; of equals the first's come first.
  private static func merged<Element: Comparable>(_ one: [Element], _ other: [Element]) -> [Element] {
    guard let last = one.last, let first = other.first, first < last else { return one + other }
    var merged: [Element] = []
    merged.reserveCapacity(one.count + other.count)
    var (left, right) = (0, 0)
    while left < one.count, right < other.count {
      if other[right] < one[left] {
        merged.append(other[right])
        right += 1
      } else {
        merged.append(one[left])
        left += 1
      }
    }
    return merged + one[left...] + other[right...]
  }
}

/// Whom or what a session names. The numbers tell them apart in the causes of findings.
enum SessionParty: Int, CaseIterable {
  case evse = 0
  /// The CPO, who delivers the service.
  case exec = 1
  /// The eMSP, who sells it.
  case sale = 2

  /// What its names are names of.
  var names: SessionNames.Kind { self == .evse ? .evse : .operator }
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
