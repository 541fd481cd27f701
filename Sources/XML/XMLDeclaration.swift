import Glibc

/// The XML declaration, by the grammar of XML 1.0, section 2.8 (<https://www.w3.org/TR/xml/#sec-prolog-dtd>):
///
///     XMLDecl      ::= '<?xml' VersionInfo EncodingDecl? SDDecl? S? '?>'
///     VersionInfo  ::= S 'version' Eq ("'" VersionNum "'" | '"' VersionNum '"')
///     EncodingDecl ::= S 'encoding' Eq ('"' EncName '"' | "'" EncName "'")
///     SDDecl       ::= S 'standalone' Eq (("'" ('yes' | 'no') "'") | ('"' ('yes' | 'no') '"'))
///     Eq           ::= S? '=' S?
struct XMLDeclaration {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// After `parse` returned true: behind the declaration.
  private(set) var offset: Int
  /// The name of the encoding as it is declared, whatever it is; nil where none is. After `parse`.
  private(set) var encoding: UnsafeBufferPointer<UInt8>?

  init(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  /// Returns false where the document has no declaration.
  /// - Throws: `XMLError` for a version other than 1.0, an encoding in which ASCII bytes may mean something else, and a malformed declaration.
  mutating func parse() throws(XMLError) -> Bool {
    guard startsDeclaration else { return false }
    offset += 5
    guard skipBlanks(), take("version"), let version = value() else { throw malformed }
    guard version.equals("1.0", ignoringCase: false) else { throw XMLError(.version, "The message is not in XML version 1.0.", line: 1) }
    var blank = skipBlanks()
    if blank, take("encoding") {
      guard let name = value() else { throw malformed }
      guard !XMLEncodingName(name).redefinesASCII else {
        throw XMLError(.encoding, "The message declares an encoding in which ASCII bytes may mean something else.", line: 1)
      }
      encoding = name
      blank = skipBlanks()
    }
    if blank, take("standalone") {
      guard let answer = value(), answer.isYesOrNo else { throw malformed }
      _ = skipBlanks()
    }
    guard take("?>") else { throw malformed }
    // libxml2 is fed from here and would take a second declaration for the first.
    guard !startsDeclaration else { throw malformed }
    return true
  }

  /// Whether the declaration says what a document in UTF-8 may say. A document of ASCII alone is in UTF-8, too.
  func isTrue(ofASCII isASCII: Bool) -> Bool {
    encoding.map { $0.equals("utf-8") || isASCII && $0.equals("us-ascii") } ?? true
  }

  private var malformed: XMLError { XMLError(.malformed, "The XML declaration is malformed.", line: 1) }

  /// `<?xml` and a blank, so that `<?xml-stylesheet` is an ordinary instruction.
  private var startsDeclaration: Bool {
    bytes.count - offset > 5 && bytes[offset + 5].isBlank
      && UnsafeBufferPointer(rebasing: bytes[offset..<offset + 5]).equals("<?xml", ignoringCase: false)
  }

  private mutating func skipBlanks() -> Bool {
    let start = offset
    while offset < bytes.count, bytes[offset].isBlank { offset += 1 }
    return offset > start
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let end = offset + word.utf8CodeUnitCount
    guard end <= bytes.count, UnsafeBufferPointer(rebasing: bytes[offset..<end]).equals(word, ignoringCase: false) else { return false }
    offset = end
    return true
  }

  private mutating func value() -> UnsafeBufferPointer<UInt8>? {
    _ = skipBlanks()
    guard take("=") else { return nil }
    _ = skipBlanks()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") || bytes[offset] == UInt8(ascii: "'") else { return nil }
    let start = offset + 1
    let end = bytes.firstIndex(of: bytes[offset], from: start)
    guard end < bytes.count else { return nil }
    offset = end + 1
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate var isYesOrNo: Bool { equals("yes", ignoringCase: false) || equals("no", ignoringCase: false) }

  /// The first offset of a byte; `count` where there is none.
  func firstIndex(of byte: UInt8, from start: Int) -> Int {
    guard start < count, let found = memchr(baseAddress! + start, Int32(byte), count - start) else { return count }
    return UnsafeRawPointer(found) - UnsafeRawPointer(baseAddress!)
  }

  /// - Parameter word: in lower case where case is ignored.
  fileprivate func equals(_ word: StaticString, ignoringCase: Bool = true) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    for index in 0..<count {
      let byte = self[index]
      let folded = ignoringCase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
      guard folded == word.utf8Start[index] else { return false }
    }
    return true
  }
}
