internal import JournalFormat
internal import JournalStore

/// Short numbers of texts that stand in many records and are not personal, by first appearance.
struct SessionNames {
  let numbers: ModelTable
  let texts: ModelTable

  /// What a text names. The numbers are on disk.
  enum Kind: UInt8 {
    case `operator` = 1
    case evse = 2
  }

  /// How two spellings of one id compare; what is too long for a key is cut off.
  static func compact(_ text: String) -> [UInt8] { Array(TermForm.compact.normalized(text.utf8).prefix(400)) }

  /// The number of a text, made where it has none yet.
  func number(_ text: String, _ kind: Kind, in rows: ModelTransaction) throws(JournalError) -> UInt32 {
    if let known = try known(text, kind, in: rows) { return known }
    let last = try rows.last(upTo: [kind.rawValue, 0xff, 0xff, 0xff, 0xff], beginningWith: [kind.rawValue], in: texts)
    let number = last.map { UInt32(bigEndian: $0.key.dropFirst()) + 1 } ?? 0
    try rows.put(bigEndianBytes(number), for: [kind.rawValue] + Self.compact(text), in: numbers)
    try rows.put(Array(text.utf8.prefix(400)), for: [kind.rawValue] + bigEndianBytes(number), in: texts)
    return number
  }

  /// Nil for a text that no record names.
  func known(_ text: String, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> UInt32? {
    try rows.value(of: [kind.rawValue] + Self.compact(text), in: numbers).map { UInt32(bigEndian: $0[...]) }
  }

  /// As it was written first.
  func text(_ number: UInt32, _ kind: Kind, in rows: any ModelRows) throws(JournalError) -> String? {
    try rows.value(of: [kind.rawValue] + bigEndianBytes(number), in: texts).map { String(decoding: $0, as: UTF8.self) }
  }
}

extension UInt32 {
  init(bigEndian bytes: ArraySlice<UInt8>) { self = bytes.reduce(0) { $0 << 8 | UInt32($1) } }
}
