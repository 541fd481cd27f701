/// The check digit of an eMAID (ISO 15118-1, Annex H).
///
/// Each character 0…9, A…Z has the number n = 0…35 and stands for two vectors: (n / 9 div 2, n / 9 mod 2) over GF(2) and
/// (n mod 9 div 3, n mod 3) over GF(3). With P2 = [0 1; 1 1] and P3 = [0 1; 1 2], the sum of vector(i) · P^i over the fifteen characters, i
/// from 1, is zero in both fields.
struct ContractCheckDigit {
  private var binary = (0, 0)
  private var ternary = (0, 0)

  /// Takes in the next character, from the last of the fourteen to the first: an upper-case letter or a digit.
  @inline(__always)
  mutating func add(_ character: UInt8) {
    let value = Int(character) - (character < 0x41 ? 0x30 : 0x41 - 10)
    let two = (binary.0 ^ (value / 18), binary.1 ^ (value / 9 & 1))
    binary = (two.1, two.0 ^ two.1)
    let three = (ternary.0 + value % 9 / 3, ternary.1 + value % 3)
    ternary = (three.1 % 3, (three.0 + 2 * three.1) % 3)
  }

  /// The digit once all fourteen are in: its vector is -sum · P^-15, and P2³ = 1, P3⁸ = 1.
  var digit: UInt8 {
    let negated = (2 * ternary.0, 2 * ternary.1)
    let last = (negated.1 % 3, (negated.0 + 2 * negated.1) % 3)
    let value = (binary.0 * 2 + binary.1) * 9 + last.0 * 3 + last.1
    return UInt8(value < 10 ? 0x30 + value : 0x41 + value - 10)
  }
}
