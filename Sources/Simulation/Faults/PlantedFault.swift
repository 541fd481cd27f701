/// A fault that was planted, as the manifest tells of it.
struct PlantedFault {
  /// Whom or what the finding is about.
  enum Subject {
    case session(Session)
    case evse(Int)
    /// An EVSE by its id, and a transactionId, which the lines have.
    case evseId(String)
    case transaction
    /// Somebody on the list of a provider.
    case user(Partner, Population.User)
    /// All of a partner's list.
    case list(Partner)
    case partner(Partner)
    /// The message itself: its transaction names it.
    case message
  }

  let rule: FaultRule
  let subject: Subject
  /// Lines of the traffic, from 1: first those at which the finding must appear, then those that it rests on.
  var exchanges: [Int] { (findings + causes).map(\.line) }
  /// Milliseconds since 1970: of a fault that lies in something not happening, when the finding is due at the earliest.
  var notBefore: Int?
  /// Milliseconds since 1970: how long a partner was not heard.
  var silence: Range<Int>?

  private var findings: [(line: Int, transactionId: String?)] = []
  private var causes: [(line: Int, transactionId: String?)] = []

  init(_ rule: FaultRule, _ subject: Subject) {
    self.rule = rule
    self.subject = subject
  }

  /// Takes in the exchange that was written as line `line`.
  mutating func add(line: Int, _ transactionId: String?, isFinding: Bool) {
    if isFinding { findings.append((line, transactionId)) } else { causes.append((line, transactionId)) }
  }

  // MARK: Manifest

  /// One JSON object (RFC 8259), keys sorted, with a line break behind it. No value in it needs an escape.
  func line(_ exchange: borrowing Exchange) -> String {
    let transactionIds = (findings + causes).compactMap(\.transactionId)
    var values: [String: String] = [
      "exchanges": "[" + exchanges.map(String.init).joined(separator: ",") + "]", "rule": quoted(rule.rawValue),
      "severity": quoted(rule.severity), "transactionIds": "[" + transactionIds.map(quoted).joined(separator: ",") + "]",
    ]
    for (key, text) in subjectTexts(exchange) { values[key] = quoted(text) }
    if let notBefore { values["notBefore"] = quoted(exchange.text { $0.rawDate(notBefore) }) }
    if let silence {
      values["from"] = quoted(exchange.text { $0.rawDate(silence.lowerBound) })
      values["to"] = quoted(exchange.text { $0.rawDate(silence.upperBound) })
    }
    let members = values.sorted { $0.key < $1.key }.map { quoted($0.key) + ":" + $0.value }
    return "{" + members.joined(separator: ",") + "}\n"
  }

  private func subjectTexts(_ exchange: borrowing Exchange) -> [String: String] {
    switch subject {
    case .session(let session):
      [
        "subject": "session", "evseId": exchange.text { $0.evse(session.evse) },
        "serviceSessionId": exchange.text { $0.rawServiceSession(session) },
        "execPartnerSessionId": exchange.text { $0.rawExecSession(session) },
      ]
    case .evse(let evse): ["subject": "evse", "evseId": exchange.text { $0.evse(evse) }]
    case .evseId(let id): ["subject": "evse", "evseId": id]
    case .transaction: ["subject": "transaction"]
    case .user(let partner, let user):
      [
        "subject": "user", "operatorId": exchange.text { $0.operatorId(partner) }, "userIdType": "RFID-UID",
        "userId": exchange.text { $0.rawUser(user, byContract: false) },
      ]
    case .list(let partner): ["subject": "list", "operatorId": exchange.text { $0.operatorId(partner) }]
    case .message: ["subject": "message"]
    case .partner(let partner): ["subject": "partner", "partner": exchange.text { $0.operatorId(partner) }]
    }
  }

  private func quoted(_ text: String) -> String { "\"" + text + "\"" }
}
