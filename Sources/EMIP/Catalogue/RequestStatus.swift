public import JournalFormat

/// The platform's or a partner's verdict on a request (guide 5.4.2): below 10000 it was done, wholly or in part; from 10000 it was not.
public struct RequestStatus: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that something depends on.
  public static let ok = RequestStatus(rawValue: 1)
  public static let authorisationRejected = RequestStatus(rawValue: 10_201)
  public static let sessionNotFound = RequestStatus(rawValue: 10_501)
  /// After an attempt whose answer was lost it means that the record had arrived.
  public static let finalRecordAlreadyReceived = RequestStatus(rawValue: 10_701)

  /// Whether the request was done, wholly or in part.
  public var isDone: Bool { rawValue < 10_000 }

  /// 1 is `ok`, anything else below 10000 a `warning`, the rest an `error`.
  public var outcomeClass: OutcomeClass { rawValue == 1 ? .ok : isDone ? .warning : .error }

  /// The names of the known values.
  public static let names: [UInt32: String] = [
    1: "done",
    201: "CPO of the EVSE unknown",
    202: "no roaming contract",
    203: "eMSP unknown",
    205: "service not available on the EVSE",
    206: "EVSE not reachable",
    10_201: "authorisation rejected",
    10_207: "CPO not reachable",
    10_210: "eMSP did not answer correctly",
    10_501: "session not found",
    10_502: "CPO or eMSP not found",
    10_503: "event or action not accepted",
    10_504: "not sent or not answered",
    10_505: "partner returned a fault",
    10_506: "nature not recognised",
    10_507: "partner error",
    10_508: "requestor is no party to the session",
    10_601: "EVCI element unknown",
    10_701: "final record already received",
  ]
}
