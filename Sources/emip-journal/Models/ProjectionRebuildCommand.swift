import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionRebuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild", abstract: "Build read models anew from the journal, compare, and put the new ones in force.",
    discussion: """
      The one in force can be asked meanwhile. A rebuild that was interrupted is taken up where it was. One that is damaged is made anew. Where the journal \
      was damaged since, so that the new one would lack what the one in force still has, that stays, and the command ends with 65: restore the journal from a \
      backup first.
      """)

  @Flag(help: "Give up what read models still have of entries that are damaged by now.")
  var overDamage = false
  @OptionGroup var names: ProjectionNames
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let run = try ProjectionRun(
      journal, names.all, replacesDamaged: true, overDamage: overDamage, purpose: "emip-journal projection rebuild")
    let all = try run.runner.rebuild(names.all, overDamage: overDamage) { run.tell("building", $0) }
    run.progress.clear()
    for rebuilt in all {
      try run.output.write("\(rebuilt.name): \(Self.text(rebuilt))\n")
    }
    try run.output.flush()
    let kept = all.filter(\.isKept)
    guard kept.isEmpty else {
      throw CommandFailure(
        .badData,
        "\(kept.map(\.name).joined(separator: ", ")) would lose what the journal had at \(kept[0].lostPositions). Restore the journal from a backup; or "
          + "give it up with `emip-journal projection rebuild --over-damage`.")
    }
  }

  private static func text(_ rebuilt: ProjectionRunner.Rebuilt) -> String {
    if rebuilt.isKept { return "KEPT as it was: the journal cannot be read any more at \(rebuilt.lostPositions)" }
    guard let before = rebuilt.digestBefore else { return "made anew, \(rebuilt.digest)" }
    return rebuilt.isSame ? "the same as before, \(rebuilt.digest)" : "not the same as before, \(before); now \(rebuilt.digest)"
  }
}
