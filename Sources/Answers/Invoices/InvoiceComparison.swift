public import EMIP
internal import JournalFormat
public import Projections

/// Holds an invoice against the final records in force.
public struct InvoiceComparison: Sendable {
  /// The invoice.
  public var invoice: Invoice
  /// Which of our sessions the invoice should have.
  public var filter: CDRFilter
  /// How far a field may be off, in its unit; times in seconds. 0 where none is given.
  public var tolerances: [InvoiceField: MeterQuantity]

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [CDRProjection.self, MessageProjection.self]

  /// Compares an invoice with the records of a filter.
  public init(_ invoice: Invoice, _ filter: CDRFilter = CDRFilter(), tolerances: [InvoiceField: MeterQuantity] = [:]) {
    self.invoice = invoice
    self.filter = filter
    self.tolerances = tolerances
  }

  /// What a comparison finds.
  public struct Answer: Sendable {
    /// In the order of the invoice's lines, then what it lacks.
    public let differences: [InvoiceDifference]
    /// How many of the invoice's lines say something of a session.
    public let comparedCount: Int
    /// The fields that were held against ours in a line at least.
    public let comparedFields: Set<InvoiceField>
    /// The numbers of the lines that were left out because they sum others.
    public let totals: [Int]
    /// The units that the amounts of a field told, where neither heading nor option does.
    public let toldUnits: [InvoiceField: InvoiceUnit]
    /// How many of our sessions were sent in the filter's time and are of none, as their own times cannot be read, or cannot be.
    public let misdatedCount: Int
  }

  /// Compares.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func answer(_ basis: AnswerBasis) throws -> Answer { try answer(try CDRQuestions(basis.models, asOf: basis.asOf)) }

  private func answer(_ query: CDRQuestions) throws -> Answer {
    var reading = InvoiceReading(invoice: invoice, tolerances: tolerances)
    reading.toldUnits = try toldUnits(query, reading)
    // The differences of each line, in order.
    var ofLines: [[InvoiceDifference]] = []
    var mangled = MangledLines()
    var seen: [UInt32: Int] = [:]
    // Where the sessions of lines stand.
    var places: [(place: Int, line: InvoiceLine, session: CDRSession)] = []
    // The sessions that the invoice should have.
    var wanted: Set<UInt32> = []
    var compared: Set<InvoiceField> = []
    var totals: [Int] = []
    for line in invoice.lines {
      let sessions = try billable(query, line)
      if sessions.isEmpty {
        if line.isTotal {
          totals.append(line.number)
          continue
        }
        mangled.add(line, at: ofLines.count)
        ofLines.append([Self.missing(line)])
      } else if sessions.count > 1 {
        let names = sessions.map { "\($0.execOperatorId ?? "-") with \($0.saleOperatorId ?? "-")" }.joined(separator: "; ")
        ofLines.append([InvoiceDifference(difference: .ambiguous, id: line.id, line: line.number, ours: names)])
      } else {
        places.append((ofLines.count, line, sessions[0]))
        ofLines.append(compare(line, sessions[0], reading, &seen, &compared))
      }
    }
    var lacking: [(number: UInt32, difference: InvoiceDifference)] = []
    let misdatedCount = try query.forEachSession(filter) { session in
      wanted.insert(session.number)
      guard seen[session.number] == nil, session.versionInForce?.nature == .final else { return true }
      lacking.append((session.number, InvoiceDifference(difference: .onlyOurs, id: session.name)))
      mangled.offer(session) { line in agrees(line, session, reading) }
      return true
    }
    for guess in mangled.guesses {
      guard let session = guess.sessions.first else { continue }
      guard guess.sessions.count == 1 else {
        let remark = "the id looks like a number that a spreadsheet wrote anew; several of ours fit"
        let names = guess.sessions.map(\.name).joined(separator: "; ")
        ofLines[guess.place] = [
          InvoiceDifference(difference: .ambiguous, id: guess.line.id, line: guess.line.number, ours: names, remark: remark)
        ]
        continue
      }
      ofLines[guess.place] = [Self.guess(guess.line, session)] + compare(guess.line, session, reading, &seen, &compared)
    }
    for (place, line, session) in places where isTimed && !wanted.contains(session.number) {
      ofLines[place].insert(ofOtherTime(line, session), at: 0)
    }
    let differences = ofLines.flatMap { $0 } + lacking.filter { seen[$0.number] == nil }.map(\.difference)
    return Answer(
      differences: differences, comparedCount: ofLines.count, comparedFields: compared, totals: totals, toldUnits: reading.toldUnits,
      misdatedCount: misdatedCount)
  }

  private var isTimed: Bool { filter.since != nil || filter.until != nil }

  /// Tells of a line whose session is of another time than the invoice: it may stand in another invoice, too.
  private func ofOtherTime(_ line: InvoiceLine, _ session: CDRSession) -> InvoiceDifference {
    let record = session.versionInForce?.record
    let ours: String? =
      switch filter.by {
      case .start: record?.startTime?.text
      case .end: record?.endTime?.text
      case .sent: nil
      }
    return InvoiceDifference(
      difference: .otherTime, id: line.id, line: line.number, ours: ours, remark: "not of the time that was asked for")
  }

  private static func missing(_ line: InvoiceLine) -> InvoiceDifference {
    guard line.id.isEmpty else { return InvoiceDifference(difference: .onlyTheirs, id: line.id, line: line.number) }
    return InvoiceDifference(difference: .unreadable, id: "", line: line.number, field: "id", theirs: "", remark: "the line has no id")
  }

  private static func guess(_ line: InvoiceLine, _ session: CDRSession) -> InvoiceDifference {
    let ids = [session.serviceSessionId, session.execPartnerSessionId, session.salePartnerSessionId].compactMap { $0 }
    let id = MangledId(line.id).flatMap { mangled in ids.first { MangledLines.keys($0, mangled.shownCount).contains(mangled) } }
    return InvoiceDifference(
      difference: .guess, id: line.id, line: line.number, field: "id", ours: id ?? session.name, theirs: line.id,
      remark: "a spreadsheet seems to have written the id anew; all that identifies the charge agrees with this session alone")
  }

  // MARK: Sessions

  /// The sessions of a line that can be billed: with a final record in force, and of the operator that was asked for.
  private func billable(_ query: CDRQuestions, _ line: InvoiceLine) throws -> [CDRSession] {
    guard !line.id.isEmpty else { return [] }
    let sessions = candidates(try query.sessions(of: line.id))
    // An apostrophe tells a spreadsheet that a cell is text, and stays in some files.
    guard sessions.isEmpty, line.id.unicodeScalars.first == "'" else { return sessions }
    return candidates(try query.sessions(of: String(String.UnicodeScalarView(line.id.unicodeScalars.dropFirst()))))
  }

  private func candidates(_ sessions: [CDRSession]) -> [CDRSession] {
    sessions.filter { session in
      guard session.versionInForce?.nature == .final else { return false }
      guard let wanted = filter.operatorId.map(Self.compact) else { return true }
      return [session.execOperatorId, session.saleOperatorId].contains { $0.map(Self.compact) == wanted }
    }
  }

  private static func compact(_ text: String) -> [UInt8] { TermComparison.compact.normalized(text.utf8) }

  // MARK: Lines

  private func compare(
    _ line: InvoiceLine, _ session: CDRSession, _ reading: InvoiceReading, _ seen: inout [UInt32: Int], _ compared: inout Set<InvoiceField>
  ) -> [InvoiceDifference] {
    var differences: [InvoiceDifference] = []
    if let earlier = seen.updateValue(line.number, forKey: session.number) {
      differences.append(InvoiceDifference(difference: .duplicate, id: line.id, line: line.number, theirs: "line \(earlier)"))
    }
    for column in invoice.columns where column.field != .id {
      let (field, theirs) = (column.field.rawValue, line.cells[column.field] ?? "")
      switch reading.judgement(column, line, session) {
      case .absent: continue
      case .agrees: compared.insert(column.field)
      case .differs(let ours):
        compared.insert(column.field)
        differences.append(
          InvoiceDifference(difference: .differs, id: line.id, line: line.number, field: field, ours: ours, theirs: theirs))
      case .unreadable(let ours, let reason):
        differences.append(
          InvoiceDifference(
            difference: .unreadable, id: line.id, line: line.number, field: field, ours: ours, theirs: theirs, remark: reason))
      }
    }
    return differences
  }

  /// Whether a line's EVSE, times and energy are a session's: all that it has of them, and it has one at least.
  private func agrees(_ line: InvoiceLine, _ session: CDRSession, _ reading: InvoiceReading) -> Bool {
    var agreeing = 0
    for column in invoice.columns where [.evseId, .startTime, .endTime, .wattHours, .kilowattHours].contains(column.field) {
      if line.cells[column.field]?.isEmpty ?? true { continue }
      guard case .agrees = reading.judgement(column, line, session) else { return false }
      agreeing += 1
    }
    return agreeing > 0
  }

  // MARK: Units

  /// The units of columns that name none, where all lines are nearest to our records in the same.
  private func toldUnits(_ query: CDRQuestions, _ reading: InvoiceReading) throws -> [InvoiceField: InvoiceUnit] {
    let columns = invoice.columns.filter { $0.possibleUnits.count > 1 }
    guard !columns.isEmpty else { return [:] }
    var told: [InvoiceField: Set<InvoiceUnit>] = [:]
    for line in invoice.lines {
      let sessions = try billable(query, line)
      guard sessions.count == 1 else { continue }
      for column in columns {
        if let unit = reading.likelyUnit(column, line, sessions[0]) { told[column.field, default: []].insert(unit) }
      }
    }
    return told.filter { $0.value.count == 1 }.compactMapValues(\.first)
  }
}

/// Lines whose ids a spreadsheet may have mangled, and the sessions that they may mean.
private struct MangledLines {
  struct Guess {
    let line: InvoiceLine
    /// Where it stands among all lines.
    let place: Int
    var sessions: [CDRSession] = []
  }

  private(set) var guesses: [Guess] = []
  /// The places in ``guesses`` by what the ids look like.
  private var byId: [MangledId: [Int]] = [:]
  private var shownCounts: Set<Int> = []

  mutating func add(_ line: InvoiceLine, at place: Int) {
    guard let id = MangledId(line.id) else { return }
    byId[id, default: []].append(guesses.count)
    shownCounts.insert(id.shownCount)
    guesses.append(Guess(line: line, place: place))
  }

  /// What a spreadsheet may have made of an id, where it shows so many digits.
  static func keys(_ id: String, _ shownCount: Int) -> Set<MangledId> { MangledId(id)?.shown(shownCount) ?? [] }

  /// Keeps a session for the lines that may mean it.
  mutating func offer(_ session: CDRSession, where fits: (InvoiceLine) -> Bool) {
    guard !guesses.isEmpty else { return }
    let ids = [session.serviceSessionId, session.execPartnerSessionId, session.salePartnerSessionId].compactMap { $0 }
    let keys = Set(ids.flatMap { id in shownCounts.flatMap { Self.keys(id, $0) } })
    for place in Set(keys.flatMap { byId[$0] ?? [] }).sorted() where fits(guesses[place].line) { guesses[place].sessions.append(session) }
  }
}
