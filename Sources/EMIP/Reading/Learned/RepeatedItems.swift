import JournalFormat

/// The items of a message that has one list of them, with nothing but white space between: any number of them in any order is as good.
struct RepeatedItems {
  /// Where the first one's white space begins.
  let start: Int
  /// Where each of them ends. The white space before an item counts as a part of it.
  let ends: [Int]

  /// Nil where there are none, or anything else stands among them.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, _ items: [Range<Int>]) {
    guard let first = items.first else { return nil }
    var start = first.lowerBound
    while bytes[start - 1].isXMLWhiteSpace { start -= 1 }
    guard bytes[start - 1] == UInt8(ascii: ">") else { return nil }
    for (item, next) in zip(items, items.dropFirst()) {
      guard bytes[item.upperBound..<next.lowerBound].allSatisfy(\.isXMLWhiteSpace) else { return nil }
    }
    guard !Self.elementFollows(bytes.baseAddress!, from: items[items.count - 1].upperBound, bytes.count) else { return nil }
    self.start = start
    ends = items.map(\.upperBound)
  }

  /// Whether the next thing behind white space is something else than an end tag.
  @inline(__always)
  static func elementFollows(_ bytes: UnsafePointer<UInt8>, from start: Int, _ count: Int) -> Bool {
    var offset = start
    while offset < count, bytes[offset].isXMLWhiteSpace { offset &+= 1 }
    return offset + 1 >= count || bytes[offset] != UInt8(ascii: "<") || bytes[offset + 1] != UInt8(ascii: "/")
  }

  /// At most how many names of elements and namespaces stand in the bytes: what libxml2 has to remember.
  static func nameCount(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    bytes.reduce(0) { $1 == UInt8(ascii: "<") ? $0 + 1 : $1 == UInt8(ascii: "=") ? $0 + 2 : $0 }
  }
}
