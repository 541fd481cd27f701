internal import JournalFormat
package import LMDB

/// What one commit writes to a segment. Made by the writer's thread, written by one thread, whichever.
struct WriteBatch: Sendable {
  /// Comes behind all others of its table.
  struct Row: Sendable {
    let table: Database
    let key: [UInt8]
    let value: [UInt8]
  }

  let segment: SegmentEnvironment
  /// The rows, in the order in which they are put.
  let rows: [Row]
  /// Those of them, without their layouts, for the index builder once they are durable.
  let entries: [Entry]
  /// How many entries the segment has then.
  let entryCount: UInt32

  /// Writes and commits: durable on return.
  /// - Throws: ``JournalError``, after which what is in the file is known only when it is opened anew.
  func commit() throws(JournalError) {
    try translating { () throws(LMDBError) in
      let transaction = try segment.environment.beginWrite()
      for row in rows { try transaction.put(row.value, for: row.key, in: row.table, .lastKey) }
      try transaction.commit()
    }
  }
}

extension [WriteBatch.Row] {
  /// Puts a value under a number.
  mutating func put(_ value: [UInt8], under number: UInt32, in table: Database) {
    append(WriteBatch.Row(table: table, key: bigEndianBytes(number), value: value))
  }
}

extension WriteTransaction {
  /// Writes a row from arrays.
  /// - Throws: `LMDBError` where the file is full or fails.
  package func put(_ value: [UInt8], for key: [UInt8], in database: Database, _ placement: Placement = .anywhere) throws(LMDBError) {
    try key.withRawBytes { (key) throws(LMDBError) in
      try value.withRawBytes { (value) throws(LMDBError) in try put(value, for: key, in: database, placement) }
    }
  }
}
