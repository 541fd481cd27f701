import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct WhiteListHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show all that happened to a user on the white lists.",
    discussion: """
      In the order in which it took effect. Exits with 1 where the user never was on a list.

      EXAMPLES
        emip-journal whitelist history --user 04A1B2C3
        emip-journal whitelist history --user NN-123-ABCDEFGHI --type eMA --format ndjson
      """)

  @OptionGroup var user: WhiteListUserOptions
  @OptionGroup var lists: WhiteListOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup var reveal: RevealOptions

  func run() async throws {
    try await reveal.record("the history of a user", command: "whitelist history", in: options.journal.directory)
    let basis = try options.basis(WhiteListHistoryQuestion.projections)
    let rows = try WhiteListHistoryQuestion(user.key, lists.filter()).entries(basis)
    let writer = AnswerWriter(options)
    try writer.write(rows, columns: WhiteListRow.historyColumns, basis, unreadCount: try WhiteListQuestion.unreadCount(basis)) { output in
      var table = TextTable([
        .init("since", isRight: true), .init("time (UTC)"), .init("change"), .init("operator"), .init("holder"),
        .init("service", isRight: true), .init("authorisation"), .init("expires (UTC)"), .init("alias"), .init("message"), .init("remarks"),
      ])
      let text = WhiteListText(isRevealed: reveal.reveal)
      for row in rows {
        let (entry, details) = (row.entry, row.details)
        let time = try basis.models.reader.readableEntry(at: entry.since)?.content.observedAt
        let message = entry.position.map { "position \(Figure.count($0.rawValue)), item \(entry.item ?? 0)" }
        table.add([
          .init(Figure.count(entry.since.rawValue), .dim), .init(time.map(Figure.time)), .init(Self.words[entry.change] ?? entry.change),
          .init(entry.eMSPId ?? entry.operatorId), .init(entry.holder), .init(WhiteListText.service(entry)),
          .init(WhiteListText.value(entry, details?.unreadable), WhiteListText.look(entry)),
          WhiteListText.expiry(entry, details?.unreadable), .init(text.personal(details?.userContractIdAlias)), .init(message),
          row.unreadablePosition.map { .init("position \(Figure.count($0.rawValue)) cannot be read", .red) }
            ?? .init(WhiteListText.remark(entry, details?.unreadable, details?.meterLimits ?? []), .magenta),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
  }

  private static let words = [
    "insert": "inserted", "update": "updated", "delete": "deleted", "other": "set, without a known action", "baseline": "in the baseline",
    "baselineWithout": "not in the baseline", "lost": "upload, outcome unknown", "undone": "upload refused late",
  ]
}
