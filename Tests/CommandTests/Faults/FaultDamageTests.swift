import Foundation
import JournalFormat
import JournalStore
import TestSupport
import Testing

/// Damage to closed segments: `verify` names it, and no reader is ever given wrong bytes.
@Suite struct FaultDamageTests {
  private static let search = ["list", "--since", "2024-01-10", "--until", "2024-01-25", "--format", "ndjson"]

  /// What readers say of a sound journal.
  private struct Original {
    let export: Set<String>
    let search: [String]
  }

  /// A journal of some months, the first of which is damaged later.
  private func original(_ generator: inout SeededGenerator, _ state: SegmentState) async throws -> (SampleJournal, Original) {
    let sample = try await SampleJournal()
    try sample.importUnsealed(FaultTraffic.simulated(exchanges: 80, seed: generator.next() >> 1, days: 45))
    if state == .sealed { try #require(try sample.run("seal").status == 0) }
    let export = try sample.run("export")
    try #require(export.status == 0)
    return (sample, Original(export: Set(export.lines), search: try sample.run(Self.search).lines))
  }

  private struct Findings {
    var named = 0
    var harmless = 0
  }

  /// Damages a closed segment's file, looks at what `verify` and `export` say, and restores it.
  private func damage(
    _ sample: SampleJournal, _ original: Original, _ findings: inout Findings, _ context: String, _ change: (inout Data) -> Void
  ) throws {
    let url = URL(filePath: try sample.segmentPath)
    let sound = try Data(contentsOf: url)
    var bytes = sound
    change(&bytes)
    try bytes.write(to: url)
    defer { try? sound.write(to: url) }
    let export = try sample.run("export")
    let verify = try sample.run("verify")
    let wrong = export.lines.filter { !original.export.contains($0) }
    // A reader that a signal ended may have left half a line.
    #expect(wrong.count <= (export.status < 0 ? 1 : 0), "\(context): export showed what was never there: \(wrong.first?.prefix(200) ?? "")")
    if verify.status == 0 {
      #expect(export.status == 0 && Set(export.lines) == original.export, "\(context): verify saw nothing; export: \(export.errors)")
      #expect(try sample.run(Self.search).lines == original.search, "\(context): verify saw nothing, and a search finds something else")
      findings.harmless += 1
    } else {
      let isNamed = verify.text.contains("segment 2024-01-000001") && (verify.text.contains("position ") || verify.text.contains("page "))
      let isEnded = verify.text.contains("ended the process") || verify.text.contains("without end")
      let isTable = verify.text.contains(url.lastPathComponent)
      #expect(verify.status == 1 && (isNamed || isEnded || isTable), "\(context): \(verify.status) \(verify.text) \(verify.errors)")
      findings.named += 1
    }
  }

  @Test(arguments: SegmentState.allCases)
  func `a flipped bit is named, or changes nothing that can be read`(state: SegmentState) async throws {
    var generator = SeededGenerator("bit flips, \(state)")
    let (sample, original) = try await original(&generator, state)
    var findings = Findings()
    let size = try Data(contentsOf: URL(filePath: try sample.segmentPath)).count
    for _ in 0..<100 {
      let offset = Int.random(in: 0..<size, using: &generator)
      let bit = Int.random(in: 0..<8, using: &generator)
      let place = "bit \(bit) of byte \(offset) (page \(offset / 4096), byte \(offset % 4096))"
      try damage(sample, original, &findings, place) { $0[offset] ^= 1 << bit }
    }
    print("bit flips, \(state): \(findings.named) named, \(findings.harmless) without effect")
    #expect(findings.named > 10)
    let verify = try sample.run("verify")
    #expect(verify.status == 0, "restored: \(verify.text)")
  }

  @Test(arguments: SegmentState.allCases)
  func `a file that was cut short is named`(state: SegmentState) async throws {
    var generator = SeededGenerator("truncation, \(state)")
    let (sample, original) = try await original(&generator, state)
    var findings = Findings()
    let size = try Data(contentsOf: URL(filePath: try sample.segmentPath)).count
    var lengths = [0, 1, 4_095, 4_096, 8_191, 8_192, 12_288, size / 2, size - 4_096, size - 1]
    for _ in 0..<10 { lengths.append(Int.random(in: 0..<size, using: &generator)) }
    for length in lengths {
      try damage(sample, original, &findings, "cut to \(length) of \(size) bytes") { $0 = $0.prefix(length) }
    }
    print("truncations, \(state): \(findings.named) named, \(findings.harmless) without effect")
    // Pages at the end may hold nothing; what is cut elsewhere shows.
    #expect(findings.named >= lengths.count * 3 / 4)
  }
}
