/// What can be wrong with a text that should follow eMIP's rules.
public struct EMIPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of text it was; the wording of `message` may change, this does not.
  public enum Code: String, Sendable {
    /// A line of an alias file (``WireName/Table``).
    case aliasFile
    /// An operator, pool, station, EVSE or connector id.
    case identifier
    /// An eMAID.
    case contractIdentifier
    /// The UID of a badge.
    case rfid
    /// What a partner's `CDRNature` means.
    case cdrNature
    /// An XML schema to hold messages against.
    case schema
  }

  /// What went wrong.
  public let code: Code
  /// One sentence: what is wrong and what was expected.
  public let message: String
  /// From 1, of an alias file; nil elsewhere.
  public let line: Int?

  /// What went wrong, at a line where it has one.
  public init(_ code: Code, _ message: String, line: Int? = nil) {
    self.code = code
    self.message = message
    self.line = line
  }

  /// The message, with the line before it where there is one.
  public var description: String { line.map { "line \($0): \(message)" } ?? message }
}
