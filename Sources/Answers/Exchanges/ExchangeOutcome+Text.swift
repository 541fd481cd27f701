public import JournalStore

extension ExchangeOutcome {
  /// In a word or two, for a person: `refused (HTTP 403)`.
  public var text: String { name.rawValue + (httpStatus.map { " (HTTP \($0))" } ?? "") }
}
