import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore
@testable import emip_journal

/// Segments that end by their size, as a journal is told when it is made.
@Suite struct SegmentSizeTests {
  @Test func `a size is read as people write it`() {
    let sizes = ["1M": 1_048_576, "64M": 67_108_864, "64m": 67_108_864, "32G": 34_359_738_368, "2048K": 2_097_152, "1048576": 1_048_576]
    for (text, bytes) in sizes { #expect(SegmentSize.bytes(text) == bytes, "\(text)") }
    for text in ["", "64MB", "-1M", "1.5G", "M", " 1M", "999999999999G"] { #expect(SegmentSize.bytes(text) == nil, "\(text)") }
  }

  @Test func `a journal is made with the size that is asked for, or with the usual one`() async throws {
    let sample = try await SampleJournal()
    for (options, expected) in [([], Manifest.standardSegmentLimitBytes), (["--segment-size", "64M"], 64 << 20)] {
      let directory = JournalDirectory(sample.root + "/made-\(expected)")
      let result = try Command.run(["init", "--journal", directory.path] + options)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try directory.readManifest().segmentLimitBytes == expected)
    }
    for size in ["1023K", "33G", "large", "99999999999999"] {
      let result = try Command.run(["init", "--journal", sample.root + "/none", "--segment-size", size])
      #expect(result.status == 64 && result.errors.contains("1M to 32G"), "\(size): \(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: sample.root + "/none"))
    }
  }

  @Test func `segments end at the size, within one month too, and their exchanges stay together`() async throws {
    let sample = try await SampleJournal()
    try FileManager.default.removeItem(atPath: sample.directory.path)
    #expect(try sample.run("init", "--segment-size", "1M").status == 0)
    // What does not repeat does not shrink.
    var generator = SeededGenerator("segments that end by size")
    let lines = try (0..<3_500).map { number in
      let noise = (0..<200).map { _ in String(generator.next(), radix: 36) }.joined()
      return try Sample(
        transactionId: "T-\(number)", comment: noise,
        observedAt: Timestamp("2025-03-01T10:00:00Z")!.adding(milliseconds: Int64(number) * 1_000)
          .description
      ).line
    }
    let traffic = FaultTraffic(lines: lines)
    try traffic.write(0..<lines.count, to: sample.root + "/traffic.ndjson")
    let imported = try sample.run("import", sample.root + "/traffic.ndjson")
    #expect(imported.status == 0, "\(imported.errors)")
    let content = try JournalContent(sample)
    let segments = try sample.directory.readManifest().segments
    #expect(segments.count >= 2 && Set(segments.map(\.period)).count == 1)
    try sample.expectOnce(traffic, 0..<lines.count, "segments by size")
    #expect(try sample.run("seal").status == 0)
    #expect(try content.differences(in: sample) == [])
    for segment in try sample.directory.readManifest().segments where segment.state == .sealed {
      let size = try sample.directory.sizeBytes(of: segment)
      // A group of appends, up to 4,096 entries, is not cut in two.
      #expect(size > 512 << 10 && size < 6 << 20, "\(segment.name): \(size) bytes")
    }
    #expect(try sample.run("show", "T-0").status == 0)
    #expect(try sample.run("show", "T-\(lines.count - 1)").status == 0)
    #expect(try sample.run("verify").status == 0)
  }
}
