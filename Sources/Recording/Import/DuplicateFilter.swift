internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Tells which messages of an import the journal has already. The nth identical one of a run matches the nth that is stored: what matched
/// once does not match again. Memory: a bit for each position that matched.
///
/// Not for several threads at a time.
final class DuplicateFilter {
  private let reader: JournalReader
  /// Positions that count as stored: those from before the run, or after a lost connection those that may be its own.
  var range: ClosedRange<JournalPosition>?
  private var latestObservedAt: Timestamp?
  private var taken = PositionSet()

  /// What is stored when the run begins is what it is compared with.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  init(_ reader: JournalReader) throws(JournalError) {
    self.reader = reader
    if let first = reader.firstPosition, let last = try reader.lastPosition() { range = first...last }
    latestObservedAt = try reader.latestObservedAt()
  }

  /// Marks positions as matched.
  func take(_ positions: ClosedRange<JournalPosition>) { taken.insert(positions) }

  /// How much of an exchange the journal has.
  enum Stored {
    case nothing
    /// The request alone, at this position: the run that recorded it was ended between the two, as they fell into two segments.
    case request(JournalPosition)
    case whole
  }

  /// Looks for a stored exchange that is the same as this one, and takes it.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  func takeExchange(_ request: EntryContent, _ answer: EntryContent) throws(JournalError) -> Stored {
    let known = try takeExchange(request, answer, among: try candidates(request, answer))
    // A request that has no id itself is found by its answer's, unless that was not recorded any more.
    guard case .nothing = known, request.transactionId == nil, answer.transactionId != nil, mayHold(request) else { return known }
    return try takeExchange(request, answer, among: reader.entries(observedAt: request.observedAt))
  }

  private func takeExchange(
    _ request: EntryContent, _ answer: EntryContent, among candidates: [Entry]
  ) throws(JournalError) -> Stored {
    var alone: JournalPosition?
    for entry in candidates where entry.requestPosition == nil && isFree(entry.position) {
      guard isSame(entry.content, request) else { continue }
      let exchange = try reader.exchange(at: entry.position, known: entry)
      if let stored = exchange.response ?? exchange.failure {
        guard stored.content.payload == answer.payload else { continue }
        taken.insert(entry.position...entry.position)
        return .whole
      }
      alone = alone ?? entry.position
    }
    guard let alone else { return .nothing }
    taken.insert(alone...alone)
    return .request(alone)
  }

  /// Counts everything that is stored now, as after a lost connection, when what this run sent may be among it.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  func extendToEnd() throws(JournalError) {
    if case let last? = try reader.lastPosition(), let first = reader.firstPosition { range = first...last }
    latestObservedAt = try reader.latestObservedAt()
  }

  /// Those of a call's drafts that are not stored, and where the others are, by their indexes in the call.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  func missing(
    _ drafts: [EntryDraft]
  ) throws(JournalError) -> (missing: [(index: Int, draft: EntryDraft)], stored: [Int: JournalPosition]) {
    var missing: [(index: Int, draft: EntryDraft)] = []
    var stored: [Int: JournalPosition] = [:]
    /// Where the others went in `missing`.
    var moved: [Int: Int] = [:]
    for (index, draft) in drafts.enumerated() {
      var draft = draft
      var request: JournalPosition?
      switch draft.request {
      case .none: break
      case .position(let position): request = position
      case .behind(let distance):
        request = stored[index - distance]
        if let request { draft.request = .position(request) }
        if let new = moved[index - distance] { draft.request = .behind(missing.count - new) }
      }
      if moved.isEmpty || request != nil || draft.request == .none,
        let position = try takeEntry(draft.content, request: request)
      {
        stored[index] = position
      } else {
        moved[index] = missing.count
        missing.append((index, draft))
      }
    }
    return (missing, stored)
  }

  /// The position of the stored entry that is the same in content and request, taken; nil where there is none (any more).
  /// - Throws: ``JournalError`` where the journal cannot be read.
  func takeEntry(_ content: EntryContent, request: JournalPosition?) throws(JournalError) -> JournalPosition? {
    let stored: [Entry]
    if let request {
      stored = try reader.answers(to: request)
    } else {
      stored = try candidates(content, nil)
    }
    guard let match = stored.first(where: { $0.requestPosition == request && isFree($0.position) && $0.content == content }) else {
      return nil
    }
    taken.insert(match.position...match.position)
    return match.position
  }

  private func isFree(_ position: JournalPosition) -> Bool {
    range?.contains(position) ?? false && !taken.contains(position)
  }

  /// Same moment, direction, peer and body: what makes two requests of a traffic file the same.
  private func isSame(_ stored: EntryContent, _ request: EntryContent) -> Bool {
    stored.observedAt == request.observedAt && stored.context.direction == request.context.direction
      && stored.context.peer.address == request.context.peer.address && stored.payload == request.payload
  }

  /// Whether anything stored is as late: mostly nothing is, which is told without a look-up.
  private func mayHold(_ request: EntryContent) -> Bool { range != nil && latestObservedAt.map { request.observedAt <= $0 } ?? false }

  private func candidates(_ request: EntryContent, _ answer: EntryContent?) throws(JournalError) -> [Entry] {
    guard mayHold(request) else { return [] }
    guard let id = request.transactionId ?? answer?.transactionId else { return try reader.entries(observedAt: request.observedAt) }
    return try reader.exchanges(holding: [id]).compactMap(\.request)
  }
}

extension EntryContent {
  fileprivate var transactionId: IndexTerm? { marks.first { $0.kind == .transactionId }?.term(in: payload) }
}

/// A set of positions, a bit each, in pieces that are made when they are needed.
private struct PositionSet {
  private static let bitsPerPiece: UInt64 = 32_768
  private var pieces: [UInt64: [UInt64]] = [:]

  func contains(_ position: JournalPosition) -> Bool {
    guard let piece = pieces[position.rawValue / Self.bitsPerPiece] else { return false }
    let bit = position.rawValue % Self.bitsPerPiece
    return piece[Int(bit / 64)] >> (bit % 64) & 1 == 1
  }

  mutating func insert(_ positions: ClosedRange<JournalPosition>) {
    for position in positions.lowerBound.rawValue...positions.upperBound.rawValue {
      let bit = position % Self.bitsPerPiece
      pieces[position / Self.bitsPerPiece, default: [UInt64](repeating: 0, count: Int(Self.bitsPerPiece / 64))][Int(bit / 64)] |=
        1 << (bit % 64)
    }
  }
}
