/// The version of SOAP that a message's envelope is in.
public enum SOAPVersion: UInt8, Sendable, CaseIterable {
  /// Not eMIP's, and seen all the same: read, with a finding.
  case soap11 = 1
  case soap12 = 2

  /// The envelope's namespace.
  public var namespace: String {
    switch self {
    case .soap11: "http://schemas.xmlsoap.org/soap/envelope/"
    case .soap12: "http://www.w3.org/2003/05/soap-envelope"
    }
  }
}

/// What a message says by its markup and not by its leaves.
public struct MessageEnvelope: Hashable, Sendable {
  /// The version of its SOAP envelope.
  public let soapVersion: SOAPVersion
  /// The namespace of the SOAP body's child; empty where it has none.
  public let namespace: String
  /// Nil for a fault, which does not say what it answers.
  public let operation: Operation?

  /// An envelope of a version and an operation.
  public init(soapVersion: SOAPVersion, namespace: String, operation: Operation?) {
    self.soapVersion = soapVersion
    self.namespace = namespace
    self.operation = operation
  }

  /// Whether it is a SOAP fault.
  public var isFault: Bool { operation == nil }
}
