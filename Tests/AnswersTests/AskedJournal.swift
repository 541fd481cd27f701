import Answers
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections
import Recording
import TestSupport

/// A journal of a few exchanges, and its read models, asked without any command.
final class AskedJournal {
  private let temporary = TemporaryDirectory()
  let directory: JournalDirectory

  init() throws { directory = try temporary.journal() }

  /// Records exchanges from a CPO to the platform, a minute apart.
  func record(_ exchanges: [(operation: String, body: String, answer: String?)]) async throws {
    let journal = try Journal(directory, purpose: "a test")
    let recorder = Recorder()
    for (number, exchange) in exchanges.enumerated() {
      let time = Self.moment(minute: number)
      let header = "<transactionId>T-\(number)</transactionId><partnerId>FR*C01</partnerId><operatorId>FR*C01</operatorId>"
      let request = recorder.request(
        ObservedMessage(Self.message(exchange.operation, "Request", header + exchange.body), observedAt: time, direction: .toIOP))
      let answer =
        exchange.answer.map { text in
          let body = "<transactionId>T-\(number)</transactionId>\(text)"
          let payload = Self.message(exchange.operation, "Response", body)
          return recorder.response(ObservedMessage(payload, observedAt: time.adding(milliseconds: 40), direction: .toIOP), to: request)
        } ?? recorder.failure("timeout", at: time.adding(milliseconds: 40), latencyMilliseconds: nil, to: request)
      _ = try await journal.append([
        EntryDraft(request, recordedAt: request.observedAt), EntryDraft(answer, request: .behind(1), recordedAt: answer.observedAt),
      ])
    }
    journal.close()
  }

  static func moment(minute: Int) -> Timestamp { Timestamp("2025-03-01T10:00:00Z")!.adding(milliseconds: Int64(minute) * 60_000) }

  /// A record of an hour that ends at some minute.
  static func chargeRecord(_ session: String, minute: Int, nature: Int = 1, wattHours: String? = "10000") -> String {
    let energy = wattHours.map { "<meterTypeId>2</meterTypeId><meterValue>\($0)</meterValue><meterUnit>Wh</meterUnit>" }
    let meters = ["<meterTypeId>1</meterTypeId><meterValue>60</meterValue>"] + [energy].compactMap { $0 }
    return "<chargeDetailRecord><CDRNature>\(nature)</CDRNature><execPartnerSessionId>\(session)</execPartnerSessionId>"
      + "<EVSEId>FR*C01*E1</EVSEId><userIdType>RFID-UID</userIdType><userId>04A1B2C3</userId>"
      + "<startTime>\(moment(minute: minute - 60))</startTime><endTime>\(moment(minute: minute))</endTime>"
      + "<meterReportList>\(meters.map { "<meterReport>\($0)</meterReport>" }.joined())</meterReportList></chargeDetailRecord>"
  }

  private static func message(_ operation: String, _ part: String, _ body: String) -> [UInt8] {
    let name = "e:eMIP_ToIOP_\(operation)\(part)"
    return Array(
      ("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body>"
        + "<\(name) xmlns:e='urn:e'>\(body)</\(name)></s:Body></s:Envelope>").utf8)
  }

  /// Asks the read models.
  func basis(_ projections: [any Projection.Type] = AllProjections.all, asOf: JournalMoment? = nil) throws -> AnswerBasis {
    try AnswerBasis(directory, projections, asOf: asOf)
  }

  /// Asks the read models, which are let go behind it: a file is open once in a process.
  func asked<Result>(_ body: (AnswerBasis) throws -> Result) throws -> Result { try body(try basis()) }
}

/// A journal with something of everything: what is known and what is not, what is fine and what is odd.
func eventfulJournal() async throws -> AskedJournal {
  let journal = try AskedJournal()
  let ok = "<requestStatus>1</requestStatus>"
  let user = "<userIdType>RFID-UID</userIdType><userId>04A1B2C3</userId>"
  let listed = "<actionType>1</actionType>\(user)<authorisationValue>1</authorisationValue>"
  let allowed = "\(ok)<serviceSessionId>S-1</serviceSessionId><authorisationValue>1</authorisationValue>"
  func status(_ field: String, _ value: Int, _ minute: Int) -> String {
    "<EVSEIdType>eMI3</EVSEIdType><EVSEId>FR*C01*E1</EVSEId>"
      + "<statusEventDate>\(AskedJournal.moment(minute: minute))</statusEventDate><\(field)>\(value)</\(field)>"
  }
  try await journal.record([
    ("SetAuthenticationData", "<authenticationDataList><authenticationData>\(listed)</authenticationData></authenticationDataList>", ok),
    ("GetServiceAuthorisation", "<EVSEId>FR*C01*E1</EVSEId>\(user)<partnerServiceSessionId>X-1</partnerServiceSessionId>", allowed),
    ("GetServiceAuthorisation", "<EVSEId>FR*C01*E2</EVSEId>\(user)<partnerServiceSessionId>X-3</partnerServiceSessionId>", nil),
    ("SetEVSEAvailabilityStatus", status("availabilityStatus", 1, 3), ok),
    ("SetEVSEBusyStatus", status("busyStatus", 2, 4), "<requestStatus>10601</requestStatus>"),
    ("HeartBeat", "", ok),
    ("SetChargeDetailRecord", AskedJournal.chargeRecord("X-1", minute: 6, nature: 2), ok),
    ("SetChargeDetailRecord", AskedJournal.chargeRecord("X-1", minute: 7), ok),
    ("SetChargeDetailRecord", AskedJournal.chargeRecord("X-2", minute: 8), ok),
    ("SetChargeDetailRecord", AskedJournal.chargeRecord("X-2", minute: 9, wattHours: nil), "<requestStatus>10507</requestStatus>"),
    ("HeartBeat", "", nil),
  ])
  return journal
}
