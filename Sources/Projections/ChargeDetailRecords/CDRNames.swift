internal import JournalFormat
internal import JournalStore

/// The operators that records name, numbered from 1 as they come.
///
///     1 compact id -> number
///     2 number(4)  -> compact id
final class CDRNames {
  /// By the texts as they are spelled.
  private var known = RecentValues<String, UInt32>(limit: 1_024)

  private static let byName: UInt8 = 1
  private static let byNumber: UInt8 = 2
  /// A longer text is no operator's id.
  private static let longest = 64

  static func compact(_ text: String) -> [UInt8] { TermForm.compact.normalized(text.utf8) }

  /// The number of an operator, a new one where it has none yet; 0 for no operator.
  func number(of text: String?, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    guard let text else { return 0 }
    if let number = known[text] { return number }
    let name = Self.compact(text)
    guard !name.isEmpty, name.count <= Self.longest else { return 0 }
    var number = try Self.known(name, in: rows)
    if number == nil { number = try Self.add(name, in: rows) }
    known[text] = number
    return number!
  }

  private static func add(_ name: [UInt8], in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    let last = try rows.last(upTo: [byNumber] + [0xff, 0xff, 0xff, 0xff], beginningWith: [byNumber], in: table)
    let number = (last.map { Self.number($0.key[1...]) } ?? 0) + 1
    try rows.put(bigEndianBytes(number), for: [byName] + name, in: table)
    try rows.put(name, for: [byNumber] + bigEndianBytes(number), in: table)
    return number
  }

  /// Nil where no record named it.
  static func known(_ name: [UInt8], in rows: any ModelRows) throws(JournalError) -> UInt32? {
    try rows.value(of: [byName] + name, in: table).map { Self.number($0[...]) }
  }

  /// The compact id; nil for 0.
  static func name(of number: UInt32, in rows: any ModelRows) throws(JournalError) -> String? {
    guard number != 0 else { return nil }
    return try rows.value(of: [byNumber] + bigEndianBytes(number), in: table).map { String(decoding: $0, as: UTF8.self) }
  }

  private static var table: ModelTable { ChargeDetailRecordProjection.names }
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
