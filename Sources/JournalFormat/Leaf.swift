/// Where a leaf stands in its message: a number that the protocol gives to the element (or attribute) and to its parent.
public struct LeafPath: Hashable, Sendable, BitwiseCopyable {
  /// The element's own number; 0 where the protocol does not know the name.
  public let name: UInt16
  /// The enclosing element's number; 0 where the protocol does not know the name.
  public let parent: UInt16

  /// The path of an element or attribute by the protocol's numbers.
  public init(name: UInt16, parent: UInt16) {
    self.name = name
    self.parent = parent
  }
}

/// What the journal may do with a leaf's text. The numbers are on disk.
public struct LeafTraits: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Personal: the text stands in no template, word list or dictionary, and is masked when shown.
  public static let personal = LeafTraits(rawValue: 1)
  /// The protocol vouches that texts of this name come again and again and are never personal: a segment may keep each once, as a word.
  public static let recurring = LeafTraits(rawValue: 2)
  /// The value of an attribute, as written between its quotes. Its path has the name 0 and the element as parent.
  public static let attribute = LeafTraits(rawValue: 4)

  /// All traits that have a meaning.
  public static let all: LeafTraits = [.personal, .recurring, .attribute]
}

/// A value in a payload: an element without child elements, or an attribute, and where its text is. 24 bytes without any reference: a message has
/// dozens.
public struct Leaf: Hashable, Sendable, BitwiseCopyable {
  /// Which element or attribute it is.
  public let path: LeafPath
  /// Which item of the message's outer list the leaf belongs to, from 1; 0 outside any list.
  public let item: UInt32
  /// Which item of the inner list (a meter of a record) the leaf belongs to, from 1; 0 outside any.
  public let subitem: UInt32
  private let start: UInt32
  private let count: UInt32
  /// The traits in the low eight bits; above them the number of its decoded text, from 1, or 0.
  private let traitsAndText: UInt32

  /// The leaves of a message that may have a decoded text.
  public static let maximumDecodedCount = 1 << 24 - 1

  /// - Parameters:
  ///   - range: within 4 GiB.
  ///   - decoded: which of the layout's ``MessageLayout/decodedTexts`` is its text, where its text is not the bytes of `range` themselves; less
  ///     than ``maximumDecodedCount``.
  @inline(__always)
  public init(path: LeafPath, item: UInt32, subitem: UInt32, range: Range<Int>, traits: LeafTraits, decoded: Int? = nil) {
    self.path = path
    self.item = item
    self.subitem = subitem
    start = UInt32(range.lowerBound)
    count = UInt32(range.count)
    traitsAndText = UInt32(traits.rawValue) | (decoded.map { UInt32($0 + 1) << 8 } ?? 0)
  }

  /// The element's content in the payload, in bytes, without white space around it.
  @inline(__always)
  public var range: Range<Int> { Range(uncheckedBounds: (Int(start), Int(start) + Int(count))) }
  /// What is known of every value that stands here.
  @inline(__always)
  public var traits: LeafTraits { LeafTraits(rawValue: UInt8(truncatingIfNeeded: traitsAndText)) }
  /// Whether its text stands decoded beside the leaves (entities, CDATA, comments between).
  @inline(__always)
  public var isDecoded: Bool { traitsAndText >> 8 != 0 }
  /// The index of its text in ``MessageLayout/decodedTexts``; nil where its text is the bytes of ``range``.
  @inline(__always)
  public var decoded: Int? { isDecoded ? Int(traitsAndText >> 8) - 1 : nil }
  /// Whether its text is personal.
  public var isPersonal: Bool { traits.contains(.personal) }
}

/// How a payload divides into markup and values: what is not in a leaf's range is markup.
public struct MessageLayout: Hashable, Sendable {
  /// Every element without child elements and every attribute that declares no namespace, in document order; their ranges do not overlap.
  public var leaves: [Leaf]
  /// The texts of the leaves that are decoded, in their order.
  public var decodedTexts: [[UInt8]]
  /// What the protocol knows of the markup beside the leaves, at most 255 bytes; opaque to the journal.
  public var envelope: [UInt8]

  /// A layout of leaves in document order.
  public init(leaves: [Leaf], decodedTexts: [[UInt8]] = [], envelope: [UInt8]) {
    self.leaves = leaves
    self.decodedTexts = decodedTexts
    self.envelope = envelope
  }

  /// The text of a leaf where it is not the bytes of its range.
  @inline(__always)
  public func decodedText(of leaf: Leaf) -> [UInt8]? { leaf.decoded.map { decodedTexts[$0] } }
}
