internal import JournalFormat
internal import JournalStore

extension WhiteListQuestions {
  /// What is wrong or odd about white lists, in the order in which it became known.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func findings() throws -> [ReportedFinding] {
    var found: [ReportedFinding] = []
    try WhiteListTables.findings.forEach(asOf: asOf, in: rows) { finding in
      guard let rule = WhiteListProjection.rule(finding.rule) else { return true }
      let lists = try Self.lists(finding, rule).map { (number) throws(JournalError) in try WhiteListNames.identity(number, in: rows) }
      let subject = lists.map(\.operatorId).joined(separator: ", ")
      found.append(
        ReportedFinding(
          rule: rule, position: finding.position, resolvedAt: finding.resolvedAt, subject: subject,
          sentence: try Self.sentence(rule, finding, subject)))
      return true
    }
    return found
  }

  private static func lists(_ finding: FindingTable.Stored, _ rule: FindingRule) -> [UInt16] {
    func number(_ offset: Int) -> UInt16 { UInt16(finding.subject[offset]) << 8 | UInt16(finding.subject[offset + 1]) }
    switch rule {
    case WhiteListRules.badgeConflict: return [number(8), number(10)]
    default: return [number(0)]
    }
  }

  /// `Items 1, 2 of position 7`, and whether it is one.
  private static func items(_ reader: inout ByteReader) throws(FormatError) -> (text: String, isOne: Bool) {
    let (position, count) = (try reader.varint(), try reader.varint())
    var items: [String] = []
    while !reader.isAtEnd { items.append("\(try reader.varint())") }
    let more = count > UInt64(items.count) ? " and \(count - UInt64(items.count)) more" : ""
    return ("\(count == 1 ? "Item" : "Items") \(items.joined(separator: ", "))\(more) of position \(position)", count == 1)
  }

  /// How many items that name nobody were brought, by list.
  func namelessCounts() throws -> [UInt16: Int] {
    var counts: [UInt16: Int] = [:]
    try WhiteListTables.findings.forEach(asOf: asOf, in: rows) { finding in
      guard finding.rule == WhiteListRules.userMissing.number else { return true }
      let list = Self.lists(finding, WhiteListRules.userMissing)[0]
      counts[list, default: 0] += try WhiteListTables.findings.table.reading(finding.detail) { (reader) throws(FormatError) in
        _ = try reader.varint()
        return try reader.count(atMost: Int.max)
      }
      return true
    }
    return counts
  }

  private static func sentence(_ rule: FindingRule, _ finding: FindingTable.Stored, _ lists: String) throws -> String {
    try WhiteListTables.findings.table.reading(finding.detail) { (reader) throws(FormatError) in
      switch rule {
      case WhiteListRules.unknownEntry:
        let change = try reader.byte() == WhiteListRecord.Change.delete.rawValue ? "deletes" : "updates"
        let absence = WhiteListRules.Absence(rawValue: try reader.byte())
        let (position, item) = (try reader.varint(), try reader.varint())
        let who = absence == .gone ? "who had gone from the list of \(lists)" : "who is not on the list of \(lists)"
        let why =
          absence == .unseen
          ? "changes were missed, or the list began before this journal and has no baseline (told once)." : "a change was missed."
        return "Item \(item) of position \(position) \(change) a user \(who): \(why)"
      case WhiteListRules.badgeConflict:
        let (position, item) = (try reader.varint(), try reader.varint())
        return "One user is on the lists of \(lists), since item \(item) of position \(position)."
      case WhiteListRules.expiryUnreadable, WhiteListRules.valueUnreadable:
        let (position, item) = (try reader.varint(), try reader.varint())
        var values: [String] = []
        while !reader.isAtEnd { values.append("\(try reader.string()) \"\(try reader.string())\"") }
        let what = rule == WhiteListRules.expiryUnreadable ? "which is no date with a time" : "which cannot be read"
        return "Item \(item) of position \(position) for \(lists) has \(values.joined(separator: ", ")), \(what)."
      case WhiteListRules.expiryMissing:
        let (position, item) = (try reader.varint(), try reader.varint())
        return "Item \(item) of position \(position) for \(lists) has no expiryDate, which is recommended (told once)."
      case WhiteListRules.userMissing:
        let (items, isOne) = try Self.items(&reader)
        return "\(items) for \(lists) \(isOne ? "names" : "name") no user: nobody is on the list by \(isOne ? "it" : "them")."
      case WhiteListRules.userNotHexadecimal:
        let (items, isOne) = try Self.items(&reader)
        let whose = isOne ? "names a badge whose UID is" : "name badges whose UIDs are"
        return "\(items) for \(lists) \(whose) not written in hexadecimal digits alone (guide 6.4.3)."
      case WhiteListRules.uploadTooLarge:
        return "The upload of \(lists) has \(try reader.varint()) entries; \(WhiteListRules.maximumEntryCount) is the most."
      default:
        let what = rule == WhiteListRules.uploadMissed ? "uploaded by" : "downloaded by"
        let due = Timestamp(rawValue: Int64(bitPattern: UInt64(bigEndian: try reader.take(8))))
        let last = due.adding(milliseconds: -WhiteListRules.longestPauseMilliseconds)
        return "Nothing was \(what) \(lists) after \(last) for 26 hours; once a day is the longest."
      }
    }
  }
}
