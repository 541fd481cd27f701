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
      The first line of the file (RFC 4180) names the columns; each further line is a session, by any of its ids. Tells which sessions \
      only we or only they have, and each field that differs. Exits with 1 where anything differs. --since and --until go by the end of the \
      charge, unless --by says otherwise.

      Fields: id, startTime, endTime, minutes, wattHours, kilowattHours, cost, evseId. A column of such a name is found by itself.

      EXAMPLES
        emip-journal cdrs compare invoice.csv --operator FR*MS1 --since 2025-03-01 --until 2025-04-01
        emip-journal cdrs compare rechnung.csv --separator ';' --decimal-comma --column id=Ladevorgang --column kilowattHours=Energie
        emip-journal cdrs compare invoice.csv --tolerance endTime=60 --tolerance wattHours=10
      """)

  @Argument(help: ArgumentHelp("The spreadsheet.", valueName: "file"))
  var file: String
  @Option(help: ArgumentHelp("Which column holds a field; repeatable.", valueName: "field=name"))
  var column: [String] = []
  @Option(help: ArgumentHelp("How far a field may be off, in its unit, times in seconds; repeatable.", valueName: "field=number"))
  var tolerance: [String] = []
  @Option(help: ArgumentHelp("What stands between cells; tab for a tabulator.", valueName: "character"))
  var separator = ","
  @Flag(help: "Numbers have a comma before their fraction.")
  var decimalComma = false
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
    layout.hasDecimalComma = decimalComma
    let invoice = try invoice(layout)
    let basis = try options.basis(InvoiceComparison.projections)
    let comparison = InvoiceComparison(invoice, filter.filter, tolerances: try tolerances(), hasDecimalComma: decimalComma)
    let differences = try comparison.differences(basis)
    let misdatedCount = try CDRsQuestion(filter.filter).misdatedCount(basis)
    let writer = AnswerWriter(options)
    if options.format != .text { try filter.tell(misdatedCount, writer) }
    try writer.write(differences, columns: InvoiceDifference.columns, basis) { output in
      try output.write(writer.style.text("compared with our final records, " + filter.heading, .bold) + "\n")
      if differences.isEmpty {
        let fields = invoice.fields.isEmpty ? "" : ", in \(invoice.fields.map(\.rawValue).joined(separator: ", "))"
        try output.write(
          writer.style.text("\(Figure.count(invoice.lines.count, "session agrees", "sessions agree"))\(fields)", .green) + "\n")
      } else {
        for line in Self.table(differences).lines(writer.style) { try output.write(line + "\n") }
      }
      try filter.tell(misdatedCount, writer)
    }
    guard differences.isEmpty else {
      throw CommandFailure(.notFound, "\(Figure.count(differences.count, "difference", "differences")).")
    }
  }

  private func invoice(_ layout: InvoiceLayout) throws -> Invoice {
    let bytes = Array(try Data(contentsOf: URL(filePath: file)))
    do throws(Invoice.Mistake) { return try Invoice(bytes, layout) } catch {
      switch error {
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
      }
    }
  }

  private static func table(_ differences: [InvoiceDifference]) -> TextTable {
    var table = TextTable([
      .init("difference"), .init("session", limit: 60), .init("line", isRight: true), .init("field"), .init("ours"), .init("theirs"),
    ])
    for difference in differences {
      let kind =
        switch difference.difference {
        case .onlyOurs: "only ours"
        case .onlyTheirs: "only theirs"
        case .differs: "differs"
        case .duplicate: "twice"
        case .ambiguous: "several of ours"
        }
      table.add([
        .init(kind, .yellow), .init(difference.id), .init(difference.line.map { Figure.count($0) }), .init(difference.field),
        .init(difference.ours), .init(difference.theirs),
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

  private func separatorByte() throws -> UInt8 {
    if separator == "tab" { return 9 }
    guard separator.utf8.count == 1, let byte = separator.utf8.first, byte != UInt8(ascii: "\""), byte != 10, byte != 13 else {
      throw ValidationError("--separator is one character.")
    }
    return byte
  }
}
