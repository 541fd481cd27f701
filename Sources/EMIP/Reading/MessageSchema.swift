internal import JournalFormat
internal import XML

/// An XML schema that messages are held against. Findings are recorded with the message; they stop nothing.
///
/// Safe from any thread; validations of one schema run one after another.
public final class MessageSchema: Sendable {
  private let schema: XMLSchema

  /// - Parameter path: of `messages.xsd`, or of another schema of whole SOAP messages; what it includes is read from its directory only.
  /// - Throws: ``EMIPError`` `schema` where it cannot be read.
  public init(path: String) throws(EMIPError) {
    do {
      schema = try XMLSchema(path: path)
    } catch {
      throw EMIPError(.schema, "\(path): \(error)")
    }
  }

  /// What is wrong with a message by the schema, at most ``XMLSchema/maximumFindings`` findings. A message that is not XML has none: it is
  /// refused elsewhere.
  func findings(_ payload: [UInt8]) -> [Finding] {
    let found = payload.withUnsafeBufferPointer { (try? schema.validate($0)) ?? [] }
    return found.map { Finding(line: UInt32(clamping: $0.line), message: $0.message) }
  }
}
