import EMIP
import JournalFormat
import JournalStore
import TestSupport

@testable import Projections

/// Sessions as they should not be: few ids, users and EVSEs that cross, messages late, twice or lost.
struct SessionsTraffic {
  let script: SessionsScript
  let seed: UInt64
  private var random: SeededGenerator
  private var time: Int64 = 0
  /// Requests without an answer so far.
  private var unanswered: [(position: JournalPosition, session: String)] = []

  init(seed: UInt64 = SeededGenerator.newSeed("random sessions")) throws {
    script = try SessionsScript()
    self.seed = seed
    random = SeededGenerator(seed: seed)
  }

  static let hour: Int64 = 3_600_000

  /// - Parameter longestPause: between two messages, in hours.
  mutating func write(_ count: Int, longestPause: Int64) async throws {
    for _ in 0..<count {
      time += Int64.random(in: 0..<4, using: &random) == 0 ? .random(in: 0...longestPause * Self.hour, using: &random) : 20_000
      try await writeOne()
    }
  }

  private mutating func one(_ prefix: String, orNone: Bool = false) -> String? {
    let number = Int.random(in: 0..<7, using: &random)
    return orNone && number > 4 ? nil : "\(prefix)\(number)"
  }

  private mutating func writeOne() async throws {
    // The CPO and the eMSP know no better than to use the same words.
    let (service, exec, sale) = (one("S", orNone: true), one("X", orNone: true), one("X", orNone: true))
    let evse = "FR*C01*E\(Int.random(in: 0..<2, using: &random))"
    let status = Int.random(in: 0..<6, using: &random) == 0 ? 10_304 : 1
    let said = "<serviceSessionId>\(one("S")!)</serviceSessionId>"
    switch Int.random(in: 0..<12, using: &random) {
    case 0, 1: try await script.get(exec, at: time, evse: evse, session: service, value: .random(in: 1...2, using: &random))
    case 2: try await script.get(exec, at: time, evse: evse, answer: Bool.random(using: &random) ? .lost : .fault)
    case 3:
      let position = try await script.get(exec, at: time, evse: evse, intermediate: true, answer: .pending)
      unanswered.append((position, one("S")!))
    case 4: try await answerLate()
    case 5: try await script.asked(service ?? one("S")!, at: time, evse: evse, sale: sale)
    case 6: try await script.event(.random(in: 0..<14, using: &random), service ?? one("S")!, exec, at: time)
    case 7: try await script.record(service, exec, at: time, nature: "2", evse: evse, status: status)
    case 8, 9:
      try await script.record(
        service, exec, sale: sale, at: time, Bool.random(using: &random) ? .toIOP : .fromIOP, evse: evse, status: status,
        answered: Bool.random(using: &random) ? said : "")
    case 10: try await download(exec, sale, evse)
    default: try await script.heartBeat(at: time)
    }
  }

  private mutating func answerLate() async throws {
    guard !unanswered.isEmpty else { return }
    let (position, session) = unanswered.remove(at: .random(in: 0..<unanswered.count, using: &random))
    try await script.journal.answer(
      .response(
        "<requestStatus>1</requestStatus><authorisationValue>1</authorisationValue><serviceSessionId>\(session)</serviceSessionId>"),
      to: position, "GetServiceAuthorisation", .toIOP, at: time, transaction: "T")
  }

  private mutating func download(_ exec: String?, _ sale: String?, _ evse: String) async throws {
    var records = ""
    for _ in 0..<Int.random(in: 1..<4, using: &random) {
      records += "<chargeDetailRecord><CDRNature>1</CDRNature><serviceSessionId>\(one("S")!)</serviceSessionId>"
      if let exec { records += "<execPartnerSessionId>\(exec)</execPartnerSessionId><execPartnerOperatorId>FR*C01</execPartnerOperatorId>" }
      records += "<EVSEId>\(evse)</EVSEId>\(SessionsScript.user())</chargeDetailRecord>"
    }
    let list = "<chargeDetailRecordList>\(records)</chargeDetailRecordList>"
    try await script.journal.exchange(
      "GetChargeDetailRecordList", at: time, operator: SessionsScript.eMSP,
      answer: .response("<requestStatus>1</requestStatus>\(list)"))
  }
}

extension SessionQuestions {
  /// All that they say of all sessions, a line each.
  /// - Parameter rule: its findings are left out.
  func lines(without rule: FindingRule? = nil) throws -> [String] {
    var lines: [String] = []
    try forEach(SessionFilter()) { session in
      let facts = try facts(session.number, asOf: asOf)!
      let ids = [session.serviceSessionId, session.execPartnerSessionId, session.salePartnerSessionId].map { $0 ?? "-" }
      let parties = [session.execOperatorId, session.saleOperatorId, session.evseId].map { $0 ?? "-" }
      let steps = facts.steps.map { "\($0.position)\($0.isInferred ? "?" : "")>\($0.answerPosition?.description ?? "-")" }
      let findings = session.findings.filter { $0.rule != rule }.map { "\($0.rule.id)@\($0.position)" }
      let decision = facts.decision.map { "\($0.result) \($0.step.position)" } ?? "-"
      lines.append(
        "\(session.number) \(ids) \(parties) \(session.state) \(session.start) \(session.openedAt) \(decision) \(steps) \(findings)")
      return true
    }
    return lines
  }
}
