/// What an entry records. The numbers are on disk: never reuse one.
public enum EntryKind: UInt8, Sendable, CaseIterable {
  /// A message that asks.
  case request = 1
  /// The answer to a request.
  case response = 2
  /// No answer came: timeout, connection or TLS error.
  case failure = 3
  /// A message that was not let in, or could not be read safely.
  case refusal = 4
  /// What was agreed with an operator about a span of time.
  case settlement = 5
  /// That something must be kept.
  case hold = 6
  /// That a hold has ended.
  case release = 7
  /// That personal values were erased.
  case erasure = 8
  /// That old entries were removed.
  case purge = 9
  /// How the journal, or who writes it, was configured.
  case configuration = 10
  /// Somebody asked to see personal values.
  case access = 11
  /// Something about the journal worth knowing, such as a clock that leapt.
  case note = 12

  /// Whether the entry is a message of an exchange and not a fact about the journal's own life.
  public var isMessage: Bool { rawValue <= EntryKind.refusal.rawValue }
}

/// Between whom a message passed.
public enum Leg: UInt8, Sendable, CaseIterable {
  /// Between an operator's back end and the gateway.
  case backEndGateway = 1
  /// Between the gateway and IOP.
  case gatewayIOP = 2
}

/// Who made the message: an answer of the gateway's own is never mistaken for the platform's.
public enum Author: UInt8, Sendable, CaseIterable {
  /// The other end of the connection.
  case peer = 1
  /// The gateway itself.
  case gateway = 2
}

/// Which way the exchange was called, told by its request: an answer has the direction of its request.
public enum Direction: UInt8, Sendable, CaseIterable {
  /// From an operator to IOP.
  case toIOP = 1
  /// From IOP to an operator.
  case fromIOP = 2
}

/// How an exchange ended, as one word.
public enum OutcomeClass: UInt8, Sendable, CaseIterable {
  /// Done.
  case ok = 1
  /// Done in part, or with a remark.
  case warning = 2
  /// Not done.
  case error = 3
  /// A SOAP fault.
  case fault = 4
  /// No answer came.
  case lost = 5
  /// Not let in, or not safe to read.
  case refused = 6
}
