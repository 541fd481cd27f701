import Answers
import ArgumentParser
import JournalFormat
import JournalStore
import Projections

struct ProjectionStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Tell how far each read model is, and how large.",
    discussion: "Nothing is brought up to date by this. Exits with 65 where a read model is damaged, or could not read all of the journal.")

  @Option(help: ArgumentHelp("text or json.", valueName: "format"))
  var format: ReportFormat = .text
  @OptionGroup var color: ColorOptions
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let rows = try ReadModelStatus.all(of: try journal.reader(), withDigests: format == .json)
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
        let damage =
          row.damage != nil ? "DAMAGED" : row.skippedEntries > 0 ? "INCOMPLETE: could not read position \(positions)" : nil
        table.add([
          .init(row.name, .bold), .init("\(row.version)"), .init(Figure.count(row.position)),
          .init(Figure.count(row.lagEntries), row.lagEntries > 0 ? .yellow : nil), .init(Figure.count(row.rows)),
          .init(Figure.size(row.sizeBytes)), .init(damage ?? (row.isBuilt ? "" : "not built yet"), damage == nil ? .dim : .red),
        ])
      }
      for line in table.lines(color.style(for: output)) { try output.write(line + "\n") }
    }
    try output.flush()
    var damages: [String] = []
    // One file may be to blame for all.
    for damage in rows.compactMap(\.damage) where !damages.contains(damage) { damages.append(damage) }
    for damage in damages.dropLast() { StandardError.note(damage) }
    if let damage = damages.last { throw CommandFailure(.badData, damage) }
    let skipped = rows.map(\.skippedEntries).max() ?? 0
    if skipped > 0 { throw AnswerError.damaged(UInt64(skipped), "left out") }
  }
}
