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
    _ = try await journal.append((0..<300).map { draft(id: "\($0)", at: 1_740_787_200_000 + Int64($0 / 100) * month) })
    let writing = Task {
      var number = 300
      while !Task.isCancelled {
        _ = try await journal.append(draft(id: "\(number)", at: 1_740_787_200_000 + Int64(number / 100) * month))
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
    #expect(try await other.append(draft(id: "of the copy", at: 1_740_787_200_000 + 40 * month)) == last.next)
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
}
