import JournalFormat

@testable import EMIP

extension MessageReading {
  /// All that can be told, part by part, so that two readings can be compared.
  var everything: [String] {
    switch self {
    case .message(let facts): facts.everything
    case .refused(let refusal): ["\(refusal.code) \(refusal)"]
    }
  }
}

extension MessageFacts {
  /// See ``MessageReading/everything``.
  var everything: [String] {
    var facts: [String] = []
    func add(_ name: String, _ value: Any) { facts.append("\(name): \(value)") }
    add("envelope", envelope)
    add("leaves", leaves)
    add("layout", layout as Any)
    add("payload", payload.count)
    // What stands beside the leaves a layout does not have.
    add("marks", marks.filter { !looseTexts.contains($0.range) })
    add("findings", findings)
    add("header", [transactionId, partnerId, operatorId, targetOperatorId] as [String?])
    add("requestStatus", requestStatus as Any)
    add("fault", fault as Any)
    add("soapVersion", (soapVersion, namespace, operation, isFault))
    for name in Set(leaves.map(\.path.name)).union([WireName.toDate]).sorted() { add("texts \(name)", (text(of: name), texts(of: name))) }
    add("chargeDetailRecords", chargeDetailRecords)
    add("authenticationData", authenticationData)
    add("statusReports", statusReports)
    add("sessionEvent", sessionEvent as Any)
    add("sessionAction", sessionAction as Any)
    add("serviceAuthorisation", serviceAuthorisation as Any)
    add("meterLimits", meterLimits)
    add("codes", (requestedServiceId, authorisationValue, heartBeatPeriod, currentTime))
    return facts
  }
}
