import Foundation
import Testing

/// The rules of the house that a compiler does not know. Words that the rules forbid are put together here, so that this file obeys them.
@Suite struct HouseRulesTests {
  static let code = ["Sources", "Tests"]
  static let everywhere = code + ["Tools", "Schemas"]

  @Test func `names say what a thing is`() throws {
    let vague = "(Manager|Helper|Util)"
    for file in try Self.code.flatMap(SourceTree.swiftFiles) {
      #expect(!file.name.contains(try Regex(vague)), "\(file)")
      #expect(try file.places(of: #"\b(struct|class|enum|actor|protocol|typealias)\s+\w*"# + vague) == [])
    }
  }

  @Test func `files are short enough to read`() throws {
    for file in try Self.code.flatMap(SourceTree.swiftFiles) {
      #expect(file.lines.count <= 501, "\(file) has \(file.lines.count - 1) lines: split it by concern")
    }
  }

  @Test func `folders are small enough to look around in`() throws {
    let folders = Dictionary(grouping: try Self.code.flatMap(SourceTree.swiftFiles), by: \.folder)
    for (folder, files) in folders { #expect(files.count <= 25, "\(folder) has \(files.count) Swift files: make rooms by concern") }
  }

  @Test func `nothing is left open`() throws {
    let open = #"\b("# + ["TO" + "DO", "FIX" + "ME", "XX" + "X"].joined(separator: "|") + #")\b"#
    for file in try Self.everywhere.flatMap({ try SourceTree.files(below: $0) }) {
      #expect(try file.places(of: open) == [])
    }
  }

  @Test func `only the commands write to standard output`() throws {
    for file in try SourceTree.swiftFiles(below: "Sources") where !file.module.hasPrefix("emip-") {
      #expect(try file.places(of: #"(^|[^\w.`])(print|debugPrint|dump)\("#, unless: isComment) == [])
    }
  }

  @Test func `text is escaped by its bytes or scalars`() throws {
    // A quotation mark before a combining mark is one `Character` with it, and CR LF is one: `String` finds neither of their parts.
    let byCharacter = #"\.(replac"# + #"ing|replacingOccurrences)\("#
    // What the simulator replaces is its own.
    for file in try SourceTree.swiftFiles(below: "Sources") where file.module != "Simulation" {
      #expect(try file.places(of: byCharacter, unless: isComment) == [])
    }
  }

  @Test func `what is unchecked says why`() throws {
    for file in try SourceTree.swiftFiles(below: "Sources") {
      for (number, line) in file.lines.enumerated() where !isComment(line) {
        guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") else { continue }
        let said = line.contains("//") || file.lines[..<number].last { !isAttribute($0) }.map(isComment) == true
        #expect(said, "\(file):\(number + 1) gives no reason")
      }
    }
  }

  @Test func `the project names no place outside itself`() throws {
    let machine = #"(^|[\s"'(=`])/("# + ["wo" + "rk", "ro" + "ot", "ho" + "me"].joined(separator: "|") + #")(/|\b)"#
    let temporary = #"(^|[\s"'(=`])/t"# + "mp/"
    let documents = try ["README.md", "CHANGELOG.md"].map(SourceTree.file)
    for file in try Self.everywhere.flatMap({ try SourceTree.files(below: $0) }) + documents {
      #expect(try file.places(of: machine) == [])
      if !file.path.hasPrefix("Tests/") && !file.path.hasPrefix("Tools/") { #expect(try file.places(of: temporary) == []) }
    }
  }

  @Test func `the map names files and types that are there`() throws {
    let map = try SourceTree.file("Sources/README.md").lines.joined(separator: "\n")
    let files = Set(
      try SourceTree.swiftFiles(below: "Sources").map { String($0.path.dropFirst("Sources/".count).dropLast(".swift".count)) })
    let folders = Set(files.flatMap { file in file.indices.filter { file[$0] == "/" }.map { String(file[..<$0]) } })
    let named = Set(map.matches(of: /`([\w-]+(?:\/[\w+-]+)+)`/).map { String($0.output.1) }).filter {
      !$0.hasPrefix("Tests/") && !$0.hasPrefix("Tools/")
    }
    #expect(named.count > 40, "the map cannot be read")
    #expect(named.subtracting(files).subtracting(folders) == [])
  }

  @Test func `what a build leaves behind is ignored`() throws {
    let rows = try SourceTree.file(".gitignore").lines
    for row in [".build*/", "Package.resolved"] { #expect(rows.contains(row), "\(row)") }
  }

  @Test func `the commands that the README names can be run`() throws {
    let readme = try SourceTree.file("README.md").lines.joined(separator: "\n")
    let named = Set(readme.matches(of: /Tools\/[a-z][a-z-]*(?![a-z\/-]|\.[a-z])/).map { String($0.output) })
    #expect(named.isSuperset(of: ["Tools/demo", "Tools/test"]))
    for command in named.union([".ci/run", "Tools/check", "Tools/man", "Tools/benchmark"]) {
      #expect(FileManager.default.isExecutableFile(atPath: SourceTree.url(command).path), "\(command)")
    }
  }

  private func isComment(_ line: String) -> Bool {
    let text = line.drop { $0.isWhitespace }
    return text.hasPrefix("//") || text.hasPrefix("*/") || text.hasPrefix("/*") || text.hasPrefix("* ")
  }

  /// An attribute or a compiler directive may stand between a comment and what it is about.
  private func isAttribute(_ line: String) -> Bool {
    let text = line.drop { $0.isWhitespace }
    return text.hasPrefix("@") || text.hasPrefix("#")
  }
}
