public import EMIP
internal import Foundation
internal import JournalFormat
public import Projections

/// Where an invoice and our records in force say different things.
public struct InvoiceDifference: Encodable, Hashable, Sendable {
  /// What the difference is.
  public enum Kind: String, Encodable, Sendable {
    /// The invoice lacks a session of ours.
    case onlyOurs
    /// We have no final record in force of it.
    case onlyTheirs
    /// Both have the session, and say different things of it.
    case differs
    /// The invoice has the session twice.
    case duplicate
    /// Several sessions of ours have the id.
    case ambiguous
  }

  /// What it is.
  public let difference: Kind
  /// The session's id, as the invoice has it or as we call it.
  public let id: String
  /// The line of the invoice, from 1.
  public var line: Int?
  /// The field that differs.
  public var field: String?
  /// What our record says.
  public var ours: String?
  /// What the invoice says.
  public var theirs: String?

  /// The columns of CSV, in their order.
  public static let columns = ["difference", "id", "line", "field", "ours", "theirs"]

  private enum Key: String, CodingKey {
    case difference, id, line, field, ours, theirs
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(difference, forKey: .difference)
    try container.encode(id, forKey: .id)
    try container.encode(line, forKey: .line)
    try container.encode(field, forKey: .field)
    try container.encode(ours, forKey: .ours)
    try container.encode(theirs, forKey: .theirs)
  }
}

/// Holds an invoice against the final records in force.
public struct InvoiceComparison: Sendable {
  /// The invoice.
  public var invoice: Invoice
  /// Which of our sessions the invoice should have.
  public var filter: CDRFilter
  /// How far a field may be off, in its unit; times in seconds. 0 where none is given.
  public var tolerances: [InvoiceField: MeterQuantity]
  /// Whether the numbers of the invoice have a comma before their fraction.
  public var hasDecimalComma: Bool

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [CDRProjection.self]

  /// Compares an invoice with the records of a filter.
  public init(
    _ invoice: Invoice, _ filter: CDRFilter = CDRFilter(), tolerances: [InvoiceField: MeterQuantity] = [:], hasDecimalComma: Bool = false
  ) {
    self.invoice = invoice
    self.filter = filter
    self.tolerances = tolerances
    self.hasDecimalComma = hasDecimalComma
  }

  /// The differences: in the order of the invoice's lines, then what it lacks.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model cannot be read.
  public func differences(_ basis: AnswerBasis) throws -> [InvoiceDifference] {
    try differences(try CDRQuestions(basis.models, asOf: basis.asOf))
  }

  private func differences(_ query: CDRQuestions) throws -> [InvoiceDifference] {
    var differences: [InvoiceDifference] = []
    var seen: [UInt32: Int] = [:]
    for line in invoice.lines {
      let sessions = try candidates(query.sessions(of: line.id))
      guard let session = sessions.first else {
        differences.append(InvoiceDifference(difference: .onlyTheirs, id: line.id, line: line.number))
        continue
      }
      guard sessions.count == 1 else {
        let names = sessions.map { "\($0.execOperatorId ?? "-") with \($0.saleOperatorId ?? "-")" }.joined(separator: "; ")
        differences.append(InvoiceDifference(difference: .ambiguous, id: line.id, line: line.number, ours: names))
        continue
      }
      if let earlier = seen.updateValue(line.number, forKey: session.number) {
        differences.append(InvoiceDifference(difference: .duplicate, id: line.id, line: line.number, theirs: "line \(earlier)"))
      }
      differences += invoice.fields.compactMap { difference($0, line, session) }
    }
    try query.forEachSession(filter) { session in
      if seen[session.number] == nil, session.versionInForce?.nature == .final {
        differences.append(InvoiceDifference(difference: .onlyOurs, id: session.name))
      }
      return true
    }
    return differences
  }

  /// Those that can be billed: with a final record in force, and of the operator that was asked for.
  private func candidates(_ sessions: [CDRSession]) -> [CDRSession] {
    sessions.filter { session in
      guard session.versionInForce?.nature == .final else { return false }
      guard let wanted = filter.operatorId.map(Self.compact) else { return true }
      return [session.execOperatorId, session.saleOperatorId].contains { $0.map(Self.compact) == wanted }
    }
  }

  private func difference(_ field: InvoiceField, _ line: InvoiceLine, _ session: CDRSession) -> InvoiceDifference? {
    let theirs = line.cells[field] ?? ""
    let record = session.versionInForce?.record
    func differs(_ ours: String?) -> InvoiceDifference {
      InvoiceDifference(difference: .differs, id: line.id, line: line.number, field: field.rawValue, ours: ours, theirs: theirs)
    }
    switch field {
    case .id: return nil
    case .evseId: return Self.compact(theirs) == Self.compact(session.evseId ?? "") ? nil : differs(session.evseId)
    case .startTime, .endTime:
      let ours = field == .startTime ? record?.startTime : record?.endTime
      guard let one = ours?.value, let other = Self.time(theirs) else { return differs(ours?.text) }
      return isWithin(field, MeterQuantity(one.milliseconds(since: other)), factor: 1_000) ? nil : differs(ours?.text)
    case .minutes: return total(.totalDuration, factor: 1)
    case .wattHours: return total(.totalEnergy, factor: 1)
    case .kilowattHours: return total(.totalEnergy, factor: 1_000)
    case .cost: return total(.serviceCost, factor: 1)
    }
    func total(_ type: MeterType, factor: Int64) -> InvoiceDifference? {
      let figure = record?.figure(type) ?? .absent
      if figure == .absent && theirs.isEmpty { return nil }
      guard let ours = figure.quantity else { return differs(record.flatMap { FigureText.cell(type, $0) }) }
      return compare(field, ours, theirs, factor: factor) ? nil : differs(factor == 1 ? ours.description : "\(ours) Wh")
    }
  }

  /// - Parameter factor: what one of theirs is in ours.
  private func compare(_ field: InvoiceField, _ ours: MeterQuantity, _ theirs: String, factor: Int64) -> Bool {
    guard let theirs = MeterQuantity(invoice: theirs, hasDecimalComma: hasDecimalComma) else { return false }
    return isWithin(field, ours - theirs * factor, factor: factor)
  }

  private func isWithin(_ field: InvoiceField, _ difference: MeterQuantity, factor: Int64) -> Bool {
    difference.magnitude <= (tolerances[field] ?? .zero) * factor
  }

  /// UTC where no zone is named.
  private static func time(_ text: String) -> Timestamp? {
    guard text.first?.isNumber == true, text.contains("-") else { return nil }
    return Moment.moment(text, now: Timestamp(rawValue: 0)) ?? Timestamp(text.replacing(" ", with: "T", maxReplacements: 1) + "Z")
      ?? Timestamp(text.replacing(" ", with: "T", maxReplacements: 1))
  }

  private static func compact(_ text: String) -> [UInt8] { TermComparison.compact.normalized(text.utf8) }
}
