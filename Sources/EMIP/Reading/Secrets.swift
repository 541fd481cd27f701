internal import JournalFormat

/// What nobody is shown, whoever asks: passwords and the like, by the names that WS-Security and HTTP give them.
///
/// Found by their names in the bytes alone, so that it does not matter whether the message could be read, and by which version.
public enum Secrets {
  /// The local names of elements and attributes, and the names of HTTP headers, in lower case.
  private static let names: [[UInt8]] = ["password", "nonce", "binarysecuritytoken", "authorization"].map { Array($0.utf8) }

  /// Whether an HTTP header's value is a secret.
  public static func isSecret(header name: String) -> Bool {
    let name = name.lowercased()
    return name == "authorization" || name == "proxy-authorization"
  }

  /// The ranges of the secrets in a message's bytes, in order; none is empty.
  public static func ranges(in message: [UInt8]) -> [Range<Int>] { message.withUnsafeBufferPointer(ranges) }

  private static func ranges(in bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var offset = 0
    while let tag = bytes[offset...].firstIndex(of: UInt8(ascii: "<")) {
      offset = tag + 1
      let name = bytes.name(from: offset)
      guard !name.isEmpty else { continue }
      let tagEnd = attributes(in: bytes, from: name.upperBound, &found)
      offset = tagEnd
      guard isSecret(bytes, name), bytes[tagEnd - 1] != UInt8(ascii: "/") else { continue }
      let end = contentEnd(in: bytes, from: min(tagEnd + 1, bytes.count))
      if tagEnd + 1 < end { found.append(tagEnd + 1..<end) }
      offset = max(end, tagEnd)
    }
    return found
  }

  /// Finds the secrets among the attributes of a tag.
  /// - Returns: where its `>` stands, or the end.
  private static func attributes(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ found: inout [Range<Int>]) -> Int {
    var offset = start
    while offset < bytes.count, bytes[offset] != UInt8(ascii: ">") {
      let name = bytes.name(from: offset)
      guard !name.isEmpty else {
        offset += 1
        continue
      }
      offset = name.upperBound
      while offset < bytes.count, bytes[offset].isXMLWhiteSpace || bytes[offset] == UInt8(ascii: "=") { offset += 1 }
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") || bytes[offset] == UInt8(ascii: "'") else { continue }
      let value = offset + 1
      let end = bytes[value...].firstIndex(of: bytes[offset]) ?? bytes.count
      if isSecret(bytes, name), value < end { found.append(value..<end) }
      offset = min(end + 1, bytes.count)
    }
    return offset
  }

  /// Where the end tag of an element that is a secret begins: what stands in it, tags too, is secret.
  private static func contentEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var offset = start
    while let tag = bytes[offset...].firstIndex(of: UInt8(ascii: "<")) {
      offset = tag + 1
      guard offset < bytes.count, bytes[offset] == UInt8(ascii: "/") else { continue }
      if isSecret(bytes, bytes.name(from: offset + 1)) { return tag }
    }
    return bytes.count
  }

  /// - Parameter name: with its prefix.
  private static func isSecret(_ bytes: UnsafeBufferPointer<UInt8>, _ name: Range<Int>) -> Bool {
    let local = bytes[name].lastIndex(of: UInt8(ascii: ":")).map { $0 + 1..<name.upperBound } ?? name
    return names.contains { known in known.count == local.count && zip(known, bytes[local]).allSatisfy { $0 == $1 | 0x20 } }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The name that begins at a place; empty where none does.
  fileprivate func name(from start: Int) -> Range<Int> {
    var end = start
    while end < count {
      switch self[end] {
      case 0x30...0x3a, 0x41...0x5a, 0x61...0x7a, 0x80..., UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): end += 1
      default: return start..<end
      }
    }
    return start..<end
  }
}
