internal import JournalFormat
internal import JournalStore

/// Short numbers of what many rows name, in the order of its first appearance, and the way back.
///
///     tag name      in one table     number, big-endian
///     tag number    in another, or in the same under another tag     what was named, as it was first
struct NumberedNames<Number: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
  /// A table and the byte that the keys of these rows begin with.
  struct Place: Sendable {
    let table: ModelTable
    let tag: UInt8

    init(_ table: ModelTable, tag: UInt8) {
      self.table = table
      self.tag = tag
    }
  }

  /// Where the number of a name stands.
  let byName: Place
  /// Where the text of a number stands.
  let byNumber: Place
  /// The number of the first.
  let first: Number

  /// The number of a name; nil where it has none.
  func number(of name: [UInt8], in rows: any ModelRows) throws(JournalError) -> Number? {
    try rows.value(of: [byName.tag] + name, in: byName.table).map { Number(bigEndian: $0) }
  }

  /// Gives the next number to a name that has none.
  /// - Parameter text: what the number leads back to.
  func add(_ name: [UInt8], as text: [UInt8], in rows: ModelTransaction) throws(JournalError) -> Number {
    let number = try add(text, in: rows)
    try rows.put(bigEndianBytes(number), for: [byName.tag] + name, in: byName.table)
    return number
  }

  /// Gives the next number to a text whose name leads to more than the number: that row is the caller's.
  func add(_ text: [UInt8], in rows: ModelTransaction) throws(JournalError) -> Number {
    let number = try next(in: rows)
    try rows.put(text, for: [byNumber.tag] + bigEndianBytes(number), in: byNumber.table)
    return number
  }

  /// What a number stands for; nil where it stands for nothing.
  func text(of number: Number, in rows: any ModelRows) throws(JournalError) -> [UInt8]? {
    try rows.value(of: [byNumber.tag] + bigEndianBytes(number), in: byNumber.table)
  }

  /// What a number that other rows name stands for.
  /// - Throws: ``JournalError`` `model.damaged` where it stands for nothing.
  func knownText(of number: Number, in rows: any ModelRows) throws(JournalError) -> [UInt8] {
    guard let text = try text(of: number, in: rows) else {
      throw byNumber.table.damaged(FormatError("what the number \(number) stands for is missing"))
    }
    return text
  }

  /// The number that the next new name gets: all from ``first`` to before it are in use.
  func next(in rows: any ModelRows) throws(JournalError) -> Number {
    let end = [byNumber.tag] + [UInt8](repeating: 0xff, count: Number.bitWidth / 8)
    let last = try rows.last(upTo: end, beginningWith: [byNumber.tag], in: byNumber.table)
    return last.map { Number(bigEndian: $0.key.dropFirst()) + 1 } ?? first
  }
}
