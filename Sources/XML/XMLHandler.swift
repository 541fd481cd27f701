/// Receives a document's elements from an ``XMLReader``, on the reader's thread.
///
/// Buffers are borrowed: they are good until the method returns, and must be copied to be kept. What was received before `read` throws
/// is not to be believed.
public protocol XMLHandler: AnyObject {
  /// An element starts.
  func startElement(_ name: XMLName, attributeCount: Int)
  /// The innermost open element ends.
  func endElement(_ content: XMLContent)
}

/// The expanded name of an element. Prefixes are never shown: names are matched by namespace and local name.
public struct XMLName {
  /// The name without its prefix.
  public let local: UnsafeBufferPointer<UInt8>
  /// Empty where the element is in no namespace. As libxml2 leaves it, an ampersand in it stands as `&#38;`.
  public let namespace: UnsafeBufferPointer<UInt8>
  /// Where the start tag ends, from 1.
  public let line: Int
  /// Where in the payload the start tag's `>` or `/>` stands, in bytes. The payload's end where it is missing; then the reading fails.
  public let tagEnd: Int
}

/// What stood between the tags of an element.
public struct XMLContent {
  /// The raw content in bytes of the whole payload: from after the start tag to before the end tag. Empty, and after the tag, where the
  /// element closes itself.
  public let range: Range<Int>
  /// Whether elements stand in it.
  public let hasChildElements: Bool
  /// The decoded text of an element without child elements: entities resolved, CDATA and what stands around comments put together, line
  /// ends normalised. Empty for an element with child elements.
  public let text: UnsafeBufferPointer<UInt8>
  /// Whether `text` is byte for byte what stands in `range`.
  public let isVerbatim: Bool
}
