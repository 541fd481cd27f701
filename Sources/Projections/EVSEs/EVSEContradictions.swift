internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds elements that are busy while they are out of order, or deleted: at the report that makes it so, until the one that ends it.
struct EVSEContradictions {
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
      let figures = [busy.position.rawValue, availability.position.rawValue, UInt64(availability.status ?? 0), UInt64(element.number)]
      for value in figures { detail.appendVarint(value) }
      let finding = try EVSETables.findings.add(
        EVSERules.contradiction, at: position, subject: element.key, detail: detail, in: rows)
      try rows.put(finding, for: bigEndianBytes(element.number), in: open)
      element.contradiction = finding
    case (nil, let finding?):
      try EVSETables.findings.resolve(finding, at: position, in: rows)
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
  /// Whether it is one of two that contradict each other.
  fileprivate func isOneOfTwo(_ part: StatusPart) -> Bool {
    switch part {
    case .availability: status == AvailabilityStatus.outOfOrder.rawValue || status == AvailabilityStatus.deleted.rawValue
    case .busy: status == BusyStatus.busy.rawValue
    }
  }

  fileprivate func hasEnded(by time: Timestamp) -> Bool { until.map { $0 < time } ?? false }
}
