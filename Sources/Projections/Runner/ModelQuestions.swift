public import JournalFormat
public import JournalStore

/// Questions to a read model, all as of one position. Not for several threads at a time.
public protocol ModelQuestions {
  /// The read models that the answers come from.
  static var projections: [any Projection.Type] { get }

  /// The position that all answers are as of; nil for now.
  var asOf: JournalPosition? { get }

  /// Asks read models as they are at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError)

  /// What the read model found wrong or odd, in the order in which it became known.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  func findings() throws -> [ReportedFinding]
}
