internal import Glibc
public import JournalFormat

/// The time that entries are recorded at. It never goes back, and it does not follow a clock that leaps ahead by more than an hour until
/// somebody confirms the new time: one entry recorded in the far future would push all later ones there.
public struct JournalClock: Sendable {
  /// What the clock noticed; each is recorded as a note.
  public enum Event: Hashable, Sendable {
    /// The wall clock went back; times stand still until it has caught up.
    case steppedBack(milliseconds: Int64)
    /// The wall clock leapt ahead; times follow the monotonic clock until that is confirmed.
    case leaptAhead(milliseconds: Int64)
    /// A clock that had leapt ahead is believed from now on.
    case confirmed
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

    /// Clocks of which each tells milliseconds.
    public init(wall: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64) {
      self.wall = wall
      self.monotonic = monotonic
    }

    /// The clocks of the machine.
    public static let system = Source(wall: { milliseconds(CLOCK_REALTIME) }, monotonic: { milliseconds(CLOCK_BOOTTIME) })

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
      var time = timespec()
      clock_gettime(clock, &time)
      return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
  }

  static let largestLeapMilliseconds: Int64 = 3_600_000
  /// Less than this is what keeping time over the network does.
  static let smallestStepMilliseconds: Int64 = 1_000

  private let source: Source
  private var wallAnchor: Int64
  private var monotonicAnchor: Int64
  /// Whether a leap ahead waits to be confirmed.
  public private(set) var isHeld = false

  /// A clock that trusts what its source tells first.
  public init(_ source: Source = .system) {
    self.source = source
    wallAnchor = source.wall()
    monotonicAnchor = source.monotonic()
  }

  /// The time now, and what was noticed.
  public mutating func now() -> (Timestamp, Event?) {
    let wall = source.wall()
    let monotonic = source.monotonic()
    let expected = wallAnchor + monotonic - monotonicAnchor
    let difference = wall - expected
    if difference > Self.largestLeapMilliseconds {
      defer { isHeld = true }
      return (Timestamp(rawValue: expected), isHeld ? nil : .leaptAhead(milliseconds: difference))
    }
    wallAnchor = wall
    monotonicAnchor = monotonic
    if isHeld {
      isHeld = false
      return (Timestamp(rawValue: wall), .returned)
    }
    return (Timestamp(rawValue: wall), difference < -Self.smallestStepMilliseconds ? .steppedBack(milliseconds: -difference) : nil)
  }

  /// What the system clock says, believed or not.
  func peek() -> Timestamp { Timestamp(rawValue: source.wall()) }

  /// Believes the system clock as it is now. Returns what to record; nil where nothing was held.
  public mutating func confirm() -> Event? {
    guard isHeld else { return nil }
    wallAnchor = source.wall()
    monotonicAnchor = source.monotonic()
    isHeld = false
    return .confirmed
  }
}
