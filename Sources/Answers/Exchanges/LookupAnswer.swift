internal import EMIP
public import JournalFormat
public import JournalStore
public import Projections

/// What was found by an id or a position, and by which of them.
public struct LookupAnswer: Sendable {
  /// What was asked; its kind is what was taken: a number that nobody has as an id is a position.
  public let question: LookupQuestion
  /// The exchanges, in the order of their positions; of a session's id in the order in which they were observed.
  public let exchanges: [Exchange]
  /// The spellings that were found, where an id counts in any; never of what is personal.
  public let spellings: [Spelling]
  /// Requests that say again what one before them said.
  public let repetitions: [Repetition]
  /// Where a client used a transactionId again for something else.
  public let findings: [ReportedFinding]

  /// An id as messages have it.
  public struct Spelling: Hashable, Sendable {
    /// What it is an id of, as eMIP names the field.
    public let kind: String
    /// As the messages have it.
    public let text: String
    /// How many exchanges have it so.
    public let exchangeCount: Int
  }

  /// A request with the bytes of an earlier one.
  public struct Repetition: Hashable, Sendable {
    /// Where it stands.
    public let position: JournalPosition
    /// Where the same bytes stand first.
    public let earlier: JournalPosition
  }

  init(_ question: LookupQuestion, _ exchanges: [Exchange]) {
    self.question = question
    self.exchanges = exchanges
    spellings = question.kind == .id ? Self.spellings(question, exchanges) : []
    let uses = question.kind == .transactionId ? TransactionUses(question.id, exchanges) : TransactionUses("", [])
    (repetitions, findings) = (uses.repetitions, uses.findings)
  }

  /// Whether the id could have been taken for a position.
  public var isNumber: Bool { question.kind != .position && LookupQuestion.position(question.id) != nil }

  private static func spellings(_ question: LookupQuestion, _ exchanges: [Exchange]) -> [Spelling] {
    var found: [Spelling] = []
    for kind in question.terms.map(\.kind) where !kind.isPersonal && kind.comparison == .compact {
      guard let name = kind.name else { continue }
      var counts: [String: Int] = [:]
      for exchange in exchanges {
        let texts = exchange.entries.flatMap { $0.content.texts(of: kind) }.map { String(decoding: $0, as: UTF8.self) }
        for text in Set(texts) where question.isSpelling(text, of: kind) { counts[text, default: 0] += 1 }
      }
      found += counts.sorted { $0.key < $1.key }.map { Spelling(kind: name, text: $0.key, exchangeCount: $0.value) }
    }
    return found
  }
}

/// How the requests under one transactionId go together: it is to be unique to its client (guide 5.4.1).
private struct TransactionUses {
  var repetitions: [LookupAnswer.Repetition] = []
  var findings: [ReportedFinding] = []

  private struct Client: Hashable {
    let direction: Direction?
    let leg: Leg
    let name: [UInt8]

    init(_ context: EntryContext) {
      direction = context.direction
      leg = context.leg
      name = TermComparison.compact.normalized((context.partner ?? context.operator ?? "").utf8)
    }
  }

  init(_ id: String, _ exchanges: [Exchange]) {
    var known: [Client: [Entry]] = [:]
    for request in exchanges.compactMap(\.request) where request.kind == .request {
      let earlier = known[Client(request.content.context), default: []]
      if let same = earlier.first(where: { $0.content.payload == request.content.payload }) {
        repetitions.append(LookupAnswer.Repetition(position: request.position, earlier: same.position))
      } else if let last = earlier.last {
        let rule = PartnerRules.transactionReused
        findings.append(
          ReportedFinding(
            rule: rule, position: request.position, resolvedAt: nil, subject: id,
            sentence: PartnerRules.reusedSentence(request.position, last.position)))
      }
      known[Client(request.content.context), default: []].append(request)
    }
  }
}
