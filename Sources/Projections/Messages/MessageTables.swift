/// The tables of the read model of messages.
enum MessageTables {
  static let unread = UnreadMessageTable(table: ModelTable("unread", 0))
  static let findings = FindingTable(ModelTable("findings", 1))

  /// In the order of their numbers.
  static let all = [unread.table, findings.table]
}
