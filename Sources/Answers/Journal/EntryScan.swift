import JournalFormat
import JournalStore

/// Reads the whole journal in its order, with progress.
enum EntryScan {
  /// - Parameters:
  ///   - label: what is being done, for the progress.
  ///   - showsProgress: false where the output goes to the terminal.
  static func run(
    _ reader: JournalReader, from start: JournalPosition? = nil, label: String, showsProgress: Bool = true,
    _ body: (Result<Entry, JournalError>) throws -> Void
  ) throws {
    guard let last = try reader.lastPosition(), let first = reader.firstPosition else { return }
    let progress = Progress(isWanted: showsProgress)
    var next = max(start ?? first, first)
    let begin = next
    while next <= last {
      let results = try reader.entries(from: next)
      guard !results.isEmpty else { break }
      for result in results.prefix(Int(last.rawValue - next.rawValue) + 1) { try body(result) }
      next = next.advanced(by: results.count)
      let (done, all) = (next.rawValue - begin.rawValue, last.rawValue - begin.rawValue + 1)
      progress.update("\(label): \(Figure.count(done)) of \(Figure.count(all)) entries")
    }
    progress.clear()
  }
}
