public import XML

/// What became of the bytes of a message.
public enum MessageReading: Sendable {
  /// What it says.
  case message(MessageFacts)
  /// To be recorded all the same, with its reason.
  case refused(MessageRefusal)
}

/// Why bytes are no message.
public struct MessageRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of refusal it is.
  public enum Code: Hashable, Sendable {
    /// Not XML that can be read safely.
    case xml(XMLError.Code)
    /// The root is no SOAP envelope.
    case noEnvelope
    /// The root is called Envelope, or one of its children Body, in a namespace that is not SOAP's or not the envelope's.
    case wrongNamespace
    case noBody
    case severalBodies
    /// The body has no child.
    case emptyBody
    case severalBodyChildren

    /// A stable word, fit for logs and metrics.
    public var name: String {
      switch self {
      case .xml(let code): code.rawValue
      case .noEnvelope: "no-envelope"
      case .wrongNamespace: "wrong-namespace"
      case .noBody: "no-body"
      case .severalBodies: "several-bodies"
      case .emptyBody: "empty-body"
      case .severalBodyChildren: "several-body-children"
      }
    }
  }

  /// Why it was refused.
  public let code: Code
  /// One sentence of printable ASCII.
  public let reason: String
  /// From 1; 0 where it has no line.
  public let line: Int

  init(_ error: XMLError) {
    code = .xml(error.code)
    reason = error.message
    line = error.line
  }

  init(_ code: Code, line: Int) {
    self.code = code
    self.line = line
    reason =
      switch code {
      case .xml: "The message is not XML that can be read."
      case .noEnvelope: "The message is no SOAP envelope."
      case .wrongNamespace: "The envelope or its body is not in a namespace of SOAP 1.1 or 1.2."
      case .noBody: "The envelope has no body."
      case .severalBodies: "The envelope has more than one body."
      case .emptyBody: "The body is empty."
      case .severalBodyChildren: "The body has more than one child."
      }
  }

  public var description: String { line > 0 ? "\(reason) (line \(line))" : reason }
}
