import JournalFormat
import Testing

@testable import EMIP

/// Messages of the tests' own making.
enum SOAP {
  static let namespace = "http://www.w3.org/2003/05/soap-envelope"
  static let soap11Namespace = "http://schemas.xmlsoap.org/soap/envelope/"
  static let authorisation = "https://api-iop.gireve.com/schemas/AuthorisationV1/"

  static func envelope(_ content: String, namespace: String = SOAP.namespace) -> String {
    "<s:Envelope xmlns:s=\"\(namespace)\">\(content)</s:Envelope>"
  }

  static func body(_ content: String) -> String { envelope("<s:Header/><s:Body>\(content)</s:Body>") }

  /// A message of the operation, with a header of its own.
  static func message(_ operation: String, _ fields: String) -> String {
    let header = "<transactionId>T-1</transactionId><partnerIdType>eMI3</partnerIdType><partnerId>FR*A23</partnerId>"
    let rest = "<operatorIdType>eMI3</operatorIdType><operatorId>FR*B45</operatorId>"
    return body("<e:\(operation) xmlns:e=\"\(authorisation)\">\(header)\(rest)\(fields)</e:\(operation)>")
  }
}

extension MessageReader {
  func read(_ text: String) -> MessageReading { read(Array(text.utf8)) }

  func refusal(of text: String) -> MessageRefusal? {
    guard case .refused(let refusal) = read(text) else { return nil }
    return refusal
  }

  /// The facts of a message; that what is stored tells the same is proved by the way.
  func facts(of text: String) throws -> MessageFacts {
    switch read(text) {
    case .message(let facts):
      if let layout = facts.layout {
        #expect(try MessageFacts(layout: layout, payload: facts.payload).everything == facts.everything)
      }
      return facts
    case .refused(let refusal): throw refusal
    }
  }
}

extension MessageFacts {
  /// The texts of a kind's marks.
  func marked(_ kind: TermKind) -> [String] {
    marks.filter { $0.kind == kind }.map { String(decoding: $0.text(in: payload), as: UTF8.self) }
  }

  /// What the payload holds at a mark.
  func raw(_ mark: Mark) -> String { String(decoding: payload[mark.range], as: UTF8.self) }
}
