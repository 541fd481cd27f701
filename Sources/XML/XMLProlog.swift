// What is checked of a document before libxml2 sees any of it: size, byte order marks, NUL, UTF-8, the XML declaration, and start tags so
// full of attributes that libxml2 (2.9 compares each with each) would be busy for minutes before it calls us.
// libxml2 is fed from behind the declaration, so that it can neither switch encodings nor honour another version: what is valid UTF-8 is read as that,
// whatever it declares and whatever white space stands before, and that it does is a remark.

/// The bytes of a document, and where its content starts behind byte order mark and XML declaration.
struct XMLProlog {
  /// Offset of the first byte for libxml2.
  let contentStart: Int
  /// Line ends before `contentStart`.
  let lines: Int
  /// What is wrong with the declaration, and does not stop the document from being read. One sentence of printable ASCII.
  let remark: String?

  /// - Throws: `XMLError`: empty, tooLarge, encoding, nulByte, invalidUTF8, notXML, version, malformed, tooManyAttributes.
  init(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
    guard bytes.count <= XMLLimits.sizeBytes else { throw XMLError(.tooLarge, "The message is larger than 2 MiB.") }
    try XMLProlog.refuseOtherByteOrders(bytes)
    let isASCII = try XMLProlog.checkUTF8(bytes)
    let first = XMLProlog.start(of: bytes)
    guard first < bytes.count else { throw XMLError(.empty, "The message is empty.") }
    guard bytes[first] == UInt8(ascii: "<") else { throw XMLError(.notXML, "The message is not XML.", line: 1) }
    var declaration = XMLDeclaration(bytes, at: first)
    let isDeclared = try declaration.parse()
    remark = isDeclared ? XMLProlog.remark(declaration, isLate: bytes[..<first].contains(where: \.isBlank), isASCII: isASCII) : nil
    contentStart = declaration.offset
    lines = bytes[..<contentStart].count { $0 == 0x0a }
    try XMLProlog.refuseCrowdedTags(bytes)
  }

  /// Behind a byte order mark and white space, in any order.
  private static func start(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var offset = 0
    var hasMark = false
    while offset < bytes.count {
      if bytes[offset].isBlank {
        offset += 1
      } else if !hasMark, bytes[offset...].starts(with: [0xef, 0xbb, 0xbf]) {
        hasMark = true
        offset += 3
      } else {
        break
      }
    }
    return offset
  }

  private static func remark(_ declaration: XMLDeclaration, isLate: Bool, isASCII: Bool) -> String? {
    var sentences: [String] = []
    if isLate { sentences.append("White space stands before the XML declaration, which must come first.") }
    if let name = declaration.encoding, !declaration.isTrue(ofASCII: isASCII) {
      let encoding = name.isEncodingName ? "the encoding \(String(decoding: name, as: UTF8.self))" : "another encoding"
      sentences.append("The message declares \(encoding) and is in UTF-8, as which it was read.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  private static func refuseOtherByteOrders(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
    guard bytes.count >= 2 else { return }
    switch (bytes[0], bytes[1]) {
    case (0xff, 0xfe), (0xfe, 0xff), (0x3c, 0), (0, 0x3c), (0, 0):
      throw XMLError(.encoding, "The message is in UTF-16 or UTF-32; only UTF-8 is read.", line: 1)
    default: return
    }
  }

  /// Returns whether all bytes are ASCII.
  private static func checkUTF8(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) -> Bool {
    var offset = 0
    var isASCII = true
    while true {
      offset = bytes.firstUncommon(from: offset)
      guard offset < bytes.count else { return isASCII }
      guard bytes[offset] != 0 else { throw XMLError(.nulByte, "The message holds a NUL byte.", line: bytes.line(at: offset)) }
      isASCII = false
      let length = bytes.sequenceLength(at: offset)
      guard length > 0 else { throw XMLError(.invalidUTF8, "The message is not valid UTF-8.", line: bytes.line(at: offset)) }
      offset += length
    }
  }

  /// A tag of up to this size cannot hold enough attributes to keep libxml2 busy for a millisecond.
  private static let harmlessTagSizeBytes = 4096

  /// Between two `<` libxml2 parses at most one start tag. Those that are long get their attributes counted before it tries.
  private static func refuseCrowdedTags(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) {
    guard bytes.count > harmlessTagSizeBytes else { return }
    var tag = bytes.firstIndex(of: UInt8(ascii: "<"), from: 0)
    while tag < bytes.count {
      let next = bytes.firstIndex(of: UInt8(ascii: "<"), from: tag + 1)
      if next - tag > harmlessTagSizeBytes, bytes.attributeCount(tag: tag + 1, end: next) > XMLLimits.attributes + XMLLimits.namespaces {
        let limit = "\(XMLLimits.attributes) attributes or \(XMLLimits.namespaces) namespaces"
        throw XMLError(.tooManyAttributes, "An element has more than \(limit).", line: bytes.line(at: tag))
      }
      tag = next
    }
  }
}

extension UInt8 {
  fileprivate var startsName: Bool {
    self >= 0x80 || (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7a || self == UInt8(ascii: "_") || self == UInt8(ascii: ":")
  }

  var isBlank: Bool { self == 0x20 || self == 0x0a || self == 0x0d || self == 0x09 }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether it is a name such as encodings have (XML 1.0, production 81), and no longer than theirs: then it is quoted.
  fileprivate var isEncodingName: Bool {
    guard let first, first.startsName, count <= 40 else { return false }
    return allSatisfy { $0 < 0x80 && ($0.startsName || $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")) }
  }

  /// The line of an offset, from 1.
  func line(at offset: Int) -> Int { self[..<offset].count { $0 == 0x0a } + 1 }

  /// The first NUL or non-ASCII byte, eight at a time; `count` where there is none.
  fileprivate func firstUncommon(from start: Int) -> Int {
    var offset = start
    let raw = UnsafeRawBufferPointer(self)
    while offset &+ 8 <= count {
      let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      // Bit 7 of a byte: set by a non-ASCII byte itself, by the borrow of a zero byte, or by a borrow that went on from one.
      if (word &- 0x0101_0101_0101_0101 | word) & 0x8080_8080_8080_8080 != 0 { break }
      offset &+= 8
    }
    while offset < count, self[offset] &- 1 < 0x7f { offset &+= 1 }
    return offset
  }

  /// The length of the UTF-8 sequence of a non-ASCII character; 0 where it is none (The Unicode Standard, table 3-7).
  fileprivate func sequenceLength(at offset: Int) -> Int {
    func isTail(_ distance: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xbf) -> Bool {
      offset + distance < count && self[offset + distance] >= low && self[offset + distance] <= high
    }
    switch self[offset] {
    case 0xc2...0xdf: return isTail(1) ? 2 : 0
    case 0xe0: return isTail(1, 0xa0) && isTail(2) ? 3 : 0
    case 0xed: return isTail(1, 0x80, 0x9f) && isTail(2) ? 3 : 0
    case 0xe1...0xef: return isTail(1) && isTail(2) ? 3 : 0
    case 0xf0: return isTail(1, 0x90) && isTail(2) && isTail(3) ? 4 : 0
    case 0xf1...0xf3: return isTail(1) && isTail(2) && isTail(3) ? 4 : 0
    case 0xf4: return isTail(1, 0x80, 0x8f) && isTail(2) && isTail(3) ? 4 : 0
    default: return 0
    }
  }

  /// The values in quotes behind `=` between the `<` before `tag` and the tag's end, at most up to `end`.
  fileprivate func attributeCount(tag: Int, end: Int) -> Int {
    // What begins no name begins no tag: an end tag, a comment, or a `<` in a comment or CDATA.
    guard tag < end, self[tag].startsName else { return 0 }
    var count = 0
    var offset = tag
    while offset < end, self[offset] != UInt8(ascii: ">") {
      let byte = self[offset]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        offset = Swift.min(firstIndex(of: byte, from: offset + 1), end)
        count += 1
      }
      offset += 1
    }
    return count
  }
}
