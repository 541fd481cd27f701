import Testing

/// Traffic, and what the read models made of it when that was last reviewed (`README.md` beside this file).
@Suite struct GoldenModelTests {
  private static let answers = [
    ("sessions", ["sessions"]), ("cdrs", ["cdrs"]), ("whitelist", ["whitelist", "list", "--all"]), ("evses", ["evses"]),
    ("partners", ["partners"]), ("findings", ["findings", "--all"]),
  ]

  @Test func `the read models say of golden traffic what they said`() async throws {
    let sample = try await SampleJournal()
    let imported = try sample.run("import", GoldenFiles.path("read-models/traffic.ndjson.zst"))
    try #require(imported.status == 0, "\(imported.errors)")
    for (name, arguments) in Self.answers {
      let told = try sample.run(arguments + ["--format", "ndjson"])
      #expect(told.status == 0, "\(name): \(told.errors)")
      let expected = try GoldenFiles.lines("read-models/\(name).ndjson")
      #expect(expected.count > 10 && told.lines.count == expected.count, "\(name)")
      // One line says enough of what became different.
      if let (line, wanted) = zip(told.lines, expected).first(where: { $0 != $1 }) {
        Issue.record("\(name) says\n\(line)\nin place of\n\(wanted)")
      }
    }
  }
}
