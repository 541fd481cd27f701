internal import EMIP
internal import JournalFormat

/// What was counted of a partner, or of one of its operations.
public struct PartnerFigures: Hashable, Sendable {
  /// What is counted. The order is on disk: append only.
  enum Counter: Int, CaseIterable {
    case requests, ok, warnings, errors, faults, failures, unreadable, recovered, further, retries
    case overTypical, late, authorisationsOverTypical, authorisationsOverLimit
    case refused, failed
  }

  private var counters = [UInt64](repeating: 0, count: Counter.allCases.count)
  /// The latencies of the responses that count.
  public private(set) var latencies = LatencyHistogram()
  /// The longest latency, in milliseconds; nil where there was none.
  public internal(set) var maximumMilliseconds: UInt32?

  /// Nothing is counted yet.
  public init() {}

  /// An answer that takes longer is not typical (guide 5.4.6), in milliseconds.
  static let typicalMilliseconds: UInt32 = 800
  /// What an authorisation typically takes, and what it takes at most (guide 6.4.1), in milliseconds.
  static let typicalAuthorisationMilliseconds: UInt32 = 2_000
  static let maximumAuthorisationMilliseconds: UInt32 = 10_000

  private(set) subscript(counter: Counter) -> UInt64 {
    get { counters[counter.rawValue] }
    set { counters[counter.rawValue] = newValue }
  }

  /// The volume: requests, and answers whose request is not there.
  public var requests: UInt64 { self[.requests] }
  /// Answers that say that it was done.
  public var ok: UInt64 { self[.ok] }
  /// Answers that say that it was done in part, or with a remark.
  public var warnings: UInt64 { self[.warnings] }
  /// Answers that say that it was not done.
  public var errors: UInt64 { self[.errors] }
  /// Answers that are a SOAP fault.
  public var faults: UInt64 { self[.faults] }
  /// Requests that HTTP turned away, without a message: 4xx but 429.
  public var refused: UInt64 { self[.refused] }
  /// Requests that HTTP answered otherwise, without a message: they may be tried again.
  public var failed: UInt64 { self[.failed] }
  /// Messages that could not be read safely.
  public var unreadable: UInt64 { self[.unreadable] }
  /// Failures that no answer followed.
  public var lost: UInt64 { self[.failures] - min(self[.failures], recovered) }
  /// Answers that came after a failure had been noted.
  public var recovered: UInt64 { self[.recovered] }
  /// Answers to what was answered before.
  public var further: UInt64 { self[.further] }
  /// Requests with the transaction of one that was lost or not accepted before.
  public var retries: UInt64 { self[.retries] }
  /// Requests that nothing has come of yet.
  public var pending: UInt64 {
    let done = ok &+ warnings &+ errors &+ faults &+ refused &+ failed &+ unreadable &+ lost
    return requests - min(requests, done)
  }
  /// Answers that took more than 800 ms.
  public var overTypical: UInt64 { self[.overTypical] }
  /// Answers that came all the same, after more than 15 s from the platform or 5 s to it.
  public var late: UInt64 { self[.late] }
  /// Authorisations that took more than 2 s.
  public var authorisationsOverTypical: UInt64 { self[.authorisationsOverTypical] }
  /// Authorisations that took more than 10 s.
  public var authorisationsOverLimit: UInt64 { self[.authorisationsOverLimit] }

  /// The latency that half of the answers do not exceed, in milliseconds: exact to 63 ms, at most 3.2 % more above.
  public var median: UInt32? { percentile(50) }
  /// The same of 99 in a hundred.
  public var percentile99: UInt32? { percentile(99) }

  private func percentile(_ percent: UInt64) -> UInt32? {
    latencies.percentile(percent).map { min($0, maximumMilliseconds ?? $0) }
  }

  // MARK: Counting

  mutating func count(_ record: PartnerRecord, _ limits: PartnerSeries.Limits) {
    switch record {
    case .request(let isRetry): countRequest(isRetry: isRetry)
    case .answer(let answer): count(answer, limits)
    }
  }

  mutating func countRequest(isRetry: Bool) {
    self[.requests] += 1
    if isRetry { self[.retries] += 1 }
  }

  private mutating func count(_ answer: PartnerRecord.Answer, _ limits: PartnerSeries.Limits) {
    if answer.hasRequestBefore || answer.isUnmatched { countRequest(isRetry: answer.isRetry) }
    guard !answer.isFurther else {
      self[.further] += 1
      return
    }
    self[answer.ending.counter] += 1
    if answer.isRecovered { self[.recovered] += 1 }
    guard let latency = answer.latencyMilliseconds else { return }
    latencies.record(latency)
    maximumMilliseconds = max(maximumMilliseconds ?? 0, latency)
    if latency > Self.typicalMilliseconds { self[.overTypical] += 1 }
    if latency > limits.lateMilliseconds { self[.late] += 1 }
    guard limits.isAuthorisation else { return }
    if latency > Self.typicalAuthorisationMilliseconds { self[.authorisationsOverTypical] += 1 }
    if latency > Self.maximumAuthorisationMilliseconds { self[.authorisationsOverLimit] += 1 }
  }

  /// Adds what was counted elsewhere.
  mutating func add(_ other: PartnerFigures) {
    for index in counters.indices { counters[index] &+= other.counters[index] }
    latencies.add(other.latencies)
    if let maximum = other.maximumMilliseconds { maximumMilliseconds = max(maximumMilliseconds ?? 0, maximum) }
  }

  /// Takes away what had been counted at an earlier position. The longest latency is then the upper bound of a bucket.
  mutating func subtract(_ earlier: PartnerFigures) {
    for index in counters.indices { counters[index] -= min(counters[index], earlier.counters[index]) }
    latencies.subtract(earlier.latencies)
    maximumMilliseconds = latencies.upperBound.map { min($0, maximumMilliseconds ?? $0) }
  }
}

extension PartnerFigures {
  func encode(to bytes: inout [UInt8]) {
    for counter in counters { bytes.appendVarint(counter) }
    bytes.appendVarint(maximumMilliseconds.map { UInt64($0) + 1 } ?? 0)
    latencies.encode(to: &bytes)
  }

  /// What ``encode(to:)`` wrote.
  init(from reader: inout ByteReader) throws(FormatError) {
    for index in counters.indices { counters[index] = try reader.varint() }
    let maximum = try reader.count(atMost: Int(UInt32.max) + 1)
    maximumMilliseconds = maximum == 0 ? nil : UInt32(maximum - 1)
    latencies = try LatencyHistogram(&reader)
  }
}
