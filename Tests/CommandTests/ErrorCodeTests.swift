import Foundation
import JournalStore
import Projections
import Testing

@testable import emip_journal

/// `Schemas/errors.md` is where somebody looks a code up that an error ended with.
@Suite struct ErrorCodeTests {
  private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The codes of the page, each with the exit status beside it.
  private func page() throws -> [(code: String, status: Int32)] {
    let text = try String(contentsOf: Self.root.appending(path: "Schemas/errors.md"), encoding: .utf8)
    var section = ""
    var rows: [(String, Int32)] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") { section = String(line) }
      guard section == "### The journal" || section == "### Read models" else { continue }
      guard let row = line.firstMatch(of: /^\| `([a-z.]+)` \| ([0-9]+) \|/) else { continue }
      rows.append((String(row.1), Int32(row.2)!))
    }
    return rows
  }

  /// The codes of the sources, wherever a module adds its own.
  private func sources() throws -> [String] {
    let directory = Self.root.appending(path: "Sources").path
    var codes: [String] = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory) where path.hasSuffix(".swift") {
      let text = try String(contentsOfFile: directory + "/" + path, encoding: .utf8)
      codes += text.matches(of: /static let \w+ = (JournalError\.)?Code\(rawValue: "([^"]*)"\)/).map { String($0.2) }
    }
    return codes
  }

  @Test func `the page of errors has every code, and no other, once`() throws {
    let codes = try sources().sorted()
    #expect(codes.count > 15)
    #expect(try page().map(\.code).sorted() == codes)
  }

  @Test func `the page of errors has every rule of the read models with its severity, and no other, once`() throws {
    var severities: [String: Set<String>] = [:]
    for projection in AllProjections.all {
      for rule in projection.rules { severities[rule.id, default: []].insert(rule.severity.rawValue) }
    }
    let rules = severities.map { "\($0.key): \($0.value.sorted().joined(separator: ", "))" }
    let text = try String(contentsOf: Self.root.appending(path: "Schemas/errors.md"), encoding: .utf8)
    let section = try #require(text.split(separator: "\n### ").first { $0.hasPrefix("What read models find\n") })
    let rows = section.matches(of: /\n\| `([a-z-]+)` \| ([a-z, ]+) \|/).map { "\($0.output.1): \($0.output.2)" }
    #expect(rows.count > 35)
    #expect(rows.sorted() == rules.sorted())
  }

  @Test func `an error ends with the exit status that the page names`() throws {
    for (code, status) in try page() { #expect(JournalError.Code(rawValue: code).exitStatus.rawValue == status, "\(code)") }
  }
}
