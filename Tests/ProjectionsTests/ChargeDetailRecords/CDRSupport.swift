import EMIP
import JournalFormat
import JournalStore

@testable import Projections

/// A charge detail record as a test writes it. Times are minutes after the scripted journal's beginning.
struct ScriptedRecord {
  var nature: String? = "1"
  var serviceSessionId: String? = "S-1"
  var exec: String? = "X-1"
  var execOperator: String? = "FR*C01"
  var saleOperator: String? = "FR*MS1"
  var sale: String?
  var service: String? = "1"
  var evse: String? = "FR*C01*E1"
  var user = "04A1B2C3"
  var alias: String?
  var start: String?
  var end: String?
  /// Type, value, unit.
  var meters: [(String, String?, String?)]

  /// A final record of an hour with 10,000 Wh, unless told otherwise.
  init(minutes: Int64 = 60, wattHours: String = "10000", from start: Int64 = 0) {
    self.start = ScriptedJournal.moment(start * 60_000).description
    end = ScriptedJournal.moment((start + minutes) * 60_000).description
    meters = [("1", "\(minutes)", "min"), ("2", wattHours, "Wh")]
  }

  func with(_ change: (inout ScriptedRecord) -> Void) -> ScriptedRecord {
    var record = self
    change(&record)
    return record
  }

  static func intermediate(minutes: Int64 = 30, wattHours: String = "5000") -> ScriptedRecord {
    ScriptedRecord(minutes: minutes, wattHours: wattHours).with { $0.nature = "2" }
  }

  var xml: String {
    func element(_ name: String, _ text: String?) -> String { text.map { "<\(name)>\($0)</\(name)>" } ?? "" }
    let reports = meters.map { type, value, unit in
      "<meterReport>" + element("meterTypeId", type) + element("meterValue", value) + element("meterUnit", unit) + "</meterReport>"
    }
    let fields = [
      element("CDRNature", nature), element("serviceSessionId", serviceSessionId), element("execPartnerSessionId", exec),
      element("execPartnerOperatorId", execOperator), element("salePartnerSessionId", sale), element("salePartnerOperatorId", saleOperator),
      element("requestedServiceId", service), element("EVSEId", evse), element("userContractIdAlias", alias),
      element("userIdType", "RFID-UID"), element("userId", user), element("startTime", start), element("endTime", end),
      "<meterReportList>" + reports.joined() + "</meterReportList>",
    ]
    return "<chargeDetailRecord>" + fields.joined() + "</chargeDetailRecord>"
  }

  /// As the message reader reads it.
  var read: ChargeDetailRecord {
    let body = "<e:eMIP_ToIOP_SetChargeDetailRecordRequest xmlns:e=\"urn:e\">\(xml)</e:eMIP_ToIOP_SetChargeDetailRecordRequest>"
    let message = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(body)</s:Body></s:Envelope>"
    guard case .message(let facts) = MessageReader().read(Array(message.utf8)) else { fatalError("the record cannot be read") }
    return facts.chargeDetailRecords[0]
  }
}

extension ScriptedJournal.Answer {
  static func status(_ number: Int, _ rest: String = "") -> Self { .response("<requestStatus>\(number)</requestStatus>\(rest)") }
}

extension ScriptedJournal {
  /// Records that the CPO sent a record, or that the eMSP got one.
  @discardableResult
  func send(
    _ record: ScriptedRecord, _ direction: Direction = .toIOP, at minute: Int64, transaction: String? = nil, leg: Leg = .gatewayIOP,
    answer: Answer = .status(1)
  ) async throws -> JournalPosition {
    try await exchange(
      "SetChargeDetailRecord", direction, at: minute * 60_000, operator: "FR*C01", target: direction == .fromIOP ? "FR*MS1" : nil,
      transaction: transaction ?? "T-\(minute)-\(direction)", leg: leg, record.xml, answer: answer)
  }

  /// Asks the read model as it is now.
  func cdrs<Result>(asOf position: JournalPosition? = nil, _ body: (CDRQuestions) throws -> Result) throws -> Result {
    let model = try model(CDRProjection.self)
    return try body(CDRQuestions(try model.snapshot(), try JournalReader(directory), asOf: position))
  }

  func cdrSessions(asOf position: JournalPosition? = nil) throws -> [CDRSession] {
    try cdrs(asOf: position) { query in
      var sessions: [CDRSession] = []
      try query.forEachSession { session in
        sessions.append(session)
        return true
      }
      return sessions
    }
  }

  /// The ids of the rules that hold, sorted.
  func cdrRules(asOf position: JournalPosition? = nil) throws -> [String] {
    try cdrs(asOf: position) { questions in try questions.findings().filter { $0.resolvedAt == nil }.map(\.rule.id).sorted() }
  }
}

extension CDRSession {
  /// All that there is to see, for comparisons.
  var summary: [String] {
    func line(_ version: Version) -> String {
      "\(version.side) \(version.number) \(version.nature) \(version.acceptance) \(version.position) \(version.positions) "
        + "\(version.record?.endTime?.text ?? "-") \(version.changes)"
    }
    return [
      "\(number) \(serviceSessionId ?? "-") \(execPartnerSessionId ?? "-") \(salePartnerSessionId ?? "-") \(evseId ?? "-") "
        + "\(transactionIds) \(direction) \(counterpart ?? "-") \(inForce ?? -1) \(differences)"
    ] + versions.map(line) + otherSide.map(line) + findings.map { "\($0.rule.id) \($0.position) \($0.resolvedAt as Any) \($0.sentence)" }
  }
}
