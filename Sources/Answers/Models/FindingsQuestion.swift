public import Projections

/// Asks what the read models found wrong or odd.
public struct FindingsQuestion: Sendable {
  /// Which findings are meant.
  public var filter: Findings.Filter

  /// The read models that are asked.
  public static let projections = Findings.projections

  /// Asks for the findings of a filter.
  public init(_ filter: Findings.Filter = Findings.Filter()) { self.filter = filter }

  /// The findings, in the order of the positions with which they became known.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where a read model cannot be read.
  public func findings(_ basis: AnswerBasis) throws -> [FindingDocument] {
    try Findings(basis.models, asOf: basis.asOf).all(filter).map { FindingDocument($0.finding, model: $0.model) }
  }
}
