import Answers
import ArgumentParser
import Foundation
import JournalStore

/// Showing personal values. Whoever does so leaves an entry in the journal.
struct RevealOptions: ParsableArguments {
  @Flag(help: "Show personal values in text. The journal records that you did.")
  var reveal = false

  @Option(help: ArgumentHelp("Why, for the record that --reveal leaves.", valueName: "text"))
  var reason: String?

  func validate() throws {
    if reason != nil && !reveal { throw ValidationError("--reason goes with --reveal.") }
  }

  /// Records that somebody is about to see personal values; does nothing unless it was asked for.
  /// - Parameter question: what was asked, without any personal value.
  /// - Throws: ``CommandFailure`` where it cannot be recorded: then nothing may be shown.
  func record(_ question: String, command: String, in directory: JournalDirectory) async throws {
    guard reveal else { return }
    do throws(AnswerError) {
      try await AccessRecord(question: question, reason: reason, user: NSUserName())
        .append(to: directory, purpose: "emip-journal \(command)")
    } catch {
      throw CommandFailure(error.exitStatus, "\(error.message) Leave --reveal out to see the rest.")
    }
  }
}
