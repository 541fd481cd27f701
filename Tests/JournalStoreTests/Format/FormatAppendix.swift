import Foundation
import JournalFormat
import LMDB

/// The appendix of `Schemas/journal-format.md`: one exchange of a golden journal, byte by byte, read as that page says and not with the journal's own
/// reader.
struct FormatAppendix {
  static let heading = "## Appendix: an exchange, byte by byte\n"
  static let journal = "Tests/CommandTests/Golden/format-3/journal"
  private static let file = "2025-03-000001.g2.mdb"
  /// Of its request.
  static let position: UInt64 = 91

  private(set) var text = Self.heading
  /// What the bytes came to: of the request, then of the answer.
  private(set) var payloads: [[UInt8]] = []
  private(set) var recordedAt: [Timestamp] = []
  private(set) var observedAt: [Timestamp] = []

  private let environment: Environment
  private var baseTime = Timestamp(rawValue: 0)
  private var row = ByteListing([])

  /// - Parameter root: the project's directory.
  init(root: String) throws {
    environment = try Environment(path: "\(root)/\(Self.journal)/segments/\(Self.file)", access: .readOnlyWithoutLock, mapSizeBytes: 0)
    text += """
      Positions \(Self.position) and \(Self.position + 1) of `\(Self.journal)`, as its first segment, `\(Self.file)`, has them. A test takes them from there and
      holds this page to what it finds. A line is a field: its offset, its bytes (`…` where there are more), and what they say. `«»` encloses texts, in which
      `\\n` is a line feed.

      """
    try addHeader()
    try addBlock()
    try addRow()
  }

  /// Adds a record, or a part of one.
  private mutating func add(_ title: String, _ lines: [String]) {
    text += "\n\(title)\n```\n\(lines.joined(separator: "\n"))\n```\n"
  }

  // MARK: Records

  private func record(_ table: String, _ key: [UInt8]) throws -> (key: [UInt8], value: [UInt8]) {
    let transaction = try environment.beginRead()
    let database = try transaction.database(table, .plain)
    let found = try transaction.withCursor(in: database) { (cursor: borrowing Cursor) throws(LMDBError) in
      try key.withRawBytes { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key) { (Array($0), Array($1)) } }
    }
    guard let found else { throw FormatError("there is no such record of \(table)") }
    return found
  }

  private func record(_ table: String, number: UInt64) throws -> [UInt8] {
    let key = withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }
    let found = try record(table, key)
    guard found.key == key else { throw FormatError("\(table) has no number \(number)") }
    return found.value
  }

  private func word(_ number: UInt64) throws -> [UInt8] { try record("words", number: number).dropLast(4) }

  private func template(_ number: UInt64) throws -> TemplateListing {
    let first = number == 1 ? [] : try template(1).content
    return try TemplateListing(try record("templates", number: number), first: first, base: template, word: word)
  }

  // MARK: The segment's header and the block

  private mutating func addHeader() throws {
    var listing = ByteListing(try record("meta", Array("header".utf8)).value)
    try listing.fixed(UInt32.self) { "version \($0)" }
    try listing.take(1) { "\($0[0]): sealed" }
    try listing.text { "journal \($0)" }
    try listing.text { "period \($0)" }
    try listing.fixed(UInt32.self) { "ordinal \($0)" }
    try listing.fixed(UInt32.self) { "generation \($0)" }
    try listing.fixed(UInt64.self) { "first position \($0)" }
    baseTime = Timestamp(rawValue: try listing.fixed(Int64.self) { "base time \(Timestamp(rawValue: $0))" })
    try listing.take(33) { "\($0[0]) bytes: pseudonym key" }
    try listing.checksum()
    add("The segment's header, `header` in `meta`:", listing.lines)
  }

  /// Goes through the block to the row.
  private mutating func addBlock() throws {
    let index = UInt32(Self.position - 1)
    let (key, block) = try record("entries", withUnsafeBytes(of: index.bigEndian) { Array($0) })
    let last = key.reduce(0) { $0 << 8 | UInt64($1) }
    var listing = ByteListing(block)
    let crc = try listing.fixed(UInt32.self) { _ in "CRC, over the first entry's position, 0100000000000000, and all that follows here" }
    guard crc == CRC32C.of([1, 0, 0, 0, 0, 0, 0, 0] + block.dropFirst(4)) else { throw FormatError("the checksum does not fit") }
    let count = try listing.varint { "\($0 + 1) entries, so those with the indexes \(last - $0) to \(last)" } + 1
    var time = baseTime
    try listing.signedVarint { distance in
      time = time.adding(milliseconds: distance)
      return "base time of the block: \(distance) ms from the segment's"
    }
    let (start, earlier) = try Self.findRow(Self.position - (last + 2 - count), in: block, from: listing.offset, time)
    listing.skip(to: start, "rows of earlier positions, the last of them recorded at \(earlier)")
    try listing.varint { "\($0 >> 1) bytes follow, which hold \($0 & 1 + 1) entries: \($0 >> 1) << 1 | \($0 & 1)" }
    try listing.varint { distance in
      recordedAt.append(earlier.adding(milliseconds: Int64(distance)))
      return "recordedAt: \(distance) ms later, \(recordedAt[0])"
    }
    row = listing
    add(
      "Key `\(key.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined())` of `entries` is that of the block:",
      row.lines)
  }

  /// Where in a block the row stands that so many entries are before, and the time of the row before it.
  private static func findRow(
    _ entriesBefore: UInt64, in block: [UInt8], from start: Int, _ base: Timestamp
  ) throws -> (start: Int, earlier: Timestamp) {
    var listing = ByteListing(block, from: start)
    var time = base
    var entries: UInt64 = 0
    while entries < entriesBefore {
      let length = try listing.varint { _ in "" }
      let end = listing.offset + Int(length >> 1)
      time = time.adding(milliseconds: Int64(try listing.varint { _ in "" }))
      listing = ByteListing(block, from: end)
      entries += 1 + length & 1
    }
    return (listing.offset, time)
  }

  // MARK: The row and what it refers to

  private struct EntryShape {
    let flags: UInt64
    let context: UInt64
    let template: UInt64

    var hasExceptions: Bool { template & 1 == 1 }
    var isLater: Bool { flags & 512 != 0 }
  }

  private mutating func addRow() throws {
    var values = ByteListing(row.bytes, from: row.offset)
    let number = try values.varint { "shape \($0)" }
    let shapes = try addShape(number)
    for (place, shape) in shapes.enumerated() { try addContext(shape.context, isFirst: place == 0) }
    var shown: Set<UInt64> = []
    for shape in shapes { try addTemplates(shape.template >> 1, &shown) }
    var request: [[UInt8]] = []
    for shape in shapes { request = try readEntry(shape, request, &values) }
    add("With these at hand, the row:", values.lines)
    for (name, payload) in zip(["request", "answer"], payloads) {
      text += "\nThe \(name), \(payload.count) bytes:\n```xml\n\(String(decoding: payload, as: UTF8.self))"
      text += payload.last == 0x0a ? "```\n" : "\n```\n"
    }
  }

  private mutating func addShape(_ number: UInt64) throws -> [EntryShape] {
    var listing = ByteListing(try record("shapes", number: number))
    var shapes: [EntryShape] = []
    for name in ["request", "answer"] {
      let flags = try listing.varint { "\(name): flags \(Self.sum(of: $0)); encoding \($0 & 3)" }
      let context = try listing.varint { "\(name): context \($0)" }
      let template = try listing.varint { "\(name): template \($0 >> 1), \($0 & 1 == 1 ? "with exceptions" : "without exceptions")" }
      shapes.append(EntryShape(flags: flags, context: context, template: template))
    }
    try listing.checksum()
    add("It names shape \(number), in `shapes`:", listing.lines)
    return shapes
  }

  /// A number as the sum of its bits, the encoding in one.
  private static func sum(of flags: UInt64) -> String {
    let bits = (2..<10).map { UInt64(1) << $0 }.filter { flags & $0 != 0 }.reversed() + [flags & 3]
    return bits.map(String.init).joined(separator: " + ")
  }

  private mutating func addContext(_ number: UInt64, isFirst: Bool) throws {
    var listing = ByteListing(try record("contexts", number: number))
    try listing.take(1) { "kind \($0[0])" }
    try listing.take(1) { "leg \($0[0] & 3), author \($0[0] >> 2 & 3), direction \($0[0] >> 4)" }
    try listing.take(1) { "outcome class \($0[0])" }
    let present = try listing.varint { fields in
      "fields: \((0..<17).filter { fields >> $0 & 1 == 1 }.map(String.init).joined(separator: ", "))"
    }
    for (field, name) in [(0, "protocol"), (1, "operation"), (2, "partner"), (3, "operator"), (5, "peer address"), (6, "certificate CN")]
    where present >> field & 1 == 1 { try listing.text { "\(name) «\($0)»" } }
    for (field, name) in [(10, "status"), (12, "requestStatus")] where present >> field & 1 == 1 {
      try listing.varint { "\(name) \($0)" }
    }
    try listing.checksum()
    add("Context \(number), that of the \(isFirst ? "request" : "answer"), in `contexts`:", listing.lines)
  }

  /// Adds a template, before it the one that it is made of.
  private mutating func addTemplates(_ number: UInt64, _ shown: inout Set<UInt64>) throws {
    guard shown.insert(number).inserted else { return }
    var bases: [UInt64] = []
    let listing = try TemplateListing(
      try record("templates", number: number), first: try template(1).content,
      base: { base in
        bases.append(base)
        return try template(base)
      }, word: word)
    for base in bases { try addTemplates(base, &shown) }
    add("Template \(number), in `templates`: its record, and its content.", listing.lines)
  }

  /// Reads one of the row's entries.
  /// - Returns: the contents of its holes.
  private mutating func readEntry(_ shape: EntryShape, _ request: [[UInt8]], _ listing: inout ByteListing) throws -> [[UInt8]] {
    let label = payloads.isEmpty ? "request: " : "answer: "
    if shape.isLater {
      try listing.varint { distance in
        recordedAt.append(recordedAt[0].adding(milliseconds: Int64(distance)))
        return "\(label)recordedAt: \(distance) ms after the request's, \(recordedAt[1])"
      }
    }
    let recorded = recordedAt[payloads.count]
    try listing.signedVarint { distance in
      observedAt.append(recorded.adding(milliseconds: distance))
      return "\(label)observedAt: recordedAt and \(distance) ms, \(observedAt.last!)"
    }
    if !payloads.isEmpty {
      listing.say("\(label)it answers the request; latency \(observedAt[1].milliseconds(since: observedAt[0])) ms")
    }
    var exceptions: Set<UInt64> = []
    if shape.hasExceptions { exceptions = try readExceptions(label, &listing) }
    let template = try template(shape.template >> 1)
    var values = ValueListing(observedAt: observedAt.last!, request: request, word: word)
    for (hole, rule) in template.rules.enumerated() {
      var form = rule
      if exceptions.contains(UInt64(hole)) {
        form = try listing.varint { "\(label)hole \(hole) is the exception, of form \($0): kind \($0 & 15), argument \($0 >> 4)" }
      }
      try values.read(form, &listing, "\(label)hole \(hole), ")
    }
    payloads.append(zip([[]] + values.contents, template.pieces).flatMap { $0 + $1 })
    return values.contents
  }

  private func readExceptions(_ label: String, _ listing: inout ByteListing) throws -> Set<UInt64> {
    var holes: Set<UInt64> = []
    var next: UInt64 = 0
    for _ in 0..<(try listing.varint { "\(label)exceptions: \($0)" }) {
      next += try listing.varint { "\(label)an exception at hole \(next + $0)" }
      holes.insert(next)
      next += 1
    }
    return holes
  }
}
