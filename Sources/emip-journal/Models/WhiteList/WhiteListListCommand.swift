import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct WhiteListListCommand: AsyncParsableCommand {
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
    let basis = try options.basis(WhiteListQuestion.projections)
    let filter = lists.filter(user.map { UserKey(type: type, id: $0) })
    let question = WhiteListQuestion(filter, includesAll: all)
    let rows = try question.entries(basis)
    let lists = try question.lists(basis)
    let writer = AnswerWriter(options)
    let unreadCount = try WhiteListQuestion.unreadCount(basis)
    try writer.write(rows, columns: WhiteListRow.columns, basis, unreadCount: unreadCount) { output in
      var table = TextTable([
        .init("operator"), .init("holder"), .init("type"), .init("user"), .init("service", isRight: true), .init("authorisation"),
        .init("expires (UTC)"), .init("alias"), .init("position", isRight: true), .init("remarks"),
      ])
      let text = WhiteListText(isRevealed: reveal.reveal)
      for row in rows {
        let (entry, details) = (row.entry, row.details)
        let unreadable = row.unreadablePosition == nil ? nil : "cannot be read"
        table.add([
          .init(entry.eMSPId ?? entry.operatorId), .init(entry.holder), .init(details?.userIdType ?? unreadable),
          .init(text.personal(details?.userId) ?? unreadable), .init(WhiteListText.service(entry)),
          .init(WhiteListText.value(entry, details?.unreadable), WhiteListText.look(entry)),
          WhiteListText.expiry(entry, details?.unreadable), .init(text.personal(details?.userContractIdAlias) ?? unreadable),
          .init(entry.position.map { Figure.count($0.rawValue) }, .dim),
          .init(WhiteListText.remark(entry, details?.unreadable, details?.meterLimits ?? []), .magenta),
        ])
      }
      if !rows.isEmpty { for line in table.lines(writer.style) { try output.write(line + "\n") } }
      try output.write(writer.style.text(Figure.count(rows.count, "entry", "entries"), .bold) + "\n")
      for summary in lists
      where summary.namelessCount > 0
        || rows.contains(where: { $0.entry.holder == summary.holder && $0.entry.eMSPId == summary.eMSPId })
      {
        let name = (summary.eMSPId.map { "\($0) at " } ?? "") + summary.holder
        let brought = summary.acceptedAt.map { "last brought \(Figure.time($0))" } ?? "never brought"
        let baseline = summary.baseline.map { ", baseline at position \(Figure.count($0.rawValue))" } ?? ""
        let nameless =
          summary.namelessCount > 0
          ? ", \(Figure.count(summary.namelessCount, "entry was brought that names", "entries were brought that name")) no user" : ""
        let count = Figure.count(summary.liveCount, "entry", "entries")
        try output.write("\(SafeText.line(name)): \(count), \(brought)\(baseline)\(nameless)\n")
      }
    }
  }
}
