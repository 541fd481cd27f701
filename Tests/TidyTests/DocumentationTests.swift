import Testing

/// What is public says what it is, and what it throws.
@Suite struct DocumentationTests {
  private static func files() throws -> [SourceFile] { try SourceTree.swiftFiles(below: "Sources") }

  @Test func `public types and functions have a summary`() throws {
    for file in try Self.files() {
      for (number, line) in file.lines.enumerated() {
        guard let declaration = Declaration(line), declaration.isPublic, declaration.isTypeOrFunction, !declaration.isWitness else {
          continue
        }
        #expect(file.comment(above: number) != nil, "\(file):\(number + 1) has no documentation: \(line)")
      }
    }
  }

  @Test func `public properties, initialisers and cases have a line`() throws {
    for file in try Self.files() {
      let declarations = file.lines.map(Declaration.init)
      var isInPublicEnum = false
      for (number, declaration) in declarations.enumerated() {
        guard let declaration else { continue }
        if declaration.isType { isInPublicEnum = declaration.isPublic && declaration.keyword == "enum" }
        let isCase = isInPublicEnum && declaration.keyword == "case"
        guard isCase || declaration.isPublic && declaration.isMember, !declaration.isWitness else { continue }
        // Constants and cases that follow each other without a gap may share one.
        var first = number
        while first > 0, declaration.mayShare, declarations[first - 1]?.keyword == declaration.keyword,
          declarations[first - 1]?.mayShare == true
        { first -= 1 }
        #expect(file.comment(above: first) != nil, "\(file):\(number + 1) has no documentation: \(declaration.line)")
      }
    }
  }

  @Test func `public functions that throw say what`() throws {
    for file in try Self.files() {
      for (number, line) in file.lines.enumerated() {
        guard let declaration = Declaration(line), declaration.isPublic, !declaration.isWitness,
          ["func", "init"].contains(declaration.keyword),
          file.throwsAnything(number)
        else { continue }
        let comment = file.comment(above: number) ?? ""
        #expect(comment.contains("- Throws:"), "\(file):\(number + 1) does not say what it throws: \(line)")
      }
    }
  }

  @Test func `a comment begins with a noun or a verb`() throws {
    for file in try Self.files() {
      for (number, line) in file.lines.enumerated() where line.drop(while: \.isWhitespace).hasPrefix("/// Of ") {
        #expect(number > 0 && isDocumentation(file.lines[number - 1]), "\(file):\(number + 1) does not say what it is: \(line)")
      }
    }
  }
}

private func isDocumentation(_ line: String) -> Bool { line.drop { $0.isWhitespace }.hasPrefix("///") }

/// What a line declares, as far as its words tell.
private struct Declaration {
  let line: String
  let isPublic: Bool
  let isStatic: Bool
  let keyword: String
  /// The words behind the keyword.
  let rest: String

  private static let types: Set = ["struct", "enum", "class", "actor", "protocol", "extension"]
  private static let functions: Set = ["func", "subscript", "macro"]
  private static let members: Set = ["init", "var", "let", "typealias"]
  private static let modifiers: Set = [
    "public", "open", "package", "internal", "private", "fileprivate", "static", "final", "mutating", "consuming", "borrowing",
    "nonisolated",
    "indirect", "override", "convenience", "lazy", "weak", "unowned", "required", "async",
  ]

  /// Nil where the line declares nothing.
  init?(_ line: String) {
    guard let start = line.first(where: { $0 != " " }), start == "@" || start.isLowercase else { return nil }
    var isPublic = false
    var isStatic = false
    let words = line.split(separator: " ")
    for (index, word) in words.enumerated() {
      let letters = String(word.prefix { $0.isLetter })
      if word.hasPrefix("@") || Self.modifiers.contains(letters) {
        if word == "public" || word == "open" { isPublic = true }
        if word == "static" { isStatic = true }
        continue
      }
      guard Self.types.contains(letters) || Self.functions.contains(letters) || Self.members.contains(letters) || letters == "case" else {
        return nil
      }
      rest = words[index...].joined(separator: " ").dropFirst(letters.count).drop { $0 == " " }.description
      // A pattern of a switch is no declaration.
      if letters == "case", !(rest.first?.isLowercase ?? false) && rest.first != "`" || rest.hasPrefix("let ") || rest.hasSuffix(":") {
        return nil
      }
      (self.line, self.isPublic, self.isStatic, keyword) = (line, isPublic, isStatic, letters)
      return
    }
    return nil
  }

  var isType: Bool { Self.types.contains(keyword) }
  var isTypeOrFunction: Bool { isType && keyword != "extension" || Self.functions.contains(keyword) }
  var isMember: Bool { Self.members.contains(keyword) }
  var mayShare: Bool { keyword == "case" || isPublic && isStatic && keyword == "let" }

  /// What a protocol of the standard library asks for has its summary there.
  var isWitness: Bool {
    keyword == "func" && ["==", "<", "hash(into", "encode(to", "next()", "makeIterator"].contains { rest.hasPrefix($0) }
      || keyword == "var" && rest.hasPrefix("description:") || rest.hasPrefix("rawValue:") || rest.hasPrefix("(rawValue:")
  }
}

extension SourceFile {
  /// The comment right above a line, attributes and directives between not counted; nil where there is none.
  fileprivate func comment(above number: Int) -> String? {
    var end = number
    while end > 0, let first = lines[end - 1].first(where: { !$0.isWhitespace }), first == "@" || first == "#" { end -= 1 }
    var start = end
    while start > 0, isComment(lines[start - 1]) { start -= 1 }
    return start == end ? nil : lines[start..<end].joined(separator: "\n")
  }

  private func isComment(_ line: String) -> Bool {
    let text = line.drop { $0.isWhitespace }
    return text.hasPrefix("//") || text.hasPrefix("*/")
  }

  /// Whether the function that is declared in a line throws.
  fileprivate func throwsAnything(_ number: Int) -> Bool {
    // The parameters may throw, too: what stands outside their parentheses counts.
    var depth = 0
    var outside = ""
    for line in lines[number...].prefix(8) {
      for character in line {
        if character == "{" && depth == 0 { return outside.contains("throws") }
        if character == "(" { depth += 1 }
        if depth == 0 { outside.append(character) }
        if character == ")" { depth -= 1 }
      }
      outside.append(" ")
    }
    return outside.contains("throws")
  }
}
