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

  /// The finding that holds of an element; nil where there is none.
  func finding(of number: UInt32, in rows: any ModelRows) throws(JournalError) -> [UInt8]? {
    try rows.value(of: bigEndianBytes(number), in: open)
  }

  /// Judges an element by the newest events of both parts.
  func judge(_ element: EVSEElement, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    switch (Self.contradiction(element), element.contradiction) {
    case (let (availability, busy)?, nil):
      var detail: [UInt8] = []
      for value in [busy.position.rawValue, availability.position.rawValue, UInt64(availability.status)] { detail.appendVarint(value) }
      let finding = try EVSEStatusProjection.findings.add(
        .evseContradiction, at: position, subject: element.key, detail: detail, in: rows)
      try rows.put(finding, for: bigEndianBytes(element.number), in: open)
      element.contradiction = finding
    case (nil, let finding?):
      try EVSEStatusProjection.findings.resolve(finding, at: position, in: rows)
      try rows.remove(bigEndianBytes(element.number), in: open)
      element.contradiction = nil
    default: return
    }
  }

  private static func contradiction(_ element: EVSEElement) -> (availability: StatusEvent, busy: StatusEvent)? {
    guard let busy = element[.busy].newest, busy.isOneOfTwo(.busy), let availability = element[.availability].newest,
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
  public static func reportedFindings(asOf position: JournalPosition?, in rows: any ModelRows) throws -> [ReportedFinding] {
    try elementFindings(asOf: position, in: rows).map(\.finding)
  }

  /// As ``reportedFindings(asOf:in:)``, each with the level of its element.
  public static func elementFindings(
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
