public import EMIP
internal import Foundation

/// What an invoice can say of a session.
public enum InvoiceField: String, CaseIterable, Sendable {
  /// Any id of the session.
  case id
  /// When the charge began, and when it ended.
  case startTime, endTime
  /// The total duration.
  case minutes
  /// The total energy.
  case wattHours, kilowattHours
  /// The total cost.
  case cost
  /// The EVSE, in any spelling.
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
public struct InvoiceLayout: Sendable {
  /// The names of the columns that hold the fields, where they have others than the usual.
  public var columns: [InvoiceField: String] = [:]
  /// The ASCII character between two cells.
  public var separator = UInt8(ascii: ",")
  /// Whether numbers have a comma before their fraction.
  public var hasDecimalComma = false

  /// A file with the usual columns, commas between cells and points in numbers.
  public init() {}
}

/// A line of an invoice.
public struct InvoiceLine: Sendable {
  /// The number of the line in the file, from 1.
  public let number: Int
  /// The cells by what they say.
  public let cells: [InvoiceField: String]

  /// The session's id.
  public var id: String { cells[.id] ?? "" }
}

/// A counterpart's spreadsheet.
public struct Invoice: Sendable {
  /// Why a file is none.
  public enum Mistake: Error, Hashable, Sendable {
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
  }

  /// The lines, without the first.
  public let lines: [InvoiceLine]
  /// What it has a column for, without the id.
  public let fields: [InvoiceField]

  /// Reads a file.
  /// - Throws: ``Mistake`` where it is not of the layout.
  public init(_ bytes: [UInt8], _ layout: InvoiceLayout) throws(Mistake) {
    let records: [CSVReader.Record]
    do throws(CSVReader.Mistake) {
      records = try CSVReader.records(bytes, separator: layout.separator)
    } catch {
      throw .line(error.line, reason: error.reason)
    }
    guard let header = records.first?.cells.map({ $0.trimmingCharacters(in: .whitespaces) }) else { throw .empty }
    var places: [InvoiceField: Int] = [:]
    for field in InvoiceField.allCases { places[field] = try Self.place(of: field, in: header, layout) }
    guard places[.id] != nil else { throw .noId(columns: header) }
    fields = InvoiceField.allCases.filter { $0 != .id && places[$0] != nil }
    var lines: [InvoiceLine] = []
    for record in records.dropFirst() {
      guard record.cells.count == header.count else {
        throw .cells(line: record.line, count: record.cells.count, expected: header.count)
      }
      lines.append(InvoiceLine(number: record.line, cells: places.mapValues { record.cells[$0].trimmingCharacters(in: .whitespaces) }))
    }
    self.lines = lines
  }

  private static func place(of field: InvoiceField, in header: [String], _ layout: InvoiceLayout) throws(Mistake) -> Int? {
    if let name = layout.columns[field] {
      if let place = header.firstIndex(of: name) ?? header.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return place }
      throw .noColumn(name, columns: header)
    }
    for name in field.names {
      if let place = header.firstIndex(where: { $0.lowercased() == name.lowercased() }) { return place }
    }
    return nil
  }
}

extension MeterQuantity {
  /// A number as a spreadsheet has it: with a point or a comma before its fraction, and the other of them between thousands.
  public init?(invoice text: String, hasDecimalComma: Bool) {
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
