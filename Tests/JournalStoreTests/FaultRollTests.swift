import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// A power cut anywhere between making a segment's file and the manifest that lists it. What was not synced may be there, in part, or not.
@Suite struct FaultRollTests {
  private static let april: Int64 = 1_743_500_000_000
  private let temporary = TemporaryDirectory()

  /// What the power cut left of the new segment's file.
  enum NewFile: CaseIterable {
    case absent, empty, cut, noise, emptySegment, withEntries
  }

  /// What it left of the new manifest.
  enum NewManifest: CaseIterable {
    case absent, empty, cut, written, renamed
  }

  private struct States {
    let before: JournalDirectory
    let manifest: [UInt8]
    let fileName: String
    let file: Data
    let emptyFile: Data
  }

  /// A journal before and after it began its second segment.
  private func states() async throws -> States {
    let before = try temporary.journal("before")
    try await fill(before, ids: ["1", "2", "3"], at: 1_740_787_200_000)
    let after = JournalDirectory(temporary.path + "/after")
    try FileManager.default.copyItem(atPath: before.path, toPath: after.path)
    try await fill(after, ids: ["lost"], at: Self.april)
    let manifest = try after.readManifest()
    let second = manifest.segments[1]
    let header = SegmentHeader(
      state: .hot,
      journalId: manifest.journalId, period: second.period, ordinal: 2, generation: 1, firstPosition: second.firstPosition,
      baseTime: Timestamp(rawValue: Self.april), pseudonymKey: Array(repeating: 7, count: 32))
    let emptyPath = temporary.path + "/empty.mdb"
    _ = try SegmentEnvironment.create(emptyPath, header)
    return States(
      before: before, manifest: manifest.encoded(), fileName: second.fileName,
      file: try Data(contentsOf: URL(filePath: after.path(of: second))), emptyFile: try Data(contentsOf: URL(filePath: emptyPath)))
  }

  private func fill(_ directory: JournalDirectory, ids: [String], at time: Int64) async throws {
    let journal = try Journal(directory, purpose: "test", sealsByItself: false)
    for id in ids { _ = try await journal.append(draft(id: id, at: time)) }
    journal.close()
  }

  private func make(
    _ file: NewFile, _ manifest: NewManifest, _ states: States, _ generator: inout SeededGenerator
  ) throws -> JournalDirectory {
    let directory = JournalDirectory(temporary.path + "/\(file)-\(manifest)")
    try FileManager.default.copyItem(atPath: states.before.path, toPath: directory.path)
    let content: Data? =
      switch file {
      case .absent: nil
      case .empty: Data()
      case .cut: states.emptyFile.prefix(1 + generator.below(states.emptyFile.count - 1))
      case .noise: Data(repeating: 0xa5, count: 20_000)
      case .emptySegment: states.emptyFile
      case .withEntries: states.file
      }
    let path = directory.segmentsPath + "/" + states.fileName
    try content?.write(to: URL(filePath: path))
    if content != nil { try Data(repeating: 1, count: 8_192).write(to: URL(filePath: path + "-lock")) }
    let bytes = Data(states.manifest)
    switch manifest {
    case .absent: break
    case .empty: try Data().write(to: URL(filePath: directory.manifestPath + ".new"))
    case .cut: try bytes.prefix(1 + generator.below(bytes.count - 1)).write(to: URL(filePath: directory.manifestPath + ".new"))
    case .written: try bytes.write(to: URL(filePath: directory.manifestPath + ".new"))
    case .renamed: try bytes.write(to: URL(filePath: directory.manifestPath))
    }
    return directory
  }

  @Test func `empty segments that an earlier version left end, and no time goes back behind them`() async throws {
    let directory = try temporary.journal("earlier")
    try await fill(directory, ids: ["1"], at: Self.april)
    var manifest = try directory.readManifest()
    manifest.segments[0].lastPosition = .first
    for ordinal: UInt32 in [2, 3] {
      let segment = Manifest.Segment(
        period: Timestamp(rawValue: Self.april).period, ordinal: ordinal, generation: 1, firstPosition: JournalPosition(2),
        lastPosition: ordinal == 2 ? .first : nil)
      var header = SegmentHeader(
        state: .hot, journalId: manifest.journalId, period: segment.period, ordinal: ordinal, generation: 1,
        firstPosition: segment.firstPosition, baseTime: Timestamp(rawValue: Self.april), pseudonymKey: Array(repeating: 7, count: 32))
      header.version = 2
      _ = try SegmentEnvironment.create(directory.path(of: segment), header)
      manifest.segments.append(segment)
    }
    manifest.nextPosition = JournalPosition(2)
    try directory.write(manifest)
    try await fill(directory, ids: ["2"], at: Self.april - 86_400_000)
    let journal = try Journal(directory, purpose: "test", sealsByItself: false)
    _ = try await journal.append(draft(id: "3", at: Self.april))
    try await journal.seal(endingNewest: true)
    journal.close()
    let reader = try JournalReader(directory)
    #expect(try reader.allEntries().map(\.recordedAt.rawValue) == [Self.april, Self.april, Self.april])
    #expect(reader.manifest.segments.map(\.state) == [.sealed, .sealed, .sealed, .sealed])
    for segment in reader.manifest.segments { #expect(try reader.verifyEntries(segment).damages == []) }
    #expect(try reader.verifyManifest().damages == [])
  }

  /// The new manifest counts only once the file is durable, so whatever state it is in, the journal goes on.
  @Test func `whatever a power cut leaves of a new segment, the journal opens and goes on`() async throws {
    let states = try await states()
    var generator = SeededGenerator()
    for file in NewFile.allCases {
      for manifest in NewManifest.allCases {
        // The file is whole and synced before the manifest is renamed.
        guard manifest != .renamed || file == .emptySegment || file == .withEntries else { continue }
        let directory = try make(file, manifest, states, &generator)
        let kept = manifest == .renamed && file == .withEntries ? ["1", "2", "3", "lost"] : ["1", "2", "3"]
        try await expectGoesOn(directory, kept: kept, "file \(file), manifest \(manifest)")
      }
    }
  }

  private func expectGoesOn(_ directory: JournalDirectory, kept: [String], _ state: String) async throws {
    // Readers need nobody to tidy up first.
    #expect(try ids(directory) == kept, "\(state), before anybody opened it to write")
    let journal = try Journal(directory, purpose: "test", sealsByItself: false)
    #expect(journal.lastPosition == JournalPosition(UInt64(kept.count)), "\(state)")
    let positions = try await journal.append([draft(id: "next", at: Self.april), draft(id: "after", at: Self.april + 40 * 86_400_000)])
    #expect(positions.lowerBound.rawValue == UInt64(kept.count) + 1, "\(state)")
    journal.close()
    #expect(try ids(directory) == kept + ["next", "after"], "\(state)")
    let reader = try JournalReader(directory)
    #expect(reader.manifest.segments.map(\.period.description) == ["2025-03", "2025-04", "2025-05"], "\(state)")
    #expect(try reader.verifyManifest().damages == [], "\(state)")
    for segment in reader.manifest.segments {
      #expect(try reader.verifyPages(segment).damages == [] && reader.verifyEntries(segment).damages == [], "\(state)")
    }
    #expect(!FileManager.default.fileExists(atPath: directory.manifestPath + ".new"), "\(state)")
  }

  private func ids(_ directory: JournalDirectory) throws -> [String] {
    try JournalReader(directory).allEntries().map { entry in
      String(decoding: entry.content.marks[0].term(in: entry.content.payload).value, as: UTF8.self)
    }
  }

  /// Not what a power cut does: somebody removed it.
  @Test func `a segment that the manifest lists and that is gone is named`() async throws {
    let directory = try await states().before
    let path = directory.path(of: try directory.readManifest().segments[0])
    try FileManager.default.removeItem(atPath: path)
    for attempt in [
      { _ = try Journal(directory, purpose: "test", sealsByItself: false) }, { _ = try JournalReader(directory).entry(at: .first) },
    ] {
      let error = #expect(throws: JournalError.self) { try attempt() }
      #expect(error?.code == .segmentMissing)
      #expect(error?.path == path)
    }
  }
}
