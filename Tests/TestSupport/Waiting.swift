import Glibc

/// Something was waited for and did not come.
public struct WaitedInVain: Error, CustomStringConvertible {
  /// What was waited for, and how long.
  public let description: String

  public init(_ what: String, _ patience: Duration) { description = "waited \(patience) in vain until \(what)" }
}

/// Waits until something is so: as long as it takes, but not for ever.
///
/// - Parameters:
///   - what: what is waited for, as a sentence about it says: "the holder serves its socket".
///   - patience: longer than any machine under load takes.
/// - Throws: ``WaitedInVain``, and what the condition throws.
public func waitUntil(_ what: String, atMost patience: Duration = .seconds(120), _ condition: () throws -> Bool) throws {
  try block(what, patience, condition)
}

private func block(_ what: String, _ patience: Duration, _ condition: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + patience
  while try !condition() {
    guard ContinuousClock.now < deadline else { throw WaitedInVain(what, patience) }
    usleep(1_000)
  }
}

/// The same in asynchronous code. It keeps the thread: hundreds of tests take turns on a few, and who gives one up, with processes and threads at
/// work for it, has it again minutes later. So it is for what other processes and threads of their own bring about, not other tasks.
public func waitUntil(_ what: String, atMost patience: Duration = .seconds(120), _ condition: () throws -> Bool) async throws {
  try block(what, patience, condition)
}

/// The same with a condition that is found out asynchronously: other tasks have the thread meanwhile.
public func waitUntil(_ what: String, atMost patience: Duration = .seconds(120), _ condition: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + patience
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw WaitedInVain(what, patience) }
    try await Task.sleep(for: .milliseconds(1))
  }
}

/// Lets some time pass, so that what follows comes at any moment. Not to wait for something: ``waitUntil(_:atMost:_:)`` does that.
public func letPass(microseconds: Int) { usleep(UInt32(microseconds)) }

/// How long this thread works on something: whatever else the machine does meanwhile does not count.
public func workTime<Result>(_ body: () throws -> Result) rethrows -> (result: Result, duration: Duration) {
  func used() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
  let before = used()
  let result = try body()
  return (result, used() - before)
}
