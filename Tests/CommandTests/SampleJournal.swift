import Foundation
import JournalFormat
import Recording
import TestSupport

@testable import JournalStore

/// One exchange to be recorded.
struct Sample {
  var operation = "SetChargeDetailRecord"
  var direction = Direction.toIOP
  var transactionId = "T-1"
  var session = "S-1"
  var evse = "FR*C01*E1*2"
  var user = "04A1B2C3"
  var caller = "FR*C01"
  var requestStatus = 1
  /// Element text of the request's comment, in XML.
  var comment = "-"
  var isLost = false
  var faultReason: String?
  var observedAt = "2025-03-01T10:00:00Z"

  var request: String {
    message(
      "Request",
      """
      <transactionId>\(transactionId)</transactionId><partnerId>\(caller)</partnerId><operatorId>\(caller)</operatorId>\
      <serviceSessionId>\(session)</serviceSessionId><EVSEId>\(evse)</EVSEId><userIdType>RFID-UID</userIdType><userId>\(user)</userId>\
      <comment>\(comment)</comment>
      """)
  }

  var response: String {
    guard let faultReason else {
      return message("Response", "<transactionId>\(transactionId)</transactionId><requestStatus>\(requestStatus)</requestStatus>")
    }
    let reason = "<s:Reason><s:Text xml:lang=\"en\">\(faultReason)</s:Text></s:Reason>"
    return envelope("<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code>\(reason)</s:Fault>")
  }

  private func message(_ part: String, _ content: String) -> String {
    let name = "e:eMIP_\(direction == .toIOP ? "ToIOP" : "FromIOP")_\(operation)\(part)"
    return envelope("<\(name) xmlns:e=\"https://api-iop.gireve.com/schemas/AuthorisationV1/\">\(content)</\(name)>")
  }

  private func envelope(_ content: String) -> String {
    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(content)</s:Body></s:Envelope>"
  }

  var requestContent: EntryContent {
    var message = ObservedMessage(Array(request.utf8), observedAt: Timestamp(observedAt)!, direction: direction)
    message.peer.address = "192.0.2.15"
    return Recorder().request(message)
  }

  var answerContent: EntryContent {
    let request = requestContent
    let answeredAt = request.observedAt.adding(milliseconds: 42)
    if isLost { return Recorder().failure("no answer within 15 s", at: answeredAt, latencyMilliseconds: 42, to: request) }
    return Recorder().response(ObservedMessage(Array(response.utf8), observedAt: answeredAt, direction: direction), to: request)
  }

  var drafts: [EntryDraft] {
    let (request, answer) = (requestContent, answerContent)
    return [
      EntryDraft(request, recordedAt: request.observedAt), EntryDraft(answer, request: .behind(1), recordedAt: answer.observedAt),
    ]
  }
}

/// A message that is none.
func refusal(_ text: String, at time: String = "2025-03-01T10:00:00Z") -> EntryDraft {
  let content = Recorder().request(ObservedMessage(Array(text.utf8), observedAt: Timestamp(time)!, direction: .toIOP))
  return EntryDraft(content, recordedAt: content.observedAt)
}

/// A journal in a directory of its own, which goes with it.
final class SampleJournal: Sendable {
  let root: String
  /// What goes when this does.
  private let kept: any Sendable
  var directory: JournalDirectory { JournalDirectory(root + "/journal") }

  /// A journal that holds some entries, and that nobody holds. Its segments are not sealed.
  init(_ samples: [Sample] = [], _ others: [EntryDraft] = []) async throws {
    let temporary = TemporaryDirectory()
    (root, kept) = (temporary.path, temporary)
    try directory.initialize()
    guard !samples.isEmpty || !others.isEmpty else { return }
    let journal = try unsealingJournal()
    for sample in samples { _ = try await journal.append(sample.drafts) }
    for draft in others { _ = try await journal.append(draft) }
    journal.close()
  }

  /// Opens the journal to append, without sealing what ends: tests that look at the files must know which there are.
  func unsealingJournal() throws -> Journal { try Journal(directory, purpose: "a test", sealsByItself: false) }

  /// A journal elsewhere, in a directory that lives no longer than another's.
  init(at root: String, within other: SampleJournal) {
    self.root = root
    kept = other
  }

  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> CommandResult {
    try run(arguments, environment: environment)
  }

  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> CommandResult {
    // It may be used for the last time here, and must outlive the run.
    try withExtendedLifetime(self) {
      try Command.run(arguments, environment: environment.merging(["EMIP_JOURNAL": directory.path]) { $1 })
    }
  }

  /// The file of its only or first segment.
  var segmentPath: String { get throws { directory.file(of: try directory.readManifest().segments[0]) } }
}

extension SampleJournal {
  /// A line of traffic that holds these bytes.
  struct Line {
    var request: String
    var response: String
    var httpStatus = 200
  }

  /// Imports lines with options, as users do.
  @discardableResult
  func take(_ lines: [Line], _ options: [String] = []) throws -> CommandResult {
    let file = root + "/lines.ndjson"
    let text = try lines.enumerated().map { minute, line in
      let object: [String: Any] = [
        "recordedAt": "2025-03-01T10:0\(minute):00Z", "direction": "toIOP", "httpStatus": line.httpStatus, "latencyMs": 40,
        "request": line.request, "response": line.response,
      ]
      return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self) + "\n"
    }
    try text.joined().write(toFile: file, atomically: true, encoding: .utf8)
    return try run(["import", file] + options)
  }
}
