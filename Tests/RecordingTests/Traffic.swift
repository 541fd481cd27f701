import EMIP
import Foundation
import JournalFormat
import JournalStore
import TestSupport

@testable import Recording

/// Messages of the tests' own making.
enum Message {
  static let namespace = "http://www.w3.org/2003/05/soap-envelope"
  static let soap11 = "http://schemas.xmlsoap.org/soap/envelope/"

  static func envelope(_ body: String, namespace: String = Message.namespace) -> String {
    "<s:Envelope xmlns:s=\"\(namespace)\"><s:Body>\(body)</s:Body></s:Envelope>"
  }

  static func request(
    _ id: String?, operation: String = "GetServiceAuthorisation", more: String = "", namespace: String = Message.namespace
  ) -> String {
    let header = id.map { "<transactionId>\($0)</transactionId>" } ?? ""
    let partner =
      "<partnerIdType>eMI3</partnerIdType><partnerId>FR*A23</partnerId><operatorIdType>eMI3</operatorIdType><operatorId>FR*A23</operatorId>"
    let name = "eMIP_ToIOP_\(operation)Request"
    return envelope("<e:\(name) xmlns:e=\"urn:e\">\(header)\(partner)\(more)</e:\(name)>", namespace: namespace)
  }

  static func response(_ id: String, status: String? = "1", operation: String = "GetServiceAuthorisation", more: String = "") -> String {
    let name = "eMIP_ToIOP_\(operation)Response"
    let statusText = status.map { "<requestStatus>\($0)</requestStatus>" } ?? ""
    return envelope("<e:\(name) xmlns:e=\"urn:e\"><transactionId>\(id)</transactionId>\(statusText)\(more)</e:\(name)>")
  }

  static let fault = envelope(
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang=\"en\">INTERNAL_ERROR</s:Text></s:Reason></s:Fault>")
}

/// A line of a traffic file.
struct Line {
  var at = "2025-03-01T00:01:00.918Z"
  var peer = "192.0.2.1"
  var direction = "toIOP"
  var operation: String?
  var status: Int? = 200
  var latency: Int? = 90
  var request: String = Message.request("T-1")
  var response: String? = Message.response("T-1")

  var text: String {
    var object: [String: Any] = ["recordedAt": at, "peer": peer, "direction": direction, "request": request]
    object["operation"] = operation
    object["httpStatus"] = status
    object["latencyMs"] = latency
    object["response"] = response
    return String(decoding: try! JSONSerialization.data(withJSONObject: object), as: UTF8.self)
  }
}

/// Lines from memory.
final class ArraySource: Recording.LineSource {
  private let lines: [[UInt8]]
  private(set) var lineNumber = 0
  /// The number of a line that is said to be too long.
  var cutLine: Int?

  init(_ lines: [String]) { self.lines = lines.map { Array($0.utf8) } }

  func next<Result>(_ body: (_ line: UnsafeBufferPointer<UInt8>, _ isCut: Bool) throws -> Result) throws -> Result? {
    guard lineNumber < lines.count else { return nil }
    lineNumber += 1
    return try lines[lineNumber - 1].withUnsafeBufferPointer { try body($0, lineNumber == cutLine) }
  }
}

/// A journal and what is imported into it.
final class Workplace {
  private let temporary = TemporaryDirectory()
  let directory: JournalDirectory
  let journal: Journal
  static let now = Timestamp("2025-06-01T00:00:00Z")!

  init() throws {
    directory = try temporary.journal()
    journal = try Journal(directory, purpose: "test", clock: .init(wall: { Workplace.now.rawValue }, monotonic: { 0 }))
  }

  deinit { journal.close() }

  /// Imports lines in a run of their own.
  @discardableResult
  func take(_ lines: [String], cutLine: Int? = nil) throws -> (report: TrafficImporter.Report, rejections: [String]) {
    let importer = try TrafficImporter(JournalReader(directory), configuration: .init(), now: Self.now) { [journal] in journal }
    let source = ArraySource(lines)
    source.cutLine = cutLine
    var rejections: [String] = []
    try importer.run(source, reject: { rejections.append("\($0.lineNumber): \($0.reason)") }, progress: { _ in })
    return (importer.report, rejections)
  }

  @discardableResult
  func take(_ lines: [Line]) throws -> TrafficImporter.Report {
    let (report, rejections) = try take(lines.map(\.text))
    guard rejections.isEmpty else { throw EntryDocumentError(message: rejections.joined()) }
    return report
  }

  func entries() throws -> [Entry] {
    try JournalReader(directory).allEntries()
  }

  /// Every entry as a line of an export.
  func export() throws -> [String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try entries().map { String(decoding: try encoder.encode(EntryDocument($0, includesBody: true)), as: UTF8.self) }
  }
}
