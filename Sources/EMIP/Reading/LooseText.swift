import JournalFormat

/// What stands in a message beside its leaves: comments, processing instructions, and text beside child elements. Nothing tells what it is, so that it is
/// personal.
enum LooseText {
  /// The ranges of such text, without the white space around it, in order.
  /// - Parameter leaves: of the message, which libxml2 has accepted; those that are personal hide what stands in them.
  static func ranges(in bytes: UnsafeBufferPointer<UInt8>, _ leaves: [Leaf]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var leaf = 0
    /// The leaf that a place lies in; nil where it lies beside all.
    func owner(of offset: Int) -> Leaf? {
      while leaf < leaves.count, leaves[leaf].isAttribute || leaves[leaf].range.upperBound <= offset { leaf += 1 }
      guard leaf < leaves.count, leaves[leaf].range.contains(offset) else { return nil }
      return leaves[leaf]
    }
    func add(_ range: Range<Int>, isMarkup: Bool) {
      let range = bytes.trimmed(range)
      guard !range.isEmpty else { return }
      if let owner = owner(of: range.lowerBound), owner.isPersonal || !isMarkup { return }
      found.append(range)
    }
    var offset = bytes.declarationEnd
    while offset < bytes.count {
      let tag = bytes.first(of: "<", from: offset)
      add(offset..<tag, isMarkup: false)
      guard tag < bytes.count else { break }
      switch bytes.markup(at: tag) {
      case .comment:
        let end = bytes.first(of: "-->", from: tag + 4)
        add(tag + 4..<end, isMarkup: true)
        offset = end + 3
      case .section:
        let end = bytes.first(of: "]]>", from: tag + 9)
        add(tag + 9..<end, isMarkup: false)
        offset = end + 3
      case .instruction:
        let end = bytes.first(of: "?>", from: tag + 2)
        add(tag + 2..<end, isMarkup: true)
        offset = end + 2
      case .tag: offset = bytes.tagEnd(from: tag)
      }
    }
    return found
  }

  fileprivate enum Markup {
    case comment, section, instruction, tag
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Where a byte order mark, white space and an XML declaration end; 0 where there is no declaration.
  fileprivate var declarationEnd: Int {
    let tag = first(of: "<", from: 0)
    guard self[Swift.min(tag, count)...].starts(with: "<?xml".utf8), tag + 5 < count, self[tag + 5].isXMLWhiteSpace else {
      // Else a byte order mark would be text.
      return starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }
    return Swift.min(first(of: "?>", from: tag) + 2, count)
  }

  fileprivate func markup(at tag: Int) -> LooseText.Markup {
    guard tag + 1 < count else { return .tag }
    switch self[tag + 1] {
    case UInt8(ascii: "!"): return self[tag...].starts(with: "<!--".utf8) ? .comment : .section
    case UInt8(ascii: "?"): return .instruction
    default: return .tag
    }
  }

  /// Behind the `>` of a tag.
  fileprivate func tagEnd(from start: Int) -> Int {
    var offset = start
    var quote: UInt8 = 0
    while offset < count {
      let byte = self[offset]
      offset += 1
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        break
      }
    }
    return offset
  }

  /// Where a word stands first; `count` where it does not.
  fileprivate func first(of word: StaticString, from start: Int) -> Int {
    let length = word.utf8CodeUnitCount
    guard start + length <= count else { return count }
    for offset in start...count - length where self[offset] == word.utf8Start[0] {
      if (1..<length).allSatisfy({ self[offset + $0] == word.utf8Start[$0] }) { return offset }
    }
    return count
  }
}
