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
    subcommands: [ProjectionStatus.self, ProjectionRebuild.self, ProjectionVerify.self, ProjectionFollow.self])
}

/// Which read models a command is about.
struct ProjectionNames: ParsableArguments {
  @Argument(help: ArgumentHelp("Read models; all where none is named.", valueName: "name"))
  var names: [String] = []

  func validate() throws {
    for name in names where Projections.named(name) == nil {
      throw ValidationError("there is no read model '\(name)'; there are \(Projections.all.map { $0.name }.joined(separator: ", ")).")
    }
  }

  var all: [String] { Projections.all.map { $0.name }.filter { names.isEmpty || names.contains($0) } }
}

struct ProjectionStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tell how far each read model is, and how large.",
    discussion: "Nothing is brought up to date by this. Exits with 65 where a read model could not read all of the journal.")

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text
  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  /// A read model as the output shows it.
  private struct Row: Encodable {
    let name: String
    /// Of the projection that this program has.
    let version: UInt32
    /// Whether there is one that this program can use.
    let isBuilt: Bool
    let position: UInt64
    let lagEntries: UInt64
    let rows: Int
    let sizeBytes: Int
    let digest: String?
    let skippedEntries: Int
    let skippedPositions: [UInt64]
  }

  func run() throws {
    let reader = try journal.reader()
    let last = try reader.lastPosition()?.rawValue ?? 0
    var rows: [Row] = []
    for projection in Projections.all {
      guard let model = try ReadModels.present(projection, journal.directory, reader) else {
        rows.append(
          Row(
            name: projection.name, version: projection.version, isBuilt: false, position: 0, lagEntries: last, rows: 0, sizeBytes: 0,
            digest: nil, skippedEntries: 0, skippedPositions: []))
        continue
      }
      let state = try model.state()
      rows.append(
        Row(
          name: projection.name, version: projection.version, isBuilt: true, position: state.next.rawValue - 1,
          lagEntries: last - min(last, state.next.rawValue - 1), rows: try model.rowCounts().reduce(0) { $0 + $1.count },
          sizeBytes: try model.sizeBytes(), digest: format == .json ? try model.digest() : nil, skippedEntries: state.skippedCount,
          skippedPositions: try model.skippedEntries(limit: 100).map(\.position.rawValue)))
    }
    let output = ByteOutput.standard()
    switch format {
    case .json: try output.write(JSONOutput.bytes(rows, isPretty: true) + [UInt8(ascii: "\n")])
    case .text:
      var table = TextTable([
        .init("read model"), .init("version", isRight: true), .init("position", isRight: true), .init("behind", isRight: true),
        .init("rows", isRight: true), .init("size", isRight: true), .init("remarks", limit: 100),
      ])
      for row in rows {
        let positions = row.skippedPositions.prefix(5).map { Figure.count($0) }.joined(separator: ", ")
        let damage = row.skippedEntries > 0 ? "INCOMPLETE: could not read position \(positions)" : row.isBuilt ? "" : "not built yet"
        table.add([
          .init(row.name, .bold), .init("\(row.version)"), .init(Figure.count(row.position)),
          .init(Figure.count(row.lagEntries), row.lagEntries > 0 ? .yellow : nil), .init(Figure.count(row.rows)),
          .init(Figure.size(row.sizeBytes)), .init(damage, row.skippedEntries > 0 ? .red : .dim),
        ])
      }
      for line in table.lines(color.style(for: output)) { try output.write(line + "\n") }
    }
    try output.flush()
    let skipped = rows.map(\.skippedEntries).max() ?? 0
    if skipped > 0 { throw CommandFailure.damaged(UInt64(skipped), "left out") }
  }
}

struct ProjectionRebuild: ParsableCommand {
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

struct ProjectionVerify: ParsableCommand {
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

struct ProjectionFollow: ParsableCommand {
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

/// What the commands that run the read models have in common.
private struct ProjectionRun {
  let runner: ProjectionRunner
  let progress = Progress()
  let output = ByteOutput.standard()

  init(_ journal: JournalOptions, purpose: String) throws {
    runner = try ProjectionRunner(journal.directory, purpose: purpose)
  }

  func tell(_ label: String, _ step: ProjectionRunner.Progress) {
    progress.update("\(label): \(Figure.count(step.done)) of \(Figure.count(step.total)) entries")
  }
}
