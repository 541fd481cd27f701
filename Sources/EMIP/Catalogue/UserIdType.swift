public import JournalFormat

/// What kind of id a `userId` is (guide 6.4.3). The list is open: other words are kept.
public struct UserIdType: RawRepresentable, Hashable, Sendable {
  /// As written.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }

  /// The UID of a badge, see ``RFID``.
  public static let rfidUID = UserIdType(rawValue: "RFID-UID")
  public static let eMI3 = UserIdType(rawValue: "eMI3")
  /// An eMAID, see ``ContractIdentifier``.
  public static let eMA = UserIdType(rawValue: "eMA")
  /// A contract id by ISO 15118.
  public static let evco = UserIdType(rawValue: "EVCO")
  /// Whatever an eMSP likes. With Plug & Charge it is an eMAID.
  public static let empSpecific = UserIdType(rawValue: "EMP-SPEC")

  /// The types that the guide names.
  public static let known: [UserIdType] = [.rfidUID, .eMI3, .eMA, .evco, .empSpecific]

  /// Where the indexes hold such ids: badges by themselves, all other ids as contracts.
  public var termKind: TermKind { UserIdType.termKind(utf8: rawValue.utf8) }

  /// As ``termKind``, without a `String`. The type's letters count in any case.
  public static func termKind(utf8 type: some Collection<UInt8>) -> TermKind {
    type.elementsEqual("RFID-UID".utf8) { $0.asciiUppercased == $1 } ? .userRFID : .userContract
  }
}
