/// A value of a message: as written, and what it means where it is valid.
public struct Field<Value: Hashable & Sendable>: Hashable, Sendable {
  /// As written, without white space around it.
  public let text: String
  /// Nil where the text is not valid.
  public let value: Value?

  /// A text, and what it means where that can be told.
  public init(text: String, value: Value?) {
    self.text = text
    self.value = value
  }
}
