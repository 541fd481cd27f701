import EMIP
import JournalFormat
import JournalStore
import Recording
import Testing

@testable import Projections

/// What the read model of messages tells, and as of when.
@Suite struct MessagesTests {
  private let journal: ScriptedJournal
  private let recorder = Recorder()

  init() throws { journal = try ScriptedJournal() }

  /// A record that cannot be read, and its answer a little later.
  private func unread(_ operation: String?, at time: Int64, status: String = "1") async throws {
    let message = ObservedMessage(
      Array("<!DOCTYPE a><a/>".utf8), observedAt: ScriptedJournal.moment(time), direction: .toIOP,
      peer: Peer(address: "192.0.2.1", certificateCommonName: "cpo.example"), operation: operation)
    let position = try await journal.append(EntryDraft(recorder.request(message), recordedAt: ScriptedJournal.moment(time)))
    try await journal.answer(
      .response("<requestStatus>\(status)</requestStatus>"), to: position, operation ?? "HeartBeat", .toIOP, at: time + 50,
      transaction: "T-\(time)")
  }

  private func questions<Result>(
    asOf position: UInt64? = nil, _ body: (MessageQuestions) throws -> Result
  ) throws -> Result {
    let runner = try ProjectionRunner(journal.directory, projections: [MessageProjection.self], purpose: "test")
    try runner.catchUp()
    runner.close()
    let models = try ReadModels(journal.directory, [MessageProjection.self])
    return try body(try MessageQuestions(models, asOf: position.map { JournalPosition($0) }))
  }

  @Test func `a message that was not read is an error once the other side says that it accepted it`() async throws {
    try await unread("SetChargeDetailRecord", at: 0)
    try await unread("SetChargeDetailRecord", at: 1_000, status: "10501")
    func told(asOf position: UInt64?) throws -> [String] {
      try questions(asOf: position) { try $0.findings().map { "\($0.rule.severity) \($0.position) \($0.subject)" } }
    }
    #expect(try told(asOf: 1) == ["warning 1 position 1"])
    #expect(try told(asOf: 2) == ["error 1 T-0"])
    #expect(try told(asOf: nil) == ["error 1 T-0", "warning 3 T-1000"])
    let sentence = try questions { try $0.findings()[0].sentence }
    #expect(sentence.hasPrefix("A request of SetChargeDetailRecord from cpo.example was not read, document-type: "))
    #expect(sentence.hasSuffix(" The answer at position 2 says that it was accepted."))
  }

  @Test func `what could not be read is counted with what it may be of, in its time`() async throws {
    for (operation, time) in [("SetChargeDetailRecord", 0), ("HeartBeat", 1_000), (nil, 2_000), ("GetChargeDetailRecord", 3_000)]
      as [(String?, Int64)]
    {
      try await unread(operation, at: time)
    }
    func count(asOf position: UInt64? = nil, since: Int64? = nil, until: Int64? = nil) throws -> UInt64 {
      try questions(asOf: position) {
        try $0.unreadCount(of: CDRQuestions.operations, since: since.map(ScriptedJournal.moment), until: until.map(ScriptedJournal.moment))
      }
    }
    #expect(try count() == 3)
    #expect(try count(asOf: 5) == 2 && count(asOf: 4) == 1)
    #expect(try count(since: 2_000) == 2 && count(until: 2_000) == 1 && count(since: 1, until: 2_000) == 0)
  }

  @Test func `all that it knows stands in its rows`() async throws {
    try await unread("SetChargeDetailRecord", at: 0)
    try await journal.exchange("HeartBeat", at: 1_000, transaction: "T-1", answer: .response("<transactionId>T-2</transactionId>"))
    try await unread(nil, at: 2_000)
    #expect(try journal.forgetsNothing(MessageProjection.self))
  }

  @Test func `ids that both sides name differ, those that one names do not`() throws {
    func content(_ kind: EntryKind, _ ids: [(TermKind, String)]) -> EntryContent {
      let marks = ids.map { Mark(kind: $0.0, range: 0..<0, inlineText: Array($0.1.utf8)) }
      return EntryContent(observedAt: ScriptedJournal.moment(0), context: EntryContext(kind: kind), marks: marks)
    }
    func mismatch(_ asked: [(TermKind, String)], _ answered: [(TermKind, String)]) -> AnswerMismatch? {
      AnswerMismatch(content(.response, answered), to: content(.request, asked))
    }
    #expect(mismatch([(.transactionId, "A")], [(.transactionId, "B")]) == .transactionId(asked: "A", answered: "B"))
    #expect(mismatch([(.transactionId, "A")], [(.transactionId, "A")]) == nil)
    // A UUID is the same in any case.
    #expect(mismatch([(.transactionId, "A1B2")], [(.transactionId, "a1b2")]) == nil)
    #expect(mismatch([(.serviceSessionId, "S-e")], [(.serviceSessionId, "s-E")]) == nil)
    #expect(mismatch([], [(.transactionId, "B"), (.serviceSessionId, "S")]) == nil)
    #expect(mismatch([(.transactionId, "A"), (.serviceSessionId, "S")], []) == nil)
    #expect(mismatch([(.serviceSessionId, "S")], [(.serviceSessionId, "X")]) == .serviceSessionId(asked: "S", answered: "X"))
    // A list names several.
    #expect(mismatch([(.serviceSessionId, "S"), (.serviceSessionId, "X")], [(.serviceSessionId, "X")]) == nil)
    #expect(AnswerMismatch(content(.failure, []), to: content(.request, [(.transactionId, "A")])) == nil)
  }
}
