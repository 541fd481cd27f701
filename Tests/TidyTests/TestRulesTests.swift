import Testing

/// What tests keep to, so that they hold on a busy machine too. Words that the rules forbid are put together here, so that this file obeys them.
@Suite struct TestRulesTests {
  /// The one place that lets time pass.
  private static let waiting = "Tests/TestSupport/Waiting.swift"

  private static func filesOfTests() throws -> [SourceFile] { try SourceTree.swiftFiles(below: "Tests") }

  @Test func `nothing sleeps for a time where it could wait for a state`() throws {
    let sleeps = #"\b(u|nano)?"# + "sleep" + #"\("#
    for file in try Self.filesOfTests() where file.path != Self.waiting { #expect(try file.places(of: sleeps) == []) }
    #expect(try !SourceTree.file(Self.waiting).places(of: sleeps).isEmpty)
  }

  @Test func `processes are started by one piece of code`() throws {
    // Foundation's has crashed where several threads started some.
    let foundations = #"\b"# + "Process" + #"\(\)"#
    let spawn = "posix_" + #"spawn\("#
    var places: [String] = []
    for file in try HouseRulesTests.code.flatMap(SourceTree.swiftFiles) {
      #expect(try file.places(of: foundations) == [])
      if try !file.places(of: spawn).isEmpty { places.append(file.name) }
    }
    #expect(places == ["ChildProcess.swift"])
  }

  @Test func `no function hands out a transaction`() throws {
    // `noasync` stands where one is begun, and keeps it out of asynchronous code; whoever handed it on would undo that.
    for file in try HouseRulesTests.code.flatMap(SourceTree.swiftFiles) {
      let places = try file.places(of: #"->\s*(Read|Write)Transaction\b"#)
      guard file.path == "Sources/LMDB/Environment.swift" else {
        #expect(places == [])
        continue
      }
      #expect(places.count == 2)
      #expect(file.lines.count { $0.contains("@available(*, noasync") } == 2)
    }
  }

  @Test func `tests are named as sentences`() throws {
    for file in try Self.filesOfTests() {
      var isNext = false
      for (number, line) in file.lines.enumerated() {
        if line.contains("@" + "Test") { isNext = true }
        guard isNext, let name = line.firstMatch(of: /\bfunc (.)/) else { continue }
        isNext = false
        #expect(name.1 == "`", "\(file):\(number + 1)")
      }
    }
  }

  @Test func `chance is seeded, and the seed is told`() throws {
    let unseeded = #"\.(random|shuffled|randomElement)\((in: [^,()]*(\([^()]*\))?[^,()]*)?\)|"# + "System" + "RandomNumberGenerator"
    for file in try Self.filesOfTests() where file.path != "Tests/TestSupport/SeededGenerator.swift" {
      #expect(try file.places(of: unseeded) == [])
    }
  }
}
