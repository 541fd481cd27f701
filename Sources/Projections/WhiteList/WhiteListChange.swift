internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What one message does to one list.
struct WhiteListChange {
  private let list: UInt16
  private let isPlatforms: Bool
  private let position: JournalPosition
  private let rows: ModelTransaction
  private let head: NewestFirstTable.Head?
  /// As it was before the message.
  let before: WhiteListState
  var state: WhiteListState

  init(_ list: UInt16, isPlatforms: Bool, at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    self.list = list
    self.isPlatforms = isPlatforms
    self.position = position
    self.rows = rows
    head = try WhiteListProjection.states.head(of: bigEndianBytes(list), in: rows)
    before = try head.map { (head) throws(JournalError) in try WhiteListProjection.state(head.newest) } ?? WhiteListState()
    state = before
  }

  /// Notes that the list was uploaded or downloaded.
  /// - Parameter time: when that was asked for.
  mutating func note(_ time: Timestamp) {
    state.acceptedAt = max(state.acceptedAt ?? time, time)
    state.accepted = position
  }

  /// Stores what became of the list as a whole.
  func end() throws(JournalError) {
    guard state != before else { return }
    try WhiteListProjection.states.add(state.encoded(), at: position, to: bigEndianBytes(list), head, in: rows)
  }

  // MARK: Entries

  /// Applies an item that is in force: it rules from here on, unless a later one does already.
  mutating func take(
    _ entry: AuthenticationEntry, _ source: WhiteListRecord.Source, as given: WhiteListRecord.Change? = nil
  ) throws(JournalError) {
    let subject = subject(entry)
    let key = subject.key
    let head = try WhiteListProjection.entries.head(of: key, in: rows)
    let current = try head.map { (head) throws(JournalError) in try WhiteListProjection.record(head.newest) }
    // A late answer to an earlier message.
    if let ruling = current?.source, ruling >= source { return }
    let wasLive = current?.status == .live
    var record = WhiteListRecord(change: given ?? Self.change(entry.actionType))
    record.source = source
    record.status = record.change == .delete ? .deleted : .live
    if record.status == .live {
      record.authorisationValue = entry.authorisationValue?.rawValue
      record.expiryDate = entry.expiryDate
    }
    // A message that was lost after this one was sent may have come after it.
    if let current { record.losses = current.losses.filter { $0 > source.position } }
    let wasNoted = current?.isNoted == true
    switch record.change {
    case .insert, .baseline, .other: break
    case .update, .delete:
      record.isNoted = wasNoted || !wasLive
      if !wasLive && !wasNoted { try tellOfUnknown(key, record) }
    default: break
    }
    state.liveCount += (record.status == .live ? 1 : 0) - (wasLive ? 1 : 0)
    try WhiteListProjection.entries.add(record.encoded(at: position), at: position, to: key, head, in: rows)
    guard isPlatforms else { return }
    if record.status == .deleted && wasLive {
      try WhiteListConflicts.resolve(subject, at: position, in: rows)
    } else if record.isLive(at: rows.clock) && current?.isLive(at: rows.clock) != true {
      try WhiteListConflicts.check(subject, source, at: position, in: rows)
    }
  }

  /// Notes that a request which may have been applied names this user.
  func doubt(_ entry: AuthenticationEntry, _ request: JournalPosition) throws(JournalError) {
    let key = subject(entry).key
    let head = try WhiteListProjection.entries.head(of: key, in: rows)
    var record =
      try head.map { (head) throws(JournalError) in try WhiteListProjection.record(head.newest) } ?? WhiteListRecord(change: .lost)
    // It was answered all the same, or somebody who came later was.
    if let ruling = record.source, ruling.position >= request { return }
    guard !record.losses.contains(request) else { return }
    record.losses.append(request)
    record.losses.sort()
    record.change = .lost
    try WhiteListProjection.entries.add(record.encoded(at: position), at: position, to: key, head, in: rows)
  }

  /// Notes that a request which may have been applied was not.
  func undo(_ entry: AuthenticationEntry, _ request: JournalPosition) throws(JournalError) {
    let key = subject(entry).key
    guard let head = try WhiteListProjection.entries.head(of: key, in: rows) else { return }
    var record = try WhiteListProjection.record(head.newest)
    guard let index = record.losses.firstIndex(of: request) else { return }
    record.losses.remove(at: index)
    record.change = .undone
    try WhiteListProjection.entries.add(record.encoded(at: position), at: position, to: key, head, in: rows)
  }

  /// Takes an entry from the list that a baseline, whose first part stands at `first`, does not have.
  mutating func removeUnlessFrom(_ first: JournalPosition, _ key: [UInt8]) throws(JournalError) {
    guard let head = try WhiteListProjection.entries.head(of: key, in: rows) else { return }
    let current = try WhiteListProjection.record(head.newest)
    if let source = current.source, source.position >= first { return }
    guard current.status == .live || current.isUncertain || current.isNoted else { return }
    var record = WhiteListRecord(change: .baselineWithout)
    record.status = .deleted
    record.source = .init(position: position, item: 0)
    if current.status == .live { state.liveCount -= 1 }
    try WhiteListProjection.entries.add(record.encoded(at: position), at: position, to: key, head, in: rows)
    if isPlatforms && current.status == .live { try WhiteListConflicts.resolve(WhiteListSubject(key), at: position, in: rows) }
  }

  private func subject(_ entry: AuthenticationEntry) -> WhiteListSubject {
    WhiteListSubject(user: WhiteListSubject.user(entry.user, rows.hash), list: list, service: entry.service?.rawValue ?? .max)
  }

  private func tellOfUnknown(_ key: [UInt8], _ record: WhiteListRecord) throws(JournalError) {
    var detail: [UInt8] = [record.change.rawValue, before.baseline == nil ? 0 : 1]
    detail.appendVarint(record.source?.position.rawValue ?? 0)
    detail.appendVarint(UInt64(record.source?.item ?? 0))
    try WhiteListProjection.findings.add(WhiteListRules.unknownEntry, at: position, subject: key, detail: detail, in: rows)
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
