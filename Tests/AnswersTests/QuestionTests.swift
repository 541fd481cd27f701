import Answers
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections
import Testing

/// Every question, asked without the command that asks it for a person.
@Suite struct QuestionTests {
  /// All that can be asked of read models, by what it is.
  private static func answers(_ basis: AnswerBasis) throws -> [(name: String, rows: [any Encodable])] {
    let sessions = try SessionsQuestion().sessions(basis)
    let views = try sessions.flatMap { try SessionQuestion($0.execPartnerSessionId ?? "").sessions(basis) }
    var records: [CDRSession] = []
    try CDRsQuestion().forEachSession(basis) {
      records.append($0)
      return true
    }
    let badge = "04A1B2C3"
    let user = UserKey(type: "RFID-UID", id: badge)
    let moment = AskedJournal.moment(minute: 2)
    let statuses = try StatusAnswer(StatusQuestion(), basis)
    let elements = try statuses.all()
    var operations = PartnersQuestion()
    operations.byOperation = true
    var findings = FindingsQuestion()
    findings.filter.includesResolved = true
    return [
      ("sessions", sessions.map(SessionRow.init)), ("session", views.map(SessionDocument.init)),
      ("cdrs", records.map { CDRSessionDocument($0, isComplete: false) }),
      ("cdr", records.map { CDRSessionDocument($0, isComplete: true) }), ("totals", try CDRsQuestion().totals(basis)),
      ("evses", elements), ("history", try statuses.history(elements)), ("findings", try findings.findings(basis)),
      ("partners", try PartnersQuestion().partners(basis)), ("operations", try operations.partners(basis)),
      ("whitelist", try WhiteListQuestion(includesAll: true).entries(basis)),
      ("check", [WhiteListCheckDocument(try WhiteListCheckQuestion(user, at: moment).check(basis), at: moment)]),
      ("why", try AuthorisationTrail(user: badge, at: moment, withinMilliseconds: 600_000).steps(basis)),
      ("extent", [try basis.extent()]), ("census", [try Census(basis.models.reader).document]),
    ]
  }

  @Test func `what is absent is null: objects at one place of an answer have the same keys`() async throws {
    let journal = try await eventfulJournal()
    var nulls = 0
    var answers = try Self.answers(try journal.basis())
    // A file is open once in a process: the models are let go first.
    answers.append(("status", try ReadModelStatus.all(of: JournalReader(journal.directory), withDigests: false)))
    for (name, rows) in answers {
      #expect(!rows.isEmpty, "\(name)")
      let found = try objects(rows)
      nulls += found.count { $0.values.contains { $0 is NSNull } }
      let shape = JSONShape(found, maps: ["costs", "exchangesByOperation", "entriesByKind"])
      for (place, keys) in shape.keys { #expect(keys.count == 1, "\(name)\(place): \(keys)") }
    }
    #expect(nulls > 10)
  }

  @Test func `sums name the counterpart as its records do`() async throws {
    let journal = try AskedJournal()
    let sale = "<salePartnerOperatorId>nlms4</salePartnerOperatorId><EVSEId>"
    let record = AskedJournal.chargeRecord("X1", minute: 0).replacing("<EVSEId>", with: sale)
    try await journal.record([("SetChargeDetailRecord", record, "<requestStatus>1</requestStatus>")])
    let basis = try journal.basis()
    var listed: [String?] = []
    try CDRsQuestion().forEachSession(basis) {
      listed.append($0.counterpart)
      return true
    }
    #expect(try CDRsQuestion().totals(basis).map(\.counterpart) == ["nlms4"] && listed == ["nlms4"])
  }

  @Test func `columns of CSV are keys of the rows, and a list stands in its cell as JSON`() async throws {
    let journal = try await eventfulJournal()
    let basis = try journal.basis()
    let columns = [
      "sessions": SessionRow.columns, "cdrs": CDRSessionDocument.columns, "cdr": CDRSessionDocument.columns,
      "totals": CDRTotalsDocument.columns, "evses": ElementStatusRow.columns, "history": StatusEventRow.columns,
      "findings": FindingDocument.columns, "partners": PartnerDocument.partnerColumns, "operations": PartnerDocument.operationColumns,
      "whitelist": WhiteListRow.columns, "check": WhiteListCheckDocument.columns, "why": AuthorisationStep.columns,
    ]
    for (name, rows) in try Self.answers(basis) {
      guard let columns = columns[name] else { continue }
      for row in try objects(rows) { #expect(Set(columns).isSubset(of: row.keys), "\(name)") }
    }
    let row = try #require(try SessionsQuestion().sessions(basis).first { !$0.findings.isEmpty })
    let line = String(decoding: try CSVTable(columns: ["findings"]).line(SessionRow(row)), as: UTF8.self)
    #expect(line.hasPrefix("\"[{\"\"explanation\"\":\"\""), "\(line)")
  }

  @Test func `a finding is one document, whatever was asked`() async throws {
    let journal = try await eventfulJournal()
    let basis = try journal.basis()
    let keys: Set<String> = ["rule", "ruleVersion", "severity", "model", "subject", "position", "explanation", "resolvedAt"]
    func findings(_ rows: [any Encodable]) throws -> [NSDictionary] {
      try objects(rows).flatMap { try #require($0["findings"] as? [[String: Any]]) }.map { $0 as NSDictionary }
    }
    let rule = "cdr-without-authorisation"
    let all = try objects(try FindingsQuestion().findings(basis))
    #expect(all.count > 1 && all.allSatisfy { Set($0.keys) == keys })
    let told = all.filter { $0["rule"] as? String == rule }.map { $0 as NSDictionary }
    #expect(told.map { $0["model"] as? String } == ["sessions"] && told.map { $0["subject"] as? String } == ["X-2"])
    let view = try SessionQuestion("X-2").sessions(basis)
    let records = try CDRQuestion("X-2").sessions(basis)
    for answer: [any Encodable] in [
      view.map { SessionRow($0.summary) }, view.map(SessionDocument.init), records.map { CDRSessionDocument($0, isComplete: false) },
      records.map { CDRSessionDocument($0, isComplete: true) },
    ] {
      let found = try findings(answer).filter { $0["rule"] as? String == rule }
      #expect(found == told, "\(found)")
    }
    let own = try findings(records.map { CDRSessionDocument($0, isComplete: true) }).filter { $0["model"] as? String != "sessions" }
    #expect(!own.isEmpty && own.allSatisfy { all.map { $0 as NSDictionary }.contains($0) }, "\(own)")
  }

  @Test func `what nobody knows of is an error with its code`() async throws {
    let journal = try await eventfulJournal()
    func code(_ question: () throws -> Void) -> AnswerError.Code? {
      do { try question() } catch { return (error as? AnswerError)?.code }
      return nil
    }
    let nobody = "04FFFFFF"
    try journal.asked { basis in
      #expect(code { _ = try CDRQuestion("X-9").sessions(basis) } == .notFound)
      #expect(code { _ = try CDRQuestion("X-1", version: 3).sessions(basis) } == .notFound)
      #expect(code { _ = try StatusAnswer(StatusQuestion(), basis).elements("FR*C01*E9") } == .notFound)
      #expect(code { _ = try WhiteListHistoryQuestion(UserKey(type: "RFID-UID", id: nobody)).entries(basis) } == .notFound)
      #expect(
        code { _ = try AuthorisationTrail(user: nobody, at: AskedJournal.moment(minute: 2), withinMilliseconds: 1).steps(basis) }
          == .notFound)
      #expect(code { _ = try LookupQuestion(.transactionId, "T-99").exchanges(in: basis.models.reader) } == .notFound)
    }
    #expect(code { _ = try journal.basis(asOf: .time(AskedJournal.moment(minute: -1))) } == .notFound)
    #expect(try journal.basis(asOf: .time(AskedJournal.moment(minute: 1))).asOf == JournalPosition(3))
  }

  @Test func `codes of answers stand in the page of errors`() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Schemas/errors.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for code in AnswerError.Code.allCases { #expect(text.contains("| `\(code.rawValue)` |"), "\(code.rawValue)") }
  }
}
