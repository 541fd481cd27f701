import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// One entry of a list as a test writes it.
struct ListItem {
  var action: Int? = 1
  var type: String? = "RFID-UID"
  var user: String
  var service: Int?
  var authorisation: Int? = 1
  /// Milliseconds after the scripted journal's beginning.
  var expiry: Int64?
  var alias: String?
  var provider: String?
  var limit: Int?
  /// More elements, as they are.
  var more = ""

  static func insert(_ user: String, _ authorisation: Int? = 1, expiry: Int64? = nil) -> ListItem {
    ListItem(user: user, authorisation: authorisation, expiry: expiry)
  }
  static func update(_ user: String, _ authorisation: Int? = 1) -> ListItem {
    ListItem(action: 2, user: user, authorisation: authorisation)
  }
  static func delete(_ user: String) -> ListItem { ListItem(action: 3, user: user, authorisation: nil) }

  var xml: String {
    func element(_ name: String, _ value: Any?) -> String { value.map { "<\(name)>\($0)</\(name)>" } ?? "" }
    var text = element("actionType", action) + element("userIdType", type) + element("userId", user)
    text += element("salePartnerOperatorId", provider) + element("requestedServiceId", service)
    text += element("authorisationValue", authorisation) + element("userContractIdAlias", alias)
    if let limit {
      text += "<meterLimitList><meterReport><meterTypeId>2</meterTypeId><meterValue>\(limit)</meterValue>"
      text += "<meterUnit>Wh</meterUnit></meterReport></meterLimitList>"
    }
    return "<authenticationData>\(text)\(more)\(element("expiryDate", expiry.map { ScriptedJournal.moment($0) }))</authenticationData>"
  }
}

extension [ListItem] {
  var xml: String { "<authenticationDataList>\(map(\.xml).joined())</authenticationDataList>" }
}

extension ScriptedJournal.Answer {
  static let accepted = Self.response("<requestStatus>1</requestStatus>")
  static let rejected = Self.response("<requestStatus>10507</requestStatus>")
}

extension ScriptedJournal {
  @discardableResult
  func upload(
    _ items: [ListItem], at time: Int64, of provider: String = "FR*MS1", transaction: String? = nil, leg: Leg = .gatewayIOP,
    _ answer: Answer = .accepted
  ) async throws -> JournalPosition {
    try await exchange(
      "SetAuthenticationData", at: time, operator: provider, transaction: transaction, leg: leg, items.xml, answer: answer)
  }

  @discardableResult
  func download(_ items: [ListItem], at time: Int64, by holder: String = "FR*C01", status: Int = 1) async throws -> JournalPosition {
    try await exchange(
      "GetAuthenticationData", at: time, operator: holder,
      answer: .response("<requestStatus>\(status)</requestStatus>\(items.xml)"))
  }

  /// The white lists now, or as of a position.
  func whiteList(asOf position: UInt64? = nil) throws -> WhiteListQuestions {
    WhiteListQuestions(
      try model(WhiteListProjection.self).snapshot(), try JournalReader(directory), asOf: position.map { JournalPosition($0) })
  }

  /// How many chunks of users' records a read model would have, made of all that there is and thrown away.
  func userChunkCount() throws -> Int {
    let runner = try ProjectionRunner(directory, projections: [WhiteListProjection.self], purpose: "test")
    defer { runner.close() }
    let model = try runner.begin(WhiteListProjection.self, generation: 0, path: temporary.path + "/counted")
    _ = try runner.advance([model], to: JournalReader(directory).lastPosition()?.next ?? .first)
    return try model.rowCounts()[0].count
  }

  /// But for lists without expiry dates: most users here have none.
  func findings(asOf position: UInt64? = nil) throws -> [ReportedFinding] {
    try whiteList(asOf: position).oddities()
  }
}

extension WhiteListQuestions {
  /// Its findings but for lists without expiry dates: most users here have none.
  func oddities() throws -> [ReportedFinding] { try findings().filter { $0.rule != WhiteListRules.expiryMissing } }

  /// The same rows as of a position: a file is open once in a process.
  func then(_ position: UInt64) -> WhiteListQuestions { WhiteListQuestions(rows, journal, asOf: JournalPosition(position)) }

  func answer(_ user: String, type: String = "RFID-UID", at time: Int64 = 1_000_000, _ filter: WhiteListFilter = WhiteListFilter()) throws
    -> WhiteListAnswer
  {
    try check(UserKey(type: type, id: user), at: ScriptedJournal.moment(time), filter).answer
  }

  /// Every entry as one line, without what is not known of it.
  func lines(includesAll: Bool = false) throws -> [String] {
    try entries(includesAll: includesAll).map { entry, details in
      let expiry = entry.expiryDate.map { " until \($0)" } ?? ""
      let doubt = entry.losses.isEmpty ? "" : " lost \(entry.losses.map(\.rawValue))"
      return "\(entry.holder) \(entry.eMSPId ?? "-") \(details?.userId ?? "?") \(entry.serviceId ?? 0) \(entry.authorisationValue ?? 0)"
        + "\(entry.isDeleted ? " deleted" : "")\(expiry)\(doubt)"
    }
  }
}
