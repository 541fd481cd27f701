internal import EMIP
internal import JournalFormat
internal import JournalStore

/// The transactionIds of the latest requests, and what each was the id of: one is to be unique to its client (guide 5.4.1).
///
///     number(8) -> *(key(6) bytes(4) position)    ; the requests in their order, so many to a row: hash of client and id, CRC-32C of the request's
///                                                 ; bytes, and the distance of its position from that of the one before
///
/// Those of the latest requests are kept: an id that comes again much later is not found here, but by whoever looks it up.
struct PartnerTransactions {
  /// Where a client used an id before.
  struct Use: Hashable {
    let position: JournalPosition
    /// CRC-32C.
    let bytes: UInt32
  }

  private static let rowCount = 128
  /// How many rows of requests are kept.
  private static let keptRows: UInt64 = 1_024

  private var known: [UInt64: Use] = [:]
  private var last: OpenChunk?
  private var lastNumber: UInt64 = 0
  private var lastCount = 0

  private static var table: ModelTable { PartnerTables.transactions }

  /// Reads what was kept.
  init(_ rows: ModelTransaction) throws(JournalError) {
    var key: [UInt8] = []
    while let row = try rows.first(from: key, beginningWith: [], in: Self.table) {
      key = row.key + [0]
      let uses = try Self.uses(row)
      for (key, use) in uses { known[key] = use }
      lastNumber = UInt64(bigEndian: row.key)
      lastCount = uses.count
      last = OpenChunk(key: row.key, value: row.value, lastPosition: uses.last?.use.position ?? JournalPosition(0))
    }
  }

  /// Takes a request that has a transactionId of its own.
  /// - Returns: the request before it with the same id of the same client, where that had other bytes.
  mutating func take(_ request: ProjectedMessage, _ rows: ModelTransaction) throws(JournalError) -> JournalPosition? {
    guard let key = Self.key(request) else { return nil }
    let use = Use(position: request.position, bytes: CRC32C.of(request.entry.content.payload))
    let earlier = known.updateValue(use, forKey: key)
    try append(key, use, rows)
    return earlier.flatMap { $0.bytes == use.bytes ? nil : $0.position }
  }

  private mutating func append(_ key: UInt64, _ use: Use, _ rows: ModelTransaction) throws(JournalError) {
    if last == nil || lastCount == Self.rowCount {
      if last != nil { lastNumber += 1 }
      last = OpenChunk(key: bigEndianBytes(lastNumber), value: [], lastPosition: JournalPosition(0))
      lastCount = 0
      if lastNumber >= Self.keptRows { try forget(lastNumber - Self.keptRows, rows) }
    }
    let chunk = last!
    chunk.value += (bigEndianBytes(key) as [UInt8]).suffix(6)
    chunk.value.appendBigEndian(use.bytes)
    chunk.value.appendVarint(use.position.rawValue - chunk.lastPosition.rawValue)
    chunk.lastPosition = use.position
    lastCount += 1
    rows.memory.chunks(of: Self.table).noteChange(of: chunk)
  }

  private mutating func forget(_ number: UInt64, _ rows: ModelTransaction) throws(JournalError) {
    let key: [UInt8] = bigEndianBytes(number)
    guard let value = try rows.value(of: key, in: Self.table) else { return }
    for (key, use) in try Self.uses(ModelRow(key: key, value: value)) where known[key] == use { known[key] = nil }
    try rows.remove(key, in: Self.table)
  }

  private static func uses(_ row: ModelRow) throws(JournalError) -> [(key: UInt64, use: Use)] {
    try table.reading(row.value) { (reader) throws(FormatError) in
      var uses: [(key: UInt64, use: Use)] = []
      var position: UInt64 = 0
      while !reader.isAtEnd {
        let key = UInt64(bigEndian: try reader.take(6))
        let bytes = UInt32(bigEndian: try reader.take(4))
        position &+= try reader.varint()
        uses.append((key, Use(position: JournalPosition(position), bytes: bytes)))
      }
      return uses
    }
  }

  /// Nil where the client gave none: the server makes one then.
  private static func key(_ request: ProjectedMessage) -> UInt64? {
    request.facts?.withTransactionId { text in
      let context = request.context
      var hash = FNV1a()
      hash.update(context.direction?.rawValue ?? 0)
      hash.update(context.leg.rawValue)
      for byte in (context.partner ?? context.operator ?? "").utf8 where byte != UInt8(ascii: "*") { hash.update(byte.asciiUppercased) }
      hash.update(0)
      for byte in text { hash.update(byte) }
      return (hash.value ^ hash.value >> 48) & 0xffff_ffff_ffff
    }
  }
}

/// The hash FNV-1a of 64 bits (draft-eastlake-fnv): not against whoever chooses the bytes, who would fool himself only.
private struct FNV1a {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func update(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
