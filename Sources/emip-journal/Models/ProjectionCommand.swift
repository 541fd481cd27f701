import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

/// The read models themselves, not what they say.
struct ProjectionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "projection",
    abstract: "See how the read models stand, build them anew, or check them against the journal.",
    discussion: """
      Read models are what the journal says of sessions, charge detail records, white lists, statuses and partners. Whatever asks them brings \
      them up to date first; `projection follow` keeps them so while the journal grows. They are derived: a rebuild makes them anew from the \
      journal, beside those in force.

      EXAMPLES
        emip-journal projection status
        emip-journal projection rebuild cdrs
        emip-journal projection verify
        emip-journal projection follow
      """,
    subcommands: [ProjectionStatusCommand.self, ProjectionRebuildCommand.self, ProjectionVerifyCommand.self, ProjectionFollowCommand.self])
}

extension ProjectionRunner.Rebuilt {
  /// The positions of what is lost, for a person.
  var lostPositions: String {
    let listed = lost.prefix(5).map { "\(Figure.count($0.position.rawValue)) (\($0.reason))" }.joined(separator: ", ")
    return "position \(listed)" + (lost.count > 5 ? " and \(Figure.count(lost.count - 5)) more" : "")
  }
}

/// Which read models a command is about.
struct ProjectionNames: ParsableArguments {
  @Argument(help: ArgumentHelp("Read models; all where none is named.", valueName: "name"))
  var names: [String] = []

  func validate() throws {
    for name in names where AllProjections.named(name) == nil {
      throw ValidationError("there is no read model '\(name)'; there are \(AllProjections.all.map { $0.name }.joined(separator: ", ")).")
    }
  }

  var all: [String] { AllProjections.all.map { $0.name }.filter { names.isEmpty || names.contains($0) } }
}

/// What the commands that run the read models have in common.
struct ProjectionRun {
  let runner: ProjectionRunner
  let progress = Progress()
  let output = ByteOutput.standard()

  init(
    _ journal: JournalOptions, _ names: [String] = AllProjections.all.map { $0.name }, replacesDamaged: Bool = false,
    overDamage: Bool = false,
    purpose: String
  ) throws {
    try ProcessStart.requireThreads()
    runner = try ProjectionRunner(
      journal.directory, projections: AllProjections.all.filter { names.contains($0.name) }, replacesDamaged: replacesDamaged,
      overDamage: overDamage, purpose: purpose)
  }

  func tell(_ label: String, _ step: ProjectionRunner.Progress) {
    progress.update(label, step.done, of: step.total)
  }
}
