internal import EMIP
public import JournalFormat
public import JournalStore

/// Which sessions to show.
public struct CDRFilter: Sendable {
  /// An operator of the session, in any spelling.
  public var operatorId: String?
  /// By the first record's observedAt: from this moment on.
  public var since: Timestamp?
  /// Before this moment.
  public var until: Timestamp?
  /// Only where a version was refused, lost, deferred or has no answer.
  public var isUnaccepted = false
  /// Only those with a finding of this rule that holds.
  public var findingRule: String?

  public init() {}
}

/// Questions to the read model of charge detail records, as of a position. Texts are read from the journal. Not for several threads at a time.
public struct CDRQuery {
  private let rows: any ModelRows
  private let journal: JournalReader
  /// Nil for now.
  public let asOf: JournalPosition?
  private let messages = MessageReader()

  /// - Parameter rows: of ``ChargeDetailRecordProjection``.
  public init(_ rows: any ModelRows, _ journal: JournalReader, asOf: JournalPosition?) {
    self.rows = rows
    self.journal = journal
    self.asOf = asOf
  }

  // MARK: Sessions

  /// The sessions of an id: the platform's, or any operator's own; several operators may use one id.
  public func sessions(of id: String) throws -> [CDRSession] {
    var keys = [CDRIdentities.platform(id, rows.hash), CDRIdentities.exec(id, of: [], rows.hash)]
    for name in try CDRNames.all(in: rows) {
      keys += [CDRIdentities.exec(id, of: name, rows.hash), CDRIdentities.sale(id, of: name, rows.hash)]
    }
    var numbers: Set<UInt32> = []
    for key in keys {
      guard let number = try CDRIdentities.session(of: key, asOf: asOf, in: rows) else { continue }
      numbers.insert(try CDRLog.current(number, asOf: asOf, in: rows))
    }
    return try numbers.sorted().compactMap { try CDRLog.state($0, asOf: asOf, in: rows) }.map(session)
  }

  /// Shows the sessions of a filter, in the order in which their first records came, until `body` returns false.
  public func forEachSession(_ filter: CDRFilter = CDRFilter(), _ body: (CDRSession) throws -> Bool) throws {
    try forEachState(filter) { try body(try session($0)) }
  }

  private func forEachState(_ filter: CDRFilter, _ body: (CDRSessionState) throws -> Bool) throws {
    let operatorNumber = try filter.operatorId.map { try CDRNames.known(CDRNames.compact($0), in: rows) ?? .max }
    let end = try CDRMerging.nextNumber(in: rows)
    for number in 1..<max(1, end) {
      guard let state = try CDRLog.state(number, asOf: asOf, in: rows), let first = state.versions.first else { continue }
      if let operatorNumber, state.execOperator != operatorNumber, state.saleOperator != operatorNumber { continue }
      if let since = filter.since, first.observedAt < since { continue }
      if let until = filter.until, first.observedAt >= until { continue }
      if filter.isUnaccepted, state.versions.allSatisfy({ state.acceptance(of: $0).isAccepted == true }) { continue }
      if let rule = filter.findingRule, try !hasFinding(rule, state) { continue }
      guard try body(state) else { return }
    }
  }

  private func hasFinding(_ rule: String, _ state: CDRSessionState) throws(JournalError) -> Bool {
    for key in state.findings where CDRRules.rule(key.rule)?.id == rule {
      if let stored = try table.finding(key.bytes, asOf: asOf, in: rows), stored.resolvedAt == nil { return true }
    }
    return false
  }

  // MARK: Findings

  private var table: FindingTable { ChargeDetailRecordProjection.findings }

  /// All findings, in order, until `body` returns false.
  public func forEachFinding(_ body: (ReportedFinding) throws -> Bool) throws {
    try table.forEach(asOf: asOf, in: rows) { stored in
      guard let rule = CDRRules.rule(stored.rule) else { return true }
      let number = try CDRLog.current(stored.subject.reduce(0) { $0 << 8 | UInt32($1) }, asOf: asOf, in: rows)
      let name = try CDRLog.state(number, asOf: asOf, in: rows).map { try ids(of: $0, records: nil).name(number) }
      return try body(reported(stored, rule, name ?? "session \(number)"))
    }
  }

  private func reported(_ stored: FindingTable.Stored, _ rule: FindingRule, _ name: String) -> ReportedFinding {
    ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt, subject: name,
      sentence: CDRRules.sentence(rule, CDRJudgement.figures(stored.detail)))
  }

  // MARK: Totals

  /// The sums of the final records in force, by counterpart. Intermediate records are counted apart and never summed.
  public func totals(_ filter: CDRFilter = CDRFilter()) throws -> [CDRTotals] {
    var totals: [UInt64: CDRTotals] = [:]
    try forEachState(filter) { state in
      let direction: Direction = state.versions.contains { $0.side == .toIOP } ? .toIOP : .fromIOP
      let counterpart = direction == .toIOP ? state.saleOperator : state.execOperator
      let key = UInt64(direction.rawValue) << 32 | UInt64(counterpart)
      let name = try CDRNames.name(of: counterpart, in: rows)
      totals[key, default: CDRTotals(direction: direction, counterpart: name)].add(state)
      return true
    }
    return totals.values.sorted { ($0.direction.rawValue, $0.counterpart ?? "") < ($1.direction.rawValue, $1.counterpart ?? "") }
  }

  // MARK: Reading

  private func session(_ state: CDRSessionState) throws -> CDRSession {
    var records: [CDRRecordPlace: CDRStoredRecord] = [:]
    for version in state.versions { records[version.place] = try stored(version.place) }
    let ids = try ids(of: state, records: records)
    let direction: Direction = state.versions.contains { $0.side == .toIOP } ? .toIOP : .fromIOP
    let own = state.versions.filter { direction == .toIOP ? $0.side == .toIOP : $0.side.isReceived }
    let other = direction == .toIOP ? state.versions.filter(\.side.isReceived) : []
    let inForce = direction == .toIOP ? state.sentInForce : state.receivedInForce
    var findings: [ReportedFinding] = []
    for key in state.findings {
      guard let rule = CDRRules.rule(key.rule), let stored = try table.finding(key.bytes, asOf: asOf, in: rows) else { continue }
      findings.append(reported(stored, rule, ids.name(state.number)))
    }
    return CDRSession(
      number: state.number, serviceSessionId: ids.platform, execPartnerSessionId: ids.exec, salePartnerSessionId: ids.sale,
      execOperatorId: try operatorId(state.execOperator, state, records) { $0.execPartnerOperatorId },
      saleOperatorId: try operatorId(state.saleOperator, state, records) { $0.salePartnerOperatorId },
      evseId: state.versions.lazy.compactMap { records[$0.place]?.record?.evseId }.first, transactionIds: try transactionIds(state),
      direction: direction, versions: views(own, state, records), otherSide: views(other, state, records),
      inForce: inForce.flatMap { inForce in own.firstIndex { $0.place == inForce.place } }, differences: differences(state, records),
      findings: findings, observedAt: state.versions[0].observedAt)
  }

  /// As a record spells it, else its compact form.
  private func operatorId(
    _ number: UInt32, _ state: CDRSessionState, _ records: [CDRRecordPlace: CDRStoredRecord], _ field: (ChargeDetailRecord) -> String?
  ) throws(JournalError) -> String? {
    guard let compact = try CDRNames.name(of: number, in: rows) else { return nil }
    var written: String?
    for version in state.versions where written == nil { written = records[version.place]?.record.flatMap(field) }
    if let written, CDRNames.compact(written) == Array(compact.utf8) { return written }
    return (try? OperatorIdentifier(compact))?.description ?? compact
  }

  private func views(
    _ versions: [CDRVersion], _ state: CDRSessionState, _ records: [CDRRecordPlace: CDRStoredRecord]
  ) -> [CDRSession.Version] {
    var numbers: [CDRSide: Int] = [:]
    var earlier: [CDRSide: ChargeDetailRecord] = [:]
    return versions.map { version in
      let record = records[version.place]?.record
      var changes: [CDRFieldChange] = []
      if let before = earlier[version.side], let record { changes = CDRFieldChange.changes(from: before, to: record) }
      earlier[version.side] = record ?? earlier[version.side]
      numbers[version.side, default: 0] += 1
      return CDRSession.Version(
        number: numbers[version.side]!, side: version.side, nature: version.nature, record: record, acceptance: state.acceptance(of: version),
        position: version.position, positions: version.attempts.map(\.position), observedAt: version.observedAt, changes: changes)
    }
  }

  private func differences(_ state: CDRSessionState, _ records: [CDRRecordPlace: CDRStoredRecord]) -> [CDRFieldChange] {
    guard let sent = state.sentInForce, let received = state.receivedInForce else { return [] }
    let fields = CDRRules.differingFields(sent, received)
    guard !fields.isEmpty, let one = records[sent.place]?.record, let other = records[received.place]?.record else { return [] }
    return CDRFieldChange.changes(from: one, to: other).filter { change in
      fields.contains(change.field) || change.field.hasPrefix("meter ") && fields.contains("meterReportList")
    }
  }

  /// What a session is called; read anew where the records are not at hand.
  private func ids(of state: CDRSessionState, records: [CDRRecordPlace: CDRStoredRecord]?) throws(JournalError) -> CDRIdTexts {
    var ids = CDRIdTexts()
    for version in state.versions where !ids.isComplete {
      let record = try records == nil ? stored(version.place).record : records?[version.place]?.record
      guard let record else { continue }
      ids.platform = ids.platform ?? record.serviceSessionId
      ids.exec = ids.exec ?? record.execPartnerSessionId
      ids.sale = ids.sale ?? record.salePartnerSessionId
      // A name is enough where only that is wanted.
      if records == nil && ids.platform != nil { return ids }
    }
    for version in state.versions where ids.platform == nil || ids.sale == nil && version.side == .fromIOP {
      for answer in version.attempts.compactMap(\.response) where answer.hasPlatformId || version.side == .fromIOP {
        guard let facts = try facts(at: answer.position) else { continue }
        ids.platform = ids.platform ?? facts.text(of: WireName.serviceSessionId)
        if version.side == .fromIOP { ids.sale = ids.sale ?? facts.text(of: WireName.partnerServiceSessionId) }
      }
    }
    return ids
  }

  private func transactionIds(_ state: CDRSessionState) throws(JournalError) -> [String] {
    var positions: Set<JournalPosition> = []
    for version in state.versions {
      for attempt in version.attempts where attempt.position == version.position || attempt.isRepeated { positions.insert(attempt.position) }
    }
    var ids: [String] = []
    for position in positions.sorted() {
      if let id = try facts(at: position)?.transactionId, !ids.contains(id) { ids.append(id) }
    }
    return ids
  }

  private func stored(_ place: CDRRecordPlace) throws(JournalError) -> CDRStoredRecord {
    let records = try facts(at: place.position)?.chargeDetailRecords ?? []
    return CDRStoredRecord(record: place.item < records.count ? records[place.item] : nil)
  }

  /// Nil where the journal has it no more, or it is damaged.
  private func facts(at position: JournalPosition) throws(JournalError) -> MessageFacts? {
    do throws(JournalError) {
      guard let entry = try journal.entry(at: position), case .message(let facts) = messages.read(entry.content) else { return nil }
      return facts
    } catch {
      guard error.code == .recordDamaged else { throw error }
      return nil
    }
  }
}

/// A message and one of its records.
private struct CDRRecordPlace: Hashable {
  let position: JournalPosition
  let item: Int
}

private struct CDRStoredRecord {
  let record: ChargeDetailRecord?
}

private struct CDRIdTexts {
  var platform: String?
  var exec: String?
  var sale: String?

  var isComplete: Bool { platform != nil && exec != nil && sale != nil }
  func name(_ number: UInt32) -> String { platform ?? exec ?? sale ?? "session \(number)" }
}

extension CDRVersion {
  fileprivate var place: CDRRecordPlace { CDRRecordPlace(position: position, item: item) }
}
