import JournalFormat
import Testing

@testable import EMIP

@Suite struct IdentifierTests {
  @Test(arguments: [
    ("FR*A23*E45B*78C", "FR*A23*E45B78C", EVCIIdentifier.Element.evse),
    ("fra23e45b*78c", "FR*A23*E45B78C", .evse),
    ("FRA23E45B78C", "FR*A23*E45B78C", .evse),
    ("FR*a23E45B78C", "FR*A23*E45B78C", .evse),
    ("FRA23*E4*5*B*7*8*C", "FR*A23*E45B78C", .evse),
    ("IT*123*P456*AB789", "IT*123*P456AB789", .pool),
    ("IT*123*S456*AB789", "IT*123*S456AB789", .station),
    ("FR*A23*X45B*78C", "FR*A23*X45B78C", .connector),
    ("FR*EEE*E1", "FR*EEE*E1", .evse),
    ("FREEEE1", "FR*EEE*E1", .evse),
    ("FR*A23*E1*", "FR*A23*E1", .evse),
  ])
  func `an EVCI id has one canonical form, and all its spellings one index value`(
    text: String, canonical: String, element: EVCIIdentifier.Element
  ) throws {
    let identifier = try EVCIIdentifier(text)
    #expect(identifier.description == canonical)
    #expect(identifier.element == element)
    #expect(try EVCIIdentifier(canonical) == identifier)
    #expect(IndexTerm(element.termKind, text) == IndexTerm(element.termKind, canonical))
    #expect(TermComparison.compact.normalized(text.utf8) == Array(identifier.compact.utf8))
  }

  @Test func `an instance has at most 31 characters, separators counted`() throws {
    let longest = String(repeating: "A", count: 31)
    #expect(try EVCIIdentifier("FR*A23*E" + longest).instance == longest)
    #expect(throws: EMIPError.self) { try EVCIIdentifier("FR*A23*E" + longest + "A") }
    #expect(throws: EMIPError.self) { try EVCIIdentifier("FR*A23*E" + longest + "*") }
  }

  @Test(arguments: [
    ("", "\"\", at character 1: a country code of two letters is expected"),
    ("F1*A23*E1", "\"F1*A23*E1\", at character 1: a country code of two letters is expected"),
    ("ÉR*A23*E1", "\"ÉR*A23*E1\", at character 1: a country code of two letters is expected"),
    ("FR**A23*E1", "\"FR**A23*E1\", at character 4: three letters or digits of the operator are expected"),
    ("FR*A2*E1", "\"FR*A2*E1\", at character 4: three letters or digits of the operator are expected"),
    ("FR-A23-E1", "\"FR-A23-E1\", at character 3: three letters or digits of the operator are expected"),
    ("FR*A23", "\"FR*A23\", at character 7: one of the letters P, S, E and X is expected after the operator"),
    ("FR*A23*2927*2323", "\"FR*A23*2927*2323\", at character 8: one of the letters P, S, E and X is expected after the operator"),
    ("FR*A23*E", "\"FR*A23*E\", at character 9: a letter or digit is expected after the type"),
    ("FR*A23*E*1", "\"FR*A23*E*1\", at character 9: a letter or digit is expected after the type"),
    ("FR*A23*E1-2", "\"FR*A23*E1-2\", at character 10: only letters, digits and * may follow the type"),
    ("FR*A23*E1 ", "\"FR*A23*E1 \", at character 10: only letters, digits and * may follow the type"),
    (" FR*A23*E1", "\" FR*A23*E1\", at character 1: a country code of two letters is expected"),
  ])
  func `a text that is no EVCI id is refused with the place and the reason`(text: String, message: String) {
    #expect(throws: EMIPError(.identifier, message)) { try EVCIIdentifier(text) }
  }

  @Test(arguments: ["FR*A23", "fra23", "FRa23", "fr*A23"])
  func `an operator id has one canonical form`(text: String) throws {
    #expect(try OperatorIdentifier(text).description == "FR*A23")
    #expect(try OperatorIdentifier(text).compact == "FRA23")
  }

  @Test(arguments: ["", "FR", "FR*", "FR*A2", "FR*A234", "FR*A23*", "12*A23", "FR*A_3", "FR A23"])
  func `a text that is no operator id is refused`(text: String) {
    #expect(throws: EMIPError.self) { try OperatorIdentifier(text) }
  }

  @Test(arguments: [
    ("1a2b3c4d", "1A2B3C4D"), ("1", "00000001"), ("0001A", "0000001A"), ("00000000", "00000000"),
    ("1A2B3C4D5", "000001A2B3C4D5"), ("1a2b3c4d5e6f70", "1A2B3C4D5E6F70"), ("00112233445566", "00112233445566"),
  ])
  func `a badge's UID is read in any case and written with leading zeros`(text: String, digits: String) throws {
    #expect(try RFID(text).digits == digits)
    #expect(IndexTerm(.userRFID, text).value == Array(digits.utf8))
  }

  @Test(arguments: [
    ("", "the UID is empty"), ("1A2B3C4G", "character 8 of the UID is no hexadecimal digit"),
    ("1A:2B:3C:4D", "character 3 of the UID is no hexadecimal digit"), ("١٢", "character 1 of the UID is no hexadecimal digit"),
    ("1A2B3C4D5E6F701", "a UID has at most 14 digits, not 15"),
  ])
  func `a text that is no UID is refused without repeating it`(text: String, message: String) {
    #expect(throws: EMIPError(.rfid, message)) { try RFID(text) }
  }
}
