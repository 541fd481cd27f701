internal import EMIP
internal import JournalFormat
internal import Projections

/// What the cells of an invoice mean, and whether a session's record says the same.
struct InvoiceReading {
  let invoice: Invoice
  /// How far a field may be off, in its unit; times in seconds. 0 where none is given.
  let tolerances: [InvoiceField: MeterQuantity]
  /// The units of columns whose headings name none, as their amounts told them.
  var toldUnits: [InvoiceField: InvoiceUnit] = [:]

  /// What became of a comparison.
  enum Judgement {
    case agrees
    /// Neither says anything.
    case absent
    case differs(ours: String?)
    case unreadable(ours: String?, reason: String)
  }

  /// Holds a field of a line against the record in force.
  func judgement(_ column: InvoiceColumn, _ line: InvoiceLine, _ session: CDRSession) -> Judgement {
    let theirs = line.cells[column.field] ?? ""
    let record = session.versionInForce?.record
    if record == nil, column.field != .id, let position = session.unreadable.first {
      return .unreadable(ours: nil, reason: "our record at position \(position) cannot be read")
    }
    switch column.field {
    case .id: return .agrees
    case .evseId: return judgement(evse: theirs, session.evseId)
    case .startTime: return judgement(column, time: theirs, record?.startTime)
    case .endTime: return judgement(column, time: theirs, record?.endTime)
    case .minutes, .wattHours, .kilowattHours, .cost: return judgement(column, amount: theirs, record)
    }
  }

  private func judgement(evse theirs: String, _ ours: String?) -> Judgement {
    if theirs.isEmpty && ours == nil { return .absent }
    let (theirId, ourId) = (IdentifierSpelling(theirs), IdentifierSpelling(ours ?? ""))
    if theirId.canBe(ourId) { return .agrees }
    let isUnreadable = !theirs.isEmpty && ourId.isOfGrammar && !theirId.isOfGrammar
    return isUnreadable ? .unreadable(ours: ours, reason: "no EVSE id that is known here") : .differs(ours: ours)
  }

  // MARK: Times

  private func judgement(_ column: InvoiceColumn, time theirs: String, _ ours: Field<Timestamp>?) -> Judgement {
    guard !theirs.isEmpty else { return ours == nil ? .absent : .differs(ours: ours?.text) }
    guard let time = SpreadsheetTime(theirs) else { return .unreadable(ours: ours?.text, reason: "no date and time that is known here") }
    switch time.meaning(invoice.dateOrder, column.isUTC ? .utc : invoice.zone) {
    case .none: return .unreadable(ours: ours?.text, reason: "there is no such date or time")
    case .ambiguous: return .unreadable(ours: ours?.text, reason: "day and month may be either way round: say --dates")
    case .moments(let moments):
      guard let ours else { return .differs(ours: nil) }
      guard let moment = ours.value else { return .unreadable(ours: ours.text, reason: "our record's time cannot be read") }
      let isWithin = moments.contains { range in
        let off = max(range.lowerBound.milliseconds(since: moment), moment.milliseconds(since: range.upperBound), 0)
        return MeterQuantity(off) <= tolerance(column.field) * 1_000
      }
      return isWithin ? .agrees : .differs(ours: ours.text)
    }
  }

  // MARK: Amounts

  /// The meter that holds what a field says.
  private static func meter(_ field: InvoiceField) -> MeterType {
    switch field {
    case .minutes: .totalDuration
    case .cost: .serviceCost
    default: .totalEnergy
    }
  }

  private func judgement(_ column: InvoiceColumn, amount theirs: String, _ record: ChargeDetailRecord?) -> Judgement {
    let type = Self.meter(column.field)
    let figure = record?.figure(type) ?? .absent
    let words = record.flatMap { FigureText.cell(type, $0) }
    let ours = figure.quantity.map { column.field == .kilowattHours ? "\($0) Wh" : $0.description } ?? words
    guard !theirs.isEmpty else { return figure == .absent ? .absent : .differs(ours: ours) }
    let read: Read
    switch self.read(theirs, column) {
    case .success(let value): read = value
    case .failure(let failure): return .unreadable(ours: ours, reason: failure.reason)
    }
    guard let quantity = figure.quantity else {
      return figure == .unreadable ? .unreadable(ours: ours, reason: "our record's amount cannot be read") : .differs(ours: ours)
    }
    let currency = record?.meters.first { $0.type?.value == type }?.unit?.uppercased()
    if let theirs = read.currencies, let currency, currency.utf8.count == 3, !theirs.contains(currency) {
      return .differs(ours: "\(quantity) \(currency)")
    }
    guard let unit = read.unit else { return .unreadable(ours: ours, reason: Self.unitReason(column)) }
    let off = quantity * unit.divisor - read.quantity * unit.multiplier
    let factor: Int64 = column.field == .kilowattHours ? 1_000 : 1
    return off.magnitude <= tolerance(column.field) * factor * unit.divisor ? .agrees : .differs(ours: ours)
  }

  private static func unitReason(_ column: InvoiceColumn) -> String {
    let options = column.field == .minutes ? "--column minutes" : "--column wattHours or kilowattHours"
    return "its unit is neither named nor told by the amounts: say \(options)"
  }

  private func tolerance(_ field: InvoiceField) -> MeterQuantity { tolerances[field] ?? .zero }

  // MARK: Cells

  /// What a cell says.
  struct Read {
    let quantity: MeterQuantity
    /// Nil where nothing says it.
    let unit: InvoiceUnit?
    /// The codes of the currencies that it may be in; nil where none is named.
    let currencies: Set<String>?
  }

  struct Unreadable: Error {
    let reason: String
  }

  /// Reads an amount. What stands beside the number goes before what the heading says.
  func read(_ text: String, _ column: InvoiceColumn) -> Result<Read, Unreadable> {
    if column.field == .minutes, let seconds = Self.seconds(text) {
      return .success(Read(quantity: MeterQuantity(seconds), unit: .seconds, currencies: nil))
    }
    guard let number = SpreadsheetNumber(text) else { return .failure(Unreadable(reason: "no number")) }
    guard let quantity = number.value(invoice.decimalMark) else {
      let isTold = invoice.decimalMark == nil && number.certainMark == nil
      return .failure(
        Unreadable(
          reason: isTold
            ? "it may be two numbers: say --decimal-comma or --no-decimal-comma" : "not written as the file's other numbers are"))
    }
    let units = column.field == .minutes ? InvoiceUnit.durations : InvoiceUnit.energies
    switch column.field {
    case .cost:
      let currencies = number.affix.isEmpty ? column.currencies : InvoiceUnit.currencies(number.affix)
      guard number.affix.isEmpty || currencies != nil else { return .failure(Unreadable(reason: "no currency that is known here")) }
      return .success(Read(quantity: quantity, unit: .one, currencies: currencies))
    default:
      let unit = number.affix.isEmpty ? column.unit ?? toldUnits[column.field] : units[number.affix]
      guard number.affix.isEmpty || unit != nil else { return .failure(Unreadable(reason: "no unit that is known here")) }
      return .success(Read(quantity: quantity, unit: unit, currencies: nil))
    }
  }

  /// The seconds of `1:02:03`; nil for what is written otherwise.
  private static func seconds(_ text: String) -> Int64? {
    let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 3, (1...4).contains(parts[0].count), parts.dropFirst().allSatisfy({ $0.count == 2 }),
      parts.joined().allSatisfy(\.isASCIIDigit)
    else { return nil }
    let numbers = parts.map { $0.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) } }
    return numbers[1] < 60 && numbers[2] < 60 ? (numbers[0] * 60 + numbers[1]) * 60 + numbers[2] : nil
  }

  // MARK: Units

  /// Amounts further apart than by this factor tell no unit.
  private static let likelyRatio = 5.0

  /// The unit in which a line's amount is nearest to ours; nil where one of them is missing, or nothing, or it is near in none.
  func likelyUnit(_ column: InvoiceColumn, _ line: InvoiceLine, _ session: CDRSession) -> InvoiceUnit? {
    guard let text = line.cells[column.field], case .success(let read) = read(text, column), read.unit == nil,
      let ours = session.versionInForce?.record?.figure(Self.meter(column.field)).quantity, ours > .zero, read.quantity > .zero
    else { return nil }
    func ratio(_ unit: InvoiceUnit) -> Double {
      let (one, other) = (Double(ours.attos) * Double(unit.divisor), Double(read.quantity.attos) * Double(unit.multiplier))
      return max(one, other) / min(one, other)
    }
    return column.possibleUnits.filter { ratio($0) <= Self.likelyRatio }.min { ratio($0) < ratio($1) }
  }
}
