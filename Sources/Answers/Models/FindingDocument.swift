internal import JournalFormat
public import Projections

/// A finding as machines get it, the same in every answer.
public struct FindingDocument: Encodable, Hashable, Sendable {
  /// The id of its rule.
  public let rule: String
  /// The version of the rule that found it.
  public let ruleVersion: Int
  /// How much it matters.
  public let severity: String
  /// The name of the read model that found it.
  public let model: String
  /// The ids that it is about; never personal.
  public let subject: String
  /// The position of the entry with which it became known.
  public let position: UInt64
  /// A sentence for a person; never personal.
  public let explanation: String
  /// The position of the entry that mended it; nil while it holds.
  @OrNull public private(set) var resolvedAt: UInt64?

  /// The columns of CSV, in their order.
  public static let columns = ["severity", "rule", "ruleVersion", "model", "subject", "position", "resolvedAt", "explanation"]

  /// Describes a finding.
  /// - Parameter model: the name of the read model that found it.
  public init(_ finding: ReportedFinding, model: String) {
    rule = finding.rule.id
    ruleVersion = finding.rule.version
    severity = finding.rule.severity.rawValue
    self.model = model
    subject = finding.subject
    position = finding.position.rawValue
    explanation = finding.sentence
    resolvedAt = finding.resolvedAt?.rawValue
  }
}
