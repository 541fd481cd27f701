import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionFollowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Keep the read models up to date while the journal grows, until interrupted.")

  @OptionGroup var journal: JournalOptions

  func run() throws {
    Interruption.watch()
    let run = try ProjectionRun(journal, purpose: "emip-journal projection follow")
    try run.runner.follow({ run.tell("behind", $0) }, until: { Interruption.isPending })
    run.runner.close()
  }
}
