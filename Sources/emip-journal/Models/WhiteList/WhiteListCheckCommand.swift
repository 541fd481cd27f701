import Answers
import ArgumentParser
import EMIP
import JournalFormat
import JournalStore
import Projections

struct WhiteListCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Tell whether a user might charge at a time by the white lists, by which message, and how old the list was.",
    discussion: """
      Answers authorised, refused, expired, uncertain (an upload that names the user was lost, or what the entry says cannot be read) or \
      unknown, as was known at that time. Where lists differ, the strictest decides and all are shown. Exits with 1 for anything but \
      authorised.

      EXAMPLES
        emip-journal whitelist check --user 04A1B2C3
        emip-journal whitelist check --user 04A1B2C3 --at '2025-03-01 12:00' --holder 'FR*C01'
      """)

  @OptionGroup var user: WhiteListUserOptions
  @Option(help: ArgumentHelp("The service; 1 is a generic charge.", valueName: "number"))
  var service: UInt32 = 1
  @Option(help: ArgumentHelp("When: \(Moment.spellings).", valueName: "time"), transform: Moment.parse)
  var at: Timestamp?
  @OptionGroup var lists: WhiteListOptions
  @OptionGroup var options: ModelOptions

  func run() throws {
    var asked = options
    if let at, asked.asOf == nil { asked.asOf = .time(at) }
    let basis = try asked.basis(WhiteListCheckQuestion.projections)
    let time = at ?? .now
    let check = try WhiteListCheckQuestion(user.key, service: service, at: time, lists.filter()).check(basis)
    let writer = AnswerWriter(asked)
    try writer.write(
      [WhiteListCheckDocument(check, at: time)], columns: WhiteListCheckDocument.columns, basis,
      unreadCount: try WhiteListQuestion.unreadCount(basis)
    ) { output in
      for line in lines(check, time, writer.style) { try output.write(line + "\n") }
    }
    guard check.answer == .authorised else {
      throw CommandFailure(.notFound, "the user is not authorised by the white lists: \(check.answer.rawValue).")
    }
  }

  private func lines(_ check: WhiteListCheck, _ time: Timestamp, _ style: Style) -> [String] {
    var lines = ["\(style.text(check.answer.rawValue, Self.look(check.answer))) at \(Figure.time(time))"]
    var table = TextTable([
      .init("operator"), .init("holder"), .init("answer"), .init("authorisation"), .init("expires (UTC)"), .init("message"),
      .init("list brought (UTC)"), .init("age", isRight: true), .init("remarks"),
    ])
    for standing in check.standings {
      let entry = standing.entry
      let message = entry.position.map { "position \(Figure.count($0.rawValue)), item \(entry.item ?? 0)" }
      let remark = standing.isStale ? "stale: older than a day" : WhiteListText.remark(entry, standing.unreadable)
      table.add([
        .init(entry.eMSPId ?? entry.operatorId), .init(entry.holder), .init(standing.answer.rawValue, Self.look(standing.answer)),
        .init(WhiteListText.value(entry, standing.unreadable)), WhiteListText.expiry(entry, standing.unreadable), .init(message),
        .init(standing.listAcceptedAt.map(Figure.time)), .init(standing.listAgeMilliseconds.map(Self.age)), .init(remark, .yellow),
      ])
    }
    if !check.standings.isEmpty { lines += table.lines(style) }
    return lines
  }

  private static func look(_ answer: WhiteListAnswer) -> Style.Look {
    switch answer {
    case .authorised: .green
    case .refused, .expired: .red
    case .uncertain: .magenta
    case .unknown: .yellow
    }
  }

  /// `3 d 4 h`, `6 h 12 min`, `45 s`.
  static func age(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1_000
    if seconds >= 86_400 { return "\(Figure.count(seconds / 86_400)) d \(seconds % 86_400 / 3_600) h" }
    if seconds >= 3_600 { return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min" }
    return seconds >= 60 ? "\(seconds / 60) min" : "\(seconds) s"
  }
}
