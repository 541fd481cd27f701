public import JournalFormat
public import JournalStore

/// Reads a whole journal in its order, as it was when the reading began.
public enum EntryScan {
  /// Shows every entry, a damaged one as its error.
  /// - Parameters:
  ///   - start: where to begin; nil for the first that there is.
  ///   - tell: told of how many entries that there are so many were shown.
  /// - Throws: what `body` throws; `JournalError` where the journal cannot be read.
  public static func run(
    _ reader: JournalReader, from start: JournalPosition? = nil, _ body: (Result<Entry, JournalError>) throws -> Void,
    progress tell: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
  ) throws {
    guard let last = try reader.lastPosition(), let first = reader.firstPosition else { return }
    var next = max(start ?? first, first)
    let begin = next
    while next <= last {
      let results = try reader.entries(from: next)
      guard !results.isEmpty else { break }
      for result in results.prefix(Int(last.rawValue - next.rawValue) + 1) { try body(result) }
      next = next.advanced(by: results.count)
      tell(next.rawValue - begin.rawValue, last.rawValue - begin.rawValue + 1)
    }
  }
}
