/// What happened in a session (guide 6.6.1).
public struct SessionEventNature: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let emergencyStop = SessionEventNature(rawValue: 0)
  public static let terminated = SessionEventNature(rawValue: 1)
  public static let suspended = SessionEventNature(rawValue: 2)
  public static let started = SessionEventNature(rawValue: 3)
  public static let startOfCharge = SessionEventNature(rawValue: 11)
  public static let endOfCharge = SessionEventNature(rawValue: 12)
  public static let preStop = SessionEventNature(rawValue: 13)

  /// The names of the known values.
  public static let names: [UInt32: String] = [
    0: "emergency stop", 1: "terminated", 2: "suspended", 3: "started", 11: "start of charge", 12: "end of charge", 13: "pre-stop",
  ]
}

/// What a session is asked to do (guide 6.6.2).
public struct SessionActionNature: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let emergencyStop = SessionActionNature(rawValue: 0)
  public static let stopAndTerminate = SessionActionNature(rawValue: 1)
  public static let suspend = SessionActionNature(rawValue: 2)
  public static let restart = SessionActionNature(rawValue: 3)

  /// The names of the known values.
  public static let names: [UInt32: String] = [0: "emergency stop", 1: "stop and terminate", 2: "suspend", 3: "restart"]

  /// Whether a CPO must be able to do it.
  public var isMandatory: Bool { rawValue <= 1 }
}

/// Whether an EVCI element can be used at all.
public struct AvailabilityStatus: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let unspecified = AvailabilityStatus(rawValue: 0)
  public static let outOfOrder = AvailabilityStatus(rawValue: 1)
  public static let inService = AvailabilityStatus(rawValue: 2)
  public static let future = AvailabilityStatus(rawValue: 3)
  public static let deleted = AvailabilityStatus(rawValue: 4)

  /// The names of the known values.
  public static let names: [UInt32: String] = [0: "unspecified", 1: "out-of-order", 2: "in-service", 3: "future", 4: "deleted"]
}

/// Whether an EVSE is in use.
public struct BusyStatus: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let unspecified = BusyStatus(rawValue: 0)
  public static let free = BusyStatus(rawValue: 1)
  public static let busy = BusyStatus(rawValue: 2)
  public static let reserved = BusyStatus(rawValue: 3)

  /// The names of the known values.
  public static let names: [UInt32: String] = [0: "unspecified", 1: "free", 2: "busy", 3: "reserved"]
}

/// An eMSP's answer to a user (guide 6.4.3). Anything but 1 refuses the service.
public struct AuthorisationValue: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let authorised = AuthorisationValue(rawValue: 1)
  public static let notAuthorised = AuthorisationValue(rawValue: 2)

  /// The names of the known values.
  public static let names: [UInt32: String] = [1: "authorised", 2: "not authorised"]

  /// Whether the service is to be delivered.
  public var isAuthorised: Bool { self == .authorised }
}

/// What an item of a white list does to the list.
public struct ActionType: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  // Those that have a name.
  public static let insert = ActionType(rawValue: 1)
  public static let update = ActionType(rawValue: 2)
  public static let delete = ActionType(rawValue: 3)

  /// The names of the known values.
  public static let names: [UInt32: String] = [1: "insert", 2: "update", 3: "delete"]
}

/// The service that an authorisation is about (guide 5.5.3).
public struct RequestedServiceId: OpenCode {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Neither a CPO nor an eMSP sends it. From the platform to an eMSP it asks whether the user is the eMSP's, and opens no session.
  public static let reserved = RequestedServiceId(rawValue: 0)
  public static let genericCharge = RequestedServiceId(rawValue: 1)

  /// The names of the known values.
  public static let names: [UInt32: String] = [0: "reserved", 1: "generic charge"]
}
