internal import JournalFormat

/// How often which latency was seen: log-linear buckets, 32 for each power of two, as HdrHistogram has them
/// (http://hdrhistogram.org). Latencies
/// up to 63 ms are exact; of longer ones the bucket's upper bound is told, which is at most a thirty-second part more than the truth.
public struct LatencyHistogram: Hashable, Sendable {
  /// A day. What took longer is counted as if it had taken so long.
  public static let maximumMilliseconds: UInt32 = 86_400_000

  private static let exactCount: UInt32 = 64
  private static let subBucketCount: UInt32 = 32

  /// By bucket; nothing behind the last that is not zero.
  private var counts: [UInt64] = []

  /// Nothing is counted yet.
  public init() {}

  /// Counts one.
  public mutating func record(_ milliseconds: UInt32) {
    let bucket = Self.bucket(of: milliseconds)
    grow(to: bucket + 1)
    counts[bucket] += 1
  }

  /// Counts all that another counted.
  public mutating func add(_ other: LatencyHistogram) {
    grow(to: other.counts.count)
    for (bucket, count) in other.counts.enumerated() { counts[bucket] &+= count }
  }

  /// Takes away all that another, an earlier state of this one, counted.
  public mutating func subtract(_ earlier: LatencyHistogram) {
    for (bucket, count) in earlier.counts.enumerated() where bucket < counts.count { counts[bucket] -= min(counts[bucket], count) }
    trim()
  }

  /// How many latencies were counted.
  public var count: UInt64 { counts.reduce(0, &+) }

  /// The latency that so many in a hundred do not exceed, by the nearest rank: the upper bound of its bucket, in milliseconds.
  /// Nil where nothing
  /// was counted.
  /// - Parameter percent: 1 to 100.
  public func percentile(_ percent: UInt64) -> UInt32? {
    let total = count
    guard total > 0 else { return nil }
    let rank = max(1, (total * percent + 99) / 100)
    var seen: UInt64 = 0
    for (bucket, count) in counts.enumerated() {
      seen += count
      if seen >= rank { return Self.upperBound(of: bucket) }
    }
    return nil
  }

  /// The upper bound of the last bucket that is not empty, in milliseconds.
  public var upperBound: UInt32? { counts.isEmpty ? nil : Self.upperBound(of: counts.count - 1) }

  private mutating func grow(to count: Int) {
    if counts.count < count { counts += repeatElement(0, count: count - counts.count) }
  }

  private mutating func trim() {
    while counts.last == 0 { counts.removeLast() }
  }

  /// Where a latency is counted.
  static func bucket(of milliseconds: UInt32) -> Int {
    let value = min(milliseconds, maximumMilliseconds)
    guard value >= exactCount else { return Int(value) }
    let exponent = UInt32(31 - value.leadingZeroBitCount)
    let subBucket = value >> (exponent - 5) - subBucketCount
    return Int(exactCount + (exponent - 6) * subBucketCount + subBucket)
  }

  /// The longest latency that is counted in a bucket, in milliseconds.
  static func upperBound(of bucket: Int) -> UInt32 {
    guard bucket >= Int(exactCount) else { return UInt32(bucket) }
    let (octave, subBucket) = (UInt32(bucket) - exactCount).quotientAndRemainder(dividingBy: subBucketCount)
    return min(maximumMilliseconds, (subBucketCount + subBucket + 1) << (octave + 1) - 1)
  }
}

extension LatencyHistogram {
  /// The buckets that are not empty: how many, then of each its distance from the one before and its count, all varints.
  func encode(to bytes: inout [UInt8]) {
    bytes.appendVarint(counts.count { $0 > 0 })
    var previous = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      bytes.appendVarint(bucket - previous)
      bytes.appendVarint(count)
      previous = bucket
    }
  }

  /// What ``encode(to:)`` wrote.
  init(_ reader: inout ByteReader) throws(FormatError) {
    let last = Self.bucket(of: Self.maximumMilliseconds)
    var bucket = 0
    for _ in 0..<(try reader.count(atMost: last + 1)) {
      bucket += try reader.count(atMost: last)
      guard bucket <= last else { throw FormatError("a latency is longer than a day") }
      grow(to: bucket + 1)
      counts[bucket] = try reader.varint()
    }
  }
}
