public import JournalFormat

/// What is fixed about an operation: who calls it, whether they must, and where it belongs.
public struct OperationFacts: Hashable, Sendable {
  /// The two kinds of partners.
  public enum Party: Sendable {
    /// Runs charging stations.
    case cpo
    /// Has the contract with the driver.
    case eMSP
  }

  /// Whether a party must offer or use an operation.
  public enum Obligation: Sendable {
    /// It must be there.
    case mandatory
    /// It may be there.
    case optional
    /// Mandatory once a feature is used that builds on it (guide 7.1).
    case conditional
  }

  /// One way in which the operation is called.
  public struct Call: Hashable, Sendable {
    /// `toIOP`: the party calls the platform. `fromIOP`: the platform calls the party.
    public let direction: Direction
    /// Who calls it.
    public let party: Party
    /// Whether the party must be able to.
    public let obligation: Obligation
    /// The caller keeps what was not answered and sends it again, in order (guide 5.4.6, 6.2.4).
    public let isStoredAndForwarded: Bool
  }

  /// The stem, for instance `GetServiceAuthorisation`.
  public let name: String
  /// The target namespace of its messages. Nil where no public source tells it. Data download is inferred from one that names a client's.
  public let namespace: String?
  /// Who calls it in which direction.
  public let calls: [Call]

  /// The SOAP action, which HTTP carries as `action` of the content type.
  public func soapAction(_ direction: Direction) -> String {
    "https://api-iop.gireve.com/services/\(OperationFacts.prefix(direction))\(name)V1/"
  }

  /// The local name of the body's child as the reference platform spells it.
  public func localName(_ direction: Direction, _ part: Operation.Part) -> String {
    OperationFacts.prefix(direction) + name + (part == .request ? "Request" : "Response")
  }

  /// Whether a call in this direction is kept and sent again until it is answered.
  public func isStoredAndForwarded(_ direction: Direction) -> Bool {
    calls.contains { $0.direction == direction && $0.isStoredAndForwarded }
  }

  /// - Parameter name: a stem in any case.
  public static func named(_ name: some StringProtocol) -> OperationFacts? { byName[name.lowercased()] }

  private static func prefix(_ direction: Direction) -> String { direction == .toIOP ? "eMIP_ToIOP_" : "eMIP_FromIOP_" }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name.lowercased(), $0) })
}

extension OperationFacts {
  /// How long a call may take (guide 5.4.6).
  public enum Timing {
    /// A call from the platform that takes longer counts as lost.
    public static let fromIOPLimit = Duration.seconds(5)
    /// What the platform expects of most calls.
    public static let fromIOPTypical = Duration.milliseconds(800)
    /// A call to the platform that takes longer counts as lost.
    public static let toIOPLimit = Duration.seconds(15)
    /// A partner that is not heard for so long is offline, unless a heartbeat's answer gave another period.
    public static let defaultHeartbeatPeriod = Duration.seconds(300)

    /// After which a call counts as lost.
    public static func limit(_ direction: Direction) -> Duration { direction == .toIOP ? toIOPLimit : fromIOPLimit }
  }

  /// How much a list may hold (guide 5.5.4).
  public enum Limits {
    /// Entries of one `SetAuthenticationData` to the platform.
    public static let authenticationDataCount = 500
    /// `maxCount` of one `SearchEVSE`.
    public static let searchCount = 200
  }

  /// The namespaces of the platform's services.
  public enum Namespace {
    /// The namespaces of the groups of operations.
    public static let platform = "https://api-iop.gireve.com/schemas/PlatformV1/"
    public static let dynamicData = "https://api-iop.gireve.com/schemas/EVCIDynamicV1/"
    public static let authorisation = "https://api-iop.gireve.com/schemas/AuthorisationV1/"
    public static let dataDownload = "https://api-iop.gireve.com/schemas/EVCIDataDownloadV1/"
  }
}
