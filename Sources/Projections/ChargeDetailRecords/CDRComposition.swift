internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Makes of what the log of a session says, and of its messages, what people and machines are shown.
struct CDRComposition {
  private let state: CDRHistory
  private let rows: any ModelRows
  private let messages: CDRMessages
  private let asOf: JournalPosition?

  init(_ state: CDRHistory, _ rows: any ModelRows, _ messages: CDRMessages, _ asOf: JournalPosition?) {
    self.state = state
    self.rows = rows
    self.messages = messages
    self.asOf = asOf
  }

  /// Tells a finding in words.
  typealias Report = (FindingTable.Stored, FindingRule) throws(JournalError) -> ReportedFinding

  func session(_ report: Report) throws(JournalError) -> CDRSession {
    let ids = try ids(untilNamed: false)
    let isSent = state.versions.contains { $0.side == .toIOP }
    let own = state.versions.filter { $0.side.isReceived != isSent }
    let other = isSent ? state.versions.filter(\.side.isReceived) : []
    let inForce = isSent ? state.sentInForce : state.receivedInForce
    return CDRSession(
      number: state.number, serviceSessionId: ids.platform, execPartnerSessionId: ids.exec, salePartnerSessionId: ids.sale,
      execOperatorId: try operatorId(state.execOperator) { $0.execPartnerOperatorId },
      saleOperatorId: try operatorId(state.saleOperator) { $0.salePartnerOperatorId },
      evseId: try first { $0.evseId }, transactionIds: try transactionIds(), direction: isSent ? .toIOP : .fromIOP,
      versions: try views(own), otherSide: try views(other),
      inForce: inForce.flatMap { inForce in own.firstIndex { $0.position == inForce.position && $0.item == inForce.item } },
      differences: try differences(), findings: try findings(report), observedAt: state.versions[0].observedAt ?? Timestamp(rawValue: 0))
  }

  /// What the session is called.
  func name() throws(JournalError) -> String { try ids(untilNamed: true).name(state.number) }

  private func findings(_ report: Report) throws(JournalError) -> [ReportedFinding] {
    var findings: [ReportedFinding] = []
    for key in state.findings {
      guard let rule = CDRProjection.rule(key.rule),
        let stored = try CDRTables.findings.finding(key.bytes, asOf: asOf, in: rows)
      else { continue }
      findings.append(try report(stored, rule))
    }
    return findings
  }

  /// The first text that the records have.
  private func first(_ field: (ChargeDetailRecord) -> String?) throws(JournalError) -> String? {
    for version in state.versions { if let text = try messages.record(of: version).flatMap(field) { return text } }
    return nil
  }

  /// As a record spells it, else compact.
  private func operatorId(_ number: UInt32, _ field: (ChargeDetailRecord) -> String?) throws(JournalError) -> String? {
    guard let name = try CDROperators.name(of: number, in: rows) else { return nil }
    if let written = try first(field), CDROperators.compact(written) == CDROperators.compact(name) { return written }
    return name
  }

  private func views(_ versions: [CDRVersion]) throws(JournalError) -> [CDRSession.Version] {
    var numbers: [CDRSide: Int] = [:]
    var earlier: [CDRSide: CDRFieldChange.Fields] = [:]
    var views: [CDRSession.Version] = []
    for version in versions {
      let message = try messages.message(at: version.position)
      let record = try messages.record(of: version)
      var changes: [CDRFieldChange] = []
      if let fields = record.map(CDRFieldChange.Fields.init) {
        if let before = earlier[version.side] { changes = CDRFieldChange.changes(from: before, to: fields) }
        earlier[version.side] = fields
      }
      numbers[version.side, default: 0] += 1
      views.append(
        CDRSession.Version(
          number: numbers[version.side]!, side: version.side, nature: version.nature, record: record,
          acceptance: state.acceptance(of: version), position: version.position, positions: version.attempts.map(\.position),
          observedAt: version.observedAt ?? message?.observedAt, hasMessage: message?.isGone == false, changes: changes))
    }
    return views
  }

  private func differences() throws(JournalError) -> [CDRFieldChange] {
    guard let sent = state.sentInForce, let received = state.receivedInForce else { return [] }
    let fields = CDRRules.differingFields(sent, received)
    guard !fields.isEmpty, let one = try messages.record(of: sent), let other = try messages.record(of: received) else { return [] }
    return CDRFieldChange.changes(from: one, to: other).filter { change in
      fields.contains(change.field) || change.field.hasPrefix("meter ") && fields.contains("meterReportList")
    }
  }

  private func transactionIds() throws(JournalError) -> [String] {
    var positions: Set<JournalPosition> = []
    for version in state.versions { for attempt in version.attempts { positions.insert(attempt.position) } }
    var ids: [String] = []
    for position in positions.sorted() {
      if let id = try messages.message(at: position)?.transactionId, !ids.contains(id) { ids.append(id) }
    }
    return ids
  }

  // MARK: Ids

  private struct Ids {
    var platform: String?
    var exec: String?
    var sale: String?

    func name(_ number: UInt32) -> String { platform ?? exec ?? sale ?? "session \(number)" }
  }

  /// - Parameter untilNamed: whether the platform's id is enough.
  private func ids(untilNamed: Bool) throws(JournalError) -> Ids {
    var ids = Ids()
    func isEnough() -> Bool { ids.platform != nil && (untilNamed || ids.exec != nil && ids.sale != nil) }
    for version in state.versions where !isEnough() {
      guard let record = try messages.record(of: version) else { continue }
      ids.platform = ids.platform ?? record.serviceSessionId
      ids.exec = ids.exec ?? record.execPartnerSessionId
      ids.sale = ids.sale ?? record.salePartnerSessionId
    }
    for version in state.versions where !isEnough() && (ids.platform == nil || ids.sale == nil && version.side == .fromIOP) {
      for attempt in version.attempts {
        guard let answer = attempt.response, answer.hasPlatformId || version.side == .fromIOP,
          let message = try messages.message(at: answer.position)
        else { continue }
        ids.platform = ids.platform ?? message.serviceSessionId
        if version.side == .fromIOP { ids.sale = ids.sale ?? message.partnerServiceSessionId }
      }
    }
    return ids
  }
}
