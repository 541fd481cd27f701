import EMIP
import JournalFormat
import JournalStore
import Testing

@testable import Projections

/// Writes sessions into a journal, message by message, and asks the read model.
struct SessionsScript {
  let journal: ScriptedJournal

  init() throws { journal = try ScriptedJournal() }

  static let cpo = "FR*C01"
  static let eMSP = "FR*MS1"
  static let evse = "FR*C01*E1"
  static let badge = "04A1B2C3"

  static func user(_ id: String = badge, type: String = "RFID-UID") -> String {
    "<userIdType>\(type)</userIdType><userId>\(id)</userId>"
  }

  /// Asks the platform for a user.
  @discardableResult
  func get(
    _ exec: String?, at time: Int64, operator name: String = cpo, service: Int = 1, evse: String = evse, user: String = user(),
    session: String? = nil, value: Int? = 1, status: Int = 1, intermediate: Bool = false, limits: String = "",
    sale: String = eMSP, answer: ScriptedJournal.Answer? = nil
  ) async throws -> JournalPosition {
    var body = "<EVSEId>\(evse)</EVSEId>\(user)<requestedServiceId>\(service)</requestedServiceId>"
    if let exec { body += "<partnerServiceSessionId>\(exec)</partnerServiceSessionId>" }
    var said = "<requestStatus>\(status)</requestStatus><salePartnerOperatorId>\(sale)</salePartnerOperatorId>"
    if let value { said += "<authorisationValue>\(value)</authorisationValue>" }
    if let session { said += "<serviceSessionId>\(session)</serviceSessionId>" }
    said += "<intermediateCDRRequested>\(intermediate ? 1 : 0)</intermediateCDRRequested>\(limits)"
    return try await journal.exchange("GetServiceAuthorisation", at: time, operator: name, body, answer: answer ?? .response(said))
  }

  /// The platform asks an eMSP for a user.
  @discardableResult
  func asked(
    _ session: String?, at time: Int64, service: Int = 1, target: String = eMSP, evse: String = evse, sale: String? = nil, value: Int = 1
  ) async throws -> JournalPosition {
    var body = "<EVSEId>\(evse)</EVSEId>\(Self.user())<requestedServiceId>\(service)</requestedServiceId>"
    if let session { body += "<serviceSessionId>\(session)</serviceSessionId>" }
    var said = "<requestStatus>1</requestStatus><authorisationValue>\(value)</authorisationValue>"
    if let sale { said += "<partnerServiceSessionId>\(sale)</partnerServiceSessionId>" }
    return try await journal.exchange(
      "GetServiceAuthorisation", .fromIOP, at: time, operator: Self.cpo, target: target, body, answer: .response(said))
  }

  @discardableResult
  func record(
    _ session: String?, _ exec: String?, sale: String? = nil, at time: Int64, _ direction: Direction = .toIOP, nature: String = "1",
    operator name: String = cpo, evse: String = evse, minutes: Int64 = 30, wattHours: String = "5000", user: String = user(),
    started: Int64? = nil, status: Int = 1, answered: String = "", answer: ScriptedJournal.Answer? = nil, transaction: String? = nil
  ) async throws -> JournalPosition {
    let end = started.map { $0 + minutes * 60_000 } ?? time
    var body = "<chargeDetailRecord><CDRNature>\(nature)</CDRNature>"
    if let session { body += "<serviceSessionId>\(session)</serviceSessionId>" }
    if let exec { body += "<execPartnerSessionId>\(exec)</execPartnerSessionId>" }
    if let sale {
      body += "<salePartnerSessionId>\(sale)</salePartnerSessionId><salePartnerOperatorId>\(Self.eMSP)</salePartnerOperatorId>"
    }
    body += "<EVSEId>\(evse)</EVSEId>\(user)<startTime>\(ScriptedJournal.moment(end - minutes * 60_000))</startTime>"
    body += "<endTime>\(ScriptedJournal.moment(end))</endTime><meterReportList>"
    for (type, value, unit) in [("1", "\(minutes)", "min"), ("2", wattHours, "Wh")] {
      body += "<meterReport><meterTypeId>\(type)</meterTypeId><meterValue>\(value)</meterValue><meterUnit>\(unit)</meterUnit></meterReport>"
    }
    body += "</meterReportList></chargeDetailRecord>"
    return try await journal.exchange(
      "SetChargeDetailRecord", direction, at: time, operator: name, target: direction == .fromIOP ? Self.eMSP : nil,
      transaction: transaction, body, answer: answer ?? .response("<requestStatus>\(status)</requestStatus>\(answered)"))
  }

  @discardableResult
  func event(_ nature: Int, _ session: String?, _ exec: String? = nil, at time: Int64, dated: Int64? = nil) async throws -> JournalPosition
  {
    var body = ""
    if let session { body += "<serviceSessionId>\(session)</serviceSessionId>" }
    if let exec { body += "<execPartnerSessionId>\(exec)</execPartnerSessionId>" }
    body += "<sessionEvent><sessionEventNature>\(nature)</sessionEventNature><sessionEventId>E\(time)</sessionEventId>"
    body += "<sessionEventDateTime>\(ScriptedJournal.moment(dated ?? time))</sessionEventDateTime></sessionEvent>"
    return try await journal.exchange("SetSessionEventReport", at: time, operator: Self.cpo, body)
  }

  /// The platform passes on an action of the eMSP.
  @discardableResult
  func action(_ nature: Int, _ session: String, _ exec: String, at time: Int64, status: Int = 1) async throws -> JournalPosition {
    var body = "<serviceSessionId>\(session)</serviceSessionId><execPartnerSessionId>\(exec)</execPartnerSessionId>"
    body += "<sessionAction><sessionActionNature>\(nature)</sessionActionNature><sessionActionId>A\(time)</sessionActionId></sessionAction>"
    return try await journal.exchange(
      "SetSessionActionRequest", .fromIOP, at: time, operator: Self.eMSP, target: Self.cpo, body,
      answer: .response("<requestStatus>\(status)</requestStatus>"))
  }

  /// Moves the read model's clock.
  func heartBeat(at time: Int64) async throws { try await journal.exchange("HeartBeat", at: time) }

  func sessions(asOf position: JournalPosition? = nil) throws -> SessionQuestions {
    SessionQuestions(try journal.model(SessionProjection.self).snapshot(), try JournalReader(journal.directory), asOf: position)
  }

  /// Of the one session that has an id.
  func session(_ id: String, asOf position: JournalPosition? = nil) throws -> SessionView {
    let found = try sessions(asOf: position).sessions(withId: id)
    try #require(found.count == 1)
    return found[0]
  }

  func all(_ filter: SessionFilter = SessionFilter(), asOf position: JournalPosition? = nil) throws -> [SessionSummary] {
    var found: [SessionSummary] = []
    try sessions(asOf: position).forEach(filter) {
      found.append($0)
      return true
    }
    return found
  }
}

extension SessionView {
  var rules: [String] { summary.findings.map(\.rule.id) }
  var positions: [UInt64] { steps.map(\.exchange.head.position.rawValue) }
}
