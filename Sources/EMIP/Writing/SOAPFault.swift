/// A fault that is to be written.
public struct SOAPFault: Hashable, Sendable {
  /// Whose it is, as SOAP has it (SOAP 1.2 part 1, 5.4.6).
  public enum Code: Hashable, Sendable {
    /// The message was not as it had to be: the same again will fare no better.
    case sender
    /// The message could not be processed: it may be sent again.
    case receiver
    /// The envelope is of no version that is read here.
    case versionMismatch
    /// Header blocks that had to be understood and were not.
    case mustUnderstand([HeaderBlock])

    /// Its local name in a version of SOAP.
    func spelling(_ version: SOAPVersion) -> String {
      switch self {
      case .sender: version == .soap11 ? "Client" : "Sender"
      case .receiver: version == .soap11 ? "Server" : "Receiver"
      case .versionMismatch: "VersionMismatch"
      case .mustUnderstand: "MustUnderstand"
      }
    }
  }

  /// The expanded name of a header block.
  public struct HeaderBlock: Hashable, Sendable {
    /// Empty where it is in none.
    public let namespace: String
    /// The name without its prefix.
    public let localName: String

    /// A block of this name.
    public init(namespace: String, localName: String) {
      self.namespace = namespace
      self.localName = localName
    }
  }

  /// Whose it is.
  public let code: Code
  /// What it is, for machines: upper case and underscores, as the platform spells its own.
  public let name: String
  /// What is wrong and what to do, in English: it holds nothing of a message.
  public let reason: String

  /// A fault of a kind, with its reason.
  public init(_ code: Code, name: String, reason: String) {
    self.code = code
    self.name = name
    self.reason = reason
  }
}
