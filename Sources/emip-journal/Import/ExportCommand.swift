import Answers
import ArgumentParser
import Foundation
import JournalFormat
import JournalStore
import Recording

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write entries as NDJSON, one a line, with their bodies.",
    discussion: """
      What is written is exact and unmasked; `import` reads it back. An answer goes with its request, whichever side of --since or --until it \
      was observed on. --output gets its name only when it is complete, and only you may read it.

      EXAMPLES
        emip-journal export > entries.ndjson
        emip-journal export --since 2025-03-01 --output march.ndjson
        emip-journal export --from 120000 | zstd > entries.ndjson.zst
      """)

  @Option(help: ArgumentHelp("From this moment on (observedAt): \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var since: Timestamp?

  @Option(help: ArgumentHelp("Before this moment (observedAt).", valueName: "time"), transform: Moment.parse)
  var until: Timestamp?

  @Option(help: ArgumentHelp("From this position on.", valueName: "position"), transform: JournalPosition.parse)
  var from: JournalPosition?

  @Option(help: ArgumentHelp("A file to write to, or -.", valueName: "file"))
  var output: String = "-"

  @OptionGroup var journal: JournalOptions

  func validate() throws {
    if let since, let until, since >= until { throw ValidationError("--since must come before --until.") }
  }

  func run() throws {
    let reader = try journal.reader()
    guard output != "-" else { return try export(reader, to: .standard()) }
    let file = try OutputFile(output)
    try export(reader, to: file.output)
    try file.complete()
  }

  private func export(_ reader: JournalReader, to output: ByteOutput) throws {
    var damageCount: UInt64 = 0
    var latest: (head: JournalPosition, isWanted: Bool)?
    let progress = Progress(isWanted: !output.isTerminal)
    try EntryScan.run(reader, from: from) { result in
      switch result {
      case .failure(let error):
        damageCount += 1
        StandardError.note(error.sentence)
      case .success(let entry):
        let isWanted = try latest.flatMap { $0.head == entry.requestPosition ? $0.isWanted : nil } ?? isWanted(entry, reader)
        if entry.requestPosition == nil { latest = (entry.position, isWanted) }
        guard isWanted else { return }
        try output.write(try JSONOutput.bytes(EntryDocument(entry, includesBody: true), isPretty: false))
        try output.writeLine("")
      }
    } progress: {
      progress.update("exporting", $0, of: $1)
    }
    progress.clear()
    try output.flush()
    if damageCount > 0 { throw AnswerError.damaged(damageCount, "left out") }
    try reader.requireSoundPages()
  }

  /// Decided by the request's time; where that is gone, by the answer's own.
  private func isWanted(_ entry: Entry, _ reader: JournalReader) throws -> Bool {
    guard since != nil || until != nil else { return true }
    let head = try entry.requestPosition.flatMap { try reader.readableEntry(at: $0) } ?? entry
    if let since, head.content.observedAt < since { return false }
    if let until, head.content.observedAt >= until { return false }
    return true
  }
}
