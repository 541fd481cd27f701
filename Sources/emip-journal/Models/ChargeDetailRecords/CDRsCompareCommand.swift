import Answers
import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

struct CDRsCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the counterpart's spreadsheet with our final records in force.",
    discussion: """
      The first line of the file (CSV as RFC 4180 or a spreadsheet writes it, in UTF-8, UTF-16 or Windows-1252) names the columns; each further \
      line is a session, by any of its ids. Tells which sessions only we or only they have, and each field that differs. What cannot be read is \
      unreadable, and never differs. An id that a spreadsheet took for a number is matched by EVSE, times and energy where that is one session \
      only, and called a guess. A session of another time than --since and --until say is told, too. Lines of totals are left out and counted. Exits with 1 where anything differs, is unreadable or a guess. \
      --since and --until go by the end of the charge, unless --by says otherwise.

      Fields: id, startTime, endTime, minutes, wattHours, kilowattHours, cost, evseId. A column of such a name, or of a usual one in some \
      languages, is found by itself, with the unit that stands in its heading: 'Energie (kWh)'. A session's id goes before a column that is only \
      called id. What is between cells, the mark before fractions, and the order of dates are told from the file where they can only be one; the \
      answer says what was taken.

      EXAMPLES
        emip-journal cdrs compare invoice.csv --operator FR*MS1 --since 2025-03-01 --until 2025-04-01
        emip-journal cdrs compare facture.csv --time-zone Europe/Paris --dates dd/mm/yyyy
        emip-journal cdrs compare rechnung.csv --separator ';' --decimal-comma --column id=Ladung --column kilowattHours=Menge
        emip-journal cdrs compare invoice.csv --tolerance endTime=60 --tolerance wattHours=10
      """)

  @Argument(help: ArgumentHelp("The spreadsheet.", valueName: "file"))
  var file: String
  @Option(help: ArgumentHelp("Which column holds a field; repeatable.", valueName: "field=name"))
  var column: [String] = []
  @Option(help: ArgumentHelp("How far a field may be off, in its unit, times in seconds; repeatable.", valueName: "field=number"))
  var tolerance: [String] = []
  @Option(help: ArgumentHelp("What stands between cells; tab for a tabulator; else the file tells.", valueName: "character"))
  var separator: String?
  @Flag(inversion: .prefixedNo, help: "Whether numbers have a comma before their fraction; else the file tells.")
  var decimalComma: Bool?
  @Option(help: ArgumentHelp("The zone of times that name none, such as Europe/Paris.", valueName: "zone"), transform: Self.zone)
  var timeZone = SpreadsheetZone.utc
  @Option(
    help: ArgumentHelp("The order of dates, such as dd/mm/yyyy; else the file tells, where it can only be one.", valueName: "pattern"),
    transform: Self.dateOrder)
  var dates: DateOrder?
  @OptionGroup var filter: CDRFilterOptions
  @OptionGroup var options: ModelOptions

  func validate() throws {
    _ = try columns()
    _ = try tolerances()
    _ = try separatorByte()
  }

  func run() throws {
    var layout = InvoiceLayout()
    layout.columns = try columns()
    layout.separator = try separatorByte()
    layout.decimalMark = decimalComma.map { $0 ? .comma : .point }
    layout.zone = timeZone
    layout.dateOrder = dates
    let invoice = try invoice(layout)
    let basis = try options.basis(InvoiceComparison.projections)
    let answer = try InvoiceComparison(invoice, filter.filter, tolerances: try tolerances()).answer(basis)
    let differences = answer.differences
    let writer = AnswerWriter(options)
    let remarks = Self.remarks(invoice, answer)
    if options.format != .text { try filter.tell(answer.misdatedCount, writer) }
    let unreadCount = try CDRsQuestion(filter.filter).unreadCount(basis)
    try writer.write(differences, columns: InvoiceDifference.columns, basis, unreadCount: unreadCount) { output in
      try output.write(writer.style.text("compared with our final records, " + filter.heading, .bold) + "\n")
      if differences.isEmpty {
        let fields = invoice.fields.filter(answer.comparedFields.contains).map(\.rawValue).joined(separator: ", ")
        let words =
          fields.isEmpty
          ? Figure.count(answer.comparedCount, "session is", "sessions are") + " in both; nothing else was compared"
          : Figure.count(answer.comparedCount, "session agrees", "sessions agree") + ", in " + fields
        try output.write(writer.style.text(words, .green) + "\n")
      } else {
        for line in Self.table(differences).lines(writer.style) { try output.write(line + "\n") }
      }
      try filter.tell(answer.misdatedCount, writer)
      for remark in remarks { try output.write(writer.style.text(SafeText.line(remark), .dim) + "\n") }
    }
    if options.format != .text { for remark in remarks { StandardError.note(remark) } }
    guard differences.isEmpty else {
      throw CommandFailure(.notFound, "\(Figure.count(differences.count, "difference", "differences")).")
    }
  }

  /// What was taken where the file could have meant something else, and what was left out.
  private static func remarks(_ invoice: Invoice, _ answer: InvoiceComparison.Answer) -> [String] {
    let columns = invoice.columns.map { column in
      let told = answer.toldUnits[column.field].map { " in \($0.name), as its amounts tell" } ?? ""
      let same = column.sameCount > 1 ? " (the first of \(column.sameCount) columns of that name)" : ""
      return "\(column.field.rawValue) from '\(column.heading)'\(same)\(told)"
    }
    var remarks = ["read \(columns.joined(separator: ", "))"]
    let silent = invoice.fields.filter { !answer.comparedFields.contains($0) }.map(\.rawValue)
    if !silent.isEmpty { remarks.append("nothing was compared in \(silent.joined(separator: ", "))") }
    if let last = invoice.titles.last { remarks.append("left out what stands above the headings, up to line \(Figure.count(last))") }
    if invoice.isCodePage { remarks.append("the file is no UTF-8 and was read as Windows-1252") }
    if let mark = invoice.decimalMark { remarks.append("a \(mark) before fractions") }
    if invoice.fields.contains(.startTime) || invoice.fields.contains(.endTime) {
      remarks.append("times that name no zone are those of \(invoice.zone.name)")
    }
    if let order = invoice.dateOrder { remarks.append("dates have the \(order.words)") }
    for (lines, what) in [(answer.totals, "of totals"), (invoice.remarks, "of text below the table")] where !lines.isEmpty {
      let numbers = lines.map { Figure.count($0) }.joined(separator: ", ")
      remarks.append("left out \(Figure.count(lines.count, "line", "lines")) \(what): \(numbers)")
    }
    return remarks
  }

  private func invoice(_ layout: InvoiceLayout) throws -> Invoice {
    let bytes = Array(try Data(contentsOf: URL(filePath: file)))
    do throws(Invoice.Mistake) { return try Invoice(bytes, layout) } catch {
      switch error {
      case .file(let reason): throw CommandFailure(.badData, "\(file): \(reason).")
      case .line(let line, let reason): throw CommandFailure(.badData, "\(file), line \(line): \(reason).")
      case .empty: throw CommandFailure(.badData, "\(file) is empty: its first line names the columns.")
      case .cells(let line, let count, let expected):
        throw CommandFailure(
          .badData, "\(file), line \(line): it has \(count) cells, and the first line \(expected). See --separator.")
      case .noId(let columns):
        throw CommandFailure(
          .usage,
          "no column of \(file) holds a session id: name it with --column id=NAME. It has \(columns.joined(separator: ", ")).")
      case .noColumn(let name, let columns):
        throw CommandFailure(.usage, "there is no column '\(name)': the columns are \(columns.joined(separator: ", ")).")
      case .otherUnit(let name, let field):
        throw CommandFailure(.usage, "the column '\(name)' names another unit than \(field.rawValue) has: name it by a field of its unit.")
      }
    }
  }

  private static func table(_ differences: [InvoiceDifference]) -> TextTable {
    var table = TextTable([
      .init("difference"), .init("session", limit: 60), .init("line", isRight: true), .init("field"), .init("ours", limit: 60),
      .init("theirs"),
      .init("remark", limit: 200),
    ])
    for difference in differences {
      let kind =
        switch difference.difference {
        case .onlyOurs: "only ours"
        case .onlyTheirs: "only theirs"
        case .differs: "differs"
        case .unreadable: "unreadable"
        case .duplicate: "twice"
        case .ambiguous: "several of ours"
        case .otherTime: "other time"
        case .guess: "a guess"
        }
      table.add([
        .init(kind, .yellow), .init(difference.id), .init(difference.line.map { Figure.count($0) }), .init(difference.field),
        .init(difference.ours), .init(difference.theirs), .init(difference.remark, .dim),
      ])
    }
    return table
  }

  private func columns() throws -> [InvoiceField: String] { try assignments(column, "--column") }

  private func tolerances() throws -> [InvoiceField: MeterQuantity] {
    try assignments(tolerance, "--tolerance").mapValues { text in
      guard let quantity = MeterQuantity(text), !quantity.isNegative else { throw ValidationError("'\(text)' is no tolerance.") }
      return quantity
    }
  }

  private func assignments(_ texts: [String], _ option: String) throws -> [InvoiceField: String] {
    var values: [InvoiceField: String] = [:]
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, let field = InvoiceField.allCases.first(where: { $0.rawValue.lowercased() == parts[0].lowercased() }) else {
        throw ValidationError("\(option) is FIELD=VALUE with one of \(InvoiceField.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      values[field] = parts[1]
    }
    return values
  }

  private static func zone(_ name: String) throws -> SpreadsheetZone {
    guard let zone = SpreadsheetZone(name) else {
      throw ValidationError("'\(name)' is no time zone that is known here, such as Europe/Paris.")
    }
    return zone
  }

  private static func dateOrder(_ pattern: String) throws -> DateOrder {
    guard let order = DateOrder(pattern: pattern) else {
      throw ValidationError("'\(pattern)' is no order of dates: use dd/mm/yyyy, mm/dd/yyyy or yyyy-mm-dd.")
    }
    return order
  }

  private func separatorByte() throws -> UInt8? {
    guard let separator else { return nil }
    if separator == "tab" { return 9 }
    guard separator.utf8.count == 1, let byte = separator.utf8.first, byte != UInt8(ascii: "\""), byte != 10, byte != 13 else {
      throw ValidationError("--separator is one character.")
    }
    return byte
  }
}

extension DateOrder {
  fileprivate var words: String {
    switch self {
    case .dayFirst: "day first"
    case .monthFirst: "month first"
    case .yearFirst: "year first"
    }
  }
}
