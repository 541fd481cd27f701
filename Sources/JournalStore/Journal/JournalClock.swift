internal import Glibc
public import JournalFormat

/// The time that entries are recorded at. It never goes back, and it does not follow a clock that leaps ahead by more than an hour until
/// somebody confirms the new time, or the kernel calls the clock synchronised: one entry recorded in the far future would push all later ones
/// there. Nor is a clock believed from the start that is a month past all that the journal shows (``distrust(after:)``).
public struct JournalClock: Sendable {
  /// What the clock noticed; each is recorded as a note.
  public enum Event: Hashable, Sendable {
    /// The wall clock went back; times stand still until it has caught up.
    case steppedBack(milliseconds: Int64)
    /// The wall clock leapt ahead; times follow the monotonic clock until that is confirmed.
    case leaptAhead(milliseconds: Int64)
    /// A clock that had leapt ahead is believed from now on.
    case confirmed
    /// The wall clock leapt ahead, and the kernel says that a time server keeps it: times follow it.
    case synchronized(milliseconds: Int64)
    /// A clock that had leapt ahead came back by itself.
    case returned

    /// What happened, in a sentence.
    public var message: String {
      switch self {
      case .steppedBack(let milliseconds):
        "The system clock stepped back by \(milliseconds) ms. Entries keep the time of the last one until it has caught up."
      case .leaptAhead(let milliseconds):
        "The system clock leapt ahead by \(milliseconds) ms. Entries follow the monotonic clock until `emip-journal clock --confirm`."
      case .confirmed: "The system clock was confirmed. Entries follow it again."
      case .synchronized(let milliseconds):
        "The system clock leapt ahead by \(milliseconds) ms, and the kernel calls it synchronised. Entries follow it."
      case .returned: "The system clock came back within an hour of the monotonic clock. Entries follow it again."
      }
    }
  }

  /// Where time comes from; tests put their own.
  public struct Source: Sendable {
    /// Milliseconds since the Unix epoch.
    public var wall: @Sendable () -> Int64
    /// Milliseconds that also count while the machine sleeps.
    public var monotonic: @Sendable () -> Int64
    /// Whether the wall clock is known to be right. Asked only where it leapt ahead.
    public var isSynchronized: @Sendable () -> Bool

    /// Clocks of which each tells milliseconds.
    public init(
      wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64,
      isSynchronized: @escaping @Sendable () -> Bool = { false }
    ) {
      self.wall = wall
      self.monotonic = monotonic
      self.isSynchronized = isSynchronized
    }

    /// The clocks of the machine.
    public static let system = Source(
      wall: { milliseconds(CLOCK_REALTIME) }, monotonic: { milliseconds(CLOCK_BOOTTIME) }, isSynchronized: { kernelIsSynchronized() })

    /// Whether a time server keeps the clock (adjtimex(2)). Who sets it by hand ends that (Linux, `ntp_clear`).
    private static func kernelIsSynchronized() -> Bool {
      // Swift's Glibc does not have it. The answer alone tells; `struct timex` has 208 bytes, and zeros change nothing.
      guard let function = dlsym(nil, "adjtimex") else { return false }
      let adjtimex = unsafeBitCast(function, to: (@convention(c) (UnsafeMutableRawPointer) -> Int32).self)
      var state = [UInt64](repeating: 0, count: 64)
      let answer = state.withUnsafeMutableBytes { adjtimex($0.baseAddress!) }
      // `TIME_ERROR` (bits/timex.h): the clock is not synchronised.
      return answer >= 0 && answer != 5
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
      var time = timespec()
      clock_gettime(clock, &time)
      return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
  }

  static let largestLeapMilliseconds: Int64 = 3_600_000
  /// Less than this is what keeping time over the network does.
  static let smallestStepMilliseconds: Int64 = 1_000
  /// A journal that was left alone for longer asks whether the clock is right.
  static let longestAbsenceMilliseconds: Int64 = 30 * 86_400_000

  private let source: Source
  private var wallAnchor: Int64
  private var monotonicAnchor: Int64
  /// Whether a leap ahead waits to be confirmed.
  public private(set) var isHeld = false
  /// Since when the journal shows no trace of work, where that is so long ago that somebody must say whether the clock is right; else nil.
  public private(set) var unconfirmedSince: Timestamp?

  /// A clock that trusts what its source tells first.
  public init(_ source: Source = .system) {
    self.source = source
    wallAnchor = source.wall()
    monotonicAnchor = source.monotonic()
  }

  /// Asks for a confirmation where the system clock is far past the last that is known of a journal.
  public mutating func distrust(after newestTrace: Timestamp) {
    if Self.isDoubtful(peek(), after: newestTrace) { unconfirmedSince = newestTrace }
  }

  /// Whether a clock is so far past the last that is known of a journal that it may be wrong.
  static func isDoubtful(_ time: Timestamp, after newestTrace: Timestamp) -> Bool {
    time.milliseconds(since: newestTrace) > longestAbsenceMilliseconds
  }

  /// The time now, and what was noticed.
  public mutating func now() -> (Timestamp, Event?) {
    let wall = source.wall()
    let monotonic = source.monotonic()
    let expected = wallAnchor + monotonic - monotonicAnchor
    let difference = wall - expected
    if difference > Self.largestLeapMilliseconds {
      if source.isSynchronized() {
        believe(wall, monotonic)
        return (Timestamp(rawValue: wall), .synchronized(milliseconds: difference))
      }
      defer { isHeld = true }
      return (Timestamp(rawValue: expected), isHeld ? nil : .leaptAhead(milliseconds: difference))
    }
    let wasHeld = isHeld
    believe(wall, monotonic)
    if wasHeld { return (Timestamp(rawValue: wall), .returned) }
    return (Timestamp(rawValue: wall), difference < -Self.smallestStepMilliseconds ? .steppedBack(milliseconds: -difference) : nil)
  }

  /// What the system clock says, believed or not.
  func peek() -> Timestamp { Timestamp(rawValue: source.wall()) }

  /// Believes the system clock as it is now. Returns what to record; nil where nothing was held.
  public mutating func confirm() -> Event? {
    unconfirmedSince = nil
    guard isHeld else { return nil }
    believe(source.wall(), source.monotonic())
    return .confirmed
  }

  private mutating func believe(_ wall: Int64, _ monotonic: Int64) {
    wallAnchor = wall
    monotonicAnchor = monotonic
    isHeld = false
  }
}
