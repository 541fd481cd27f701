import EMIP
import JournalFormat
import JournalStore
import TestSupport
import Testing

@testable import Projections

/// Random sessions, their messages in any order, some twice, some lost, held against a plain grouping of the ids that each message has.
@Suite struct SessionsPropertyTests {
  /// Sets of ids that belong together, and the positions of what named them.
  private struct Grouping {
    private var groups: [(ids: Set<String>, positions: Set<UInt64>)] = []

    mutating func add(_ ids: Set<String>, _ position: UInt64) {
      let touched = groups.filter { !$0.ids.isDisjoint(with: ids) }
      groups.removeAll { !$0.ids.isDisjoint(with: ids) }
      groups.append(
        (touched.reduce(ids) { $0.union($1.ids) }, touched.reduce([position]) { $0.union($1.positions) }))
    }

    func positions(_ id: String) -> Set<UInt64> { groups.first { $0.ids.contains(id) }?.positions ?? [] }
    var count: Int { groups.count }
    var ids: Set<String> { groups.reduce([]) { $0.union($1.ids) } }
  }

  private static func key(_ kind: String, _ number: Int) -> String { "\(kind)\(number)" }

  @Test(arguments: 0..<4)
  func `whatever the order, what shares an id is one session, as of any position`(run: Int) async throws {
    var random = SeededGenerator("sessions, run \(run)")
    let seed = random.seed
    let script = try SessionsScript()
    let count = 8
    var steps: [(session: Int, kind: Int)] = []
    for session in 0..<count {
      for kind in 0..<6 where Int.random(in: 0..<3, using: &random) > 0 { steps.append((session, kind)) }
    }
    steps.shuffle(using: &random)
    var grouping = Grouping()
    var history: [(position: UInt64, grouping: Grouping)] = []
    for step in steps {
      let (s, x, y) = (Self.key("S", step.session), Self.key("X", step.session), Self.key("Y", step.session))
      // Each at an EVSE of its own, so that nothing is inferred.
      let evse = "FR*C01*E\(step.session)"
      let time = Int64(step.session) * 7_200_000 + Int64(step.kind) * 600_000
      let isLost = Int.random(in: 0..<4, using: &random) == 0
      let position: JournalPosition
      var named: (request: Set<String>, answer: Set<String>)
      switch step.kind {
      case 0:
        position = try await script.get(x, at: time, evse: evse, session: s, answer: isLost ? .lost : nil)
        named = ([x], isLost ? [] : [s])
      case 1:
        position = try await script.asked(s, at: time, evse: evse, sale: y)
        named = ([s], [y])
      case 2:
        position = try await script.event(3, s, x, at: time)
        named = ([s, x], [])
      case 3:
        position = try await script.record(
          nil, x, at: time, evse: evse, answered: isLost ? "" : "<serviceSessionId>\(s)</serviceSessionId>")
        named = ([x], isLost ? [] : [s])
      case 4:
        position = try await script.record(s, x, sale: y, at: time, .fromIOP, evse: evse)
        named = ([s, x, y], [])
      default:
        position = try await script.event(12, s, at: time)
        named = ([s], [])
      }
      grouping.add(named.request, position.rawValue)
      history.append((position.rawValue, grouping))
      grouping.add(named.request.union(named.answer), position.rawValue)
      history.append((position.rawValue + 1, grouping))
    }
    let sessions = try script.sessions()
    for (position, grouping) in history {
      let sessions = sessions.asked(asOf: JournalPosition(position))
      var listed = 0
      try sessions.forEach(SessionFilter()) { _ in
        listed += 1
        return true
      }
      #expect(listed == grouping.count, "seed \(seed), position \(position)")
      for session in 0..<count {
        for kind in ["S", "X", "Y"] {
          let id = Self.key(kind, session)
          let found = try sessions.sessions(withId: id)
          let positions = Set(found.flatMap(\.positions))
          #expect(found.count <= 1 && positions == grouping.positions(id), "seed \(seed), position \(position), \(id)")
          #expect(found.allSatisfy { !$0.rules.contains("session-id-conflict") }, "seed \(seed), position \(position), \(id)")
        }
      }
    }
  }

  @Test func `stopped anywhere and rebuilt, the rows are the same`() async throws {
    var random = SeededGenerator()
    let script = try SessionsScript()
    for number in 0..<12 as Range<Int64> {
      try await script.get("X\(number)", at: number * 1_000, session: number % 2 == 0 ? "S\(number)" : nil)
      try await script.asked("S\(number)", at: number * 1_000 + 300, sale: "Y\(number)")
      try await script.record("S\(number)", "X\(number)", at: number * 1_000 + 500)
    }
    let end = try #require(try JournalReader(script.journal.directory).lastPosition()).rawValue
    func open() throws -> ProjectionRunner {
      try ProjectionRunner(script.journal.directory, projections: [SessionProjection.self], purpose: "test")
    }
    var runner = try open()
    var stops: [UInt64] = []
    var next: UInt64 = 1
    while next <= end {
      // Behind requests and answers alike, and now and then with the end of the process.
      next = min(end + 1, next + UInt64(1 + random.below(6)))
      stops.append(next)
      _ = try runner.advance(runner.models, to: JournalPosition(next))
      guard random.chance(3) else { continue }
      runner.close()
      runner = try open()
    }
    #expect(try runner.models[0].state().next == JournalPosition(end + 1))
    #expect(try runner.rebuild("sessions").isSame, "stopped before \(stops)")
  }
}
