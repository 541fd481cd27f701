public import JournalFormat

/// One step on the way to a verdict.
public struct AuthorisationStep: Encodable, Sendable {
  /// What an answer decided.
  public enum Verdict: String, Encodable, Sendable {
    /// The user may charge, may not, or nobody said so.
    case authorised, refused, notObtained
  }

  /// What told a step.
  public enum Source: String, Encodable, Sendable {
    /// A question or an order, the state of the EVSE, or a white list.
    case exchange, evse, whitelist
  }

  /// What told it.
  public let source: Source
  /// When it was; nil where that is not known.
  public var time: Timestamp?
  /// The position of the request, or of what told it.
  public var position: UInt64?
  /// The position of what ended the exchange.
  public var answerPosition: UInt64?
  /// What happened, for a person; never the user.
  public let text: String
  /// What it decided; nil where nothing.
  public var verdict: Verdict?
  /// Whether the party that delivers the service was told this.
  public var isDeciding = false

  /// The columns of CSV, in their order.
  public static let columns = ["time", "source", "text", "verdict", "isDeciding", "position", "answerPosition"]

  /// Whether somebody asked, or ordered.
  public var isExchange: Bool { source == .exchange }

  private enum Key: String, CodingKey {
    case source, time, position, answerPosition, text, verdict, isDeciding
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(source, forKey: .source)
    try container.encode(time?.description, forKey: .time)
    try container.encode(position, forKey: .position)
    try container.encode(answerPosition, forKey: .answerPosition)
    try container.encode(text, forKey: .text)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(isDeciding, forKey: .isDeciding)
  }
}
