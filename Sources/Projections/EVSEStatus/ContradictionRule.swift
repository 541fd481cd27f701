public import EMIP
public import JournalFormat
internal import JournalStore

extension FindingRule {
  /// Numbers 70 to 79 are those of EVSE statuses.
  public static let evseContradiction = FindingRule(
    70, "evse-contradiction", .warning, "An element is reported busy while it is reported out of order or deleted.")
}

/// Finds elements that are busy while they are out of order, or deleted: at the report that makes it so, until the one that ends it.
struct ContradictionRule {
  /// By the number of an element: the key of the finding that holds of it.
  let open: ModelTable

  /// Judges an element by the newest events of both parts.
  func judge(_ report: ElementReport, _ number: UInt32, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    let key = bigEndianBytes(number)
    let known = try rows.value(of: key, in: open)
    let pair = try contradiction(report, number, in: rows)
    switch (pair, known) {
    case (let (availability, busy)?, nil):
      var detail: [UInt8] = []
      for value in [busy.position.rawValue, availability.position.rawValue, UInt64(availability.status)] { detail.appendVarint(value) }
      let finding = try EVSEStatusProjection.findings.add(
        .evseContradiction, at: position, subject: EVSEElementTable.key(report.element, report.id, rows.hash), detail: detail, in: rows)
      try rows.put(finding, for: key, in: open)
    case (nil, let finding?):
      try EVSEStatusProjection.findings.resolve(finding, at: position, in: rows)
      try rows.remove(key, in: open)
    default: return
    }
  }

  private func contradiction(
    _ report: ElementReport, _ number: UInt32, in rows: ModelTransaction
  ) throws(JournalError) -> (availability: StatusEvent, busy: StatusEvent)? {
    // What the report itself says is looked at first: mostly it is harmless.
    for (part, event) in report.parts where !event.isOneOfTwo(part) {
      if try EVSEStatusProjection.events.newest(of: StatusEventTable.subject(number, part), in: rows)?.isOneOfTwo(part) != true {
        return nil
      }
    }
    guard let busy = try EVSEStatusProjection.events.newest(of: StatusEventTable.subject(number, .busy), in: rows),
      busy.isOneOfTwo(.busy),
      let availability = try EVSEStatusProjection.events.newest(of: StatusEventTable.subject(number, .availability), in: rows),
      availability.isOneOfTwo(.availability), !busy.hasEnded(by: availability.time), !availability.hasEnded(by: busy.time)
    else { return nil }
    return (availability, busy)
  }
}

extension StatusEvent {
  /// Of two that contradict each other.
  fileprivate func isOneOfTwo(_ part: StatusPart) -> Bool {
    switch part {
    case .availability: status == AvailabilityStatus.outOfOrder.rawValue || status == AvailabilityStatus.deleted.rawValue
    case .busy: status == BusyStatus.busy.rawValue
    }
  }

  fileprivate func hasEnded(by time: Timestamp) -> Bool { until.map { $0 < time } ?? false }
}

extension EVSEStatusProjection {
  /// The findings that were known as of a position, as they are told.
  /// - Parameters:
  ///   - position: nil for now.
  ///   - rows: of this read model.
  public static func reportedFindings(
    asOf position: JournalPosition?, in rows: any ModelRows
  ) throws -> [(finding: ReportedFinding, element: StatusReport.Element)] {
    var found: [(ReportedFinding, StatusReport.Element)] = []
    try findings.forEach(asOf: position, in: rows) { stored in
      guard stored.rule == FindingRule.evseContradiction.number, let element = try elements.stored(stored.subject, in: rows) else {
        return true
      }
      let id = canonicalId(element.id)
      found.append(
        (
          ReportedFinding(
            rule: .evseContradiction, position: stored.position, resolvedAt: stored.resolvedAt, subject: id,
            sentence: try contradictionSentence(id, stored)), element.element
        ))
      return true
    }
    return found
  }

  private static func contradictionSentence(_ id: String, _ stored: FindingTable.Stored) throws(JournalError) -> String {
    do throws(FormatError) {
      let (busy, availability, status) = try stored.detail.reading { (reader) throws(FormatError) in
        (try reader.varint(), try reader.varint(), try reader.varint())
      }
      let state = status == UInt64(AvailabilityStatus.deleted.rawValue) ? "deleted" : "out of order"
      return "\(id) is reported busy (position \(busy)) while it is \(state) (position \(availability))."
    } catch { throw .damagedModel(error, findings.table) }
  }
}
