import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct WhiteListListing: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the entries of the white lists.",
    discussion: """
      By operator, kind of id and user; expired ones too, deleted ones with --all. Text masks personal values.

      EXAMPLES
        emip-journal whitelist list --operator 'FR*MS1'
        emip-journal whitelist list --holder IOP --as-of 2025-03-01 --format ndjson
      """)

  @OptionGroup var lists: WhiteListOptions
  @Option(help: ArgumentHelp("Only this user.", valueName: "userId"))
  var user: String?
  @Option(help: ArgumentHelp("What kind of id --user is.", valueName: "userIdType"))
  var type: String = UserIdType.rfidUID.rawValue
  @Flag(help: "Also who was deleted, and whom only a lost upload named.")
  var all = false
  @OptionGroup var options: ModelOptions
  @OptionGroup var reveal: RevealOptions

  func run() async throws {
    try await reveal.record("the entries of white lists", command: "whitelist list", in: options.journal.directory)
    let question = try options.question([WhiteListProjection.self])
    let list = try WhiteList(question.models, asOf: question.asOf)
    let found = try list.entries(lists.filter(user.map { UserKey(type: type, id: $0) }), includesAll: all)
    let writer = AnswerWriter(options)
    let rows = found.lazy.map { WhiteListRow(entry: $0.entry, details: $0.details) }
    try writer.write(rows, columns: WhiteListRow.columns, question) { output in
      var table = TextTable([
        .init("operator"), .init("holder"), .init("type"), .init("user"), .init("service", isRight: true), .init("authorisation"),
        .init("expires (UTC)"), .init("alias"), .init("position", isRight: true), .init("remarks"),
      ])
      let text = WhiteListText(isRevealed: reveal.reveal)
      for (entry, details) in found {
        table.add([
          .init(entry.eMSPId ?? entry.operatorId), .init(entry.holder), .init(details?.userIdType), .init(text.personal(details?.userId)),
          .init(entry.serviceId.map(String.init)), .init(WhiteListText.value(entry), WhiteListText.look(entry)),
          .init(entry.expiryDate.map(Figure.time)), .init(text.personal(details?.userContractIdAlias)),
          .init(entry.position.map { Figure.count($0.rawValue) }, .dim), .init(entry.losses.isEmpty ? "" : "uncertain", .magenta),
        ])
      }
      if !found.isEmpty { for line in table.lines(writer.style) { try output.write(line + "\n") } }
      try output.write(writer.style.text(Figure.count(found.count, "entry", "entries"), .bold) + "\n")
      for summary in try list.lists()
      where found.contains(where: { $0.entry.holder == summary.holder && $0.entry.eMSPId == summary.eMSPId }) {
        let name = (summary.eMSPId.map { "\($0) at " } ?? "") + summary.holder
        let brought = summary.acceptedAt.map { "last brought \(Figure.time($0))" } ?? "never brought"
        let baseline = summary.baseline.map { ", baseline at position \(Figure.count($0.rawValue))" } ?? ""
        try output.write("\(SafeText.line(name)): \(Figure.count(summary.liveCount, "entry", "entries")), \(brought)\(baseline)\n")
      }
    }
  }
}

struct WhiteListHistory: AsyncParsableCommand {
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
    let question = try options.question([WhiteListProjection.self])
    let found = try WhiteList(question.models, asOf: question.asOf).history(user.key, lists.filter())
    guard !found.isEmpty else { throw CommandFailure(.notFound, "the user is on no white list, and never was.") }
    let writer = AnswerWriter(options)
    let rows = found.map { WhiteListRow(entry: $0.entry, details: $0.details, isHistory: true) }
    try writer.write(rows, columns: WhiteListRow.columns + ["change"], question) { output in
      var table = TextTable([
        .init("since", isRight: true), .init("time (UTC)"), .init("change"), .init("operator"), .init("holder"),
        .init("service", isRight: true), .init("authorisation"), .init("expires (UTC)"), .init("alias"), .init("message"), .init("remarks"),
      ])
      let text = WhiteListText(isRevealed: reveal.reveal)
      for (entry, details) in found {
        let time = try question.models.reader.entry(at: entry.since)?.content.observedAt
        let message = entry.position.map { "position \(Figure.count($0.rawValue)), item \(entry.item ?? 0)" }
        let losses = entry.losses.map { Figure.count($0.rawValue) }.joined(separator: ", ")
        table.add([
          .init(Figure.count(entry.since.rawValue), .dim), .init(time.map(Figure.time)), .init(Self.words[entry.change] ?? entry.change),
          .init(entry.eMSPId ?? entry.operatorId), .init(entry.holder), .init(entry.serviceId.map(String.init)),
          .init(WhiteListText.value(entry), WhiteListText.look(entry)), .init(entry.expiryDate.map(Figure.time)),
          .init(text.personal(details?.userContractIdAlias)), .init(message),
          .init(losses.isEmpty ? "" : "uncertain: position \(losses) was lost", .magenta),
        ])
      }
      for line in table.lines(writer.style) { try output.write(line + "\n") }
    }
  }

  private static let words = [
    "insert": "inserted", "update": "updated", "delete": "deleted", "other": "set, without a known action", "baseline": "in the baseline",
    "baselineWithout": "not in the baseline", "lost": "upload lost", "undone": "lost upload refused late",
  ]
}
