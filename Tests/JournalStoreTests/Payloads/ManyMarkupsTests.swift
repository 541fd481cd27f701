import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// Traffic whose markup never repeats: a journal must stay right, and what it keeps for many must stay bounded.
@Suite struct ManyMarkupsTests {
  private static let count = 100_000
  private let pattern: EntryContent
  /// Where the message's number stands: in names and in a value.
  private let places: [Int]

  init() {
    let text = soapMessage("<a000000><partnerId>P000000</partnerId></a000000>")
    pattern = readContent(text)
    let bytes = Array(text.utf8)
    places = bytes.indices.filter { bytes[$0...].starts(with: Array("000000".utf8)) }
  }

  /// The message of a number. The names are of one length, so the layout is the same, and need not be read a hundred thousand times.
  private func content(_ number: Int) -> EntryContent {
    var content = pattern
    let digits = Array(String(1_000_000 + number).utf8.dropFirst())
    for place in places { content.payload.replaceSubrange(place..<place + 6, with: digits) }
    return content
  }

  @Test func `a hundred thousand markups keep the tables of a journal within their bounds, and each message comes back`() async throws {
    let seed = SeededGenerator.newSeed()
    var generator = SeededGenerator(seed: seed)
    let temporary = TemporaryDirectory()
    let directory = try temporary.journal()
    var numbers: [Int] = []
    let journal = try Journal(directory, purpose: "test", sealsByItself: false)
    for start in stride(from: 0, to: Self.count, by: 1_000) {
      // Every fifth comes again: more than may become templates.
      let batch = (start..<start + 1_000).flatMap { $0 % 5 == 0 ? [$0, $0] : [$0] }
      _ = try await journal.append(batch.map { EntryDraft(content($0)) })
      numbers += batch
    }
    try expectBounds(directory)
    try expectContents(directory, numbers, &generator, "seed \(seed)")
    journal.close()
    // The tables are read again, and a known markup is still one.
    let again = try Journal(directory, purpose: "test", sealsByItself: false)
    _ = try await again.append([0, 1, 0].map { EntryDraft(content($0)) })
    again.close()
    try expectBounds(directory)
    try expectContents(directory, numbers + [0, 1, 0], &generator, "seed \(seed), opened again")
    withExtendedLifetime(temporary) {}
  }

  private func expectBounds(_ directory: JournalDirectory) throws {
    let segment = try directory.readManifest().segments[0]
    let environment = try SegmentEnvironment.reading(directory.path(of: segment), state: .hot, isGrowing: true)
    let reader = try SegmentReader(environment)
    let templates = try reader.rowCount(of: environment.tables.templates)
    // The bounds themselves (`Schemas/journal-format.md`, "Templates"): larger ones would hold, and hold more memory.
    #expect(TemplateRegister.maximumCount == 16_384 && TemplateRegister.maximumMarkupBytes == 16 << 20 && WordList.maximumCount == 65_536)
    #expect(templates <= TemplateRegister.maximumCount && templates > 16_000)
    #expect(try reader.rowCount(of: environment.tables.words) <= WordList.maximumCount)
    #expect(try reader.rowCount(of: environment.tables.dictionaries) <= PayloadEncoder.dictionaryTemplateCounts.count)
    #expect(try reader.rowCount(of: environment.tables.contexts) == 1)
  }

  private func expectContents(
    _ directory: JournalDirectory, _ numbers: [Int], _ generator: inout SeededGenerator, _ comment: Comment
  ) throws {
    let reader = try JournalReader(directory)
    #expect(try reader.lastPosition()?.rawValue == UInt64(numbers.count))
    for index in (0..<1_000).map({ _ in generator.below(numbers.count) }) + Array(numbers.count - 3..<numbers.count) {
      let entry = try reader.entry(at: JournalPosition(UInt64(index + 1)))
      #expect(entry?.content.payload == content(numbers[index]).payload, comment)
      #expect(entry?.content.marks == pattern.marks, comment)
    }
  }
}
