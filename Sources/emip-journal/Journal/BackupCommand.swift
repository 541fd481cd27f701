import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the journal while it is written to.",
    discussion: """
      The copy is a journal of its own, whole as of a moment during the copying. It is opened and read at the end; `verify` checks all of it.

      EXAMPLES
        emip-journal backup /backup/journal-2025-03-01
        emip-journal verify --journal /backup/journal-2025-03-01
      """)

  @Argument(help: ArgumentHelp("Where to; it must not exist, or be empty.", valueName: "directory"))
  var destination: String
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let reader = try journal.reader()
    let progress = Progress()
    let copy = JournalDirectory(destination)
    let report = try reader.backup(to: copy) { segment, number, count in
      progress.update("copying segment \(segment.name), \(number) of \(count)")
    }
    let openingBytes = try ReadModels.backUpOpeningStates(of: journal.directory, to: copy)
    progress.clear()
    let opened = try JournalReader(copy)
    let last = try opened.lastEntry()
    let entries = last.map { "entries \(opened.firstPosition ?? $0.position) to \($0.position)" } ?? "no entries"
    let output = ByteOutput.standard()
    try output.write(
      "copied \(entries) in \(Figure.count(report.segmentCount, "segment", "segments")), \(Figure.size(report.sizeBytes + openingBytes)), "
        + "to \(SafeText.line(copy.path))\n")
    try output.flush()
  }
}
