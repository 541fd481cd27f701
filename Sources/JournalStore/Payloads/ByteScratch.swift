internal import JournalFormat

/// Bytes that grow at their end and are used again: where a message is put together. No call of it checks whether they are shared, which an array
/// would for each piece: 2 % more instructions of a replay.
///
/// Unsafe: whoever holds one frees it with ``deallocate()``, and copies nothing of it but its bytes.
struct ByteScratch {
  private(set) var base = UnsafeMutablePointer<UInt8>.allocate(capacity: ByteScratch.leastCapacity + ByteScratch.slackBytes)
  private(set) var count = 0
  private var capacity = ByteScratch.leastCapacity
  private let maximumBytes: Int
  private static let leastCapacity = 4096
  private static let keptCapacity = 1 << 20
  /// Short copies are made in steps of sixteen bytes: they read and write up to so many bytes beyond their end.
  static let slackBytes = 16

  /// - Parameter maximumBytes: it throws where more is appended.
  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  func deallocate() { base.deallocate() }

  mutating func removeAll() {
    count = 0
    // One long list must not keep its memory for ever.
    if capacity > Self.keptCapacity { grow(to: Self.leastCapacity) }
  }

  /// Appends bytes.
  /// - Throws: `FormatError` where there would be more than it may hold.
  @inline(__always)
  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(FormatError) {
    guard let start = bytes.baseAddress else { return }
    let target = try room(bytes.count)
    target.update(from: start, count: bytes.count)
  }

  /// Appends bytes behind which ``slackBytes`` more may be read.
  /// - Throws: `FormatError` where there would be more than it may hold.
  @inline(__always)
  mutating func append(padded source: UnsafePointer<UInt8>, count: Int) throws(FormatError) {
    let target = try room(count)
    guard count <= 128 else { return target.update(from: source, count: count) }
    var offset = 0
    while offset < count {
      let step = UnsafeRawPointer(source + offset).loadUnaligned(as: SIMD16<UInt8>.self)
      UnsafeMutableRawPointer(target + offset).storeBytes(of: step, as: SIMD16<UInt8>.self)
      offset += 16
    }
  }

  /// Appends a word of a ``WordList``, which keeps them padded.
  /// - Throws: `FormatError` where there would be more than it may hold.
  @inline(__always)
  mutating func append(word: UnsafeBufferPointer<UInt8>) throws(FormatError) { try append(padded: word.baseAddress!, count: word.count) }

  /// Appends a copy of its own bytes.
  /// - Throws: `FormatError` where there would be more than it may hold.
  @inline(__always)
  mutating func append(copyOf range: Range<Int>) throws(FormatError) {
    if range.count > capacity - count { try makeRoom(range.count) }
    // What a step reads beyond the range's end may have been written by the step before; it is not of the copy.
    try append(padded: base + range.lowerBound, count: range.count)
  }

  /// Where the next `more` bytes are to be written.
  /// - Throws: `FormatError` where there would be more than it may hold.
  @inline(__always)
  mutating func room(_ more: Int) throws(FormatError) -> UnsafeMutablePointer<UInt8> {
    if more > capacity - count { try makeRoom(more) }
    defer { count += more }
    return base + count
  }

  /// Takes back what was asked for and not written.
  @inline(__always)
  mutating func giveBack(_ bytes: Int) { count -= bytes }

  private mutating func makeRoom(_ more: Int) throws(FormatError) {
    guard more <= maximumBytes - count else { throw FormatError("a message of more than \(maximumBytes) bytes") }
    grow(to: max(2 * capacity, count + more))
  }

  private mutating func grow(to newCapacity: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity + Self.slackBytes)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    capacity = newCapacity
  }
}
