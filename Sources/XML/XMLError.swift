/// Why bytes were not read as XML, or a schema not loaded.
///
/// The message is one short sentence of printable ASCII; nothing in it is a control sequence, whatever the input held.
public struct XMLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of refusal it is. The raw values are stable words, fit for logs and metrics.
  public enum Code: String, Sendable, CaseIterable {
    /// There is nothing.
    case empty
    /// It is longer than may be read.
    case tooLarge = "too-large"
    /// A NUL stands in it.
    case nulByte = "nul-byte"
    /// It is no well-formed XML.
    case notXML = "not-xml"
    /// An encoding other than UTF-8 (or its subset US-ASCII), declared or by a byte order mark.
    case encoding
    /// An XML version other than 1.0.
    case version
    case invalidUTF8 = "invalid-utf-8"
    /// A document type declaration, which is where entity bombs and external entities live.
    case documentType = "document-type"
    case tooDeep = "too-deep"
    case tooManyAttributes = "too-many-attributes"
    case tooManyNamespaces = "too-many-namespaces"
    case tooManyElements = "too-many-elements"
    case tooManyNames = "too-many-names"
    case unboundPrefix = "unbound-prefix"
    case undefinedEntity = "undefined-entity"
    case truncated
    /// Not well-formed in any other way.
    case malformed
    /// A schema that could not be read, or that is none.
    case schema
    /// The library ran out of memory, or broke a promise that offsets rest on. Not the message's fault: retry once, then report it.
    case internalFailure = "internal-failure"
  }

  /// Why it was refused.
  public let code: Code
  /// What happened, as one sentence without its full stop's line break, at most 200 characters.
  public let message: String
  /// Where, from 1; 0 where it has no line.
  public let line: Int
  /// libxml2's own error number (`xmlParserErrors`), 0 where the reader itself refused.
  public let libraryCode: Int32

  /// A refusal, at a line where it has one.
  public init(_ code: Code, _ message: String, line: Int = 0, libraryCode: Int32 = 0) {
    self.code = code
    self.message = XMLError.printable(message)
    self.line = line
    self.libraryCode = libraryCode
  }

  public var description: String { line > 0 ? "\(message) (line \(line))" : message }

  /// One line of printable ASCII, at most 200 characters: a message may quote names of the input, and terminals and logs trust us.
  static func printable(_ text: String) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(200)
    for scalar in text.unicodeScalars {
      guard result.count < 200 else { break }
      switch scalar.value {
      case 0x20...0x7e: result.append(UInt8(scalar.value))
      case 0x09, 0x0a, 0x0d: result.append(0x20)
      default: result.append(UInt8(ascii: "?"))
      }
    }
    while result.last == 0x20 { result.removeLast() }
    return String(decoding: result, as: UTF8.self)
  }
}
