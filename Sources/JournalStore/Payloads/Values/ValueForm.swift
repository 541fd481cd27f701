internal import JournalFormat

/// How the text of a leaf is written: as what type, and in which of its spellings. A hole's rule is a form; a value that does not follow the rule
/// brings a form of its own. `Schemas/journal-format.md`, "Template payloads", has the table.
struct ValueForm: Hashable {
  /// Four bits. The numbers are on disk: never reuse one.
  enum Kind: UInt8 {
    /// The text itself.
    case bytes = 0
    /// Nothing: the text is empty.
    case empty = 1
    /// The content and the decoded text of a leaf whose content is not its text.
    case decoded = 2
    /// The number of a word.
    case word = 3
    /// Nothing: the text is the word that the argument names.
    case fixed = 4
    /// Nothing: the text is that of the leaf so many leaves before.
    case same = 5
    /// Nothing: the text is that of the request's leaf of this number, from 0.
    case request = 6
    /// Sixteen bytes. The argument says case and prefix (``UUIDSpelling``).
    case uuid = 7
    /// Distance from observedAt. The argument says fraction and zone (``DateTimeSpelling``).
    case dateTime = 8
    /// A number with as many decimal places as the argument says.
    case decimal = 9
    /// Two digits in a byte. The argument: 1 upper case; the rest the number of digits, 0 where the value says it.
    case hexadecimal = 10
    /// Three of 40 symbols in two bytes. The argument is the number of symbols, 0 where the value says it.
    case packed = 11
    /// A word and a number. The argument: the number of digits, then the word, 0 where the value says it.
    case numbered = 12
    /// A number in mixed radix. The argument says of which classes the characters are (``TextPattern``).
    case pattern = 13
    /// The beginning of the latest leaf of the same path, then a number in mixed radix. The argument: how many characters are that leaf's, at
    /// most 63, in bits 0 to 5; above them a wide pattern (``TextPattern``).
    case continued = 14
  }

  let kind: Kind
  /// What the kind says of it; at most 60 bits.
  let argument: UInt64

  init(_ kind: Kind, _ argument: UInt64 = 0) {
    self.kind = kind
    self.argument = argument
  }

  /// Whether a form holds, or may hold, the text of a word.
  var word: UInt32? {
    switch kind {
    case .fixed: UInt32(truncatingIfNeeded: argument)
    case .uuid: UUIDSpelling(argument: argument).word
    case .numbered: argument >> 5 == 0 ? nil : UInt32(truncatingIfNeeded: argument >> 5)
    default: nil
    }
  }

  /// Whose text, or the end of it, is a number in mixed radix; nil where none is, or the argument tells none.
  var pattern: TextPattern? {
    switch kind {
    case .pattern: TextPattern(narrow: argument)
    case .continued: TextPattern(wide: argument >> 6)
    default: nil
    }
  }

  /// How many characters of the leaf before a text continues.
  var continuedCount: Int { kind == .continued ? Int(argument & 0x3f) : 0 }

  /// The same form with another number for its word.
  func replacingWord(by word: UInt32) -> ValueForm {
    switch kind {
    case .fixed: ValueForm(.fixed, UInt64(word))
    case .uuid: ValueForm(.uuid, argument & 0x7 | UInt64(word) << 3)
    case .numbered: ValueForm(.numbered, argument & 0x1f | UInt64(word) << 5)
    default: self
    }
  }

  /// Kind and argument in one number, as they are on disk, so that most exceptions name their form in a byte or two.
  private var code: UInt64 { UInt64(kind.rawValue) | argument << 4 }

  /// What it takes on disk.
  var byteCount: Int { code.varintCount }

  func encode(to output: inout [UInt8]) { output.appendVarint(code) }

  /// Reads a form; `cursor` then stands behind it.
  /// - Throws: `FormatError` for a kind that does not exist.
  init(from cursor: inout ByteReader) throws(FormatError) {
    let code = try cursor.varint()
    guard let kind = Kind(rawValue: UInt8(code & 0xf)) else { throw FormatError("the form of a value is unknown") }
    self.init(kind, code >> 4)
  }
}
