internal import EMIP
internal import JournalFormat
internal import JournalStore

/// When partners were heard, and when not for longer than the period that was announced to them (guide 5.4.6).
///
/// A sign of life is any request of the partner's, whether or not it was answered, and any response of its own to the platform.
/// Whether one is
/// missing is asked whenever a request was observed anywhere: by the clock of the journal.
struct PartnerPresence {
  /// Records of each partner's presence (``Change``); their summary is carried over.
  let history: HistoryTable
  /// Subject → its ``PartnerState``.
  let states: ModelTable

  /// A partner on a leg: where a gateway stands between, the back end may be silent and the gateway not.
  struct Subject: Hashable {
    let partner: UInt32
    let leg: Leg

    init(_ partner: UInt32, _ leg: Leg) {
      self.partner = partner
      self.leg = leg
    }

    var bytes: [UInt8] { bigEndianBytes(partner) + [leg.rawValue] }

    init(_ bytes: some Collection<UInt8>) throws(FormatError) {
      guard bytes.count == 5, let leg = Array(bytes).last.flatMap(Leg.init) else { throw FormatError("a partner's key is damaged") }
      self.init(UInt32(bigEndian: bytes.prefix(4)), leg)
    }
  }

  /// What happened to a partner's presence. The numbers are on disk.
  enum Change: Hashable {
    /// The first sign of life, when.
    case appeared(Timestamp)
    /// Another period was announced, in seconds.
    case period(UInt32)
    /// Offline since then.
    case offline(Timestamp)
    /// Heard again, when.
    case online(Timestamp)
    /// A period was announced that cannot be read, as it was written.
    case unreadablePeriod(String)
  }

  static let defaultPeriodSeconds = UInt32(OperationFacts.Timing.defaultHeartbeatPeriod.components.seconds)
  /// A period that is announced and longer than this, or none at all, is not believed.
  static let believedPeriodSeconds: ClosedRange<UInt32> = 1...86_400

  /// Heartbeats are sent when the period has passed and then take a while: 30 s, or a tenth of the period.
  static func graceMilliseconds(_ periodSeconds: UInt32) -> Int64 { max(30_000, Int64(periodSeconds) * 100) }

  /// What is known of all partners: there are hundreds at most.
  func states(_ rows: ModelTransaction) throws(JournalError) -> PartnerStates {
    var states = PartnerStates()
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: self.states) {
      states.add(try history.table.decoding { () throws(FormatError) in try PartnerState(row) })
      key = row.key + [0]
    }
    return states
  }

  // MARK: Changing

  /// Notes a sign of life.
  /// - Returns: how the partner is.
  func heard(
    _ subject: Subject, _ time: Timestamp, at position: JournalPosition, _ states: inout PartnerStates, _ rows: ModelTransaction
  ) throws(JournalError) -> PartnerState {
    if let state = states[subject] {
      try heard(state, time, at: position, &states, rows)
      return state
    }
    try append(.appeared(time), subject, position, rows)
    let state = PartnerState(subject, heard: time)
    states.add(state)
    noteChange(of: state, rows)
    return state
  }

  /// Notes a sign of life of a partner that was heard before.
  func heard(
    _ state: PartnerState, _ time: Timestamp, at position: JournalPosition, _ states: inout PartnerStates, _ rows: ModelTransaction
  ) throws(JournalError) {
    let isNews = time > state.lastHeard
    guard isNews || !state.isSteady else { return }
    if isNews { state.lastHeard = time }
    state.isSteady = true
    if state.isOffline && isNews {
      try append(.online(time), state.subject, position, rows)
      try PartnerTables.findings.resolve(state.finding, at: position, in: rows)
      state.finding = []
    }
    states.expect(state)
    noteChange(of: state, rows)
  }

  /// Notes the period within which a partner is to be heard.
  func announce(
    _ seconds: UInt32, _ subject: Subject, at position: JournalPosition, _ states: inout PartnerStates, _ rows: ModelTransaction
  ) throws(JournalError) {
    guard Self.believedPeriodSeconds.contains(seconds), let state = states[subject],
      state.periodSeconds != seconds || state.announcement != .read
    else { return }
    state.announcement = .read
    try append(.period(seconds), subject, position, rows)
    // That the period of before is the one it has, excuses no less.
    if state.periodSeconds != seconds {
      state.periodSeconds = seconds
      if !state.isExcusedForNow { state.excusedUntil = nil }
      states.expectAnew(state)
    }
    noteChange(of: state, rows)
  }

  /// Notes that a period was announced which cannot be read: that of before stays. It is told once, until one comes that can be read.
  func announce(
    unreadable text: String, _ subject: Subject, at position: JournalPosition, _ states: inout PartnerStates, _ rows: ModelTransaction
  ) throws(JournalError) {
    guard let state = states[subject], state.announcement != .unreadable else { return }
    state.announcement = .unreadable
    let text = String(text.prefix(40))
    try append(.unreadablePeriod(text), subject, position, rows)
    var detail: [UInt8] = []
    detail.appendVarint(UInt64(state.periodSeconds))
    detail.appendCounted(text.utf8)
    try PartnerTables.findings.add(PartnerRules.unreadable, at: position, subject: subject.bytes, detail: detail, in: rows)
    noteChange(of: state, rows)
  }

  /// Finds the partners that should have been heard by now.
  ///
  /// Where several were online and nobody at all requested anything, the recording paused or ended. That says nothing of any of them: they are
  /// given their time once more.
  func advance(
    to clock: Timestamp, at position: JournalPosition, _ states: inout PartnerStates, _ rows: ModelTransaction
  ) throws(JournalError) {
    for state in states.expectExcused(from: clock) { noteChange(of: state, rows) }
    guard clock > states.nextDeadline else { return }
    let overdue = states.overdue(at: clock)
    let pauseMilliseconds = !overdue.isEmpty && states.areSeveralOnline ? clock.milliseconds(since: rows.clockBefore) : 0
    for state in overdue {
      guard pauseMilliseconds <= state.allowedMilliseconds else {
        state.excusedUntil = clock.adding(milliseconds: state.allowedMilliseconds)
        states.expectAnew(state)
        noteChange(of: state, rows)
        continue
      }
      var detail: [UInt8] = []
      detail.appendVarint(UInt64(state.periodSeconds))
      detail.appendSignedVarint(state.lastHeard.rawValue)
      let subject = state.subject
      state.finding = try PartnerTables.findings.add(PartnerRules.offline, at: position, subject: subject.bytes, detail: detail, in: rows)
      try append(.offline(state.silentAt), subject, position, rows)
      noteChange(of: state, rows)
    }
  }

  /// Excuses everybody for what could not be read, as for a pause: any of them may have been heard in it.
  func passGap(_ states: inout PartnerStates, _ rows: ModelTransaction) {
    for state in states.excuseAll() { noteChange(of: state, rows) }
  }

  private func append(_ change: Change, _ subject: Subject, _ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    try history.append(change.encoded(), at: position, to: subject.bytes, in: rows) { (chunk) throws(JournalError) in
      try history.table.decoding { () throws(FormatError) in try PartnerPresenceSummary(chunk).encoded() }
    }
  }

  private func noteChange(of state: PartnerState, _ rows: ModelTransaction) {
    state.encode()
    rows.memory.chunks(of: states).noteChange(of: state.row)
  }

  /// Leaves of each partner how it is and how it was in sum, in place of all silences.
  func condense(_ rows: ModelTransaction, at position: JournalPosition) throws(JournalError) {
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: states) {
      key = row.key + [0]
      guard let chunk = try history.chunk(of: row.key, asOf: nil, in: rows) else { continue }
      let summary = try history.table.decoding { () throws(FormatError) in try PartnerPresenceSummary(chunk).encoded() }
      try history.condense(row.key, to: summary, at: position, in: rows)
    }
  }
}

extension PartnerPresence.Change {
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .appeared(let time):
      bytes.append(0)
      bytes.appendSignedVarint(time.rawValue)
    case .period(let seconds):
      bytes.append(1)
      bytes.appendVarint(UInt64(seconds))
    case .offline(let time):
      bytes.append(2)
      bytes.appendSignedVarint(time.rawValue)
    case .online(let time):
      bytes.append(3)
      bytes.appendSignedVarint(time.rawValue)
    case .unreadablePeriod(let text):
      bytes.append(4)
      bytes.appendCounted(text.utf8)
    }
    return bytes
  }

  init(_ bytes: [UInt8]) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      switch try reader.byte() {
      case 0: return .appeared(Timestamp(rawValue: try reader.signedVarint()))
      case 1: return .period(UInt32(try reader.count(atMost: Int(UInt32.max))))
      case 2: return .offline(Timestamp(rawValue: try reader.signedVarint()))
      case 3: return .online(Timestamp(rawValue: try reader.signedVarint()))
      case 4: return .unreadablePeriod(try reader.string())
      default: throw FormatError("a change of presence is unknown")
      }
    }
  }
}
