import JournalFormat
import Testing

@testable import EMIP

@Suite struct ContractIdentifierTests {
  // The eight examples of the check digit's public description, which several published implementations carry.
  static let published: [(stem: String, digit: Character)] = [
    ("NN123ABCDEFGHI", "T"), ("FRXYZ123456789", "2"), ("ITA1B2C3E4F5G6", "4"), ("ESZU8WOX834H1D", "R"), ("PT73902837ABCZ", "Z"),
    ("DE83DUIEN83QGZ", "D"), ("DE83DUIEN83ZGQ", "M"), ("DE8AA001234567", "0"),
  ]

  @Test(arguments: published)
  func `the check digit is the published one`(stem: String, digit: Character) throws {
    #expect(try ContractIdentifier(stem).expectedCheckDigit == digit)
    #expect(try ContractIdentifier(stem).checkDigit == .absent)
    #expect(try ContractIdentifier(stem + String(digit)).checkDigit == .valid)
  }

  @Test(arguments: published)
  func `every single wrong character and every swap of neighbours is noticed`(stem: String, digit: Character) throws {
    let right = Array(stem + String(digit))
    for index in right.indices {
      for replacement in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" where replacement != right[index] {
        var wrong = right
        wrong[index] = replacement
        guard let contract = try? ContractIdentifier(String(wrong)) else { continue }
        #expect(contract.checkDigit != .valid, "\(String(wrong))")
      }
      guard index + 1 < right.count, right[index] != right[index + 1] else { continue }
      var swapped = right
      swapped.swapAt(index, index + 1)
      guard let contract = try? ContractIdentifier(String(swapped)) else { continue }
      #expect(contract.checkDigit != .valid, "\(String(swapped))")
    }
  }

  @Test(arguments: ["NN-123-ABCDEFGHI-T", "nn123abcdefghit", "NN123-ABCDEFGHIT", "nN-123ABCDEFGHI-t"])
  func `all spellings are the same contract`(text: String) throws {
    let contract = try ContractIdentifier(text)
    #expect(contract.description == "NN-123-ABCDEFGHI-T")
    #expect(contract.checkDigit == .valid)
    #expect(TermComparison.compact.normalized(text.utf8) == Array(contract.compact.utf8))
  }

  @Test func `a wrong check digit is reported and not refused`() throws {
    let contract = try ContractIdentifier("NN-123-ABCDEFGHI-X")
    #expect(contract.checkDigit == .invalid(found: "X", expected: "T"))
    #expect(contract.description == "NN-123-ABCDEFGHI-X")
  }

  @Test(arguments: [
    "", "NN", "N1-123-ABCDEFGHI", "NN-12-ABCDEFGHI", "NN-123-ABCDEFGH", "NN-123-ABCDEFGHI-", "NN-123-ABCDEFGHI-TT", "NN--123-ABCDEFGHI",
    "NN*123*ABCDEFGHI", "NN-1_3-ABCDEFGHI", "NN-123-ABCDEFGHÉ", " NN-123-ABCDEFGHI", "NN-123-ABCDEFGHI-T ",
  ])
  func `a text that is no eMAID is refused`(text: String) {
    let error = #expect(throws: EMIPError.self) { try ContractIdentifier(text) }
    #expect(error?.code == .contractIdentifier)
  }
}
