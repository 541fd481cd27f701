import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionRebuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Build read models anew from the journal, compare, and put the new ones in force.",
    discussion: "The one in force can be asked meanwhile. A rebuild that was interrupted is taken up where it was.")

  @OptionGroup var names: ProjectionNames
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let run = try ProjectionRun(journal, purpose: "emip-journal projection rebuild")
    let all = try run.runner.rebuild(names.all) { run.tell("building", $0) }
    run.progress.clear()
    for rebuilt in all {
      try run.output.write(
        rebuilt.isSame
          ? "\(rebuilt.name): the same as before, \(rebuilt.digest)\n"
          : "\(rebuilt.name): not the same as before, \(rebuilt.digestBefore); now \(rebuilt.digest)\n")
    }
    try run.output.flush()
  }
}
