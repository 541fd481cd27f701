/// Bytes that grow, with appends cheap enough for a hundred of them per message.
///
/// `Array.append(contentsOf:)` of a buffer costs several times a short copy; traffic is nothing but short copies, so the storage is handled
/// here by hand. Invariant: `count <= capacity`, and `base` holds `capacity` bytes.
struct ByteBuffer: ~Copyable {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// The bytes, valid until the next mutation.
  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  mutating func removeAll() { count = 0 }

  /// Drops the first `dropped` bytes.
  mutating func removeFirst(_ dropped: Int) {
    precondition(dropped <= count)
    base.update(from: base + dropped, count: count - dropped)
    count -= dropped
  }

  /// Makes room for `additional` bytes and gives the place where they go; ``advance(_:)`` tells how many were written.
  @inline(__always)
  mutating func room(_ additional: Int) -> UnsafeMutablePointer<UInt8> {
    if count &+ additional > capacity { grow(additional) }
    return base + count
  }

  @inline(__always)
  mutating func advance(_ written: Int) { count &+= written }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    room(1).pointee = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
    room(length).update(from: start, count: length)
    count &+= length
  }

  @inline(__always)
  mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

  @inline(never)
  private mutating func grow(_ additional: Int) {
    let larger = max(capacity * 2, count + additional)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: base, count: count)
    base.deallocate()
    base = moved
    capacity = larger
  }
}
