/// Where an invoice and our records in force say different things, or may do so.
public struct InvoiceDifference: Encodable, Hashable, Sendable {
  /// What the difference is.
  public enum Kind: String, Encodable, Sendable {
    /// The invoice lacks a session of ours.
    case onlyOurs
    /// We have no final record in force of it.
    case onlyTheirs
    /// Both have the session, and say different things of it.
    case differs
    /// One of the two texts cannot be read, so that nobody knows.
    case unreadable
    /// The invoice has the session twice.
    case duplicate
    /// Several sessions of ours have the id.
    case ambiguous
    /// We have the session, and it is of another time than the invoice.
    case otherTime
    /// The id is none of ours as it stands; a spreadsheet may have made it of the one that was compared.
    case guess
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
  /// Why it is so, or why it cannot be read.
  public var remark: String?

  /// The columns of CSV, in their order.
  public static let columns = ["difference", "id", "line", "field", "ours", "theirs", "remark"]

  private enum Key: String, CodingKey {
    case difference, id, line, field, ours, theirs, remark
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(difference, forKey: .difference)
    try container.encode(id, forKey: .id)
    try container.encode(line, forKey: .line)
    try container.encode(field, forKey: .field)
    try container.encode(ours, forKey: .ours)
    try container.encode(theirs, forKey: .theirs)
    try container.encode(remark, forKey: .remark)
  }
}
