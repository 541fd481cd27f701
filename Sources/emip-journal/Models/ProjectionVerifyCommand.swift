import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Build read models anew, aside, and compare them with those in force.",
    discussion: "Changes nothing but that they are brought up to date. Exits with 1 where one differs: `projection rebuild` mends it.")

  @OptionGroup var names: ProjectionNames
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let run = try ProjectionRun(journal, purpose: "emip-journal projection verify")
    let all = try run.runner.verify(names.all) { run.tell("building", $0) }
    run.progress.clear()
    for rebuilt in all {
      try run.output.write(
        "\(rebuilt.name): \(rebuilt.isSame ? "as the journal says" : "DIFFERS from what the journal says"), \(rebuilt.digest)\n")
    }
    try run.output.flush()
    let different = all.filter { !$0.isSame }.map(\.name)
    guard different.isEmpty else {
      throw CommandFailure(.notFound, "\(different.joined(separator: ", ")): run `emip-journal projection rebuild`.")
    }
  }
}
