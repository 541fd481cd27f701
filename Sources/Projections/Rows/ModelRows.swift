internal import JournalFormat
public import JournalStore
internal import LMDB

/// A table of a read model: keys and values are bytes, in the order of the keys' bytes. A key has 1 to 511 bytes.
public struct ModelTable: Hashable, Sendable {
  /// What the file of the read model calls it.
  public let name: String
  /// Its place in ``Projection/tables``.
  public let number: Int

  /// Names a table and its place in ``Projection/tables``.
  public init(_ name: String, _ number: Int) {
    self.name = name
    self.number = number
  }
}

/// A row of a read model.
public struct ModelRow: Hashable, Sendable {
  /// What it is found by: 1 to 511 bytes.
  public let key: [UInt8]
  /// What it says, in its table's own terms.
  public let value: [UInt8]

  /// Puts a value under a key.
  public init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

/// The rows of a read model at one moment: a snapshot, or what a transaction has made of it so far. Not for several threads at a time.
public protocol ModelRows: AnyObject {
  /// Makes short keys of long or personal values.
  var hash: SubjectHash { get }
  /// What the rows do not stand for, as it could not be read.
  var gaps: ModelGaps { get }
  /// Nil where there is no such row.
  /// - Throws: ``JournalError`` where the file cannot be read.
  func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]?
  /// The last row that is not after `key` and whose key begins with `prefix`.
  /// - Throws: ``JournalError`` where the file cannot be read.
  func last(upTo key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow?
  /// The first row that is not before `key` and whose key begins with `prefix`.
  /// - Throws: ``JournalError`` where the file cannot be read.
  func first(from key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow?
}

extension ModelRows {
  /// None: who makes rows judges by what there is.
  public var gaps: ModelGaps { ModelGaps() }

  /// Shows the rows whose keys begin with `prefix`, in order, until `body` returns false.
  /// - Parameter start: the first of them that is shown is not before this key; nil for all.
  /// - Throws: What reading rows throws, and what `body` throws.
  public func forEach(
    beginningWith prefix: [UInt8] = [], from start: [UInt8]? = nil, in table: ModelTable, _ body: (ModelRow) throws -> Bool
  ) throws {
    var key = start ?? prefix
    while let row = try first(from: key, beginningWith: prefix, in: table) {
      guard try body(row) else { return }
      // No key stands between one and itself with a zero behind it.
      key = row.key + [0]
    }
  }
}

extension [UInt8] {
  /// The first key after all that begin with this one; nil where there is none.
  fileprivate var keyBehindPrefix: [UInt8]? {
    var key = self
    while let last = key.popLast() {
      if last < 0xff { return key + [last + 1] }
    }
    return nil
  }
}

/// A snapshot of a read model.
public final class ModelSnapshot: ModelRows {
  /// Makes short keys of long or personal values.
  public let hash: SubjectHash
  /// What the read model could not read when it was made.
  public let gaps: ModelGaps
  private let transaction: ReadTransaction
  private let databases: [Database]

  init(_ transaction: consuming ReadTransaction, _ databases: [Database], _ hash: SubjectHash, _ gaps: ModelGaps) {
    self.transaction = transaction
    self.databases = databases
    self.hash = hash
    self.gaps = gaps
  }

  /// The value under a key; nil where there is no such row.
  /// - Throws: ``JournalError`` `model.damaged` where the file is damaged; others where it cannot be read.
  public func value(of key: [UInt8], in table: ModelTable) throws(JournalError) -> [UInt8]? {
    do throws(LMDBError) {
      return try key.withRawBytes { (key) throws(LMDBError) in
        try transaction.withValue(of: key, in: databases[table.number]) { Array($0) }
      }
    } catch { throw JournalError(ofModel: error) }
  }

  /// The last row that is not after `key` and whose key begins with `prefix`; nil where there is none.
  /// - Throws: ``JournalError`` `model.damaged` where the file is damaged; others where it cannot be read.
  public func last(upTo key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      return try transaction.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.last(upTo: key, prefix) }
    } catch { throw JournalError(ofModel: error) }
  }

  /// The first row that is not before `key` and whose key begins with `prefix`; nil where there is none.
  /// - Throws: ``JournalError`` `model.damaged` where the file is damaged; others where it cannot be read.
  public func first(from key: [UInt8], beginningWith prefix: [UInt8], in table: ModelTable) throws(JournalError) -> ModelRow? {
    do throws(LMDBError) {
      return try transaction.withCursor(in: databases[table.number]) { (cursor) throws(LMDBError) in try cursor.first(from: key, prefix) }
    } catch { throw JournalError(ofModel: error) }
  }
}

extension Cursor {
  func first(from key: [UInt8], _ prefix: [UInt8]) throws(LMDBError) -> ModelRow? {
    let start = key.lexicographicallyPrecedes(prefix) ? prefix : key
    let row = if start.isEmpty { try move(.first, ModelRow.init) } else { try seek(atOrAfter: start) }
    guard let row, row.key.starts(with: prefix) else { return nil }
    return row
  }

  func last(upTo key: [UInt8], _ prefix: [UInt8]) throws(LMDBError) -> ModelRow? {
    // What begins with the prefix ends before the first key that does not and is not before it.
    let end = prefix.keyBehindPrefix
    let row: ModelRow?
    if let end, !key.lexicographicallyPrecedes(end) {
      row = try before(end)
    } else if let found = try seek(atOrAfter: key) {
      row = found.key == key ? found : try move(.previous, ModelRow.init)
    } else {
      row = try move(.last, ModelRow.init)
    }
    guard let row, row.key.starts(with: prefix) else { return nil }
    return row
  }

  private func before(_ key: [UInt8]) throws(LMDBError) -> ModelRow? {
    try seek(atOrAfter: key) == nil ? try move(.last, ModelRow.init) : try move(.previous, ModelRow.init)
  }

  private func seek(atOrAfter key: [UInt8]) throws(LMDBError) -> ModelRow? {
    try key.withRawBytes { (key) throws(LMDBError) in try seek(atOrAfter: key, ModelRow.init) }
  }
}

extension ModelRow {
  init(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    self.init(key: Array(key), value: Array(value))
  }
}
