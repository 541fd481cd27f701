internal import JournalFormat
internal import JournalStore

extension Exchange {
  /// What of it had been recorded by a position; nil where nothing had.
  /// - Parameter position: nil for all.
  func asOf(_ position: JournalPosition?) -> Exchange? {
    guard let position else { return self }
    guard head.position <= position else { return nil }
    return Exchange(request: request, answers: [failure, response].compactMap { $0 }.filter { $0.position <= position })
  }
}
