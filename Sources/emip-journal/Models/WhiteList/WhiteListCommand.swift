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
    subcommands: [WhiteListListing.self, WhiteListChecking.self, WhiteListHistory.self, WhiteListLoading.self])
}

/// Which lists a command is about.
struct WhiteListOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only the lists that this one holds: IOP, or a CPO.", valueName: "IOP|operatorId"))
  var holder: String?

  @Option(help: ArgumentHelp("Only the lists of this eMSP or CPO.", valueName: "operatorId"))
  var `operator`: String?

  func filter(_ user: UserKey? = nil) -> WhiteList.Filter { WhiteList.Filter(holder: holder, operatorId: `operator`, user: user) }
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

/// An entry of a list as machines get it.
struct WhiteListRow: Encodable {
  let entry: WhiteListEntry
  let details: WhiteListDetails?
  /// With what led to it: of a history.
  var isHistory = false

  static let columns = [
    "operatorId", "userIdType", "userId", "serviceId", "authorisationValue", "expiryDate", "userContractIdAlias", "position", "item",
    "holder",
    "eMSPId", "state", "uncertain", "since",
  ]

  private enum Key: String, CodingKey {
    case operatorId, userIdType, userId, serviceId, authorisationValue, expiryDate, userContractIdAlias, position
    case item, holder, eMSPId, state, uncertain, since, change, meterLimits, intermediateCDRRequested, parameter
  }

  /// A limit as machines get it.
  private struct Limit: Encodable {
    let meterTypeId: String
    let meterValue: String
    let meterUnit: String
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(entry.operatorId, forKey: .operatorId)
    try container.encode(details?.userIdType, forKey: .userIdType)
    try container.encode(details?.userId, forKey: .userId)
    try container.encode(entry.serviceId, forKey: .serviceId)
    try container.encode(entry.authorisationValue, forKey: .authorisationValue)
    try container.encode(entry.expiryDate?.description, forKey: .expiryDate)
    try container.encode(details?.userContractIdAlias, forKey: .userContractIdAlias)
    try container.encode(entry.position?.rawValue, forKey: .position)
    try container.encode(entry.item, forKey: .item)
    try container.encode(entry.holder, forKey: .holder)
    try container.encode(entry.eMSPId, forKey: .eMSPId)
    try container.encode(entry.isLive ? "live" : entry.isDeleted ? "deleted" : "absent", forKey: .state)
    try container.encode(!entry.losses.isEmpty, forKey: .uncertain)
    try container.encode(entry.since.rawValue, forKey: .since)
    try container.encode(details?.intermediateCDRRequested, forKey: .intermediateCDRRequested)
    try container.encode(details?.parameter, forKey: .parameter)
    let limits = details?.meterLimits.map { Limit(meterTypeId: $0.meterTypeId, meterValue: $0.meterValue, meterUnit: $0.meterUnit) }
    try container.encode(limits ?? [], forKey: .meterLimits)
    if isHistory { try container.encode(entry.change, forKey: .change) }
  }
}

/// How entries stand in text.
struct WhiteListText {
  let isRevealed: Bool

  /// A personal value.
  func personal(_ text: String?) -> String? { text.map { isRevealed || $0.isEmpty ? $0 : PersonalValues.mask } }

  static func value(_ entry: WhiteListEntry) -> String {
    guard entry.isLive else { return entry.isDeleted ? "deleted" : "-" }
    return entry.authorisationValue.map { AuthorisationValue(rawValue: $0).description } ?? "no value"
  }

  static func look(_ entry: WhiteListEntry) -> Style.Look? {
    if !entry.losses.isEmpty { return .magenta }
    guard entry.isLive else { return .dim }
    return entry.authorisationValue == 1 ? nil : .yellow
  }
}
