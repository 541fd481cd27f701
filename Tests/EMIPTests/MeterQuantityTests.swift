import EMIP
import Testing

@Suite struct MeterQuantityTests {
  @Test(arguments: [
    ("0", "0"), ("-0.0", "0"), ("12.50", "12.5"), ("+3.", "3"), (".25", "0.25"), ("-0.001", "-0.001"), ("007", "7"),
    ("999999999999999.999999999999999999", "999999999999999.999999999999999999"), ("0.1000000000000000000000", "0.1"),
  ])
  func `a decimal is read and written exactly`(text: String, canonical: String) {
    #expect(MeterQuantity(text)?.description == canonical)
  }

  @Test(arguments: ["", ".", "+", "-", "1,5", "1e3", "1.2.3", " 1", "1 ", "--1", "1000000000000000", "0.0000000000000000001", "٣", "INF"])
  func `what is no decimal, or has too many digits, is no quantity`(text: String) { #expect(MeterQuantity(text) == nil) }

  @Test func `sums and comparisons are exact`() {
    let tenth = MeterQuantity("0.1")!
    #expect((0..<10).reduce(MeterQuantity.zero) { sum, _ in sum + tenth } == MeterQuantity(1))
    #expect(MeterQuantity("1.000000000000000001")! > MeterQuantity(1))
    #expect((MeterQuantity("2.5")! - MeterQuantity("10")!).description == "-7.5")
    #expect((MeterQuantity("-2.5")! * 3).description == "-7.5" && MeterQuantity("-2.5")!.magnitude == MeterQuantity("2.5")!)
  }

  @Test func `what is too large stays the largest`() {
    let large = MeterQuantity("999999999999999")!
    #expect(large * .max == MeterQuantity(attos: .max) && large * .min == MeterQuantity(attos: .min))
    #expect(MeterQuantity(attos: .max) + large == MeterQuantity(attos: .max))
  }
}
