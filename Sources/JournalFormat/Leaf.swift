/// Where a leaf stands in its message: a number that the protocol gives to the element (or attribute) and to its parent.
public struct LeafPath: Hashable, Sendable {
  /// The element's own number; 0 where the protocol does not know the name.
  public let name: UInt16
  /// The enclosing element's number; 0 where the protocol does not know the name.
  public let parent: UInt16

  public init(name: UInt16, parent: UInt16) {
    self.name = name
    self.parent = parent
  }
}

/// A value in a payload: an element without child elements, and where its text is.
public struct Leaf: Hashable, Sendable {
  public let path: LeafPath
  /// Which item of the message's outer list the leaf belongs to, from 1; 0 outside any list.
  public let item: UInt32
  /// Which item of the inner list (a meter of a record) the leaf belongs to, from 1; 0 outside any.
  public let subitem: UInt32
  /// The element's content in the payload, in bytes, without white space around it.
  public let range: Range<Int>
  public let isPersonal: Bool
  /// The decoded text where it is not the bytes of `range` themselves (entities, CDATA, comments between).
  public let decodedText: [UInt8]?

  public init(path: LeafPath, item: UInt32, subitem: UInt32, range: Range<Int>, isPersonal: Bool, decodedText: [UInt8]? = nil) {
    self.path = path
    self.item = item
    self.subitem = subitem
    self.range = range
    self.isPersonal = isPersonal
    self.decodedText = decodedText
  }

  /// The leaf's text as bytes.
  public func text(in payload: UnsafeBufferPointer<UInt8>) -> [UInt8] { decodedText ?? Array(payload[range]) }
}
