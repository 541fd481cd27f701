import TestSupport
import Testing

@testable import JournalFormat

@Suite struct EntryContextTests {
  @Test func `any context comes back as it was`() throws {
    var generator = SeededGenerator()
    for _ in 0..<500 {
      let context = generator.context()
      #expect(try Self.context(Self.encoded(context)) == context)
    }
  }

  @Test func `an encoding that is cut short anywhere is refused`() {
    var generator = SeededGenerator()
    for _ in 0..<40 {
      let context = Self.encoded(generator.context())
      for count in 0..<context.count { #expect(throws: FormatError.self) { try Self.context(Array(context[..<count])) } }
    }
  }

  @Test func `damage and bytes that nobody wrote are refused or read, and never a trap`() throws {
    var generator = SeededGenerator()
    var (damaged, random) = (ReadingCounts(), ReadingCounts())
    for _ in 0..<20_000 {
      let context = generator.damaged(Self.encoded(generator.context()))
      _ = try damaged.note { try Self.context(context) }
      let bytes = generator.bytes(generator.below(60))
      _ = try random.note { try Self.context(bytes) }
    }
    damaged.expectBoth(of: 20_000)
    // What happens to be a context is rare.
    #expect(random.refusalCount > 19_000 && random.refusalCount + random.readCount == 20_000)
  }

  @Test(
    arguments: [
      [0, 5, 0, 0], [99, 5, 0, 0], [1, 0, 0, 0], [1, 0x45, 0, 0], [1, 0x35, 0, 0], [1, 5, 7, 0], [1, 5, 0, 0x80, 0x80, 0x08],
    ] as [[UInt8]])
  func `numbers that no version has given out are refused`(bytes: [UInt8]) {
    #expect(throws: FormatError.self) { try Self.context(bytes) }
  }

  @Test func `a change to a copy leaves the original as it was`() {
    let original = EntryContent(observedAt: Timestamp(rawValue: 1), context: EntryContext(kind: .request), payload: [1])
    let changes: [(inout EntryContent) -> Void] = [
      { $0.observedAt = Timestamp(rawValue: 2) }, { $0.latencyMilliseconds = 3 }, { $0.payload[0] = 4 }, { $0.context.operation = "X" },
      { $0.marks.append(Mark(kind: TermKind(rawValue: 1), range: 0..<1)) }, { $0.findings.append(Finding(message: "odd")) },
      { $0.layout = MessageLayout(leaves: [], envelope: []) },
    ]
    for change in changes {
      var copy = original
      change(&copy)
      #expect(original.observedAt.rawValue == 1 && original.latencyMilliseconds == nil && original.payload == [1])
      #expect(original.context.operation == nil && original.marks.isEmpty && original.findings.isEmpty && original.layout == nil)
      #expect(copy != original || copy.layout != nil)
    }
  }

  @Test func `a change to one copy of a shared context leaves the others as they were`() {
    let shared = EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request))
    var copy = shared
    copy.context.operation = "HeartBeat"
    #expect(shared.context.operation == nil)
    #expect(copy.context.operation == "HeartBeat")
    #expect(copy != shared)
  }

  @Test func `a memory of contexts tells one object from another that says the same`() {
    var memory = ContextMemory<Int>()
    let contexts = (0..<3_000).map { _ in SharedContext(EntryContext(kind: .request)) }
    #expect(contexts.allSatisfy { memory[$0] == nil })
    for (number, context) in contexts.enumerated() {
      memory[context] = number
      #expect(memory[context] == number)
    }
    let known = contexts.enumerated().filter { memory[$1] != nil }
    #expect(known.allSatisfy { memory[$1] == $0 } && (1...ContextMemory<Int>.slotCount).contains(known.count))
  }

  private static func encoded(_ context: EntryContext) -> [UInt8] {
    var bytes: [UInt8] = []
    context.encode(to: &bytes)
    return bytes
  }

  private static func context(_ bytes: [UInt8]) throws -> EntryContext {
    try reading(bytes) { reader throws(FormatError) in try EntryContext(from: &reader) }
  }
}
