/// What an entry records. The numbers are on disk: never reuse one.
public enum EntryKind: UInt8, Sendable, CaseIterable {
  case request = 1
  case response = 2
  /// No answer came: timeout, connection or TLS error.
  case failure = 3
  /// A message that was not let in, or could not be read safely.
  case refusal = 4
  case settlement = 5
  case hold = 6
  case release = 7
  case erasure = 8
  case purge = 9
  case configuration = 10
  /// Somebody asked to see personal values.
  case access = 11
  case note = 12

  /// Whether the entry is a message of an exchange and not a fact about the journal's own life.
  public var isMessage: Bool { rawValue <= EntryKind.refusal.rawValue }
}

/// Between whom a message passed.
public enum Leg: UInt8, Sendable, CaseIterable {
  case backEndGateway = 1
  case gatewayIOP = 2
}

/// Who made the message: an answer of the gateway's own is never mistaken for the platform's.
public enum Author: UInt8, Sendable, CaseIterable {
  case peer = 1
  case gateway = 2
}

/// Which way the exchange was called, told by its request: an answer has the direction of its request.
public enum Direction: UInt8, Sendable, CaseIterable {
  case toIOP = 1
  case fromIOP = 2
}

/// How an exchange ended, as one word.
public enum OutcomeClass: UInt8, Sendable, CaseIterable {
  case ok = 1
  case warning = 2
  case error = 3
  case fault = 4
  case lost = 5
  case refused = 6
}
