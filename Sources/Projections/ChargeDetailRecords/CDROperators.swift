internal import JournalFormat
internal import JournalStore

/// The operators that records name, numbered from 1 as they come. Those that were named lately are remembered.
///
///     1 compact id -> number
///     2 number(4)  -> the id as it was written first
final class CDROperators {
  /// By the texts as they are spelled.
  private var known = RecentValues<String, UInt32>(limit: 1_024)

  private static let numbers = NumberedNames<UInt32>(
    byName: .init(CDRTables.names, tag: 1), byNumber: .init(CDRTables.names, tag: 2), first: 1)
  /// A longer text is no operator's id.
  private static let longest = 64

  static func compact(_ text: String) -> [UInt8] { TermComparison.compact.normalized(text.utf8) }

  /// The number of an operator, a new one where it has none yet; 0 for no operator.
  func number(of text: String?, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    guard let text else { return 0 }
    if let number = known[text] { return number }
    let name = Self.compact(text)
    guard !name.isEmpty, name.count <= Self.longest else { return 0 }
    var number = try Self.known(name, in: rows)
    if number == nil { number = try Self.numbers.add(name, as: Array(text.utf8), in: rows) }
    known[text] = number
    return number!
  }

  /// The number of a compact id; nil where no record named it.
  static func known(_ name: [UInt8], in rows: any ModelRows) throws(JournalError) -> UInt32? { try numbers.number(of: name, in: rows) }

  /// The id of a number as it was written first; nil for 0.
  static func name(of number: UInt32, in rows: any ModelRows) throws(JournalError) -> String? {
    guard number != 0 else { return nil }
    return try numbers.text(of: number, in: rows).map { String(decoding: $0, as: UTF8.self) }
  }
}
