public import JournalFormat
public import JournalStore

/// What a journal holds, counted.
public struct Census: Sendable {
  /// A segment as the census counts it.
  public struct SegmentRow: Encodable, Sendable {
    /// Its name: the period and an ordinal.
    public let name: String
    /// The position of its first entry.
    public let firstPosition: UInt64
    /// The position of its last entry; nil while it is written to.
    @OrNull public private(set) var lastPosition: UInt64?
    /// Either `hot` or `sealed`.
    public let form: String
    /// The size of its files.
    public let sizeBytes: Int
    /// How many entries its index does not know yet.
    public let unindexedEntries: Int
    /// Whether it has ended. Where this stays so, the log of the journal's holder says why, and so does `seal`.
    public let awaitsSealing: Bool
  }

  /// How many entries there are of each kind.
  public private(set) var entriesByKind: [EntryKind: UInt64] = [:]
  /// How many exchanges there are by operation, then outcome; nil is an exchange that has no answer yet.
  public private(set) var exchanges: [String: [ExchangeOutcome.Name?: Int64]] = [:]
  /// When the first message was on the wire.
  public private(set) var firstObservedAt: Timestamp?
  /// When the last message was on the wire.
  public private(set) var lastObservedAt: Timestamp?
  /// When the last entry was recorded.
  public private(set) var lastRecordedAt: Timestamp?
  /// The size of all bodies as they were on the wire.
  public private(set) var payloadBytes: UInt64 = 0
  /// The segments in the order of their positions.
  public private(set) var segments: [SegmentRow] = []
  /// How many records are damaged: they are not counted otherwise.
  public private(set) var damagedCount: UInt64 = 0
  /// Exchanges that a failure ended, and how: a late answer changes how they count.
  private var failed: [JournalPosition: ExchangeOutcome.Name] = [:]
  /// Exchanges whose request was refused: their answers change nothing.
  private var refused: Set<JournalPosition> = []

  /// What stands for the operation of what was not read.
  public static let unknownOperation = "(unknown)"

  /// How many entries there are.
  public var entryCount: UInt64 { entriesByKind.values.reduce(0, +) }
  /// How many exchanges there are.
  public var exchangeCount: Int64 { exchanges.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
  /// The size of all segments.
  public var sizeBytes: Int { segments.reduce(0) { $0 + $1.sizeBytes } }
  /// The size of all segments for each exchange; nil without exchanges.
  public var bytesPerExchange: Double? { exchangeCount > 0 ? Double(sizeBytes) / Double(exchangeCount) : nil }

  /// Counts all that a journal holds: reads every entry.
  /// - Parameter tell: told of how many entries that there are so many were counted.
  /// - Throws: `JournalError` where the journal cannot be read; a damaged record is counted as such.
  public init(_ reader: JournalReader, _ tell: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }) throws {
    try EntryScan.run(reader) { result in
      switch result {
      case .success(let entry): add(entry)
      case .failure: damagedCount += 1
      }
    } progress: {
      tell($0, $1)
    }
    for segment in reader.manifest.segments {
      add(segment, sizeBytes: try reader.directory.sizeBytes(of: segment), unindexedEntries: try reader.unindexedEntryCount(segment))
    }
  }

  private mutating func add(_ entry: Entry) {
    entriesByKind[entry.kind, default: 0] += 1
    payloadBytes += UInt64(entry.content.payload.count)
    lastRecordedAt = entry.recordedAt
    guard entry.kind.isMessage else { return }
    let observedAt = entry.content.observedAt
    firstObservedAt = min(firstObservedAt ?? observedAt, observedAt)
    lastObservedAt = max(lastObservedAt ?? observedAt, observedAt)
    let context = entry.content.context
    let operation = context.operation ?? Self.unknownOperation
    guard let exchange = entry.requestPosition else {
      count(operation, entry.kind == .refusal ? .refused : nil, 1)
      if entry.kind == .refusal { refused.insert(entry.position) }
      return
    }
    guard !refused.contains(exchange) else { return }
    let outcome = ExchangeOutcome(entry)?.name ?? .ok
    if entry.kind == .failure {
      failed[exchange] = outcome
    } else if let before = failed.removeValue(forKey: exchange) {
      count(operation, before, -1)
      count(operation, nil, 1)
    }
    count(operation, nil, -1)
    count(operation, outcome, 1)
  }

  private mutating func add(_ segment: Manifest.Segment, sizeBytes: Int, unindexedEntries: Int) {
    segments.append(
      SegmentRow(
        name: segment.name, firstPosition: segment.firstPosition.rawValue, lastPosition: segment.lastPosition?.rawValue,
        form: "\(segment.state)", sizeBytes: sizeBytes, unindexedEntries: unindexedEntries,
        awaitsSealing: segment.state == .hot && segment.lastPosition != nil))
  }

  private mutating func count(_ operation: String, _ outcome: ExchangeOutcome.Name?, _ change: Int64) {
    exchanges[operation, default: [:]][outcome, default: 0] += change
  }

  /// The columns of outcomes, in their order.
  public static let outcomes: [ExchangeOutcome.Name?] = ExchangeOutcome.Name.allCases + [nil]

  /// What an outcome is called; nil is an exchange that has no answer yet.
  public static func name(_ outcome: ExchangeOutcome.Name?) -> String { outcome?.rawValue ?? "unanswered" }

  /// The operations, the busiest first.
  public var operations: [String] {
    exchanges.keys.sorted { left, right in
      let counts = (total(left), total(right))
      return counts.0 == counts.1 ? left < right : counts.0 > counts.1
    }
  }

  /// How many exchanges of an operation there are.
  public func total(_ operation: String) -> Int64 { exchanges[operation]?.values.reduce(0, +) ?? 0 }
}
