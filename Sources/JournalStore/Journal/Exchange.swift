public import JournalFormat

/// A request and what came of it.
public struct Exchange: Hashable, Sendable {
  /// The request, or the refusal that stands in its place; nil where it is gone and only its answer is left.
  public var request: Entry?
  /// The response, or the refusal of one that could not be read safely.
  public var response: Entry?
  /// Why no answer came; beside a response where that came later.
  public var failure: Entry?
  /// The positions of entries that cannot be read and belong to it, or may.
  public var unreadable: [JournalPosition] = []

  /// - Parameter answers: in the order of their positions.
  public init(request: Entry?, answers: [Entry]) {
    self.request = request
    response = answers.last { $0.kind != .failure }
    failure = answers.last { $0.kind == .failure }
  }

  /// Those that there are: request, response, failure.
  public var entries: [Entry] { [request, response, failure].compactMap { $0 } }
  /// The first entry that there is.
  public var head: Entry { entries[0] }
  /// The entry that tells how it ended: a refusal whatever came after it; the response before a failure, because a late answer is an answer.
  public var ending: Entry? { request?.kind == .refusal ? request : response ?? failure }
  /// How it ended; nil while it has not.
  public var outcome: ExchangeOutcome? { ending.flatMap(ExchangeOutcome.init) }
  /// From request to answer.
  public var latencyMilliseconds: UInt32? { (response ?? failure)?.content.latencyMilliseconds }
}

extension Entry {
  /// Whether the index finds this entry by a term for good reason.
  public func holds(_ term: IndexTerm) -> Bool {
    switch term.kind {
    case .operationOutcome:
      return content.context.operation.map { IndexTerm.operationOutcome($0, content.context.outcome.outcomeClass) == term } ?? false
    case .requestPosition:
      return requestPosition.map { IndexTerm.requestPosition($0) == term } ?? false
    case .operatorId
    where [content.context.operator, content.context.targetOperator].contains { $0.map { IndexTerm(.operatorId, $0) } == term }:
      return true
    default:
      return content.marks.contains { $0.kind == term.kind && $0.hasValue(of: term, in: content.payload) }
    }
  }
}

extension Mark {
  /// Whether its value is that of a term of its kind.
  fileprivate func hasValue(of term: IndexTerm, in payload: [UInt8]) -> Bool {
    // What is comparable stays as it is when it is made so: mostly the bytes are those at once.
    if inlineText == nil, payload[range].elementsEqual(term.value) { return true }
    return self.term(in: payload) == term
  }
}
