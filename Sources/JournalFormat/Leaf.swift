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

/// What the journal may do with a leaf's text. The numbers are on disk.
public struct LeafTraits: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Personal: the text stands in no template, word list or dictionary, and is masked when shown.
  public static let personal = LeafTraits(rawValue: 1)
  /// The protocol vouches that texts of this name come again and again and are never personal: a segment may keep each once, as a word.
  public static let recurring = LeafTraits(rawValue: 2)
  /// The value of an attribute, as written between its quotes. Its path has the name 0 and the element as parent.
  public static let attribute = LeafTraits(rawValue: 4)

  public static let all: LeafTraits = [.personal, .recurring, .attribute]
}

/// A value in a payload: an element without child elements, or an attribute, and where its text is.
public struct Leaf: Hashable, Sendable {
  public let path: LeafPath
  /// Which item of the message's outer list the leaf belongs to, from 1; 0 outside any list.
  public let item: UInt32
  /// Which item of the inner list (a meter of a record) the leaf belongs to, from 1; 0 outside any.
  public let subitem: UInt32
  /// The element's content in the payload, in bytes, without white space around it.
  public let range: Range<Int>
  public let traits: LeafTraits
  /// The decoded text where it is not the bytes of `range` themselves (entities, CDATA, comments between).
  public let decodedText: [UInt8]?

  public init(path: LeafPath, item: UInt32, subitem: UInt32, range: Range<Int>, traits: LeafTraits, decodedText: [UInt8]? = nil) {
    self.path = path
    self.item = item
    self.subitem = subitem
    self.range = range
    self.traits = traits
    self.decodedText = decodedText
  }

  public var isPersonal: Bool { traits.contains(.personal) }

  /// The leaf's text as bytes.
  public func text(in payload: UnsafeBufferPointer<UInt8>) -> [UInt8] { decodedText ?? Array(payload[range]) }
}

/// How a payload divides into markup and values: what is not in a leaf's range is markup.
public struct MessageLayout: Hashable, Sendable {
  /// Every element without child elements and every attribute that declares no namespace, in document order; their ranges do not overlap.
  public var leaves: [Leaf]
  /// What the protocol knows of the markup beside the leaves, at most 255 bytes; opaque to the journal.
  public var envelope: [UInt8]

  public init(leaves: [Leaf], envelope: [UInt8]) {
    self.leaves = leaves
    self.envelope = envelope
  }
}
