import EMIP
import Foundation
import JournalFormat

/// What an invoice can say of a session.
enum InvoiceField: String, CaseIterable {
  /// Any id of the session.
  case id
  case startTime, endTime
  case minutes
  case wattHours
  case kilowattHours
  case cost
  case evseId

  /// What a column may be called where no option says.
  var names: [String] {
    switch self {
    case .id: ["id", "sessionId", "serviceSessionId", "execPartnerSessionId", "salePartnerSessionId", "partnerServiceSessionId"]
    case .startTime: ["startTime", "start"]
    case .endTime: ["endTime", "end"]
    case .minutes: ["minutes", "min", "duration"]
    case .wattHours: ["wattHours", "Wh", "energy"]
    case .kilowattHours: ["kilowattHours", "kWh"]
    case .cost: ["cost", "amount", "price"]
    case .evseId: ["evseId", "EVSE"]
    }
  }
}

/// How an invoice is written.
struct InvoiceForm {
  var columns: [InvoiceField: String] = [:]
  var separator = UInt8(ascii: ",")
  var hasDecimalComma = false
}

/// A line of an invoice.
struct InvoiceLine {
  /// Of the file, from 1.
  let number: Int
  let cells: [InvoiceField: String]

  var id: String { cells[.id] ?? "" }
}

/// A counterpart's spreadsheet.
struct Invoice {
  let lines: [InvoiceLine]
  /// Those that it has a column for.
  let fields: [InvoiceField]

  /// - Throws: ``CommandFailure`` 65 where it is not of the form, 64 where a column is missing.
  init(_ bytes: [UInt8], _ form: InvoiceForm, path: String) throws {
    let records: [CSVReader.Record]
    do throws(CSVReader.Mistake) {
      records = try CSVReader.records(bytes, separator: form.separator)
    } catch {
      throw CommandFailure(.badData, "\(path), line \(error.line): \(error.reason).")
    }
    guard let header = records.first?.cells.map({ $0.trimmingCharacters(in: .whitespaces) }) else {
      throw CommandFailure(.badData, "\(path) is empty: its first line names the columns.")
    }
    var places: [InvoiceField: Int] = [:]
    for field in InvoiceField.allCases { places[field] = try Self.place(of: field, in: header, form) }
    guard places[.id] != nil else {
      throw CommandFailure(
        .usage, "no column of \(path) holds a session id: name it with --column id=NAME. It has \(header.joined(separator: ", ")).")
    }
    fields = InvoiceField.allCases.filter { $0 != .id && places[$0] != nil }
    lines = try records.dropFirst().map { record in
      guard record.cells.count == header.count else {
        throw CommandFailure(
          .badData, "\(path), line \(record.line): it has \(record.cells.count) cells, and the first line \(header.count). See --separator."
        )
      }
      return InvoiceLine(number: record.line, cells: places.mapValues { record.cells[$0].trimmingCharacters(in: .whitespaces) })
    }
  }

  private static func place(of field: InvoiceField, in header: [String], _ form: InvoiceForm) throws -> Int? {
    if let name = form.columns[field] {
      if let place = header.firstIndex(of: name) ?? header.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return place }
      throw CommandFailure(.usage, "there is no column '\(name)': the columns are \(header.joined(separator: ", ")).")
    }
    for name in field.names {
      if let place = header.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return place }
    }
    return nil
  }
}

extension MeterQuantity {
  /// A number as a spreadsheet has it: with a point or a comma before its fraction, and the other of them between thousands.
  init?(invoice text: String, hasDecimalComma: Bool) {
    let (point, group): (Character, Character) = hasDecimalComma ? (",", ".") : (".", ",")
    var parts = text.split(separator: point, omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !parts.isEmpty, parts.count == 1 || !parts[1].contains(group) else { return nil }
    if parts[0].contains(group) {
      let groups = parts[0].split(separator: group, omittingEmptySubsequences: false)
      let first = groups[0].drop { $0 == "-" || $0 == "+" }
      guard (1...3).contains(first.count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else { return nil }
      parts[0] = groups.joined()
    }
    self.init(parts.joined(separator: "."))
  }
}
