/// What a document may have at most. Beyond it the reader stops at once with an ``XMLError``.
public enum XMLLimits {
  /// The size of a document in bytes.
  public static let sizeBytes = 2 << 20
  /// Nested elements, the root counted.
  public static let depth = 64
  /// Attributes on one element, namespace declarations not counted.
  public static let attributes = 64
  /// Namespace declarations on one element.
  public static let namespaces = 32
  /// Namespace declarations in scope at one place: libxml2 walks all of them for each name.
  public static let namespacesInScope = 256
  /// Different names of elements, attributes, prefixes and namespaces, more or less: those of a few documents before may count, too.
  /// libxml2 takes a second to remember 200,000.
  public static let names = 16_384
  /// Elements of a document.
  public static let elements = 200_000
}
