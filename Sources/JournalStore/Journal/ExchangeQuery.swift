public import JournalFormat

/// Which exchanges to list.
public struct ExchangeQuery: Sendable {
  /// From this moment on, by the request's observedAt.
  public var since: Timestamp?
  /// Before this moment.
  public var until: Timestamp?
  /// Wanted: the operation, as its protocol names it.
  public var operation: String?
  /// Wanted: to or from IOP.
  public var direction: Direction?
  /// Wanted: how it ended.
  public var outcome: ExchangeOutcome.Name?
  /// Compared, both compact, with partner.
  public var partner: String?
  /// Each must be held by an entry of the exchange in one of its spellings.
  public var termGroups: [[IndexTerm]] = []
  /// Asked of what matches all else, where terms say less than whoever asks knows; nil for no more questions.
  public var isWanted: (@Sendable (Exchange) -> Bool)?
  /// Newest first.
  public var isReversed = false
  /// Continue behind this position (in the query's order).
  public var after: JournalPosition?

  /// A query that every exchange matches.
  public init() {}

  /// Whether an exchange is one of those asked for.
  public func matches(_ exchange: Exchange) -> Bool {
    let head = exchange.head
    let context = head.content.context
    if let since, head.content.observedAt < since { return false }
    if let until, head.content.observedAt >= until { return false }
    if let operation, context.operation != operation { return false }
    if let direction, context.direction != direction { return false }
    if let outcome, exchange.outcome?.name != outcome { return false }
    if let partner, context.partner.map({ TermComparison.compact.normalized($0.utf8) }) != TermComparison.compact.normalized(partner.utf8) {
      return false
    }
    let entries = exchange.entries
    guard termGroups.allSatisfy({ terms in terms.contains { term in entries.contains { $0.holds(term) } } }) else { return false }
    return isWanted?(exchange) ?? true
  }

  /// The terms that an index can narrow the search by: the caller's, or the operation's.
  var indexedGroups: [[IndexTerm]] {
    guard let operation else { return termGroups }
    if let outcome, outcome != .ok { return termGroups + [outcome.recordedClasses.map { .operationOutcome(operation, $0) }] }
    return termGroups + [[.operationOutcome(operation, nil), .operationOutcome(operation, .refused)]]
  }
}

extension JournalReader {
  /// Shows the exchanges of a query to `body`, in order, until it returns false. A damaged record is shown as its error.
  ///
  /// Memory is bounded by the positions that the narrowest index gives, eight bytes each, in one segment at a time.
  /// - Throws: ``JournalError`` where the journal cannot be read, or what `body` throws.
  public func forEachExchange(
    _ query: ExchangeQuery, _ body: (Result<Exchange, JournalError>) throws -> Bool
  ) throws {
    try refresh()
    var earlier = EarlierRequests()
    for segment in query.isReversed ? manifest.segments.reversed() : manifest.segments {
      if let after = query.after {
        if query.isReversed, segment.firstPosition >= after { continue }
        if !query.isReversed, let last = segment.lastPosition, last <= after { continue }
      }
      guard try forEachExchange(query, in: segment, &earlier, body) else { return }
    }
  }

  /// False once `body` has had enough.
  private func forEachExchange(
    _ query: ExchangeQuery, in segment: Manifest.Segment, _ earlier: inout EarlierRequests,
    _ body: (Result<Exchange, JournalError>) throws -> Bool
  ) throws -> Bool {
    let heads = try indexedHeads(query, in: segment, &earlier)
    if let heads {
      for head in query.isReversed ? heads.reversed() : heads where query.isAhead(head) {
        guard try show(head, nil, query, body) else { return false }
      }
      return true
    }
    let reader = try self.reader(segment)
    let blocks = try reader.timeBlocks().filter { block in
      query.since.map { block.latest >= $0 } ?? true && query.until.map { block.earliest < $0 } ?? true
    }
    for block in query.isReversed ? blocks.reversed() : blocks {
      let bounds = (
        segment.firstPosition.advanced(by: Int(block.entries.lowerBound)),
        segment.firstPosition.advanced(by: Int(block.entries.upperBound) - 1)
      )
      guard query.isAhead(bounds.0) || query.isAhead(bounds.1) else { continue }
      let entries = try reader.entries(from: block.entries.lowerBound, limit: block.entries.count)
      for result in query.isReversed ? entries.reversed() : entries {
        switch result {
        case .failure(let error): guard try body(.failure(error)) else { return false }
        case .success(let entry):
          guard entry.requestPosition == nil, entry.kind.isMessage, query.isAhead(entry.position), query.mayMatch(entry) else { continue }
          guard try show(entry.position, entry, query, body) else { return false }
        }
      }
    }
    return true
  }

  private func show(
    _ head: JournalPosition, _ known: Entry?, _ query: ExchangeQuery, _ body: (Result<Exchange, JournalError>) throws -> Bool
  ) throws -> Bool {
    let exchange: Exchange
    do throws(JournalError) {
      exchange = try self.exchange(at: head, known: known)
    } catch {
      return try body(.failure(error))
    }
    guard !exchange.entries.isEmpty else {
      guard let damage = exchange.unreadable.first.flatMap({ damage.error(at: $0) }) else { return true }
      return try body(.failure(damage))
    }
    guard exchange.head.kind.isMessage, query.matches(exchange) else { return true }
    return try body(.success(exchange))
  }

  /// The positions of the requests that the narrowest index gives, ascending; nil where the query has nothing that is indexed.
  private func indexedHeads(
    _ query: ExchangeQuery, in segment: Manifest.Segment, _ earlier: inout EarlierRequests
  ) throws(JournalError) -> [JournalPosition]? {
    let groups = query.indexedGroups
    guard !groups.isEmpty else { return nil }
    let reader = try self.reader(segment)
    var narrowest: [UInt32]?
    for group in groups {
      var found: [UInt32] = []
      for term in group { found += try reader.candidates(for: term) }
      if narrowest.map({ found.count < $0.count }) ?? true { narrowest = found }
    }
    var heads: Set<JournalPosition> = []
    for place in narrowest ?? [] {
      do throws(JournalError) {
        guard let entry = try reader.entry(at: place) else { continue }
        let head = entry.requestPosition ?? entry.position
        // An exchange that began in an earlier segment is shown there, unless that is gone.
        if head >= segment.firstPosition || self.segment(holding: head) == nil { heads.insert(head) }
      } catch {
        heads.insert(segment.firstPosition.advanced(by: Int(place)))
      }
    }
    // What is searched for may stand in an answer that came after this segment had ended.
    heads.formUnion(try requests(in: segment, answeredLater: &earlier))
    return heads.sorted()
  }

  /// The requests of a segment whose answers stand in later ones: those that were under way when it ended.
  private func requests(
    in segment: Manifest.Segment, answeredLater earlier: inout EarlierRequests
  ) throws(JournalError) -> [JournalPosition] {
    guard let end = segment.lastPosition else { return [] }
    for other in manifest.segments where other.firstPosition > end && earlier.seen.insert(other.file).inserted {
      let reader = try self.reader(other)
      for place in try reader.candidates(for: .answerToEarlierSegment) {
        // A record that is damaged is reported where it stands.
        if let entry = try? reader.entry(at: place), let request = entry.requestPosition { earlier.positions.append(request) }
      }
    }
    return earlier.positions.filter { segment.firstPosition <= $0 && $0 <= end }
  }
}

/// The requests whose answers stand in a later segment, of the segments that were looked at.
private struct EarlierRequests {
  var seen: Set<Manifest.Segment.File> = []
  var positions: [JournalPosition] = []
}

extension ExchangeQuery {
  fileprivate func isAhead(_ position: JournalPosition) -> Bool {
    guard let after else { return true }
    return isReversed ? position < after : position > after
  }

  /// What can be told from the request alone, so that its answer need not be read.
  fileprivate func mayMatch(_ request: Entry) -> Bool {
    if let since, request.content.observedAt < since { return false }
    if let until, request.content.observedAt >= until { return false }
    if let direction, request.content.context.direction != direction { return false }
    if let operation, request.content.context.operation != operation { return false }
    return true
  }
}
