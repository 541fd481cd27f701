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
  case intermediate = 0
  case final = 1
  case unknown = 2
}

/// One state of a session's record as its read model keeps it: what the rules and totals need. Its texts stand in the journal.
struct CDRVersion: Hashable, Sendable {
  /// What two sides must agree on (guide 5.5.1); texts as keyed hashes.
  struct Shared: Hashable, Sendable {
    var execSession: [UInt8]
    var evse: [UInt8]
    var service: [UInt8]
    /// In milliseconds; nil where it is absent or no date.
    var start: Int64?
    var end: Int64?
    var meters: [UInt8]
  }

  /// A sum of money (meter 3).
  struct Cost: Hashable, Sendable {
    var amount: MeterQuantity
    var currency: String
  }

  var side: CDRSide
  var nature: CDRVersionNature
  /// Of the message that it was first seen in.
  var position: JournalPosition
  /// Which of the records of that message, from 0.
  var item: Int
  var leg: Leg
  var observedAt: Timestamp
  /// Of all that it says, eight bytes: equal for equal records.
  var digest: [UInt8]
  var shared: Shared
  /// Four bytes.
  var transaction: [UInt8]
  /// Meter 1 in minutes, meter 2 in watt-hours; nil where absent, in another unit, no decimal or negative.
  var duration: MeterQuantity?
  var energy: MeterQuantity?
  var costs: [Cost]
  /// Numbers of ``CDRNames``; 0 for none.
  var execOperator: UInt32
  var saleOperator: UInt32
  var hasPlatformId: Bool
  /// How often it was sent, the first time included, and what came of it. In the order of positions.
  var attempts: [Attempt] = []

  /// One time that a version was sent.
  struct Attempt: Hashable, Sendable {
    var position: JournalPosition
    var leg: Leg
    /// Under another transactionId than the first.
    var isRepeated: Bool
    var response: Answer?
    var failure: Answer?

    /// A late response is a response.
    var answer: Answer? { response ?? failure }
  }

  /// What came of an attempt.
  struct Answer: Hashable, Sendable {
    enum Outcome: UInt8, Sendable {
      case accepted = 0, rejected, fault, lost
    }

    var position: JournalPosition
    var outcome: Outcome
    var requestStatus: UInt32?
    /// The gateway's own answer says nothing of the other side.
    var isGateways: Bool
    var saleOperator: UInt32
    var hasPlatformId: Bool
  }
}

extension CDRVersion {
  /// In place of the hash of an EVSE that is not named.
  static let noEVSE = [UInt8](repeating: 0, count: 6)

  /// Nil where a time is missing, or the end is before the start.
  var interval: (start: Int64, end: Int64)? {
    guard let start = shared.start, let end = shared.end, start <= end else { return nil }
    return (start, end)
  }
}
