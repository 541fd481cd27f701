internal import JournalFormat

/// The contexts of the segment that is written to, by their encoding. Bounded: what does not fit is stored in the record itself.
struct ContextTable {
  static let maximumCount = 16_384
  static let maximumBytes = 1_024

  private var numbers: [[UInt8]: UInt32] = [:]
  private var scratch: [UInt8] = []
  /// The numbers of contexts that several entries shared.
  private var known = ContextMemory<UInt32>()

  /// What the table says to a context.
  enum Answer {
    case known(UInt32)
    /// Not seen before: store this encoding under this number.
    case new(UInt32, encoding: [UInt8])
    /// Too large, or the table is full.
    case inline
  }

  /// Takes a context of the segment, when it is opened again.
  mutating func load(number: UInt32, encoding: [UInt8]) throws(FormatError) {
    guard number == numbers.count + 1, number <= Self.maximumCount else { throw FormatError("it is out of order") }
    numbers[encoding] = number
  }

  mutating func number(for context: SharedContext) -> Answer {
    if let number = known[context] { return .known(number) }
    scratch.removeAll(keepingCapacity: true)
    context.value.encode(to: &scratch)
    if let number = numbers[scratch] {
      known[context] = number
      return .known(number)
    }
    guard scratch.count <= Self.maximumBytes, numbers.count < Self.maximumCount else { return .inline }
    let number = UInt32(numbers.count + 1)
    let encoding = scratch
    numbers[encoding] = number
    known[context] = number
    return .new(number, encoding: encoding)
  }
}
