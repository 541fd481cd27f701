import Answers
import ArgumentParser
import Foundation
import JournalFormat
import JournalStore
import Projections

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the journal while it is written to.",
    discussion: """
      The copy is a journal of its own, whole as of a moment during the copying. It is opened and read at the end; `verify` checks all of it. \
      Until it is whole its name ends with .partial. A backup that was cut off is simply run again: it goes on with what is there.

      EXAMPLES
        emip-journal backup /backup/journal-2025-03-01
        emip-journal verify --journal /backup/journal-2025-03-01
      """)

  @Argument(help: ArgumentHelp("Where to; it must not exist, or be empty.", valueName: "directory"))
  var destination: String
  @Flag(help: "Begin anew where an earlier backup to that directory was cut off, and remove what that left.")
  var replace = false
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let reader = try journal.reader()
    let progress = Progress()
    let copy = JournalDirectory(destination)
    let report: JournalReader.BackupReport
    do throws(JournalError) {
      report = try reader.backup(to: copy, restarting: replace) { (partial) throws(JournalError) in
        try ReadModels.backUpOpeningStates(of: journal.directory, to: partial)
      } progress: { segment, number, count in
        progress.update("copying segment \(segment.name), \(number) of \(count)")
      }
    } catch {
      progress.clear()
      let partial = copy.path + JournalReader.backupInProgressSuffix
      guard FileManager.default.fileExists(atPath: partial), error.code != .journalExists else { throw error }
      throw CommandFailure(
        error.code.exitStatus, "\(error.sentence) What was copied is in \(partial): the same command goes on with it once that is mended.")
    }
    progress.clear()
    let opened = try JournalReader(copy)
    let last = try opened.lastEntry()
    let entries = last.map { "entries \(opened.firstPosition ?? $0.position) to \($0.position)" } ?? "no entries"
    let kept = report.keptCount == 0 ? "" : "; \(Figure.count(report.keptCount, "segment", "segments")) had been copied before"
    let output = ByteOutput.standard()
    try output.write(
      "copied \(entries) in \(Figure.count(report.segmentCount, "segment", "segments")), \(Figure.size(report.sizeBytes)), "
        + "to \(SafeText.line(copy.path))\(kept)\n")
    try output.flush()
  }
}
