import Testing

/// What is public says what it is, and what it throws.
@Suite struct DocumentationTests {
  /// What is not held to these rules yet. It only ever gets shorter.
  private static let waiting = [
    "Sources/Projections/", "Sources/Answers/", "Sources/Simulation/", "Sources/emip-", "Sources/JournalStore/HandOver/",
    "Sources/JournalStore/Index/",
    "Sources/JournalStore/Leaves/", "Sources/JournalStore/Payloads/", "Sources/JournalStore/Segments/", "Sources/JournalStore/Writing/",
  ]

  private static func files(_ all: Bool = false) throws -> [SourceFile] {
    try SourceTree.swiftFiles(below: "Sources").filter { file in all || !waiting.contains { file.path.hasPrefix($0) } }
  }

  @Test func `public types and functions have a summary`() throws {
    for file in try Self.files(true) {
      for (number, line) in file.lines.enumerated() where line.contains(Self.type) && !line.contains(Self.witness) {
        #expect(file.comment(above: number) != nil, "\(file):\(number + 1) has no documentation: \(line)")
      }
    }
  }

  @Test func `public properties, initialisers and cases have a line`() throws {
    for file in try Self.files() {
      var isInPublicEnum = false
      for (number, line) in file.lines.enumerated() {
        if line.contains(Self.anyType) && !isDocumentation(line) { isInPublicEnum = line.contains(Self.publicEnum) }
        let isCase = isInPublicEnum && line.contains(Self.enumCase)
        guard isCase || line.contains(Self.member), !line.contains(Self.witness) else { continue }
        // Constants and cases that follow each other without a gap may share one.
        var first = number
        while first > 0, Self.groups.contains(where: { line.contains($0) && file.lines[first - 1].contains($0) }) { first -= 1 }
        #expect(file.comment(above: first) != nil, "\(file):\(number + 1) has no documentation: \(line)")
      }
    }
  }

  @Test func `public functions that throw say what`() throws {
    for file in try Self.files() {
      for (number, line) in file.lines.enumerated() where line.contains(Self.function) && file.throwsAnything(number) {
        let comment = file.comment(above: number) ?? ""
        #expect(comment.contains("- Throws:"), "\(file):\(number + 1) does not say what it throws: \(line)")
      }
    }
  }

  @Test func `a comment begins with a noun or a verb`() throws {
    for file in try Self.files() {
      for (number, line) in file.lines.enumerated() where line.contains(Self.ofSomething) {
        #expect(number > 0 && isDocumentation(file.lines[number - 1]), "\(file):\(number + 1) does not say what it is: \(line)")
      }
    }
  }

  // What is unsafe here is never changed.

  private static let modifiers =
    #"((static|final|mutating|consuming|borrowing|nonisolated|indirect|override|convenience|(private|fileprivate)\(set\))\s+)*"#
  private nonisolated(unsafe) static let type = try! Regex(
    #"^\s*(public|open)\s+"# + modifiers + #"(func|struct|enum|class|actor|protocol|subscript|macro)\b"#)
  private nonisolated(unsafe) static let anyType = try! Regex(#"^\s*(\w+\s+)*(struct|class|enum|actor|protocol|extension)\s+\w"#)
  private nonisolated(unsafe) static let publicEnum = try! Regex(#"^\s*public\s+(indirect\s+)?enum\b"#)
  private nonisolated(unsafe) static let member = try! Regex(
    #"^\s*(@\w+(\(\w+\))?\s+)*(public|open)\s+"# + modifiers + #"(init|var|let|typealias)\b"#)
  private nonisolated(unsafe) static let function = try! Regex(#"^\s*(public|open)\s+"# + modifiers + #"(func|init)\b"#)
  private nonisolated(unsafe) static let enumCase = try! Regex(#"^\s*case\s+`?\w+`?(\(|,| =|$)"#)
  private nonisolated(unsafe) static let groups = [try! Regex(#"^\s*public static let "#), enumCase]
  /// What a protocol of the standard library asks for has its summary there.
  private nonisolated(unsafe) static let witness = try! Regex(
    #"func (==|<|hash\(into|encode\(to|next\(\)|makeIterator)|var description\b|\brawValue\b"#)
  private nonisolated(unsafe) static let ofSomething = try! Regex(#"^\s*/// Of\b"#)
}

private func isDocumentation(_ line: String) -> Bool { line.drop { $0.isWhitespace }.hasPrefix("///") }

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
