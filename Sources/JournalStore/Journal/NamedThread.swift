internal import Foundation

extension Thread {
  /// Starts a thread of the journal's own, which tools show by its name (at most 15 bytes of it, prctl(2)). Whoever waits for its end is told by
  /// `body`'s last step.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = 4 << 20
    thread.start()
  }
}
