import Answers
import JournalFormat
import JournalStore
import Testing

@Suite struct ExchangeTests {
  @Test func `pages follow each other until nothing is left`() async throws {
    let journal = try await eventfulJournal()
    let reader = try JournalReader(journal.directory)
    var heads: [JournalPosition] = []
    var query = ExchangeFilter().query
    for _ in 0..<4 {
      var page = ExchangeListing(reader, query, limit: 4, .init(show: { heads.append($0.head.position) }))
      try page.run()
      #expect(page.isFull == (page.count == 4))
      try page.requireWhole()
      query.after = page.last ?? query.after
    }
    #expect(heads == (0..<11).map { JournalPosition(UInt64(2 * $0 + 1)) })
  }

  @Test func `a filter takes an operation by the name of its message, and an operator in any spelling`() async throws {
    let journal = try await eventfulJournal()
    let reader = try JournalReader(journal.directory)
    func count(_ change: (inout ExchangeFilter) -> Void) throws -> Int {
      var filter = ExchangeFilter()
      change(&filter)
      var listing = ExchangeListing(reader, filter.query, .init(show: { _ in }))
      try listing.run()
      return listing.count
    }
    #expect(try count { $0.operation = "emip_toiop_heartbeatrequest" } == 2)
    #expect(try count { $0.operatorId = "fr-c01" } == 11 && count { $0.operatorId = "FR*C02" } == 0)
    #expect(try count { $0.outcome = .lost } == 2 && count { $0.user = "04:a1:b2:c3" } == 7)
  }

  @Test func `an exchange is known as of a position as far as it had been recorded`() async throws {
    let journal = try await eventfulJournal()
    let reader = try JournalReader(journal.directory)
    let asked = try LookupQuestion(.transactionId, "T-1", asOf: JournalPosition(3)).exchanges(in: reader)
    #expect(asked.map { $0.ending == nil } == [true])
    #expect(try LookupQuestion(.transactionId, "T-1", asOf: JournalPosition(4)).exchanges(in: reader).first?.ending != nil)
    #expect(throws: AnswerError.self) { try LookupQuestion(.transactionId, "T-1", asOf: JournalPosition(2)).exchanges(in: reader) }
  }

  @Test func `the record of an access names no person, and stands in the journal`() async throws {
    let journal = try await eventfulJournal()
    let question = LookupQuestion(.id, "04A1B2C3")
    let told = question.recordedQuestion(try question.exchanges(in: try JournalReader(journal.directory)))
    #expect(told.hasPrefix("exchanges at 1, 3, 5, ") && !told.contains("04A1B2C3"))
    try await AccessRecord(question: told, reason: "complaint 4711", user: "a test").append(to: journal.directory, purpose: "a test")
    let last = try #require(try JournalReader(journal.directory).lastEntry())
    #expect(last.kind == .access && last.content.context.reason == "reveal: \(told): complaint 4711 (user a test)")
  }
}
