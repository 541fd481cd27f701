internal import EMIP
internal import JournalFormat
internal import JournalStore

/// An element as a projection remembers it: its number and the latest events of both of its parts.
final class EVSEElement {
  let key: [UInt8]
  let number: UInt32
  private let availability: StatusTail
  private let busy: StatusTail
  /// The key of the finding that holds of it; nil where there is none.
  var contradiction: [UInt8]?

  fileprivate init(key: [UInt8], number: UInt32, availability: StatusTail, busy: StatusTail, contradiction: [UInt8]?) {
    self.key = key
    self.number = number
    self.availability = availability
    self.busy = busy
    self.contradiction = contradiction
  }

  subscript(part: StatusPart) -> StatusTail { part == .busy ? busy : availability }
}

/// The elements that were reported of lately, by each spelling of their ids.
struct EVSEMemory {
  private struct Spelling: Hashable {
    let element: StatusReport.Element
    let id: String
  }

  private var bySpelling: [Spelling: EVSEElement] = [:]
  private var byKey: [[UInt8]: EVSEElement] = [:]
  /// How many there are.
  private var count: UInt32?

  /// More spellings are not remembered: all are forgotten then.
  private static let limit = 16_384

  var isFull: Bool { bySpelling.count >= Self.limit }

  /// The element of a report, which becomes one where it is new.
  mutating func element(
    _ report: ElementReport, at position: JournalPosition, in rows: ModelTransaction
  ) throws(JournalError) -> EVSEElement {
    let spelling = Spelling(element: report.element, id: report.id)
    if let known = bySpelling[spelling] { return known }
    if let known = try find(spelling, at: position, in: rows) { return known }
    let table = EVSETables.elements
    let count = if let count { count } else { try table.count(in: rows) }
    let identifier = IdentifierSpelling(report.id)
    let key = EVSEElementTable.key(report.element, identifier, rows.hash)
    let family = try table.family(report.element, identifier, in: rows)
    if family.count == 1, !identifier.separators.isEmpty, IdentifierSpelling(family[0].stored.id).separators.isEmpty {
      // What was written without separators so far is this one: nothing else has been heard of that it could be.
      try table.move(family[0].stored, from: family[0].key, to: key, as: report.id, at: position, in: rows)
      guard let known = byKey.removeValue(forKey: family[0].key) else { return try find(spelling, in: rows)! }
      byKey[key] = known
      bySpelling[spelling] = known
      return known
    }
    try noteAmbiguity(identifier, family, at: position, in: rows)
    try table.add(key, number: count, report.id, at: position, in: rows)
    self.count = count + 1
    let element = EVSEElement(
      key: key, number: count, availability: StatusTail(StatusEventTable.subject(count, .availability)),
      busy: StatusTail(StatusEventTable.subject(count, .busy)), contradiction: nil)
    bySpelling[spelling] = element
    byKey[key] = element
    return element
  }

  /// Nil of one that was never reported of.
  mutating func elementIfKnown(_ report: ElementReport, in rows: ModelTransaction) throws(JournalError) -> EVSEElement? {
    let spelling = Spelling(element: report.element, id: report.id)
    if let known = bySpelling[spelling] { return known }
    return try find(spelling, in: rows)
  }

  /// Finds that an id without separators, which was or is reported of, may be of several elements.
  private mutating func noteAmbiguity(
    _ identifier: IdentifierSpelling, _ family: [(stored: EVSEElementTable.Stored, key: [UInt8])], at position: JournalPosition,
    in rows: ModelTransaction
  ) throws(JournalError) {
    guard let first = family.first else { return }
    if identifier.separators.isEmpty {
      // Else it was found when the second of them came.
      guard !family.contains(where: { $0.stored.respelledAt != nil }) else { return }
      try EVSERules.noteAmbiguous(first.stored.element, identifier, at: position, in: rows)
    } else if family.contains(where: { $0.stored.respelledAt != nil }), family.count == 1 {
      try EVSERules.noteAmbiguous(first.stored.element, identifier, at: position, in: rows)
    } else {
      return
    }
    // From now on it is an element of its own.
    bySpelling = bySpelling.filter { known in
      let other = IdentifierSpelling(known.key.id)
      return known.key.element != first.stored.element || !other.separators.isEmpty || other.compact != identifier.compact
    }
  }

  /// - Parameter position: of a report; nil where one is only looked for.
  private mutating func find(
    _ spelling: Spelling, at position: JournalPosition? = nil, in rows: ModelTransaction
  ) throws(JournalError) -> EVSEElement? {
    guard let (stored, key) = try EVSETables.elements.element(spelling.element, spelling.id, in: rows) else { return nil }
    if let position, key != EVSEElementTable.key(spelling.element, IdentifierSpelling(spelling.id), rows.hash) {
      try EVSETables.elements.noteRespelled(stored, key, at: position, in: rows)
    }
    if let known = byKey[key] {
      bySpelling[spelling] = known
      return known
    }
    let events = EVSETables.events
    let element = EVSEElement(
      key: key, number: stored.number,
      availability: try events.tail(of: StatusEventTable.subject(stored.number, .availability), in: rows),
      busy: try events.tail(of: StatusEventTable.subject(stored.number, .busy), in: rows),
      contradiction: try EVSETables.contradictions.finding(of: stored.number, in: rows))
    bySpelling[spelling] = element
    byKey[key] = element
    return element
  }
}

/// The reports of the latest requests, each in the place that its position gives it: an answer need not read its request again.
struct RecentReports {
  private var slots: [(position: JournalPosition, report: ElementReport, element: EVSEElement)?] = Array(repeating: nil, count: slotCount)

  private static let slotCount = 2_048

  mutating func note(_ report: ElementReport, of element: EVSEElement, at position: JournalPosition) {
    slots[Self.slot(position)] = (position, report, element)
  }

  func report(at position: JournalPosition) -> (ElementReport, EVSEElement)? {
    guard let known = slots[Self.slot(position)], known.position == position else { return nil }
    return (known.report, known.element)
  }

  private static func slot(_ position: JournalPosition) -> Int { Int(truncatingIfNeeded: position.rawValue % UInt64(slotCount)) }
}
