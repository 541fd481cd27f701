extension WireName {
  /// Finds a name's number by its bytes, and its spelling by its number.
  ///
  /// A table may know other spellings beside ours. An alias file holds one `theirName = ourName` a line; `#` begins a comment. `ourName`
  /// is a spelling of this house's table or the stem of an operation (``Operation/name``). A name of ours on the left side is taken over:
  /// it then means only what stands on the right. Names are compared exactly, those of operations without regard to case.
  public struct Table: Sendable {
    /// The table without any aliases but those that every table reads.
    public static let standard = Table()

    private let index: SpellingTable
    let operations: Operation.Table

    /// The names as this house knows them.
    public init() {
      index = SpellingTable(WireName.standardSpellings, ignoringCase: false)
      operations = Operation.Table(aliases: [])
    }

    /// - Parameter aliases: their name to ours.
    /// - Throws: ``EMIPError`` where one of ours is unknown or a name is none of XML's.
    public init(aliases: [String: String]) throws(EMIPError) {
      let sorted = aliases.sorted { $0.key < $1.key }
      try self.init(sorted.map { (alias) throws(EMIPError) in try Alias(theirs: alias.key, ours: alias.value, line: nil) })
    }

    /// - Parameter text: the content of an alias file.
    /// - Throws: ``EMIPError`` with the line: no `=`, a name that is none of XML's, one of ours that is unknown, or theirs given twice.
    public init(contentsOf text: String) throws(EMIPError) { try self.init(Alias.parse(text)) }

    private init(_ aliases: [Alias]) throws(EMIPError) {
      var spellings = WireName.standardSpellings
      var operationAliases: [(theirs: String, ours: String)] = []
      for alias in aliases {
        if let facts = OperationFacts.named(alias.ours) {
          operationAliases.append((alias.theirs, facts.name))
        } else if let number = WireName.number(ofSpelling: alias.ours) {
          spellings.append((alias.theirs, number))
        } else {
          throw EMIPError(.aliasFile, "no element or operation is called \"\(alias.ours)\"", line: alias.line)
        }
      }
      index = SpellingTable(spellings, ignoringCase: false)
      operations = Operation.Table(aliases: operationAliases)
    }

    /// The number of an element's local name, 0 where it is unknown. Some 10 ns; allocates nothing.
    public func name(of bytes: UnsafeBufferPointer<UInt8>) -> UInt16 { index.number(of: bytes) }

    /// The number of an element's local name, 0 where it is unknown.
    public func name(of spelling: String) -> UInt16 {
      var spelling = spelling
      return spelling.withUTF8 { index.number(of: $0) }
    }

    /// This house's own spelling of a number, whatever the aliases; nil for 0 and numbers not yet given.
    public func spelling(of number: UInt16) -> String? { WireName.spelling(of: number) }
  }

  /// This house's spelling of a number; nil for 0 and numbers not yet given.
  public static func spelling(of number: UInt16) -> String? {
    guard number > 0, number <= spellings.count else { return nil }
    return spellings[Int(number) - 1].spelling
  }

  private static var standardSpellings: [(spelling: String, number: UInt16)] {
    spellings.filter { $0.number != operationElement }.map { ($0.spelling, $0.number) } + standardAliases
  }

  private static func number(ofSpelling spelling: String) -> UInt16? {
    standardSpellings.first { $0.spelling == spelling }?.number
  }
}

extension WireName {
  /// Whether a text is the name of an element, without a prefix (Namespaces in XML 1.0, production 4), all non-ASCII characters admitted.
  public static func isElementName(_ text: String) -> Bool { Alias.isName(text) }
}

/// A line of an alias file.
private struct Alias {
  let theirs: String
  let ours: String
  let line: Int?

  init(theirs: String, ours: String, line: Int?) throws(EMIPError) {
    guard Alias.isName(theirs) else { throw EMIPError(.aliasFile, "\"\(theirs)\" is no name of an XML element", line: line) }
    self.theirs = theirs
    self.ours = ours
    self.line = line
  }

  static func parse(_ text: String) throws(EMIPError) -> [Alias] {
    var aliases: [Alias] = []
    var firstLines: [String: Int] = [:]
    for (index, content) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard let alias = try parseLine(content.prefix { $0 != "#" }, line: index + 1) else { continue }
      if let first = firstLines.updateValue(index + 1, forKey: alias.theirs) {
        throw EMIPError(.aliasFile, "\"\(alias.theirs)\" was given a meaning in line \(first) already", line: index + 1)
      }
      aliases.append(alias)
    }
    return aliases
  }

  private static func parseLine(_ content: Substring, line: Int) throws(EMIPError) -> Alias? {
    let words = content.split(separator: "=", omittingEmptySubsequences: false).map { $0.trimmingWhitespace() }
    guard words != [""] else { return nil }
    guard words.count == 2 else { throw EMIPError(.aliasFile, "expected \"theirName = ourName\"", line: line) }
    return try Alias(theirs: words[0], ours: words[1], line: line)
  }

  /// A name without a colon (Namespaces in XML 1.0, production 4), all non-ASCII characters admitted.
  fileprivate static func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, isNameStart(first) else { return false }
    return text.unicodeScalars.allSatisfy { isNameStart($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "." }
  }

  private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.isASCII || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
  }
}
