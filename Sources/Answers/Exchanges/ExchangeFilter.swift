internal import EMIP
public import JournalFormat
public import JournalStore

/// Which exchanges to list, in the words of eMIP.
public struct ExchangeFilter: Sendable {
  /// From this moment on, by the request's observedAt.
  public var since: Timestamp?
  /// Before this moment.
  public var until: Timestamp?
  /// An operation by its name or that of one of its messages, in any case.
  public var operation: String?
  /// Whether IOP was called or called.
  public var direction: Direction?
  /// An operator, in any spelling: the caller, the one routed to, or one named.
  public var operatorId: String?
  /// The partnerId of the request, in any spelling.
  public var partner: String?
  /// An EVSE, pool, station or connector, in any spelling.
  public var evse: String?
  /// A user, by badge or contract, in any spelling.
  public var user: String?
  /// How it ended.
  public var outcome: ExchangeOutcome.Name?

  /// All exchanges.
  public init() {}

  /// The question to the journal.
  public var query: ExchangeQuery {
    var query = ExchangeQuery()
    query.since = since
    query.until = until
    query.operation = operation.map(Self.operationName)
    query.direction = direction
    query.outcome = outcome
    query.partner = partner
    query.termGroups = [
      operatorId.map(SearchTerms.operatorTerms), evse.map(SearchTerms.evciTerms), user.map(SearchTerms.userTerms),
    ].compactMap { $0 }
    query.isWanted = evse.flatMap(Self.spelling)
    return query
  }

  /// Whether an exchange has an EVSE, pool, station or connector itself, where the operator's own separators tell one from another; nil where the id that
  /// is asked for has none.
  static func spelling(_ id: String) -> (@Sendable (Exchange) -> Bool)? {
    let wanted = IdentifierSpelling(id)
    guard !wanted.separators.isEmpty else { return nil }
    let kinds = SearchTerms.evciTerms(id).map(\.kind)
    return { exchange in
      exchange.entries.contains { entry in
        kinds.contains { kind in entry.content.texts(of: kind).contains { IdentifierSpelling(utf8: $0).canBe(wanted) } }
      }
    }
  }

  /// As the journal spells it, given the operation's name or that of one of its messages. What eMIP does not have stays as it is.
  private static func operationName(_ text: String) -> String {
    if let facts = OperationFacts.named(text) { return facts.name }
    let operation = Operation(localName: text)
    return operation.isKnown ? operation.name : text
  }
}
