public import JournalFormat

/// What all read models found wrong or odd.
public struct Findings {
  /// Which of them.
  public struct Filter: Sendable {
    /// Ids of rules; empty for all.
    public var rules: Set<String> = []
    /// How much they matter; empty for all.
    public var severities: Set<FindingSeverity> = []
    /// Also those that hold no longer.
    public var includesResolved = false

    /// All that hold.
    public init() {}
  }

  /// The projections that judge what they see.
  public static var projections: [any Projection.Type] { AllProjections.all.filter { !$0.rules.isEmpty } }

  private let models: ReadModels
  private let asOf: JournalPosition?

  /// - Parameters:
  ///   - models: those of ``projections``.
  ///   - asOf: nil for now.
  public init(_ models: ReadModels, asOf: JournalPosition?) {
    self.models = models
    self.asOf = asOf
  }

  /// The findings of all read models, each with the name of its own, in the order of the positions with which they became known.
  /// - Throws: ``JournalError``, and what reading messages again throws.
  public func all(_ filter: Filter = Filter()) throws -> [(model: String, finding: ReportedFinding)] {
    var found: [(model: String, finding: ReportedFinding)] = []
    for projection in Self.projections {
      for finding in try projection.findings(models, asOf: asOf) where filter.matches(finding) { found.append((projection.name, finding)) }
    }
    return found.sorted { ($0.finding.position, $0.finding.rule.number) < ($1.finding.position, $1.finding.rule.number) }
  }
}

extension Findings.Filter {
  fileprivate func matches(_ finding: ReportedFinding) -> Bool {
    (includesResolved || finding.resolvedAt == nil) && (rules.isEmpty || rules.contains(finding.rule.id))
      && (severities.isEmpty || severities.contains(finding.rule.severity))
  }
}
