/// What a schema has against a document.
public struct XMLFinding: Hashable, Sendable {
  /// From 1; 0 where it has no line.
  public let line: Int
  /// One sentence of printable ASCII. Names elements and types, never a value: values may be personal, findings are kept.
  public let message: String

  /// A finding at a line.
  public init(line: Int, message: String) {
    self.line = line
    self.message = message
  }
}
