public import JournalFormat

/// A partner's presence in a few figures.
public struct PartnerPresenceSummary: Hashable, Sendable {
  /// The first sign of life; nil where there was none.
  public private(set) var appearedAt: Timestamp?
  /// In which it is to be heard: announced, or 300 s.
  public private(set) var periodSeconds = PartnerPresence.defaultPeriodSeconds
  /// Whether a period was ever announced that can be read; if not, 300 s stands for it (guide 5.4.6).
  public private(set) var isPeriodAnnounced = false
  /// What was announced last, where that cannot be read.
  public private(set) var unreadablePeriod: String?
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
    case .period(let seconds): (periodSeconds, isPeriodAnnounced, unreadablePeriod) = (seconds, true, nil)
    case .unreadablePeriod(let text): unreadablePeriod = text
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
      summary.isPeriodAnnounced = try reader.byte() == 1
      if !reader.isAtEnd { summary.unreadablePeriod = try reader.string() }
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
    bytes.append(isPeriodAnnounced ? 1 : 0)
    if let unreadablePeriod { bytes.appendCounted(unreadablePeriod.utf8) }
    return bytes
  }
}
