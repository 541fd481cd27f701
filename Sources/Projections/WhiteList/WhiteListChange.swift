internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What one message does to one list.
struct WhiteListChange {
  private let list: UInt16
  private let isPlatforms: Bool
  private let position: JournalPosition
  private let memory: WhiteListMemory
  private let rows: ModelTransaction
  /// As it was before the message.
  private let before: WhiteListState
  var state: WhiteListState
  /// Items whose badge is not written in hexadecimal.
  private var oddBadges: [WhiteListRecord.Source] = []

  init(
    _ list: UInt16, isPlatforms: Bool, at position: JournalPosition, _ memory: WhiteListMemory, _ rows: ModelTransaction
  ) throws(JournalError) {
    self.list = list
    self.isPlatforms = isPlatforms
    self.position = position
    self.memory = memory
    self.rows = rows
    before = try memory.state(of: list, in: rows)
    state = before
  }

  /// Notes that the list was uploaded or downloaded.
  /// - Parameter time: when that was asked for.
  mutating func note(_ time: Timestamp) {
    state.acceptedAt = max(state.acceptedAt ?? time, time)
    state.accepted = position
  }

  /// Stores what became of the list as a whole, and tells what is found of many entries at once.
  func end() throws(JournalError) {
    if state != before { try memory.setState(state, of: list, at: position, in: rows) }
    try tell(WhiteListRules.userNotHexadecimal, oddBadges)
  }

  /// Tells of the items of a message that name nobody.
  func tellNameless(_ items: [UInt32], of message: JournalPosition) throws(JournalError) {
    try tell(WhiteListRules.userMissing, items.map { .init(position: message, item: $0) })
  }

  /// Tells of items of one message in one finding; of none there is none.
  private func tell(_ rule: FindingRule, _ items: [WhiteListRecord.Source]) throws(JournalError) {
    guard let first = items.first else { return }
    var detail: [UInt8] = []
    detail.appendVarint(first.position.rawValue)
    detail.appendVarint(UInt64(items.count))
    for source in items.prefix(WhiteListRules.toldItems) { detail.appendVarint(UInt64(source.item)) }
    try WhiteListTables.findings.add(rule, at: position, subject: bigEndianBytes(list), detail: detail, in: rows)
  }

  // MARK: Entries

  /// Applies an item that is in force: it rules from here on, unless a later one does already.
  mutating func take(
    _ entry: AuthenticationEntry, _ source: WhiteListRecord.Source, as given: WhiteListRecord.Change? = nil
  ) throws(JournalError) {
    let (user, mask) = try memory.user(entry.user, in: rows)
    let (service, mark) = (Self.service(entry), entry.detailsChecksum ^ mask)
    let index = user.index(list: list, service: service)
    let current = index.map { user.standings[$0] }
    // A late answer to an earlier message.
    if let current, current.isAhead(of: source) { return }
    var record = WhiteListRecord(change: given ?? Self.change(entry.actionType))
    record.source = source
    record.status = record.change == .delete ? .deleted : .live
    if record.status == .live {
      record.authorisationValue = entry.authorisationValue?.rawValue
      record.expiryDate = entry.expiryDate
    }
    record.unreadable = Self.unreadable(entry)
    record.isServiceAssumed = entry.isServiceAssumed
    // A message that was lost after this one was sent may have come after it.
    if let current { record.losses = current.record.losses.filter { $0 > source.position } }
    if let index, let current, Self.repeats(record, mark, current) { return user.confirm(index, by: source.position, in: rows) }
    let wasLive = current?.record.status == .live
    if record.change == .update || record.change == .delete {
      record.isNoted = current?.record.isNoted == true
      if !wasLive { try judgeAbsence(&record, user, service, current) }
    }
    state.liveCount += (record.status == .live ? 1 : 0) - (wasLive ? 1 : 0)
    let values = WhiteListValues(list: list, isPlatforms: isPlatforms, position: position, rows: rows)
    if let current { try values.resolve(current, user) }
    try values.judge(entry, record, user, service)
    if entry.isNoHexadecimalBadge, record.status == .live, !wasLive, given == nil, isPlatforms || user.isOnly(on: list) {
      oddBadges.append(source)
    }
    if try values.lacksExpiry(record, user, isToldOfList: state.lacksExpiry) { state.lacksExpiry = true }
    try user.add(record, mark: mark, list: list, service: service, at: position, in: rows)
    guard isPlatforms else { return }
    if record.status == .deleted && wasLive {
      try WhiteListConflicts(memory: memory, position: position, rows: rows).resolve(user, list)
    } else if record.isLive(at: rows.clock) && current?.record.isLive(at: rows.clock) != true {
      try WhiteListConflicts(memory: memory, position: position, rows: rows).check(user, list)
    }
  }

  /// Whether a message says what holds anyway. An insert makes an end of what was noted.
  private static func repeats(_ record: WhiteListRecord, _ mark: UInt32, _ current: WhiteListStanding) -> Bool {
    let known = current.record
    guard record.status == known.status, record.losses == known.losses, record.unreadable == known.unreadable,
      !known.isNoted || record.change == .update || record.change == .delete
    else { return false }
    return record.status == .deleted
      || record.authorisationValue == known.authorisationValue && record.expiryDate == known.expiryDate && mark == current.mark
  }

  /// Notes that a request which may have been applied names this user.
  func doubt(_ entry: AuthenticationEntry, _ request: JournalPosition) throws(JournalError) {
    let user = try memory.user(entry.user, in: rows).user
    let current = user.index(list: list, service: Self.service(entry)).map { user.standings[$0] }
    var record = current?.record ?? WhiteListRecord(change: .lost)
    // It was answered all the same, or somebody who came later was.
    if let ruling = record.source, max(ruling.position, current?.confirmed ?? ruling.position) >= request { return }
    guard !record.losses.contains(request) else { return }
    record.losses.append(request)
    record.losses.sort()
    record.change = .lost
    try user.add(record, mark: current?.mark ?? 0, list: list, service: Self.service(entry), at: position, in: rows)
  }

  /// Notes that a request which may have been applied was not.
  func undo(_ entry: AuthenticationEntry, _ request: JournalPosition) throws(JournalError) {
    let user = try memory.user(entry.user, in: rows).user
    guard let place = user.index(list: list, service: Self.service(entry)) else { return }
    let current = user.standings[place]
    var record = current.record
    guard let index = record.losses.firstIndex(of: request) else { return }
    record.losses.remove(at: index)
    record.change = .undone
    try user.add(record, mark: current.mark, list: list, service: current.service, at: position, in: rows)
  }

  /// Takes the entries of a user from the list that a baseline, whose first part stands at `first`, does not have.
  mutating func removeUnlessFrom(_ first: JournalPosition, _ user: WhiteListUser) throws(JournalError) {
    for current in user.standings where current.list == list {
      if let source = current.record.source, max(source.position, current.confirmed ?? source.position) >= first { continue }
      let wasLive = current.record.status == .live
      guard wasLive || current.record.isUncertain || current.record.isNoted else { continue }
      var record = WhiteListRecord(change: .baselineWithout)
      record.status = .deleted
      record.source = .init(position: position, item: 0)
      if wasLive { state.liveCount -= 1 }
      try WhiteListValues(list: list, isPlatforms: isPlatforms, position: position, rows: rows).resolve(current, user)
      try user.add(record, mark: 0, list: list, service: current.service, at: position, in: rows)
      if isPlatforms && wasLive { try WhiteListConflicts(memory: memory, position: position, rows: rows).resolve(user, list) }
    }
  }

  /// Tells of the update or delete of a user who is not on the list (``WhiteListRules``).
  private mutating func judgeAbsence(
    _ record: inout WhiteListRecord, _ user: WhiteListUser, _ service: UInt32, _ current: WhiteListStanding?
  ) throws(JournalError) {
    let absence: WhiteListRules.Absence =
      current?.record.status == .deleted ? .gone : state.baseline == nil ? .unseen : .notInBaseline
    guard absence == .unseen ? !state.isPartial : !record.isNoted else { return }
    let subject = bigEndianBytes(list) + (absence == .unseen ? [] : user.key + bigEndianBytes(service))
    if absence == .unseen { state.isPartial = true } else { record.isNoted = true }
    var detail: [UInt8] = [record.change.rawValue, absence.rawValue]
    detail.appendVarint(record.source?.position.rawValue ?? 0)
    detail.appendVarint(UInt64(record.source?.item ?? 0))
    try WhiteListTables.findings.add(WhiteListRules.unknownEntry, at: position, subject: subject, detail: detail, in: rows)
  }

  private static func service(_ entry: AuthenticationEntry) -> UInt32 { entry.service?.rawValue ?? .max }

  private static func unreadable(_ entry: AuthenticationEntry) -> WhiteListRecord.Unreadable {
    var unreadable: WhiteListRecord.Unreadable = []
    for value in entry.unreadable.values {
      switch value.name {
      case "expiryDate": unreadable.insert(.expiryDate)
      case "authorisationValue": unreadable.insert(.authorisationValue)
      case "requestedServiceId": unreadable.insert(.service)
      case "actionType": unreadable.insert(.actionType)
      default: unreadable.insert(.other)
      }
    }
    return unreadable
  }

  private static func change(_ action: ActionType?) -> WhiteListRecord.Change {
    switch action {
    case ActionType.insert: .insert
    case ActionType.update: .update
    case ActionType.delete: .delete
    default: .other
    }
  }
}
