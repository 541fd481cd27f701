import Foundation
import JournalFormat
import MerkleTree
import Testing

@testable import JournalStore

/// Journals as earlier versions left them (`README.md` beside this file): each is read for ever, and never edited.
@Suite struct GoldenTests {
  private static let formats = ["format-2", "format-3"]

  /// A copy: whoever reads a journal keeps a lock file beside it.
  private func journal(_ format: String) async throws -> SampleJournal {
    let sample = try await SampleJournal()
    try FileManager.default.removeItem(atPath: sample.directory.path)
    try FileManager.default.copyItem(atPath: GoldenFiles.path(format + "/journal"), toPath: sample.directory.path)
    // However long ago the files were checked out: a journal that was left alone for a month asks whether the clock is right.
    try FileManager.default.setAttributes([.modificationDate: Date.now], ofItemAtPath: sample.directory.path + "/manifest")
    return sample
  }

  @Test(arguments: formats) func `a journal of an earlier version is exported as it was then`(format: String) async throws {
    let sample = try await journal(format)
    let export = try sample.run("export")
    #expect(export.status == 0, "\(export.errors)")
    let expected = try GoldenFiles.lines(format + "/export.ndjson")
    #expect(export.lines.count == expected.count && expected.count > 200)
    for (line, wanted) in zip(export.lines, expected) { #expect(line == wanted) }
    let verify = try sample.run("verify")
    #expect(verify.status == 0, "\(verify.text)")
    #expect(try sample.searchProblems() == [])
  }

  @Test(arguments: formats) func `its leaves are what they were, before and after it is sealed by this version`(format: String) async throws
  {
    let sample = try await journal(format)
    let expected = try GoldenFiles.lines(format + "/leaves")
    #expect(try leaves(sample) == expected)
    #expect(try sample.states.sealed == 1)
    let sealed = try sample.run("seal", "--newest")
    #expect(sealed.status == 0, "\(sealed.errors)")
    #expect(try leaves(sample) == expected)
    #expect(try sample.damages() == [])
  }

  @Test(arguments: formats) func `this version goes on recording where an earlier one ended`(format: String) async throws {
    let sample = try await journal(format)
    let content = try JournalContent(sample)
    let journal = try sample.unsealingJournal()
    let positions = try await journal.append(Sample(transactionId: "T-new", observedAt: "2025-03-31T23:00:00Z").drafts)
    journal.close()
    #expect(positions.lowerBound == content.entries.last?.position.next)
    try sample.expectWhole(content, format)
    #expect(try sample.run("show", "T-new").status == 0)
    // What was written keeps its format, sealed or not; what is new has the newest.
    let version = try #require(Int(format.drop { !$0.isNumber }))
    let expected = [version, version] + (version < Manifest.supportedVersion ? [Manifest.supportedVersion] : [])
    #expect(try sample.segmentVersions == expected)
    #expect(try sample.run("seal", "--newest").status == 0)
    #expect(try sample.segmentVersions == expected && sample.states.sealed == expected.count)
    try sample.expectWhole(content, format)
  }

  /// The leaf hash of each entry, in hexadecimal.
  private func leaves(_ sample: SampleJournal) throws -> [String] { try sample.entries().map(\.leafHash.description) }
}

extension SampleJournal {
  /// The format of each segment.
  fileprivate var segmentVersions: [Int] {
    get throws {
      try directory.readManifest().segments.map { segment in
        try SegmentEnvironment.reading(directory.path(of: segment), state: segment.state, isGrowing: false).header.version
      }
    }
  }
}
