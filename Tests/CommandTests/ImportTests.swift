import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import emip_journal

/// `import`, `clock` and `backup` as users run them, where something went wrong before.
@Suite struct ImportTests {
  /// Three days of traffic, a file each, in a journal's directory.
  private func days(_ sample: SampleJournal) throws -> [String] {
    try (1...3).map { day in
      let path = "\(sample.root)/day-\(day).ndjson"
      let samples = (0..<20).map { Sample(transactionId: "T-\(day)-\($0)", observedAt: "2025-03-0\(day)T\(10 + $0 / 6):\($0 % 6)0:00Z") }
      try FaultTraffic(samples).write(0..<20, to: path)
      return path
    }
  }

  @Test func `an import that was killed and is run again makes the journal that one run would have made`() async throws {
    let whole = try await SampleJournal()
    let traffic = try FaultTraffic.simulated(exchanges: 3_000, seed: 14, days: 100)
    let file = whole.root + "/traffic.ndjson"
    try traffic.write(0..<3_000, to: file)
    #expect(try whole.run("import", file).status == 0)
    func facts(_ sample: SampleJournal) throws -> [String] {
      try sample.entries().map { "\($0.recordedAt) \($0.content.observedAt) \($0.kind) \($0.requestPosition?.rawValue ?? 0)" }
    }
    let expected = try facts(whole)
    var killed = 0
    for round in 0..<6 {
      let cut = try await SampleJournal()
      let running = try RunningCommand(["import", file], in: cut)
      let reader = try JournalReader(cut.directory)
      let enough = UInt64(1 + round * 1_000)
      try await waitUntil("the import has recorded \(enough) entries, or all") {
        try !running.isRunning || reader.lastPosition()?.rawValue ?? 0 >= enough
      }
      if running.killNow() { killed += 1 }
      let again = try cut.run("import", file)
      #expect(again.status == 0 && !again.text.contains("recorded now"), "\(again.text)")
      #expect(try facts(cut) == expected, "round \(round)")
      let periods = try [cut, whole].map { try $0.directory.readManifest().segments.map { "\($0.period) \($0.firstPosition)" } }
      #expect(periods[0] == periods[1], "round \(round)")
    }
    #expect(killed > 0)
  }

  @Test func `a file that comes too late is recorded now, which is counted and said`() async throws {
    let sample = try await SampleJournal()
    let days = try days(sample)
    #expect(try sample.run("import", days[0], days[2]).text.contains("recorded now") == false)
    let late = try sample.run("import", "--format", "json", days[1])
    let file = try #require((late.object()["files"] as? [[String: Any]])?.first)
    #expect(late.status == 0 && file["recordedNow"] as? Int == 20 && file["behindLater"] as? Int == 0)
    let other = try await SampleJournal()
    // One command or several: each file decides for itself.
    let text = try other.run("import", days[0], days[2], days[1]).text
    #expect(text.contains("20 exchanges count as recorded now") && text.contains("2025-03-03 13:10:00.042 UTC"), "\(text)")
    let cutoff = Timestamp("2026-01-01T00:00:00Z")!
    #expect(try other.entries().filter { $0.recordedAt > cutoff }.count == 40)
  }

  @Test func `files that are something else are refused before anything is recorded, with the command that helps`() async throws {
    let sample = try await SampleJournal()
    let file = try days(sample)[0]
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let cases: [(name: String, content: Data, command: String)] = [
      (
        "a b.json", Data("[\(text.split(separator: "\n").joined(separator: ","))]".utf8),
        "jq -c '.[]' '\(sample.root)/a b.json' | emip-journal import -"
      ),
      (
        "wide.ndjson", try #require(text.data(using: .utf16)), "iconv -f UTF-16 -t UTF-8 \(sample.root)/wide.ndjson | emip-journal import -"
      ),
      ("packed.ndjson.gz", Data([0x1f, 0x8b, 0x08, 0x00]), "zcat \(sample.root)/packed.ndjson.gz | emip-journal import -"),
    ]
    for (name, content, command) in cases {
      let path = sample.root + "/" + name
      try content.write(to: URL(filePath: path))
      let result = try sample.run("import", file, path)
      #expect(result.status == 65 && result.errors.contains(command), "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1 && result.text.isEmpty)
      #expect(try sample.entries().isEmpty)
      // By a pipe it is known when it comes.
      let piped = try Command.run(
        ["-c", "cat \"$1\" | \"$2\" import --journal \"$3\" -", "sh", path, Command.path, sample.directory.path], executable: "/bin/sh")
      #expect(piped.status == 65 && piped.errors.contains(command.split(separator: " ")[0]), "\(piped.errors)")
      #expect(try sample.entries().isEmpty)
    }
    let all = try sample.run(["import"] + cases.map { sample.root + "/" + $0.name })
    for (_, _, command) in cases { #expect(all.errors.contains(command)) }
  }

  @Test func `an import of which most is rejected says so first`() async throws {
    let sample = try await SampleJournal()
    let file = try days(sample)[0]
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let mostly = sample.root + "/mostly.ndjson"
    try (String(repeating: "<html>\n", count: 21) + text).write(toFile: mostly, atomically: true, encoding: .utf8)
    let result = try sample.run("import", "--rejects", sample.root + "/rejects", mostly)
    #expect(result.status == 65)
    #expect(
      result.lines.first?.contains("most of it was rejected, 21 of 41 lines") == true && result.lines[0].contains("line 1: not JSON"),
      "\(result.text)")
    let some = sample.root + "/some.ndjson"
    try (String(repeating: "<html>\n", count: 20) + text).write(toFile: some, atomically: true, encoding: .utf8)
    #expect(try sample.run("import", "--rejects", sample.root + "/rejects", some).text.contains("most of it") == false)
  }

  @Test func `acts of another journal are left out, counted, and no failure`() async throws {
    let sample = try await SampleJournal([Sample()])
    #expect(try sample.run("show", "--reveal", "--reason", "why", "T-1").status == 0)
    let export = sample.root + "/export.ndjson"
    #expect(try sample.run("export", "--output", export).status == 0)
    let other = try await SampleJournal()
    let rejects = other.root + "/rejects"
    let result = try other.run("import", "--rejects", rejects, export)
    #expect(result.status == 0 && result.text.contains("1 entry left out"), "\(result.text) \(result.errors)")
    #expect(try String(contentsOfFile: rejects, encoding: .utf8).contains("«access»"))
    #expect(try other.entries().map(\.kind) == [.request, .response])
    // While another process holds the journal, looking is recorded all the same.
    let holder = try sample.holder()
    #expect(try sample.run("show", "--reveal", "--reason", "why", "T-1").status == 0)
    holder.endInput()
    #expect(holder.waitForEnd() == 0)
    #expect(try sample.entries().map(\.kind) == [.request, .response, .access, .access])
  }

  @Test func `a journal left alone for long asks for a confirmation of the clock, and takes it without a holder`() async throws {
    let sample = try await SampleJournal([Sample()])
    let file = try days(sample)[1]
    let old = Date(timeIntervalSinceNow: -31 * 86_400)
    for path in try FileManager.default.subpathsOfDirectory(atPath: sample.directory.path) {
      try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: sample.directory.path + "/" + path)
    }
    for arguments in [["import", file], ["show", "--reveal", "T-1"], ["seal", "--newest"]] {
      let result = try sample.run(arguments)
      #expect(result.status == 74 && result.errors.contains("clock --confirm"), "\(arguments): \(result.errors)")
    }
    #expect(try sample.run("clock").text.contains("clock --confirm"))
    #expect(try sample.entries().count == 2)
    #expect(try sample.run("clock", "--confirm").text.hasPrefix("confirmed"))
    #expect(try sample.run("clock", "--confirm").text.contains("nothing to confirm"))
    let result = try sample.run("import", file)
    #expect(result.status == 0 && !result.text.contains("recorded now"), "\(result.errors)")
    #expect(try sample.entries().count == 42)
  }

  @Test func `a backup that was killed is completed by the same backup`() async throws {
    let sample = try await SampleJournal()
    let file = sample.root + "/traffic.ndjson"
    try FaultTraffic.simulated(exchanges: 4_000, seed: 31, days: 400).write(0..<4_000, to: file)
    #expect(try sample.run("import", file).status == 0)
    #expect(try sample.run("seal").status == 0)
    let copy = sample.root + "/copy"
    let running = try RunningCommand(["backup", copy], in: sample)
    try await waitUntil("a segment is copied, or all are") {
      !running.isRunning || ((try? FileManager.default.contentsOfDirectory(atPath: copy + ".partial/segments").count) ?? 0) > 2
    }
    if running.killNow() {
      #expect(!FileManager.default.fileExists(atPath: copy))
      #expect(FileManager.default.fileExists(atPath: copy + ".partial"))
      let again = try sample.run("backup", copy)
      #expect(again.status == 0 && again.text.contains("had been copied before"), "\(again.text) \(again.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: copy + ".partial"))
    #expect(try JournalReader(JournalDirectory(copy)).allEntries() == sample.entries())
    #expect(try Command.run(["verify", "--journal", copy]).status == 0)
    // It stands where it is asked for, and is not written over.
    #expect(try sample.run("backup", copy).status == 64)
  }
}
