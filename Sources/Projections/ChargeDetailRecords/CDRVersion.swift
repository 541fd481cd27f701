internal import EMIP
internal import JournalFormat

/// Where a record was seen.
public enum CDRSide: UInt8, Sendable, CaseIterable {
  /// What the CPO sent to the platform.
  case toIOP = 0
  /// What the platform pushed to the eMSP.
  case fromIOP = 1
  /// What the eMSP fetched (GetChargeDetailRecord, GetChargeDetailRecordList).
  case download = 2

  /// Whether it is what the eMSP got.
  public var isReceived: Bool { self != .toIOP }
}

/// Whether a version is a session's last, by ``CDRNature/Interpretation/standard``.
public enum CDRVersionNature: UInt8, Sendable {
  /// Not the last: a final one is to come.
  case intermediate = 0
  /// The session's last.
  case final = 1
  /// It says nothing of it, or what has no known meaning.
  case unknown = 2
}

/// One state of a session's record as its read model keeps it: what the rules and totals need. Its texts stand in the journal.
struct CDRVersion: Hashable, Sendable {
  /// What two sides must agree on (guide 5.5.1); texts as keyed hashes, 0 for one that is not there.
  struct Shared: Hashable, Sendable {
    /// Three bytes.
    var execSession: UInt32 = 0
    /// Five bytes.
    var evse: UInt64 = 0
    /// Its number where that is below 2^15.
    var service: UInt16 = 1
    /// In milliseconds; nil where it is absent or no date.
    var start: Int64?
    var end: Int64?
    /// A hash of all meters; 0 where there are the two totals only, which stand here.
    var meters: UInt32 = 0
    /// Meter 1 in minutes, meter 2 in watt-hours; nil where absent, in another unit, no decimal or negative.
    var duration: MeterQuantity?
    var energy: MeterQuantity?

    func hasSameMeters(as other: Shared) -> Bool { meters == other.meters && duration == other.duration && energy == other.energy }
  }

  /// A sum of money (meter 3).
  struct Cost: Hashable, Sendable {
    var amount: MeterQuantity
    var currency: String
  }

  var side: CDRSide
  var nature: CDRVersionNature
  /// The position of the message that it was first seen in.
  var position: JournalPosition
  /// Which of the records of that message, from 0.
  var item: Int
  var leg: Leg
  /// Nil where it is not the first of its log: the journal tells.
  var observedAt: Timestamp?
  /// A hash of all that it says: equal for equal records.
  var digest: UInt64
  var shared: Shared
  var costs: [Cost]
  /// Numbers of ``CDROperators``; 0 for none.
  var execOperator: UInt32
  var saleOperator: UInt32
  var hasPlatformId: Bool
  /// How often it was sent, the first time included, and what came of it. In the order of positions.
  var attempts: [Attempt] = []

  /// One time that a version was sent.
  struct Attempt: Hashable, Sendable {
    var position: JournalPosition
    var leg: Leg
    var response: Answer?
    var failure: Answer?

    /// A late response is a response.
    var answer: Answer? { response ?? failure }
  }

  /// What came of an attempt.
  struct Answer: Hashable, Sendable {
    /// The numbers are on disk.
    enum Outcome: UInt8, Sendable {
      case accepted = 0
      case rejected, fault, lost
      /// As ``RequestOutcome``.
      case unreadable, refused, failed, doubtful
    }

    var position: JournalPosition
    var outcome: Outcome
    var requestStatus: UInt32?
    /// What HTTP said in a message's place; nil where a message came, or nothing.
    var httpStatus: UInt16?
    /// The gateway's own answer says nothing of the other side.
    var isGateways: Bool
    /// What the session did not know before: 0 and false where it did.
    var saleOperator: UInt32
    var hasPlatformId: Bool
  }
}

/// When an EVSE charged, by a final record in force. In seconds since 1970, rounded down: clocks differ by more.
struct CDRCharge: Hashable, Sendable {
  var evse: UInt64
  /// See ``CDRBadges``; 0 where none is known.
  var badge: UInt64 = 0
  var start: Int64
  var end: Int64

  /// Nil where the EVSE or a time is missing or of no age, or the end is before the start.
  init?(_ version: CDRVersion) {
    let shared = version.shared
    guard version.nature == .final, shared.evse != 0, let start = shared.start, let end = shared.end, start <= end else { return nil }
    evse = shared.evse
    guard CDRIntervals.starts.contains(start / 1_000) else { return nil }
    self.start = start / 1_000
    self.end = end / 1_000
  }
}
