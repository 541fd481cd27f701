internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What EVSE statuses are held against. Numbers 70 to 79 are theirs.
public enum EVSERules {
  /// What is out of order or deleted serves nobody: one of the two reports is wrong.
  public static let contradiction = FindingRule(
    70, "evse-contradiction", .warning, "An element is reported busy while it is reported out of order or deleted.")

  /// In the order of their numbers.
  public static let all = [contradiction]

  /// One sentence on an element, with the figures of a finding.
  static func sentence(_ id: String, _ stored: FindingTable.Stored) throws(JournalError) -> String {
    let (busy, availability, status) = try EVSETables.findings.table.reading(stored.detail) { (reader) throws(FormatError) in
      (try reader.varint(), try reader.varint(), try reader.varint())
    }
    let state = status == UInt64(AvailabilityStatus.deleted.rawValue) ? "deleted" : "out of order"
    return "\(id) is reported busy (position \(busy)) while it is \(state) (position \(availability))."
  }
}
