internal import Glibc

/// The system's random numbers, fetched 256 bytes at a time: a call for each would cost more than all else that an entry does.
struct BufferedRandomGenerator: RandomNumberGenerator {
  private var numbers: [UInt64] = []

  mutating func next() -> UInt64 {
    if numbers.isEmpty {
      numbers = [UInt64](repeating: 0, count: 32)
      // It fails only where the kernel has no such call (getentropy(3)).
      precondition(numbers.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) } == 0, "the system has no random numbers")
    }
    return numbers.removeLast()
  }
}
