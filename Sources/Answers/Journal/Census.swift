import JournalFormat
import JournalStore

/// What a journal holds, counted.
struct Census {
  struct SegmentRow: Encodable {
    let name: String
    let firstPosition: UInt64
    /// Nil while it is written to.
    let lastPosition: UInt64?
    /// `hot` or `sealed`.
    let form: String
    let sizeBytes: Int
    /// Entries that its index does not know yet.
    let unindexedEntries: Int
    /// It has ended. Where this stays so, the log of the journal's holder says why, and so does `seal`.
    let awaitsSealing: Bool
  }

  private(set) var entriesByKind: [EntryKind: UInt64] = [:]
  /// By operation, then outcome; nil is an exchange that has no answer yet.
  private(set) var exchanges: [String: [OutcomeClass?: Int64]] = [:]
  private(set) var firstObservedAt: Timestamp?
  private(set) var lastObservedAt: Timestamp?
  private(set) var lastRecordedAt: Timestamp?
  private(set) var payloadBytes: UInt64 = 0
  private(set) var segments: [SegmentRow] = []
  var damagedCount: UInt64 = 0
  /// Exchanges that a failure ended: a late answer changes how they count.
  private var failed: Set<JournalPosition> = []
  /// Exchanges whose request was refused: their answers change nothing.
  private var refused: Set<JournalPosition> = []

  static let unknownOperation = "(unknown)"

  var entryCount: UInt64 { entriesByKind.values.reduce(0, +) }
  var exchangeCount: Int64 { exchanges.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
  var sizeBytes: Int { segments.reduce(0) { $0 + $1.sizeBytes } }
  /// All-in; nil without exchanges.
  var bytesPerExchange: Double? { exchangeCount > 0 ? Double(sizeBytes) / Double(exchangeCount) : nil }

  mutating func add(_ entry: Entry) {
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
    if entry.kind == .failure {
      failed.insert(exchange)
    } else if failed.remove(exchange) != nil {
      count(operation, .lost, -1)
      count(operation, nil, 1)
    }
    count(operation, nil, -1)
    count(operation, context.outcome.outcomeClass ?? .ok, 1)
  }

  mutating func add(_ segment: Manifest.Segment, sizeBytes: Int, unindexedEntries: Int) {
    segments.append(
      SegmentRow(
        name: segment.name, firstPosition: segment.firstPosition.rawValue, lastPosition: segment.lastPosition?.rawValue,
        form: "\(segment.form)", sizeBytes: sizeBytes, unindexedEntries: unindexedEntries,
        awaitsSealing: segment.form == .hot && segment.lastPosition != nil))
  }

  private mutating func count(_ operation: String, _ outcome: OutcomeClass?, _ change: Int64) {
    exchanges[operation, default: [:]][outcome, default: 0] += change
  }

  /// The columns of outcomes, in their order.
  static let outcomes: [OutcomeClass?] = OutcomeClass.allCases + [nil]

  static func name(_ outcome: OutcomeClass?) -> String { outcome.map { "\($0)" } ?? "unanswered" }

  /// The operations, the busiest first.
  var operations: [String] {
    exchanges.keys.sorted { left, right in
      let counts = (total(left), total(right))
      return counts.0 == counts.1 ? left < right : counts.0 > counts.1
    }
  }

  func total(_ operation: String) -> Int64 { exchanges[operation]?.values.reduce(0, +) ?? 0 }
}
