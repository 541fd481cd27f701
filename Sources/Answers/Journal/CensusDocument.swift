internal import JournalFormat

extension Census {
  /// A census as JSON. The keys are those of ``Census``.
  public struct Document: Encodable, Sendable {
    let entries: UInt64
    let entriesByKind: [String: UInt64]
    let exchanges: Int64
    let exchangesByOperation: [String: [String: Int64]]
    @OrNull private(set) var firstObservedAt: String?
    @OrNull private(set) var lastObservedAt: String?
    @OrNull private(set) var lastRecordedAt: String?
    let payloadBytes: UInt64
    let sizeBytes: Int
    @OrNull private(set) var bytesPerExchange: Double?
    let segments: [SegmentRow]
    let damagedRecords: UInt64
  }

  /// The census as JSON.
  public var document: Document {
    Document(
      entries: entryCount, entriesByKind: Dictionary(uniqueKeysWithValues: entriesByKind.map { ("\($0)", $1) }),
      exchanges: exchangeCount,
      exchangesByOperation: exchanges.mapValues { outcomes in
        Dictionary(uniqueKeysWithValues: outcomes.filter { $0.value != 0 }.map { (Census.name($0), $1) })
      },
      firstObservedAt: firstObservedAt?.description, lastObservedAt: lastObservedAt?.description,
      lastRecordedAt: lastRecordedAt?.description, payloadBytes: payloadBytes, sizeBytes: sizeBytes,
      bytesPerExchange: bytesPerExchange.map { ($0 * 10).rounded() / 10 }, segments: segments, damagedRecords: damagedCount)
  }
}
