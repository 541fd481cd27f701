import Answers
import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

/// Who may charge: what eMSPs uploaded and CPOs downloaded.
struct WhiteListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whitelist",
    abstract: "See the white lists: who may charge, by which message, now or at any time.",
    discussion: """
      A list belongs to its holder, IOP or a CPO, and to the eMSP whose users are on it, where one is named. What IOP accepted and what \
      came \
      back from it counts; what an upload without an answer names is uncertain until the next answer.

      EXAMPLES
        emip-journal whitelist check --user 04A1B2C3 --at '2025-03-01 12:00'
        emip-journal whitelist list --operator 'FR*MS1' --format ndjson
        emip-journal whitelist history --user 04A1B2C3
        emip-journal whitelist baseline list.ndjson --operator 'FR*MS1'
      """,
    subcommands: [WhiteListListCommand.self, WhiteListCheckCommand.self, WhiteListHistoryCommand.self, WhiteListBaselineCommand.self])
}

/// Which lists a command is about.
struct WhiteListOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only the lists that this one holds: IOP, or a CPO.", valueName: "IOP|operatorId"))
  var holder: String?

  @Option(help: ArgumentHelp("Only the lists of this eMSP or CPO.", valueName: "operatorId"))
  var `operator`: String?

  func filter(_ user: UserKey? = nil) -> WhiteListFilter { WhiteListFilter(holder: holder, operatorId: `operator`, user: user) }
}

/// Which user a command is about.
struct WhiteListUserOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The user, in any spelling of the id.", valueName: "userId"))
  var user: String

  @Option(help: ArgumentHelp("What kind of id it is: RFID-UID, eMI3, eMA, EVCO, EMP-SPEC or another.", valueName: "userIdType"))
  var type: String = UserIdType.rfidUID.rawValue

  var key: UserKey { UserKey(type: type, id: user) }

  func validate() throws {
    if user.isEmpty { throw ValidationError("--user is empty.") }
  }
}

/// How entries stand in text.
struct WhiteListText {
  let isRevealed: Bool

  /// A personal value.
  func personal(_ text: String?) -> String? { text.map { isRevealed || $0.isEmpty ? $0 : PersonalValues.mask } }

  /// - Parameter unreadable: what of the entry cannot be read.
  static func value(_ entry: WhiteListEntry, _ unreadable: UnreadableValues?) -> String {
    guard entry.isLive else { return entry.isDeleted ? "deleted" : "-" }
    if let text = unreadable?["authorisationValue"] { return "unreadable: \(text)" }
    return entry.authorisationValue.map { AuthorisationValue(rawValue: $0).description } ?? "no value"
  }

  static func expiry(_ entry: WhiteListEntry, _ unreadable: UnreadableValues?) -> TextTable.Cell {
    if let text = unreadable?["expiryDate"] { return .init("unreadable: \(text)", .magenta) }
    return .init(entry.expiryDate.map(Figure.time))
  }

  static func service(_ entry: WhiteListEntry) -> String? {
    entry.serviceId.map { String($0) + (entry.isServiceAssumed ? " (assumed)" : "") }
  }

  /// What is odd about an entry: lost uploads, and what cannot be read and has no column.
  static func remark(_ entry: WhiteListEntry, _ details: UnreadableValues?, _ limits: [WhiteListDetails.Limit] = []) -> String {
    var remarks: [String] = []
    let losses = entry.losses.map { Figure.count($0.rawValue) }.joined(separator: ", ")
    if !losses.isEmpty { remarks.append("outcome of position \(losses) unknown") }
    let values = (details?.values ?? []) + limits.flatMap(\.unreadable.values)
    remarks += values.filter { !["expiryDate", "authorisationValue"].contains($0.name) }.map { "\($0.name) unreadable: \($0.text)" }
    let told = remarks.joined(separator: "; ")
    guard entry.isUncertain else { return told }
    return told.isEmpty ? "uncertain" : "uncertain: " + told
  }

  static func look(_ entry: WhiteListEntry) -> Style.Look? {
    if entry.isUncertain { return .magenta }
    guard entry.isLive else { return .dim }
    return entry.authorisationValue == 1 ? nil : .yellow
  }
}
