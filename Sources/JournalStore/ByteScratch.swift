internal import JournalFormat

/// Bytes that grow at their end and are used again: where a message is put together. No call of it checks exclusivity or uniqueness, which
/// an array would for each piece.
final class ByteScratch {
  // Unsafe: owned here alone, and never more than `count` bytes of it are read.
  private(set) var base = UnsafeMutablePointer<UInt8>.allocate(capacity: 4096)
  private(set) var count = 0
  private var capacity = 4096
  private let maximumBytes: Int

  /// - Parameter maximumBytes: it throws where more is appended.
  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  deinit { base.deallocate() }

  func removeAll() {
    count = 0
    // One long list must not keep its memory for ever.
    if capacity > 1 << 20 { grow(to: 4096) }
  }

  func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(FormatError) {
    guard let start = bytes.baseAddress else { return }
    let target = try room(bytes.count)
    target.update(from: start, count: bytes.count)
  }

  func append(_ byte: UInt8) throws(FormatError) { try room(1).pointee = byte }

  /// Appends a copy of its own bytes.
  func append(copyOf range: Range<Int>) throws(FormatError) {
    let target = try room(range.count)
    target.update(from: base + range.lowerBound, count: range.count)
  }

  /// Where the next `more` bytes are to be written.
  @inline(__always)
  func room(_ more: Int) throws(FormatError) -> UnsafeMutablePointer<UInt8> {
    if more > capacity - count { try makeRoom(more) }
    defer { count += more }
    return base + count
  }

  /// Appends what `write` writes, and says how much it was.
  @inline(__always)
  func append(atMost bytes: Int, _ write: (UnsafeMutablePointer<UInt8>) throws(FormatError) -> Int) throws(FormatError) {
    let target = try room(bytes)
    count -= bytes - (try write(target))
  }

  private func makeRoom(_ more: Int) throws(FormatError) {
    guard more <= maximumBytes - count else { throw FormatError("a message of more than \(maximumBytes) bytes") }
    grow(to: max(2 * capacity, count + more))
  }

  private func grow(to newCapacity: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    capacity = newCapacity
  }
}
