internal import JournalFormat

/// How a partner is: it does not matter as of when, as it is not asked for.
final class PartnerState {
  let subject: PartnerPresence.Subject
  /// lastHeard (8) ‖ whether it is steady, and from bit 1 its announcement ‖ period, a varint ‖ excusedUntil ‖ finding
  let row: OpenChunk
  var lastHeard: Timestamp
  /// The first sign of life may have been the only one: who was heard but once is not missed.
  var isSteady = false
  var periodSeconds = PartnerPresence.defaultPeriodSeconds
  /// Whether a period was announced at all.
  var announcement = Announcement.none
  /// While nobody at all was heard, it may have been heard just as well: it is not missed before.
  var excusedUntil: Timestamp?
  /// What ``excusedUntil`` is behind what could not be read, until the next request tells how late it is.
  static let excusedForNow = Timestamp(rawValue: .max)
  /// The key of its finding while it is offline.
  var finding: [UInt8] = []
  /// Not later than ``offlineAt``; nil where it is not expected.
  fileprivate var deadline: Timestamp?

  /// What came last. The numbers are on disk.
  enum Announcement: UInt8 {
    case none = 0
    case read, unreadable
  }

  var isOffline: Bool { !finding.isEmpty }
  var isExcusedForNow: Bool { excusedUntil == Self.excusedForNow }
  var silentAt: Timestamp { lastHeard.adding(milliseconds: Int64(periodSeconds) * 1_000) }
  var allowedMilliseconds: Int64 { Int64(periodSeconds) * 1_000 + PartnerPresence.graceMilliseconds(periodSeconds) }
  var offlineAt: Timestamp {
    let allowed = lastHeard.adding(milliseconds: allowedMilliseconds)
    return excusedUntil.map { max($0, allowed) } ?? allowed
  }

  init(_ subject: PartnerPresence.Subject, heard time: Timestamp) {
    self.subject = subject
    lastHeard = time
    row = OpenChunk(key: subject.bytes, value: [], lastPosition: .first)
  }

  init(_ row: ModelRow) throws(FormatError) {
    subject = try PartnerPresence.Subject(row.key)
    self.row = OpenChunk(key: row.key, value: row.value, lastPosition: .first)
    let flags: UInt8
    (lastHeard, flags, periodSeconds, excusedUntil, finding) = try row.value.reading { (reader) throws(FormatError) in
      (
        Timestamp(rawValue: try reader.littleEndian(Int64.self)), try reader.byte(), UInt32(try reader.count(atMost: Int(UInt32.max))),
        try reader.optionalTimestamp(), Array(try reader.take(reader.remainingCount))
      )
    }
    isSteady = flags & 1 != 0
    guard let announcement = Announcement(rawValue: flags >> 1) else { throw FormatError("a partner's state is unknown") }
    self.announcement = announcement
  }

  /// Brings the row up to date.
  func encode() {
    row.value.removeAll(keepingCapacity: true)
    row.value.appendLittleEndian(lastHeard.rawValue)
    row.value.append((isSteady ? 1 : 0) | announcement.rawValue << 1)
    row.value.appendVarint(UInt64(periodSeconds))
    row.value.appendOptional(excusedUntil)
    row.value += finding
  }
}

/// All partners that were ever heard, and when the first of them is missed.
struct PartnerStates {
  private var bySubject: [PartnerPresence.Subject: PartnerState] = [:]
  /// Nobody is missed before.
  private(set) var nextDeadline = Timestamp(rawValue: .max)
  /// Whether something could not be read, and nobody knows yet when that was.
  private var isBehindGap = false

  subscript(subject: PartnerPresence.Subject) -> PartnerState? { bySubject[subject] }

  /// Whether more than one partner is online.
  var areSeveralOnline: Bool {
    var online: UInt32?
    for state in bySubject.values where state.isSteady && !state.isOffline {
      guard online == nil || online == state.subject.partner else { return true }
      online = state.subject.partner
    }
    return false
  }

  mutating func add(_ state: PartnerState) {
    bySubject[state.subject] = state
    if state.isExcusedForNow { isBehindGap = true }
    expect(state)
  }

  /// Excuses whoever is expected: what could not be read may have been a sign of life.
  /// - Returns: who was not excused before.
  mutating func excuseAll() -> [PartnerState] {
    let excused = bySubject.values.filter { $0.isSteady && !$0.isOffline && !$0.isExcusedForNow }
    for state in excused { state.excusedUntil = PartnerState.excusedForNow }
    isBehindGap = isBehindGap || !excused.isEmpty
    return excused
  }

  /// Gives whoever was excused the time that is allowed, from a moment on.
  /// - Returns: who was.
  mutating func expectExcused(from clock: Timestamp) -> [PartnerState] {
    guard isBehindGap else { return [] }
    isBehindGap = false
    let excused = bySubject.values.filter(\.isExcusedForNow)
    for state in excused {
      state.excusedUntil = clock.adding(milliseconds: state.allowedMilliseconds)
      expectAnew(state)
    }
    return excused
  }

  /// Sees to it that a partner is missed; a deadline that has become too early is moved when it comes.
  mutating func expect(_ state: PartnerState) {
    if state.deadline == nil { expectAnew(state) }
  }

  /// As ``expect(_:)``, where the deadline may have become too late.
  mutating func expectAnew(_ state: PartnerState) {
    guard state.isSteady, !state.isOffline else { return }
    state.deadline = state.offlineAt
    nextDeadline = min(nextDeadline, state.offlineAt)
  }

  /// Who is missed by now, in the order of their deadlines: nobody expects them any more.
  mutating func overdue(at clock: Timestamp) -> [PartnerState] {
    var overdue: [PartnerState] = []
    nextDeadline = Timestamp(rawValue: .max)
    for state in bySubject.values {
      guard let deadline = state.deadline else { continue }
      if deadline < clock {
        let isOverdue = state.offlineAt < clock
        state.deadline = isOverdue ? nil : state.offlineAt
        if isOverdue { overdue.append(state) }
      }
      if let deadline = state.deadline { nextDeadline = min(nextDeadline, deadline) }
    }
    return overdue.sorted { left, right in
      left.offlineAt == right.offlineAt
        ? left.subject.bytes.lexicographicallyPrecedes(right.subject.bytes) : left.offlineAt < right.offlineAt
    }
  }
}
