internal import EMIP
public import JournalFormat
internal import JournalStore

/// When partners were heard, and when not for longer than the period that was announced to them (guide 5.4.6).
///
/// A sign of life is any request of the partner's, whether or not it was answered, and any response of its own to the platform.
/// Whether one is
/// missing is asked whenever a request was observed anywhere: by the clock of the journal.
struct PartnerPresence {
  /// Records of each partner's presence (``Change``); their summary is carried over.
  let history: HistoryTable
  /// `0 ‖ subject` → ``State``; `1 ‖ deadline (8) ‖ subject` → nothing.
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
      self.init(PartnerNames.number(Array(bytes.prefix(4))[...]), leg)
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
  }

  /// What is known of a partner: it does not matter as of when, as it is not asked for.
  private struct State: Hashable {
    var lastHeard: Timestamp
    /// The first sign of life may have been the only one.
    var isSteady = false
    var periodSeconds: UInt32 = defaultPeriodSeconds
    /// Nil while it is offline, or was heard but once.
    var deadline: Timestamp?
    /// The key of its finding while it is offline.
    var finding: [UInt8] = []

    var isOffline: Bool { !finding.isEmpty }
    var silentAt: Timestamp { lastHeard.adding(milliseconds: Int64(periodSeconds) * 1_000) }
    var offlineAt: Timestamp { lastHeard.adding(milliseconds: allowedMilliseconds) }
    var allowedMilliseconds: Int64 { Int64(periodSeconds) * 1_000 + graceMilliseconds(periodSeconds) }
  }

  static let defaultPeriodSeconds = UInt32(OperationFacts.Timing.defaultHeartbeatPeriod.components.seconds)
  /// A period that is announced and longer than this, or none at all, is not believed.
  static let believedPeriodSeconds: ClosedRange<UInt32> = 1...86_400

  /// Heartbeats are sent when the period has passed and then take a while: 30 s, or a tenth of the period.
  static func graceMilliseconds(_ periodSeconds: UInt32) -> Int64 { max(30_000, Int64(periodSeconds) * 100) }

  // MARK: Changing

  /// Notes a sign of life.
  func heard(_ subject: Subject, _ time: Timestamp, at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    guard var state = try state(subject, rows) else {
      try append(.appeared(time), subject, position, rows)
      return try write(State(lastHeard: time), subject, rows)
    }
    let before = state
    let isNews = time > state.lastHeard
    state.lastHeard = max(state.lastHeard, time)
    state.isSteady = true
    if state.isOffline && isNews {
      try append(.online(time), subject, position, rows)
      try PartnersProjection.findings.resolve(state.finding, at: position, in: rows)
      state.finding = []
    }
    // A deadline that is too early by now is moved when it comes.
    if state.deadline == nil && !state.isOffline { try setDeadline(&state, subject, rows) }
    if state != before { try write(state, subject, rows) }
  }

  /// Notes the period within which a partner is to be heard.
  func announce(_ seconds: UInt32, _ subject: Subject, at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    guard Self.believedPeriodSeconds.contains(seconds), var state = try state(subject, rows), state.periodSeconds != seconds else { return }
    state.periodSeconds = seconds
    try append(.period(seconds), subject, position, rows)
    if let deadline = state.deadline {
      try rows.remove(Self.deadlineKey(deadline, subject), in: states)
      try setDeadline(&state, subject, rows)
    }
    try write(state, subject, rows)
  }

  /// Finds the partners that should have been heard by now.
  ///
  /// Where several were online and nobody at all requested anything, the recording paused or ended. That says nothing of any of them: they are
  /// given their time once more.
  func advance(to clock: Timestamp, at position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    let pauseMilliseconds = clock.milliseconds(since: rows.clockBefore)
    var areSeveral: Bool?
    while let row = try rows.first(from: [1], beginningWith: [1], in: states), row.key.lexicographicallyPrecedes(Self.deadlineKey(clock)) {
      try rows.remove(row.key, in: states)
      let subject = try decoding { () throws(FormatError) in try Subject(row.key.dropFirst(9)) }
      guard var state = try state(subject, rows) else { continue }
      if state.offlineAt < clock, areSeveral == nil { areSeveral = try areSeveralOnline(rows) }
      if state.offlineAt < clock, areSeveral!, pauseMilliseconds > state.allowedMilliseconds {
        state.deadline = clock.adding(milliseconds: state.allowedMilliseconds)
        try rows.put([], for: Self.deadlineKey(state.deadline!, subject), in: states)
      } else if state.offlineAt < clock {
        state.deadline = nil
        var detail: [UInt8] = []
        detail.appendVarint(UInt64(state.periodSeconds))
        detail.appendSignedVarint(state.lastHeard.rawValue)
        state.finding = try PartnersProjection.findings.add(.partnerOffline, at: position, subject: subject.bytes, detail: detail, in: rows)
        try append(.offline(state.silentAt), subject, position, rows)
      } else {
        try setDeadline(&state, subject, rows)
      }
      try write(state, subject, rows)
    }
  }

  /// Whether more than one partner is online.
  private func areSeveralOnline(_ rows: ModelTransaction) throws(JournalError) -> Bool {
    var (online, key) = (nil as UInt32?, [0] as [UInt8])
    while let row = try rows.first(from: key, beginningWith: [0], in: states) {
      let subject = try decoding { () throws(FormatError) in try Subject(row.key.dropFirst()) }
      if let state = try state(subject, rows), state.isSteady, !state.isOffline {
        guard online == nil || online == subject.partner else { return true }
        online = subject.partner
      }
      key = row.key + [0]
    }
    return false
  }

  private func setDeadline(_ state: inout State, _ subject: Subject, _ rows: ModelTransaction) throws(JournalError) {
    state.deadline = state.offlineAt
    try rows.put([], for: Self.deadlineKey(state.offlineAt, subject), in: states)
  }

  private func append(_ change: Change, _ subject: Subject, _ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    try history.append(change.encoded(), at: position, to: subject.bytes, in: rows) { (chunk) throws(JournalError) in
      try decoding { () throws(FormatError) in try PartnerPresenceSummary(chunk).encoded() }
    }
  }

  private static func deadlineKey(_ time: Timestamp, _ subject: Subject? = nil) -> [UInt8] {
    [1] + bigEndianBytes(UInt64(bitPattern: time.rawValue) ^ 1 << 63) + (subject?.bytes ?? [])
  }

  // MARK: State

  private func state(_ subject: Subject, _ rows: any ModelRows) throws(JournalError) -> State? {
    guard let value = try rows.value(of: [0] + subject.bytes, in: states) else { return nil }
    return try decoding { () throws(FormatError) in
      try value.reading { (reader) throws(FormatError) in
        var state = State(lastHeard: Timestamp(rawValue: try reader.littleEndian(Int64.self)))
        state.isSteady = try reader.byte() == 1
        state.periodSeconds = try reader.littleEndian(UInt32.self)
        state.deadline = try reader.optionalTimestamp()
        state.finding = Array(try reader.counted())
        return state
      }
    }
  }

  private func write(_ state: State, _ subject: Subject, _ rows: ModelTransaction) throws(JournalError) {
    var value: [UInt8] = []
    value.appendLittleEndian(state.lastHeard.rawValue)
    value.append(state.isSteady ? 1 : 0)
    value.appendLittleEndian(state.periodSeconds)
    value.appendOptional(state.deadline)
    value.appendCounted(state.finding)
    try rows.put(value, for: [0] + subject.bytes, in: states)
  }

  func decoding<Result>(_ body: () throws(FormatError) -> Result) throws(JournalError) -> Result {
    do throws(FormatError) { return try body() } catch { throw .damagedModel(error, history.table) }
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
      default: throw FormatError("a change of presence is unknown")
      }
    }
  }
}

/// A partner's presence in a few figures.
public struct PartnerPresenceSummary: Hashable, Sendable {
  /// The first sign of life; nil where there was none.
  public private(set) var appearedAt: Timestamp?
  /// In which it is to be heard: announced, or 300 s.
  public private(set) var periodSeconds = PartnerPresence.defaultPeriodSeconds
  /// When the silence began that lasts; nil while it is online.
  public private(set) var offlineSince: Timestamp?
  /// Offline intervals that ended.
  public private(set) var offlineCount: UInt64 = 0
  /// The sum of their lengths.
  public private(set) var offlineMilliseconds: UInt64 = 0

  init() {}

  mutating func take(_ change: PartnerPresence.Change) {
    switch change {
    case .appeared(let time): appearedAt = time
    case .period(let seconds): periodSeconds = seconds
    case .offline(let time): offlineSince = time
    case .online(let time):
      // One that was heard within the period, as it turns out later, was never offline.
      if let since = offlineSince, time > since {
        offlineCount &+= 1
        offlineMilliseconds &+= UInt64(clamping: time.milliseconds(since: since))
      }
      offlineSince = nil
    }
  }

  init(_ chunk: HistoryTable.Chunk) throws(FormatError) {
    try self.init(chunk.carried)
    for record in chunk.records { take(try PartnerPresence.Change(record.bytes)) }
  }

  private init(_ bytes: [UInt8]) throws(FormatError) {
    self.init()
    guard !bytes.isEmpty else { return }
    self = try bytes.reading { (reader) throws(FormatError) in
      var summary = PartnerPresenceSummary()
      summary.appearedAt = try reader.optionalTimestamp()
      summary.periodSeconds = try reader.littleEndian(UInt32.self)
      summary.offlineSince = try reader.optionalTimestamp()
      summary.offlineCount = try reader.varint()
      summary.offlineMilliseconds = try reader.varint()
      return summary
    }
  }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendOptional(appearedAt)
    bytes.appendLittleEndian(periodSeconds)
    bytes.appendOptional(offlineSince)
    bytes.appendVarint(offlineCount)
    bytes.appendVarint(offlineMilliseconds)
    return bytes
  }
}
