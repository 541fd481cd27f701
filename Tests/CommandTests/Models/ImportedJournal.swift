import Foundation
import TestSupport
import Testing

/// A journal of a few lines of traffic, imported as users do; gone when the value is.
final class ImportedJournal {
  private let temporary = TemporaryDirectory()
  private var path: String { temporary.path + "/journal" }

  init(_ lines: [String]) throws {
    let traffic = temporary.path + "/traffic.ndjson"
    try lines.joined().write(toFile: traffic, atomically: true, encoding: .utf8)
    #expect(try run(["init"]).status == 0)
    #expect(try run(["import", traffic]).status == 0)
  }

  func run(_ arguments: String...) throws -> CommandResult { try run(arguments) }
  func run(_ arguments: [String]) throws -> CommandResult { try Command.run(arguments + ["--journal", path]) }

  /// A line of traffic: what an operator told the platform, and what that answered.
  /// - Parameter body: the children of the request's element behind the header fields.
  static func line(_ time: String, _ operation: String, of caller: String, _ body: String, status: Int = 1) -> String {
    func envelope(_ part: String, _ text: String) -> String {
      "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><e:eMIP_ToIOP_\(operation)\(part) xmlns:e='urn:e'>"
        + "<transactionId>T-\(time)</transactionId>\(text)</e:eMIP_ToIOP_\(operation)\(part)></s:Body></s:Envelope>"
    }
    let header =
      "<partnerIdType>eMI3</partnerIdType><partnerId>\(caller)</partnerId>"
      + "<operatorIdType>eMI3</operatorIdType><operatorId>\(caller)</operatorId>"
    let response = envelope("Response", "<requestStatus>\(status)</requestStatus>")
    return """
      {"recordedAt":"\(time)","direction":"toIOP","operation":"\(operation)","httpStatus":200,"latencyMs":40,\
      "peer":"192.0.2.1","clientCN":"c","request":"\(envelope("Request", header + body))","response":"\(response)"}

      """
  }
}
