import EMIP
import Testing

@Suite struct IdentifierSpellingTests {
  private func canBe(_ one: String, _ other: String) -> Bool { IdentifierSpelling(one).canBe(IdentifierSpelling(other)) }

  @Test(arguments: [
    ("FR*C01*E07001*1", "frc01e07001*1"), ("FR*C01*E07001*1", "FRC01E070011"), ("FR-C01-E1-11", "FR*C01*E1*11"),
    ("FR C01 P1*2", "frc01p1*2"), ("+49*810*000", "+49810000"), ("FR*C01*E1**11*", "FR*C01*E1*11"), ("E-1", "e1"),
  ])
  func `separators between country, operator and type tell nothing, and an id without any may be one with some`(one: String, other: String)
  {
    #expect(canBe(one, other) && canBe(other, one))
  }

  @Test(arguments: [
    ("FR*C01*E1*11", "FR*C01*E11*1"), ("FR*C01*S1*11", "FR*C01*S11*1"), ("FR*C01*E1*11", "FR*C01*E1*12"), ("FR*C01*E11", "FR*C01*P11"),
    ("+49*810*000", "+49*8100*00"), ("E-11-1", "E-1-11"),
  ])
  func `separators of the operator's own tell two ids apart`(one: String, other: String) {
    #expect(!canBe(one, other) && !canBe(other, one))
  }
}
