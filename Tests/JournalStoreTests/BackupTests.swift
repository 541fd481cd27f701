import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct BackupTests {
  let temporary = TemporaryDirectory()

  @Test func `a backup made while entries come in is a journal of its own and clean`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let month: Int64 = 31 * 86_400_000
    _ = try await journal.append((0..<300).map { draft(id: "\($0)", at: 946_684_800_000 + Int64($0 / 100) * month) })
    let writing = Task {
      var number = 300
      while !Task.isCancelled {
        _ = try await journal.append(draft(id: "\(number)", at: 946_684_800_000 + Int64(number / 100) * month))
        number += 1
      }
    }
    let copy = JournalDirectory(temporary.path + "/copy")
    let report = try JournalReader(directory).backup(to: copy)
    writing.cancel()
    _ = await writing.result
    #expect(report.segmentCount >= 3)
    let reader = try JournalReader(copy)
    let last = try #require(try reader.lastPosition())
    #expect(last == report.lastPosition && last >= JournalPosition(300))
    #expect(try reader.verifyManifest().damages == [])
    for segment in reader.manifest.segments {
      #expect(try reader.verifyPages(segment).damages == [])
      #expect(try reader.verifyEntries(segment).damages == [])
    }
    let original = try JournalReader(directory).allEntries()
    #expect(try reader.allEntries() == Array(original.prefix(Int(last.rawValue))))
    // And it goes on by itself.
    let other = try Journal(copy, purpose: "test")
    #expect(try await other.append(draft(id: "of the copy")) == last.next)
    #expect(try JournalReader(directory).exchanges(holding: [IndexTerm(.id, "of the copy")]).isEmpty)
  }

  @Test func `a backup goes to an empty place only`() async throws {
    let directory = try temporary.journal()
    let reader = try JournalReader(directory)
    let error = #expect(throws: JournalError.self) { try reader.backup(to: directory) }
    #expect(error?.code == .journalExists)
    let empty = JournalDirectory(temporary.path + "/empty")
    #expect(try reader.backup(to: empty).lastPosition == nil)
    #expect(try await Journal(empty, purpose: "test").append(draft(id: "A")) == .first)
  }

  /// A journal of three sealed segments and one that is written to.
  private func sealedJournal() async throws -> JournalDirectory {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    for number in 0..<400 {
      _ = try await journal.append(draft(id: "\(number)", at: 946_684_800_000 + Int64(number / 100) * 31 * 86_400_000))
    }
    try await journal.seal(endingNewest: false)
    journal.close()
    return directory
  }

  @Test func `a backup that was cut off is named so, and the next one goes on with it`() async throws {
    let directory = try await sealedJournal()
    let copy = JournalDirectory(temporary.path + "/copy")
    let reader = try JournalReader(directory)
    // Whatever ends it: it has no name of its own before it is whole.
    #expect(throws: JournalError.self) {
      try reader.backup(to: copy) { _ throws(JournalError) in throw JournalError(.diskFull, "a test") }
    }
    #expect(!FileManager.default.fileExists(atPath: copy.path))
    let partial = copy.path + JournalReader.backupInProgressSuffix
    let files = try FileManager.default.contentsOfDirectory(atPath: partial + "/segments").filter { $0.hasSuffix(".g2.mdb") }.sorted()
    #expect(files.count == 3)
    // A file that was being copied has another name; one that was cut short is copied again.
    try Data().write(to: URL(filePath: partial + "/segments/\(files[0])"))
    try Data([1]).write(to: URL(filePath: partial + "/segments/\(files[1]).new"))
    let report = try reader.backup(to: copy)
    #expect(report.keptCount == 2 && report.segmentCount == 4)
    #expect(!FileManager.default.fileExists(atPath: partial))
    let copied = try JournalReader(copy)
    #expect(try copied.allEntries() == JournalReader(directory).allEntries())
    #expect(try copied.verifyManifest().damages == [])
    for segment in copied.manifest.segments { #expect(try copied.verifyEntries(segment).damages == []) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: copy.segmentsPath).filter { $0.hasSuffix(".new") } == [])
  }

  @Test func `what is left of another journal's backup, or of anything else, is not touched unless that is asked for`() async throws {
    let directory = try await sealedJournal()
    let copy = JournalDirectory(temporary.path + "/copy")
    #expect(throws: JournalError.self) {
      try JournalReader(directory).backup(to: copy) { _ throws(JournalError) in throw JournalError(.diskFull, "a test") }
    }
    let other = try temporary.journal("other")
    let journal = try Journal(other, purpose: "test")
    for number in 0..<400 {
      _ = try await journal.append(draft(id: "\(number)", at: 946_684_800_000 + Int64(number / 100) * 31 * 86_400_000))
    }
    try await journal.seal(endingNewest: false)
    journal.close()
    let reader = try JournalReader(other)
    #expect(#expect(throws: JournalError.self) { try reader.backup(to: copy) }?.code == .journalExists)
    #expect(try reader.backup(to: copy, restarting: true).keptCount == 0)
    #expect(try JournalReader(copy).manifest.journalId == reader.manifest.journalId)
    let elsewhere = temporary.path + "/elsewhere.partial"
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: elsewhere + "/thesis"))
    #expect(throws: JournalError.self) { try reader.backup(to: JournalDirectory(temporary.path + "/elsewhere")) }
    #expect(FileManager.default.fileExists(atPath: elsewhere + "/thesis"))
  }
}
