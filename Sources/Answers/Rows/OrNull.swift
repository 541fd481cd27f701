/// A value that is written as null where there is none: its key is never missing. On the optional properties of every document here that has its
/// conformance from the compiler, which leaves keys out otherwise.
@propertyWrapper
public struct OrNull<Value: Encodable>: Encodable {
  /// The value, or nil.
  public var wrappedValue: Value?

  /// Wraps a value.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

extension OrNull: Sendable where Value: Sendable {}
extension OrNull: Equatable where Value: Equatable {}
extension OrNull: Hashable where Value: Hashable {}
