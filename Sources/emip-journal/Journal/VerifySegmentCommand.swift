import Answers
import ArgumentParser

/// Checks the entries of one segment. Run by ``VerifyCommand`` in a process of its own, which damage may end.
struct VerifySegmentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify-segment", abstract: "Check the entries of one segment.", shouldDisplay: false)

  @Argument(help: "The segment's file name.")
  var file: String
  @OptionGroup var journal: JournalOptions

  func run() throws {
    try SegmentCheck.answer(file, in: journal.directory)
  }
}
