import Foundation
import LMDB
import TestSupport

/// An environment in a file of its own, gone when the value is.
final class Store {
  private let temporary = TemporaryDirectory()
  let path: String
  private(set) var environment: Environment!

  init(mapSizeBytes: Int = 64 << 20) throws {
    path = temporary.path + "/data.mdb"
    environment = try Environment(path: path, access: .readWrite, mapSizeBytes: mapSizeBytes)
  }

  deinit { close() }

  func close() { environment = nil }

  func reopen(_ access: Environment.Access = .readWrite, mapSizeBytes: Int = 64 << 20) throws {
    environment = try Environment(path: path, access: access, mapSizeBytes: mapSizeBytes)
  }

  /// Writes rows in one transaction.
  func write(_ name: String = "table", _ layout: Database.Layout = .plain, _ rows: [(String, String)]) throws {
    let transaction = try environment.beginWrite()
    let table = try transaction.database(name, layout)
    for (key, value) in rows { try transaction.put(value, for: key, in: table) }
    try transaction.commit()
  }

  /// All rows of a table, in order.
  func rows(_ name: String = "table", _ layout: Database.Layout = .plain) throws -> [String] {
    let transaction = try environment.beginRead()
    return try transaction.rows(in: transaction.database(name, layout))
  }
}

extension ReadTransaction {
  func rows(in table: Database) throws(LMDBError) -> [String] {
    try withCursor(in: table) { (cursor: borrowing Cursor) throws(LMDBError) in
      var rows: [String] = []
      var next = try cursor.move(.first, text)
      while let row = next {
        rows.append(row)
        next = try cursor.move(.next, text)
      }
      return rows
    }
  }

  func value(of key: String, in table: Database) throws(LMDBError) -> String? {
    try bytes(key) { (key) throws(LMDBError) in try withValue(of: key, in: table) { String(decoding: $0, as: UTF8.self) } }
  }
}

extension WriteTransaction {
  func put(_ value: String, for key: String, in table: Database, _ placement: Placement = .anywhere) throws(LMDBError) {
    try bytes(key) { (key) throws(LMDBError) in
      try bytes(value) { (value) throws(LMDBError) in try put(value, for: key, in: table, placement) }
    }
  }

  func remove(_ key: String, in table: Database) throws(LMDBError) {
    try bytes(key) { (key) throws(LMDBError) in try remove(key, in: table) }
  }
}

/// `key=value`.
func text(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> String {
  String(decoding: key, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self)
}

/// Lends a text's bytes.
func bytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws(LMDBError) -> Result) throws(LMDBError) -> Result {
  var outcome: Swift.Result<Result, LMDBError>?
  Array(text.utf8).withUnsafeBytes { bytes in
    do throws(LMDBError) { outcome = .success(try body(bytes)) } catch { outcome = .failure(error) }
  }
  return try outcome!.get()
}
