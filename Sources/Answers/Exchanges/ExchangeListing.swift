import Foundation
import JournalFormat
import JournalStore

/// The run of a `list`: what matches goes to the writer until there are enough; damaged records are told and passed over.
struct ExchangeListing {
  private static let pollInterval: TimeInterval = 0.2

  let reader: JournalReader
  let query: ExchangeQuery
  let limit: Int?
  let writer: ExchangeListWriter
  private var count = 0
  private var damageCount: UInt64 = 0
  private var last: JournalPosition?

  init(reader: JournalReader, query: ExchangeQuery, limit: Int?, writer: ExchangeListWriter) {
    self.reader = reader
    self.query = query
    self.limit = limit
    self.writer = writer
  }

  private var isFull: Bool { limit.map { count >= $0 } ?? false }

  /// Lists what there is.
  mutating func run() throws { try list { _ in true } }

  /// Lists what arrives, until there are enough or the process is asked to end.
  /// - Parameters:
  ///   - end: the journal's last position as it is now.
  ///   - withHistory: whether what is there already comes first.
  mutating func follow(from end: JournalPosition?, withHistory: Bool) throws {
    let isOver: (JournalPosition) -> Bool = { position in end.map { position <= $0 } ?? false }
    // What is answered later than now is shown then.
    if withHistory { try list { exchange in exchange.ending.map { isOver($0.position) } ?? false } }
    var next = end?.next ?? reader.firstPosition ?? .first
    while !isFull && !Interruption.isPending {
      let results = try reader.entries(from: next)
      for result in results where !isFull {
        try show(arrival: result)
        next = next.next
      }
      try writer.flush()
      if results.isEmpty { Thread.sleep(forTimeInterval: Self.pollInterval) }
    }
  }

  /// Says where to go on.
  /// - Throws: ``CommandFailure`` where records were damaged.
  func tellEnd() throws {
    if isFull, let last { StandardError.note("stopped after \(Figure.count(count)); go on with --after \(last)") }
    if damageCount > 0 { throw CommandFailure.damaged(damageCount, "passed over") }
  }

  private mutating func list(_ isWanted: (Exchange) -> Bool) throws {
    try reader.forEachExchange(query) { result in
      switch result {
      case .failure(let error): noteDamage(error)
      case .success(let exchange): if isWanted(exchange) { try write(exchange) }
      }
      return !isFull && !Interruption.isPending
    }
  }

  /// An exchange is shown when what ends it arrives.
  private mutating func show(arrival result: Result<Entry, JournalError>) throws {
    switch result {
    case .failure(let error): noteDamage(error)
    case .success(let entry):
      guard entry.kind.isMessage, entry.requestPosition != nil || entry.kind == .refusal else { return }
      let exchange = try reader.exchange(at: entry.requestPosition ?? entry.position, known: entry.requestPosition == nil ? entry : nil)
      if query.matches(exchange) { try write(exchange) }
    }
  }

  private mutating func write(_ exchange: Exchange) throws {
    try writer.write(exchange)
    count += 1
    last = exchange.head.position
  }

  private mutating func noteDamage(_ error: JournalError) {
    damageCount += 1
    StandardError.note(error.sentence)
  }
}
