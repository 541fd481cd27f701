import JournalFormat
import JournalStore
import TestSupport
import Testing

/// What a journal should hold, as an array.
struct JournalModel {
  private(set) var entries: [Entry] = []
  /// What each entry should be found by.
  private(set) var terms: [Set<IndexTerm>] = []
  /// Requests that may still be answered.
  private(set) var open: [JournalPosition] = []
  private var answers: [JournalPosition: [Int]] = [:]

  var nextPosition: JournalPosition { JournalPosition(UInt64(entries.count) + 1) }

  private var seedCount = 0

  mutating func append(_ drafts: [RandomDraft]) {
    for random in drafts {
      let position = nextPosition
      let request: JournalPosition? =
        switch random.draft.request {
        case .none: nil
        case .behind(let distance): JournalPosition(position.rawValue - UInt64(distance))
        case .position(let position): position
        }
      let recordedAt = max(entries.last?.recordedAt ?? random.draft.recordedAt!, random.draft.recordedAt!)
      entries.append(Entry(position: position, recordedAt: recordedAt, requestPosition: request, content: random.draft.content))
      terms.append(random.terms)
      if let request { answers[request, default: []].append(entries.count - 1) }
      if let request, random.draft.content.context.kind != .failure { open.removeAll { $0 == request } }
      if random.draft.content.context.kind == .request { open.append(position) }
      if open.count > 30 { open.removeFirst() }
    }
  }

  /// Seeds are random: takes the journal's for the entries that should have one.
  mutating func takeSeeds(_ seed: (JournalPosition) throws -> LeafSeed?) rethrows {
    for index in seedCount..<entries.count where entries[index].content.hasPersonalValues {
      entries[index].seed = try seed(entries[index].position)
      #expect(entries[index].seed != nil)
    }
    seedCount = entries.count
  }

  /// A call whose answers carry the operations of their requests.
  func completing(_ call: [RandomDraft]) -> [RandomDraft] {
    var call = call
    for index in call.indices {
      switch call[index].draft.request {
      case .none: continue
      case .behind(let distance): call[index].operation = call[index - distance].operation
      case .position(let position): call[index].operation = entry(at: position)!.content.context.operation
      }
    }
    return call
  }

  func entry(at position: JournalPosition) -> Entry? {
    position.rawValue >= 1 && position.rawValue <= UInt64(entries.count) ? entries[Int(position.rawValue) - 1] : nil
  }

  func exchange(at head: JournalPosition) -> Exchange {
    Exchange(request: entry(at: head), answers: (answers[head] ?? []).map { entries[$0] })
  }

  func exchanges(holding wanted: [IndexTerm]) -> [Exchange] {
    let found = entries.indices.filter { index in wanted.contains { terms[index].contains($0) } }
    return Set(found.map { entries[$0].requestPosition ?? entries[$0].position }).sorted().map(exchange)
  }

  func exchanges(_ query: ExchangeQuery) -> [Exchange] {
    let heads = entries.filter { $0.requestPosition == nil && $0.kind.isMessage }.map(\.position)
    let ahead = heads.filter { head in query.after.map { query.isReversed ? head < $0 : head > $0 } ?? true }
    return (query.isReversed ? ahead.reversed() : ahead).map(exchange).filter { matches(query, $0) }
  }

  private func matches(_ query: ExchangeQuery, _ exchange: Exchange) -> Bool {
    let request = exchange.request!
    let observedAt = request.content.observedAt
    guard query.since.map({ observedAt >= $0 }) ?? true, query.until.map({ observedAt < $0 }) ?? true,
      query.operation.map({ $0 == request.content.context.operation }) ?? true,
      query.direction.map({ $0 == request.content.context.direction }) ?? true,
      query.outcome.map({ $0 == ExchangeOutcome(exchange.response ?? exchange.failure ?? request)?.name }) ?? true
    else { return false }
    return query.termGroups.allSatisfy { group in
      exchange.entries.contains { entry in group.contains { terms[Int(entry.position.rawValue) - 1].contains($0) } }
    }
  }
}

/// An entry for the journal, and what it should be found by.
struct RandomDraft {
  var draft: EntryDraft
  var terms: Set<IndexTerm>

  var operation: String? {
    get { draft.content.context.operation }
    set { draft.content.context.operation = newValue }
  }
}

/// Makes entries at random: few different identifiers, so that they meet again, and times that advance.
struct RandomTraffic {
  var generator: SeededGenerator
  private(set) var time: Int64 = 1_740_787_200_000

  static let operations = ["HeartBeat", "GetServiceAuthorisation", "SetChargeDetailRecord"]
  static let operators = ["FR*A01", "fr-a01", "DE*B02"]
  private static let ids =
    (0..<12).flatMap { ["Id-\($0)", "ID-\($0)", "id-\($0)"] } + [String(repeating: "long ", count: 120), "\u{1}\u{1b}[2J"]
  private static let users = (0..<10).flatMap { ["4ab\($0)", "0004AB\($0)", "004AB\($0)AA11223"] }

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// A call of one or several entries.
  mutating func call(open: [JournalPosition]) -> [RandomDraft] {
    advance()
    switch generator.below(10) {
    case 0: return [message(.note)]
    case 1: return [message(.refusal)]
    case 2: return (0..<1 + generator.below(30)).flatMap { _ in pairOrSingle() }
    case 3, 4, 5:
      guard let request = open.randomElement(using: &generator) else { return [message(.request)] }
      return [answer(.position(request))]
    case 6: return [message(.request), message(.note), answer(.behind(2))]
    case 7: return [message(.request)]
    default: return pairOrSingle()
    }
  }

  mutating func term() -> IndexTerm {
    switch generator.below(4) {
    case 0: IndexTerm(.user, Self.users.randomElement(using: &generator)!)
    case 1: IndexTerm(.operatorId, Self.operators.randomElement(using: &generator)!)
    default: IndexTerm(.id, Self.ids.randomElement(using: &generator)!)
    }
  }

  mutating func query(_ last: JournalPosition) -> ExchangeQuery {
    var query = ExchangeQuery()
    let start: Int64 = 1_740_787_200_000
    if generator.chance(3) { query.since = Timestamp(rawValue: Int64.random(in: start...time + 1, using: &generator)) }
    if generator.chance(3) { query.until = Timestamp(rawValue: Int64.random(in: start...time + 1, using: &generator)) }
    if generator.chance(2) { query.operation = Self.operations.randomElement(using: &generator) }
    if generator.chance(3) { query.outcome = [ExchangeOutcome.Name.ok, .error, .lost, .refused, .failed].randomElement(using: &generator) }
    if generator.chance(4) { query.direction = .toIOP }
    if generator.chance(3) { query.termGroups = (0...generator.below(2)).map { _ in [term(), term()] } }
    query.isReversed = generator.chance(2)
    if generator.chance(3) { query.after = JournalPosition(UInt64.random(in: 1...last.rawValue + 1, using: &generator)) }
    return query
  }

  // MARK: Entries

  private mutating func advance() {
    switch generator.below(40) {
    case 0: time += 20 * 86_400_000
    case 1, 2: time += 3 * 86_400_000
    default: time += Int64(generator.below(100_000))
    }
  }

  private mutating func pairOrSingle() -> [RandomDraft] {
    generator.chance(5) ? [message(.request)] : [message(.request), answer(.behind(1))]
  }

  private mutating func answer(_ request: EntryDraft.RequestReference) -> RandomDraft {
    var answer = message(generator.chance(5) ? .failure : .response)
    answer.draft.request = request
    return answer
  }

  private mutating func message(_ kind: EntryKind) -> RandomDraft {
    var context = EntryContext(kind: kind)
    context.operation = Self.operations.randomElement(using: &generator)
    context.operator = generator.chance(2) ? Self.operators.randomElement(using: &generator) : nil
    context.direction = generator.chance(2) ? .toIOP : .fromIOP
    context.outcome.outcomeClass =
      switch kind {
      case .response: generator.chance(3) ? .error : .ok
      case .failure: .lost
      case .refusal: .refused
      default: nil
      }
    if kind == .failure || kind == .refusal, generator.chance(2) {
      context.http.status = [200, 302, 403, 429, 503].randomElement(using: &generator)!
    }
    var terms: Set<IndexTerm> = []
    if let name = context.operator { terms.insert(IndexTerm(.operatorId, name)) }
    // Times on the wire run a little apart from the journal's.
    var content = EntryContent(observedAt: Timestamp(rawValue: time - Int64(generator.below(5_000))), context: context)
    content.payload = payload()
    func mark(_ kind: TermKind, _ text: String) {
      let start = content.payload.count
      content.payload += Array(text.utf8)
      content.marks.append(Mark(kind: kind, range: start..<content.payload.count))
      terms.insert(IndexTerm(kind, text))
    }
    if generator.chance(8) {
      let text = Self.ids.randomElement(using: &generator)!
      content.marks.append(Mark(kind: .id, range: 0..<0, inlineText: Array(text.utf8)))
      terms.insert(IndexTerm(.id, text))
    }
    for _ in 0..<generator.below(3) { mark(.id, Self.ids.randomElement(using: &generator)!) }
    for _ in 0..<(generator.chance(12) ? 40 : generator.below(3)) { mark(.user, Self.users.randomElement(using: &generator)!) }
    return RandomDraft(draft: EntryDraft(content, recordedAt: Timestamp(rawValue: time)), terms: terms)
  }

  private mutating func payload() -> [UInt8] {
    switch generator.below(100) {
    case 0: generator.bytes(70_000)
    case 1, 2, 3: generator.bytes(1_900 + generator.below(300))
    case 4: Array(String(repeating: "<authenticationData/>", count: 4_000).utf8)
    default: Array("<message>\(String(repeating: "text ", count: generator.below(60)))</message>".utf8)
    }
  }
}
