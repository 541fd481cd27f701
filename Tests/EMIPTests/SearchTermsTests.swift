import JournalFormat
import Testing

@testable import EMIP

@Suite struct SearchTermsTests {
  @Test func `any text is looked for under every kind that it may be`() {
    let kinds = Set(SearchTerms.candidates(for: "abc-1").map(\.kind))
    #expect(kinds == Set(TermKind.eMIPKinds.map(\.kind)).subtracting([.operatorId, .personalText]))
  }

  @Test func `ids of transactions and sessions are looked for as written`() {
    #expect(SearchTerms.candidates(for: " aB*c-1\n").contains(IndexTerm(.transactionId, "aB*c-1")))
    #expect(SearchTerms.sessionTerms("aB").map(\.value) == Array(repeating: Array("aB".utf8), count: 4))
    #expect(SearchTerms.sessionTerms("aB") != SearchTerms.sessionTerms("ab"))
  }

  @Test(arguments: ["FR*A23*E45B*78C", "fra23e45b78c", "FR*A23E45B78C "])
  func `an EVSE is found in every spelling`(typed: String) {
    #expect(SearchTerms.evseTerms(typed) == [IndexTerm(.evseId, "FR*A23*E45B*78C")])
  }

  @Test(arguments: [
    ("1a2b", "00001A2B"), ("00001A2B", "1a2b"), ("1A:2B:3C:4D", "1A2B3C4D"), ("04 A1 B2 C3 D4 E5 F6", "04a1b2c3d4e5f6"),
    ("1A2B3C4D", "0000001A2B3C4D"), ("0000001A2B3C4D", "1A2B3C4D"), ("badge 7", "badge 7"), ("1A2B3C4D5E6F70AABB", "1a2b3c4d5e6f70aabb"),
  ])
  func `a badge is found however it is typed and was written`(typed: String, written: String) {
    #expect(SearchTerms.userTerms(typed).contains(IndexTerm(.userRFID, written)))
    #expect(SearchTerms.candidates(for: typed).contains(IndexTerm(.userRFID, written)))
  }

  @Test func `a badge is not found by another's digits`() {
    #expect(!SearchTerms.userTerms("1A2B3C4D").contains(IndexTerm(.userRFID, "1A2B3C4E")))
    #expect(!SearchTerms.userTerms("1A2B3C").contains(IndexTerm(.userRFID, "1A2B3C00")))
  }

  @Test(arguments: [
    ("NN-123-ABCDEFGHI-T", "nn123abcdefghi"), ("NN123ABCDEFGHI", "NN-123-ABCDEFGHI-T"), ("nn123abcdefghix", "NN-123-ABCDEFGHI-X"),
    ("my contract", "MYCONTRACT"),
  ])
  func `a contract is found with its check digit and without`(typed: String, written: String) {
    #expect(SearchTerms.userTerms(typed).contains(IndexTerm(.userContract, written)))
  }

  @Test func `terms are distinct`() {
    let terms = SearchTerms.candidates(for: "1A2B3C4D")
    #expect(Set(terms).count == terms.count)
  }

  @Test func `nothing typed finds nothing, and neither do separators alone`() {
    #expect(SearchTerms.candidates(for: "").isEmpty)
    #expect(SearchTerms.candidates(for: " \n").isEmpty)
    #expect(SearchTerms.evseTerms("*-*").isEmpty)
    #expect(SearchTerms.sessionTerms("*").count == 4)
  }

  @Test func `every kind has a name of its own and is found by it`() {
    #expect(TermKind.eMIPKinds.map(\.kind.number) == Array(1...15) + [TermKind.operatorId.number, 17])
    for (kind, name) in TermKind.eMIPKinds {
      #expect(kind.name == name)
      #expect(TermKind(name: name) == kind)
    }
    #expect(TermKind(name: "transactionID") == nil)
    #expect(TermKind(number: 31, comparison: .exact).name == nil)
    #expect(TermKind(name: "EVSEId") == .evseId)
  }
}
