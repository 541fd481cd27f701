public import JournalFormat
internal import JournalStore

/// What all read models found wrong or odd.
public struct Findings {
  /// Which of them.
  public struct Filter: Sendable {
    /// Ids of rules; empty for all.
    public var rules: Set<String> = []
    public var severities: Set<FindingSeverity> = []
    /// Also those that hold no longer.
    public var includesResolved = false

    /// All that hold.
    public init() {}
  }

  /// The projections that judge what they see.
  public static let projections: [any Projection.Type] = [
    ChargeDetailRecordProjection.self, EVSEStatusProjection.self, PartnersProjection.self, SessionsProjection.self,
    WhiteListProjection.self,
  ]

  private let models: ReadModels
  private let asOf: JournalPosition?

  /// - Parameter asOf: nil for now.
  public init(_ models: ReadModels, asOf: JournalPosition?) {
    self.models = models
    self.asOf = asOf
  }

  /// The findings of all read models, each with the name of its own, in the order of the positions with which they became known.
  public func all(_ filter: Filter = Filter()) throws -> [(model: String, finding: ReportedFinding)] {
    var found: [(model: String, finding: ReportedFinding)] = []
    for projection in Self.projections {
      let rows = try models.model(projection).snapshot()
      for finding in try findings(of: projection, rows) where filter.matches(finding) { found.append((projection.name, finding)) }
    }
    return found.sorted { ($0.finding.position, $0.finding.rule.number) < ($1.finding.position, $1.finding.rule.number) }
  }

  private func findings(of projection: any Projection.Type, _ rows: ModelSnapshot) throws -> [ReportedFinding] {
    switch projection {
    case is ChargeDetailRecordProjection.Type:
      var found: [ReportedFinding] = []
      try CDRQuery(rows, models.reader, asOf: asOf).forEachFinding {
        found.append($0)
        return true
      }
      return found
    case is EVSEStatusProjection.Type: return try EVSEStatusProjection.reportedFindings(asOf: asOf, in: rows)
    case is PartnersProjection.Type: return try PartnersProjection.reportedFindings(asOf: asOf, in: rows)
    case is WhiteListProjection.Type: return try WhiteListProjection.findings(asOf: asOf, in: rows)
    default:
      let sessions = try Sessions(models)
      var found: [ReportedFinding] = []
      try SessionsProjection.findings.forEach(asOf: asOf, in: rows) { stored in
        if let finding = try sessions.reported(stored, asOf: asOf) { found.append(finding) }
        return true
      }
      return found
    }
  }
}

extension Findings.Filter {
  fileprivate func matches(_ finding: ReportedFinding) -> Bool {
    (includesResolved || finding.resolvedAt == nil) && (rules.isEmpty || rules.contains(finding.rule.id))
      && (severities.isEmpty || severities.contains(finding.rule.severity))
  }
}
