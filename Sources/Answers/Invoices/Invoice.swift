public import EMIP
internal import Foundation

/// How an invoice is written, as far as somebody says so. The rest is told from the file where it can only be one.
public struct InvoiceLayout: Sendable {
  /// The names of the columns that hold the fields, where they have others than the usual.
  public var columns: [InvoiceField: String] = [:]
  /// The ASCII character between two cells.
  public var separator: UInt8?
  /// The mark before the fraction of numbers.
  public var decimalMark: DecimalMark?
  /// The order of day, month and year.
  public var dateOrder: DateOrder?
  /// The zone of times that name none.
  public var zone = SpreadsheetZone.utc

  /// A file that tells all of it.
  public init() {}
}

/// A line of an invoice.
public struct InvoiceLine: Sendable {
  /// The number of the line in the file, from 1.
  public let number: Int
  /// The cells by what they say.
  public let cells: [InvoiceField: String]
  /// Whether it says that it sums others.
  let isTotal: Bool

  /// The session's id.
  public var id: String { cells[.id] ?? "" }
}

/// A counterpart's spreadsheet.
public struct Invoice: Sendable {
  /// Why a file is none.
  public enum Mistake: Error, Hashable, Sendable {
    /// It is no text.
    case file(reason: String)
    /// A line that is not of the layout.
    case line(Int, reason: String)
    /// There is no line that names the columns.
    case empty
    /// A line with another number of cells than the first has.
    case cells(line: Int, count: Int, expected: Int)
    /// No column of those that there are holds the session's id.
    case noId(columns: [String])
    /// None of the columns has a name that was given.
    case noColumn(String, columns: [String])
    /// The heading of a column that was given for a field names another unit.
    case otherUnit(String, field: InvoiceField)
  }

  /// The lines, without the first.
  public let lines: [InvoiceLine]
  /// The numbers of the lines above the one that names the columns.
  public let titles: [Int]
  /// The numbers of the lines that have one cell where others have several: what is written below a table.
  public let remarks: [Int]
  /// The columns that say something, that of the id first.
  public let columns: [InvoiceColumn]
  /// The mark before a number's fraction; nil where the file does not tell, so that each number must.
  public let decimalMark: DecimalMark?
  /// The order of dates; nil where the file does not tell.
  public let dateOrder: DateOrder?
  /// The zone of times that name none.
  public let zone: SpreadsheetZone
  /// Whether it was read as Windows-1252, which bytes cannot tell for certain.
  public let isCodePage: Bool

  /// What it has a column for, without the id.
  public var fields: [InvoiceField] { columns.map(\.field).filter { $0 != .id } }

  /// Reads a file.
  /// - Throws: ``Mistake`` where it is not of the layout.
  public init(_ bytes: [UInt8], _ layout: InvoiceLayout) throws(Mistake) {
    let text: SpreadsheetText
    do throws(SpreadsheetText.Mistake) { text = try SpreadsheetText(bytes) } catch { throw .file(reason: error.reason) }
    let records: [CSVReader.Record]
    do throws(CSVReader.Mistake) {
      records = try CSVReader.records(text.bytes, separator: layout.separator ?? text.likelySeparator, firstLine: text.firstLine)
    } catch {
      throw .line(error.line, reason: error.reason)
    }
    let head = try Self.head(records, layout)
    columns = head.columns
    titles = records[..<head.index].map(\.line)
    let cellCount = records[head.index].cells.count
    let isRemark: (CSVReader.Record) -> Bool = { cellCount > 2 && Self.isRemark($0) }
    let below = records[(head.index + 1)...]
    remarks = below.filter(isRemark).map(\.line)
    let lines = try Self.lines(below.filter { !isRemark($0) }, cellCount, columns)
    isCodePage = text.isCodePage
    zone = layout.zone
    let mark = layout.decimalMark ?? Self.only(Self.texts(lines, Self.amounts).compactMap { SpreadsheetNumber($0)?.certainMark })
    decimalMark = mark
    dateOrder = layout.dateOrder ?? Self.only(Self.texts(lines, [.startTime, .endTime]).compactMap { SpreadsheetTime($0)?.certainOrder })
    self.lines = Self.findingSums(lines, mark)
  }

  private static let amounts: [InvoiceField] = [.minutes, .wattHours, .kilowattHours, .cost]

  private static func texts(_ lines: [InvoiceLine], _ fields: [InvoiceField]) -> [String] {
    lines.flatMap { line in fields.compactMap { line.cells[$0] } }
  }

  /// What all say that say anything; nil where some say one thing and some another.
  private static func only<Value: Hashable>(_ values: [Value]) -> Value? {
    let different = Set(values)
    return different.count == 1 ? different.first : nil
  }

  /// Whether a line has one cell, of several words that are no sum's name.
  private static func isRemark(_ record: CSVReader.Record) -> Bool {
    let text = text(of: record.cells[0])
    return record.cells.count == 1 && text.contains(where: \.isWhitespace) && !isTotal(text)
  }

  private static func lines(
    _ records: [CSVReader.Record], _ cellCount: Int, _ columns: [InvoiceColumn]
  ) throws(Mistake) -> [InvoiceLine] {
    var lines: [InvoiceLine] = []
    for record in records {
      let cells = record.cells.map(text(of:))
      // What is empty in all columns is no line, however many it has.
      if cells.allSatisfy(\.isEmpty) { continue }
      let known = columns.filter { $0.place < cells.count }.map { ($0.field, cells[$0.place]) }
      let ofFields = Dictionary(known) { first, _ in first }
      let isTotal = isTotal(cells, id: ofFields[.id] ?? "")
      // Spreadsheets leave out empty cells at the end of a line, and add some.
      let isWhole = cells.count > cellCount ? cells[cellCount...].allSatisfy(\.isEmpty) : known.count == columns.count
      guard isWhole || isTotal else {
        throw .cells(line: record.line, count: record.cells.count, expected: cellCount)
      }
      lines.append(InvoiceLine(number: record.line, cells: ofFields, isTotal: isTotal))
    }
    return lines
  }

  /// What a cell says, without blanks around it. `="0047"` is how text is kept from becoming a number.
  private static func text(of cell: String) -> String {
    let text = cell.trimmingCharacters(in: .whitespacesAndNewlines)
    let bytes = text.utf8
    guard bytes.count >= 3, bytes.starts(with: Array("=\"".utf8)), bytes.last == UInt8(ascii: "\"") else { return text }
    return String(decoding: bytes.dropFirst(2).dropLast(), as: UTF8.self)
  }

  /// The same lines, where one whose amounts are the sums of those above it is known for a total. It has no id, or a word in its place.
  private static func findingSums(_ lines: [InvoiceLine], _ mark: DecimalMark?) -> [InvoiceLine] {
    var sums: [InvoiceField: MeterQuantity] = [:]
    return lines.map { line in
      let quantities = amounts.compactMap { field in
        line.cells[field].flatMap { SpreadsheetNumber($0)?.value(mark) }.map { (field, $0) }
      }
      if line.isTotal { return line }
      let hasNoId = !line.id.contains(where: \.isNumber) || !totals.isDisjoint(with: words(line.id))
      if hasNoId, !quantities.isEmpty, quantities.allSatisfy({ sums[$0.0] == $0.1 }) {
        return InvoiceLine(number: line.number, cells: line.cells, isTotal: true)
      }
      for (field, quantity) in quantities { sums[field, default: .zero] = sums[field, default: .zero] + quantity }
      return line
    }
  }

  /// Whether a line sums others: it is called so in place of a session's id, beside a missing one, or in its first cell.
  private static func isTotal(_ cells: [String], id: String) -> Bool {
    let isCalledSo = !totals.isDisjoint(with: words(id)) && !id.contains(where: \.isNumber)
    return isCalledSo || id.isEmpty && cells.contains(where: isTotal) || (cells.first { !$0.isEmpty }).map(isTotal) ?? false
  }

  /// Whether a text is a sum's name: `Total`, `Gesamtsumme:`, `Sous-total HT`, `TVA 20 %`.
  private static func isTotal(_ cell: String) -> Bool {
    let words = words(cell)
    return !words.isDisjoint(with: totals.union(taxes)) && words.isSubset(of: totals.union(taxes).union(besideTotals))
  }

  private static func words(_ text: String) -> Set<Substring> { Set(text.lowercased().split { !$0.isLetter }) }

  private static let totals: Set<Substring> = [
    "total", "totals", "subtotal", "summe", "gesamt", "gesamtsumme", "gesamtbetrag", "zwischensumme", "sum", "totaux", "totale", "totaal",
    "somma", "suma", "somme", "sommes", "razem", "celkem", "totalt", "yhteensä", "összesen",
  ]
  private static let taxes: Set<Substring> = ["vat", "tva", "mwst", "ust", "btw", "iva", "moms"]
  private static let besideTotals: Set<Substring> = [
    "grand", "sub", "sous", "amount", "ht", "ttc", "net", "netto", "brutto", "gross", "excl", "incl", "général",
    "eur", "chf", "gbp", "kwh", "wh", "sessions", "due",
  ]

  /// Titles stand above the headings in some files, but not many.
  private static let titleLimit = 20

  /// The line that names a column for the id, and all that an option names: of several the first that names most, for a title may be called so, too.
  private static func head(
    _ records: [CSVReader.Record], _ layout: InvoiceLayout
  ) throws(Mistake) -> (index: Int, columns: [InvoiceColumn]) {
    var mistake = Mistake.empty
    var best: (index: Int, columns: [InvoiceColumn])?
    for index in records.indices.prefix(titleLimit) {
      let header = records[index].cells.map { $0.trimmingCharacters(in: .whitespaces) }
      do throws(Mistake) {
        let found = try columns(header, layout)
        if found.count > best?.columns.count ?? 0 { best = (index, found) }
      } catch {
        if index == 0 { mistake = error }
      }
    }
    guard let best else { throw mistake }
    return best
  }

  private static func columns(_ header: [String], _ layout: InvoiceLayout) throws(Mistake) -> [InvoiceColumn] {
    let headings = header.map(InvoiceHeading.init)
    var found: [InvoiceField: InvoiceColumn] = [:]
    for (field, name) in layout.columns {
      let wanted = InvoiceHeading(name)
      let same = headings.firstIndex { !wanted.name.isEmpty && $0.name == wanted.name && $0.unit == wanted.unit }
      guard let place = header.firstIndex(of: name) ?? header.firstIndex(where: { $0.lowercased() == name.lowercased() }) ?? same else {
        throw .noColumn(name, columns: header)
      }
      guard let column = InvoiceColumn(headings[place], at: place, field, isNamed: true) else { throw .otherUnit(name, field: field) }
      found[field] = column
    }
    let named = Set(found.values.map(\.place))
    for field in InvoiceField.allCases where found[field] == nil {
      let usual = headings.enumerated().filter { !named.contains($0.offset) }
        .compactMap { InvoiceColumn($0.element, at: $0.offset, field, isNamed: false).map { ($0, headings[$0.place].name) } }
      // The first of the names that there is.
      let names = field.names
      found[field] = usual.min { (names.firstIndex(of: $0.1) ?? names.count) < (names.firstIndex(of: $1.1) ?? names.count) }?.0
    }
    guard found[.id] != nil else { throw .noId(columns: header) }
    for (field, column) in found { found[field]?.sameCount = header.count { $0.lowercased() == column.heading.lowercased() } }
    return InvoiceField.allCases.compactMap { found[$0] }
  }
}

extension MeterQuantity {
  /// A number as a spreadsheet has it: with a point or a comma before its fraction, and the other of them, blanks or apostrophes between thousands.
  public init?(invoice text: String, hasDecimalComma: Bool) {
    guard let number = SpreadsheetNumber(text), number.affix.isEmpty, let value = number.value(hasDecimalComma ? .comma : .point) else {
      return nil
    }
    self = value
  }
}
