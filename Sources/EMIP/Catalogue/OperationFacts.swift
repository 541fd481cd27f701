public import JournalFormat

/// What is fixed about an operation: how it is spelt, and where it belongs.
public struct OperationFacts: Hashable, Sendable {
  /// The stem, for instance `GetServiceAuthorisation`.
  public let name: String
  /// The target namespace of its messages. Nil where no public source tells it. Data download is inferred from one that names a client's.
  public let namespace: String?

  /// The SOAP action, which HTTP carries as `action` of the content type.
  public func soapAction(_ direction: Direction) -> String {
    "https://api-iop.gireve.com/services/\(OperationFacts.prefix(direction))\(name)V1/"
  }

  /// The local name of the body's child as the reference platform spells it.
  public func localName(_ direction: Direction, _ part: Operation.Part) -> String {
    OperationFacts.prefix(direction) + name + (part == .request ? "Request" : "Response")
  }

  /// Messages that are kept and sent again where the platform cannot be reached (guide 5.4.6), in whose order each family stands by itself.
  public enum Family: Hashable, Sendable {
    /// What an element's availability or use is.
    case status
    /// A charge detail record.
    case chargeDetailRecord
    /// What an element is: where that is wanted only.
    case staticData
  }

  /// The family of what is stored and forwarded on its way to the platform; nil for what is sent once.
  public var storeAndForward: Family? {
    if name == "SetChargeDetailRecord" { return .chargeDetailRecord }
    if name.hasPrefix("Set"), name.hasSuffix("StaticData") { return .staticData }
    let isStatus = name.hasSuffix("AvailabilityStatus") || name.hasSuffix("BusyStatus") || name.hasSuffix("SyntheticStatus")
    return isStatus ? .status : nil
  }

  /// The operation of a name; nil for one that the catalogue does not have.
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
    /// A call to the platform that takes longer counts as lost.
    public static let toIOPLimit = Duration.seconds(15)
    /// A partner that is not heard for so long is offline, unless a heartbeat's answer gave another period.
    public static let defaultHeartbeatPeriod = Duration.seconds(300)

    /// After which a call counts as lost.
    public static func limit(_ direction: Direction) -> Duration { direction == .toIOP ? toIOPLimit : fromIOPLimit }
  }

  /// The namespaces of the platform's services.
  public enum Namespace {
    /// What keeps the connection to the platform.
    public static let platform = "https://api-iop.gireve.com/schemas/PlatformV1/"
    /// Statuses of pools, stations, EVSEs and connectors.
    public static let dynamicData = "https://api-iop.gireve.com/schemas/EVCIDynamicV1/"
    /// Sessions, records and white lists.
    public static let authorisation = "https://api-iop.gireve.com/schemas/AuthorisationV1/"
    /// What changed at other operators' EVSEs.
    public static let dataDownload = "https://api-iop.gireve.com/schemas/EVCIDataDownloadV1/"
  }
}
