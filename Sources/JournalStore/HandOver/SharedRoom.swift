internal import Foundation

/// Memory that connections share for what they are sent: whoever needs more waits until others have done with theirs.
final class SharedRoom: @unchecked Sendable {
  // Sendable: what changes is read and written under the condition's lock.
  private let condition = NSCondition()
  private var freeBytes: Int

  /// Room for so many bytes in all.
  init(sizeBytes: Int) { freeBytes = sizeBytes }

  /// What one connection holds of it; given back with this value.
  final class Part {
    private let room: SharedRoom
    private var sizeBytes = 0

    /// Nothing yet.
    init(of room: SharedRoom) { self.room = room }

    deinit { room.give(sizeBytes) }

    /// Holds so many bytes from now on; false where they did not become free in time.
    func grow(to size: Int, until deadline: ContinuousClock.Instant?) -> Bool {
      guard size > sizeBytes else { return true }
      guard room.take(size - sizeBytes, until: deadline) else { return false }
      sizeBytes = size
      return true
    }
  }

  private func take(_ count: Int, until deadline: ContinuousClock.Instant?) -> Bool {
    let limit = deadline.map { Date.now.addingTimeInterval(($0 - .now) / .seconds(1)) } ?? .distantFuture
    return condition.withLock {
      while freeBytes < count { if !condition.wait(until: limit) { return false } }
      freeBytes -= count
      return true
    }
  }

  private func give(_ count: Int) {
    guard count > 0 else { return }
    condition.withLock {
      freeBytes += count
      condition.broadcast()
    }
  }
}
