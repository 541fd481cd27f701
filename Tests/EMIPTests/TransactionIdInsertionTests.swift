import EMIP
import JournalFormat
import TestSupport
import Testing

/// Where a request lacks a transactionId, it gets one, and not another byte changes.
@Suite struct TransactionIdInsertionTests {
  private func inserted(_ operation: String, around: (String) -> String = { SOAP.body($0) }) throws -> (text: String, facts: MessageFacts)?
  {
    let payload = Array(around(operation).utf8)
    guard let insertion = TransactionIdInsertion("N-1", into: payload) else { return nil }
    let result = insertion.applied(to: payload)
    var without = result
    without.removeSubrange(insertion.offset..<insertion.offset + insertion.bytes.count)
    #expect(without == payload)
    let text = String(decoding: result, as: UTF8.self)
    return (text, try MessageReader().facts(of: text))
  }

  @Test(arguments: [
    ("<e:HeartBeatRequest xmlns:e=\"u\"><partnerId>P</partnerId></e:HeartBeatRequest>", "><transactionId>N-1</transactionId><partnerId>"),
    (
      "<e:HeartBeatRequest xmlns:e=\"u\">\r\n\t<e:partnerId >P</e:partnerId></e:HeartBeatRequest>",
      ">\r\n\t<e:transactionId>N-1</e:transactionId>\r\n\t<e:partnerId >"
    ),
    ("<HeartBeatRequest xmlns='u'> <partnerId/></HeartBeatRequest>", "> <transactionId>N-1</transactionId> <partnerId/>"),
    (
      "<HeartBeatRequest xmlns='u'><partnerId xmlns=\"\" a='>' >P</partnerId></HeartBeatRequest>",
      "><transactionId xmlns=\"\">N-1</transactionId><partnerId xmlns=\"\" a='>' >"
    ),
    (
      "<HeartBeatRequest xmlns='u'><z:partnerId id=\"xmlns='1'\" xmlns:z = 'w'>P</z:partnerId></HeartBeatRequest>",
      "><z:transactionId xmlns:z = 'w'>N-1</z:transactionId><z:partnerId id="
    ),
    (
      "<HeartBeatRequest><!-- <a> --><partnerId>P</partnerId></HeartBeatRequest>",
      "<!-- <a> --><transactionId>N-1</transactionId><partnerId>"
    ),
  ])
  func `it stands first, with the prefix, the namespaces and the white space of what was first`(operation: String, expected: String) throws
  {
    let found = try #require(try inserted(operation))
    #expect(found.text.contains(expected) && found.facts.transactionId == "N-1")
  }

  @Test func `what stands before the body, and behind it, is no place for it`() throws {
    let header = "<s:Header><h:a xmlns:h=\"u\"><transactionId>X</transactionId></h:a></s:Header>"
    let operation = "<HeartBeatRequest><partnerId>P</partnerId></HeartBeatRequest>"
    for before in ["\u{feff}", "<?xml version=\"1.0\"?>\n", "<!-- <s:Body><a><b> -->"] {
      let found = try inserted(operation) { before + SOAP.envelope(header + "<s:Body>\n" + $0 + "</s:Body>") }
      #expect(try #require(found).text.contains("<HeartBeatRequest><transactionId>N-1</transactionId><partnerId>"))
    }
  }

  @Test(arguments: [
    "<HeartBeatRequest><transactionId>T</transactionId></HeartBeatRequest>",
    "<HeartBeatRequest><partnerId/><transactionId/></HeartBeatRequest>",
    "<HeartBeatRequest/>", "<HeartBeatRequest>text</HeartBeatRequest>", "<HeartBeatRequest><partnerId></HeartBeatRequest>",
  ])
  func `a message that has one, or that nothing can stand before, gets none`(operation: String) throws {
    #expect(try inserted(operation) == nil)
  }

  @Test func `messages of all kinds are read the same with it as before`() throws {
    var generator = SeededGenerator()
    var count = 0
    for _ in 0..<300 {
      let bytes = RandomMessage(seed: generator.next()).bytes(texts: generator.next())
      guard case .message(let before) = MessageReader().read(bytes) else { continue }
      guard let found = try inserted(String(decoding: bytes, as: UTF8.self), around: { $0 }) else { continue }
      count += 1
      #expect(found.facts.operation == before.operation && found.facts.leaves.count == before.leaves.count + 1)
    }
    #expect(count > 20)
  }
}
