public import Projections

extension CDRAcceptance {
  /// In a word or two, for a person: `accepted 1`, `refused (HTTP 403)`.
  public var text: String { name + (requestStatus.map { " \($0)" } ?? httpStatus.map { " (HTTP \($0))" } ?? "") }
}
