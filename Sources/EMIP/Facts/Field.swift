/// A typed value of a message, a date, a code, a flag or a decimal: as written, and what it means where that can be read.
///
/// An element that is absent or empty is no field. One that is there and cannot be read is a field without a value: it is never taken for an
/// absent one, and whoever tells of the message hands its text on (``UnreadableValues``).
public struct Field<Value: Hashable & Sendable>: Hashable, Sendable {
  /// As written, without white space around it.
  public let text: String
  /// Nil where the text cannot be read.
  public let value: Value?

  /// A text, and what it means where that can be told.
  public init(text: String, value: Value?) {
    self.text = text
    self.value = value
  }

  /// Whether the text is there and cannot be read.
  public var isUnreadable: Bool { value == nil }
}
