import JournalFormat
public import Testing

/// How often something was read, and how often it was refused.
public struct ReadingCounts {
  /// How often it was read.
  public private(set) var readCount = 0
  /// How often the format was refused.
  public private(set) var refusalCount = 0

  /// Counts nothing yet.
  public init() {}

  /// Nil where the format was refused; anything else that is thrown is a failure of the test.
  public mutating func note<Value>(_ body: () throws -> Value) throws -> Value? {
    do {
      let value = try body()
      readCount += 1
      return value
    } catch is FormatError {
      refusalCount += 1
      return nil
    }
  }

  /// Both are part of it: a test of one of them alone would not be worth its name.
  public func expectBoth(of count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(readCount + refusalCount == count, sourceLocation: sourceLocation)
    #expect(readCount > count / 1_000 && refusalCount > count / 1_000, "\(self)", sourceLocation: sourceLocation)
  }
}
