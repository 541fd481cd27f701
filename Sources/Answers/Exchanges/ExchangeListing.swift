internal import Foundation
public import JournalFormat
public import JournalStore

/// Goes through exchanges page by page, and on to those that arrive. Damaged records are told and passed over. Not for several threads at a time.
public struct ExchangeListing {
  private static let pollInterval: TimeInterval = 0.2

  private let reader: JournalReader
  private let query: ExchangeQuery
  private let limit: Int?
  /// How many exchanges were shown.
  public private(set) var count = 0
  /// How many damaged records were passed over.
  public private(set) var damageCount: UInt64 = 0
  /// Why the first of what was passed over could not be read.
  private var firstDamage: JournalError?
  /// The position of the last exchange that was shown: the next page is behind it.
  public private(set) var last: JournalPosition?

  /// What a listing tells whoever asked.
  public struct Events {
    /// Takes the next exchange.
    public var show: (Exchange) throws -> Void
    /// Told of a record that was passed over.
    public var noteDamage: (JournalError) -> Void
    /// Whether to end; asked between two exchanges.
    public var isOver: () -> Bool

    /// Collects what is told.
    public init(
      show: @escaping (Exchange) throws -> Void, noteDamage: @escaping (JournalError) -> Void = { _ in },
      isOver: @escaping () -> Bool = { false }
    ) {
      self.show = show
      self.noteDamage = noteDamage
      self.isOver = isOver
    }
  }

  private let events: Events

  /// Begins a listing.
  /// - Parameter limit: how many exchanges to show at most; nil for all.
  public init(_ reader: JournalReader, _ query: ExchangeQuery, limit: Int? = nil, _ events: Events) {
    self.reader = reader
    self.query = query
    self.limit = limit
    self.events = events
  }

  /// Whether as many were shown as were asked for: there may be more behind ``last``.
  public var isFull: Bool { limit.map { count >= $0 } ?? false }

  /// Shows what there is.
  /// - Throws: what `show` throws; `JournalError` where the journal cannot be read.
  public mutating func run() throws { try list { _ in true } }

  /// Shows what arrives, until there are enough or whoever asked has had enough.
  /// - Parameters:
  ///   - end: the journal's last position as it is now.
  ///   - withHistory: whether what is there already comes first.
  ///   - pass: called whenever all that there is was shown.
  /// - Throws: what `show` and `pass` throw; `JournalError` where the journal cannot be read.
  public mutating func follow(from end: JournalPosition?, withHistory: Bool, pass: () throws -> Void) throws {
    let isPast: (JournalPosition) -> Bool = { position in end.map { position <= $0 } ?? false }
    // What is answered later than now is shown then.
    if withHistory { try list { exchange in exchange.ending.map { isPast($0.position) } ?? false } }
    var next = end?.next ?? reader.firstPosition ?? .first
    while !isFull && !events.isOver() {
      let results = try reader.entries(from: next)
      for result in results where !isFull {
        try show(arrival: result)
        next = next.next
      }
      try pass()
      if results.isEmpty { Thread.sleep(forTimeInterval: Self.pollInterval) }
    }
  }

  /// Refuses to be taken for whole where it is not.
  /// - Throws: ``AnswerError`` where records were damaged: those that were passed over, and those that may have been meant. `JournalError` where pages may hide
  ///   more.
  public func requireWhole() throws {
    if !reader.damage.isEmpty { throw AnswerError.unreadable(reader.damage) }
    if let firstDamage { throw firstDamage }
    try reader.requireSoundPages()
  }

  private mutating func list(_ isWanted: (Exchange) -> Bool) throws {
    try reader.forEachExchange(query) { result in
      switch result {
      case .failure(let error): noteDamage(error)
      case .success(let exchange): if isWanted(exchange) { try show(exchange) }
      }
      return !isFull && !events.isOver()
    }
  }

  /// An exchange is shown when what ends it arrives.
  private mutating func show(arrival result: Result<Entry, JournalError>) throws {
    switch result {
    case .failure(let error): noteDamage(error)
    case .success(let entry):
      guard entry.kind.isMessage, entry.requestPosition != nil || entry.kind == .refusal else { return }
      let exchange = try reader.exchange(at: entry.requestPosition ?? entry.position, known: entry.requestPosition == nil ? entry : nil)
      if query.matches(exchange) { try show(exchange) }
    }
  }

  private mutating func show(_ exchange: Exchange) throws {
    try events.show(exchange)
    count += 1
    last = exchange.head.position
  }

  private mutating func noteDamage(_ error: JournalError) {
    damageCount += 1
    firstDamage = firstDamage ?? error
    events.noteDamage(error)
  }
}
