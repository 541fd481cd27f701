import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Build read models anew, aside, and compare them with those in force.",
    discussion: """
      Changes nothing but that they are brought up to date. Exits with 1 where one differs: `projection rebuild` mends it. Exits with 65 where one is damaged, \
      or cannot be held against the journal, as that was damaged since.
      """)

  @OptionGroup var names: ProjectionNames
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let damaged = try damaged()
    let output = ByteOutput.standard()
    for (name, error) in damaged { try output.write("\(name): DAMAGED, \(SafeText.line("\(error)"))\n") }
    try output.flush()
    let run = try ProjectionRun(
      journal, names.all.filter { damaged[$0] == nil }, purpose: "emip-journal projection verify")
    let all = try run.runner.verify(run.runner.models.map { $0.projection.name }) { run.tell("building", $0) }
    run.progress.clear()
    for rebuilt in all { try run.output.write("\(rebuilt.name): \(Self.text(rebuilt))\n") }
    try run.output.flush()
    let lost = all.filter { !$0.lost.isEmpty }
    guard lost.isEmpty else {
      throw CommandFailure(
        .badData,
        "the journal is damaged at \(lost[0].lostPositions): the read models that have seen it stay as they are. Run `emip-journal verify`; restore the journal "
          + "from a backup.")
    }
    guard damaged.isEmpty else {
      throw CommandFailure(.badData, "\(damaged.keys.sorted().joined(separator: ", ")): run `emip-journal projection rebuild`.")
    }
    let different = all.filter { !$0.isSame }.map(\.name)
    guard different.isEmpty else {
      throw CommandFailure(.notFound, "\(different.joined(separator: ", ")): run `emip-journal projection rebuild`.")
    }
  }

  private static func text(_ rebuilt: ProjectionRunner.Rebuilt) -> String {
    guard rebuilt.lost.isEmpty else { return "CANNOT BE VERIFIED: the journal cannot be read any more at \(rebuilt.lostPositions)" }
    return "\(rebuilt.isSame ? "as the journal says" : "DIFFERS from what the journal says"), \(rebuilt.digest)"
  }

  /// Those whose files are not what was written.
  private func damaged() throws -> [String: JournalError] {
    let reader = try journal.reader()
    var damaged: [String: JournalError] = [:]
    for projection in AllProjections.all where names.all.contains(projection.name) {
      do throws(JournalError) { _ = try ReadModels.present(projection, journal.directory, reader) } catch {
        guard error.code == .modelDamaged else { throw error }
        damaged[projection.name] = error
      }
    }
    return damaged
  }
}
