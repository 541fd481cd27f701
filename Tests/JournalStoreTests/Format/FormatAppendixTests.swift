import Foundation
import JournalFormat
import Testing

/// The page that specifies the format shows an exchange byte by byte. One test at a time: a file is open once in a process.
@Suite(.serialized) struct FormatAppendixTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL.path
  private static let page = root + "/Schemas/journal-format.md"

  /// With EMIP_JOURNAL_WRITE_APPENDIX=1 in the environment it is written anew instead.
  @Test func `the appendix is what the golden journal holds`() throws {
    let appendix = try FormatAppendix(root: Self.root)
    let page = try String(contentsOfFile: Self.page, encoding: .utf8)
    let start = page.range(of: FormatAppendix.heading)?.lowerBound ?? page.endIndex
    if ProcessInfo.processInfo.environment["EMIP_JOURNAL_WRITE_APPENDIX"] == "1" {
      try (String(page[..<start]) + appendix.text).write(toFile: Self.page, atomically: true, encoding: .utf8)
      return
    }
    let stands = page[start...].split(separator: "\n", omittingEmptySubsequences: false)
    let wanted = appendix.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(stands.count == wanted.count && wanted.count > 100)
    // One line says enough of what became different.
    if let (line, expected) = zip(stands, wanted).first(where: { $0 != $1 }) {
      Issue.record("the page says\n\(line)\nin place of\n\(expected)")
    }
  }

  @Test func `what the appendix makes of the bytes is what the journal's reader makes of them`() throws {
    let appendix = try FormatAppendix(root: Self.root)
    let exported = try String(contentsOfFile: Self.root + "/Tests/CommandTests/Golden/format-3/export.ndjson", encoding: .utf8)
    let lines = exported.split(separator: "\n").dropFirst(Int(FormatAppendix.position) - 1).prefix(2)
    #expect(appendix.payloads.count == 2 && lines.count == 2)
    for (place, line) in lines.enumerated() {
      let entry = try JSONDecoder().decode(ExportedEntry.self, from: Data(line.utf8))
      #expect(entry.position == FormatAppendix.position + UInt64(place))
      #expect(entry.body == String(decoding: appendix.payloads[place], as: UTF8.self))
      #expect(entry.recordedAt == appendix.recordedAt[place].description && entry.observedAt == appendix.observedAt[place].description)
    }
  }

  private struct ExportedEntry: Decodable {
    let position: UInt64
    let body: String
    let recordedAt: String
    let observedAt: String
  }
}
