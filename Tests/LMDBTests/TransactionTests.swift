import LMDB
import Testing

@Suite struct TransactionTests {
  @Test func `what is committed is there after reopening, and what is dropped never was`() throws {
    let store = try Store()
    try store.write("table", .plain, [("b", "2"), ("a", "1")])
    do {
      let dropped = try store.environment.beginWrite()
      let table = try dropped.database("table", .plain)
      try dropped.put("3", for: "c", in: table)
      try dropped.remove("a", in: table)
      _ = consume dropped
    }
    #expect(try store.rows() == ["a=1", "b=2"])
    store.close()
    try store.reopen(.readOnly)
    #expect(try store.rows() == ["a=1", "b=2"])
    store.close()
    try store.reopen(.readOnlyWithoutLock, mapSizeBytes: 0)
    #expect(try store.rows() == ["a=1", "b=2"])
  }

  @Test func `a snapshot shows what was there when it began`() throws {
    let store = try Store()
    try store.write("table", .plain, [("a", "1")])
    var before = try store.environment.beginRead()
    let table = try before.database("table", .plain)
    let state = before.identifier
    try store.write("table", .plain, [("a", "2"), ("b", "3")])
    #expect(try before.rows(in: table) == ["a=1"])
    #expect(try store.rows() == ["a=2", "b=3"])
    before.reset()
    try before.renew()
    #expect(try before.rows(in: table) == ["a=2", "b=3"])
    #expect(before.identifier > state)
  }

  @Test func `tables that a transaction keeps stay open for the next`() throws {
    let store = try Store()
    try store.write("table", .plain, [("a", "1")])
    let first = try store.environment.beginRead()
    let table = try first.database("table", .plain)
    try first.endKeepingDatabases()
    let second = try store.environment.beginRead()
    #expect(try second.value(of: "a", in: table) == "1")
    #expect(try second.value(of: "b", in: table) == nil)
    #expect(try second.statistics(of: table).entryCount == 1)
  }

  @Test func `a table that is not there is not found, and a key neither`() throws {
    let store = try Store()
    try store.write("table", .plain, [("a", "1")])
    let read = try store.environment.beginRead()
    #expect(throws: LMDBError.self) { try read.database("other", .plain) }
    _ = consume read
    let transaction = try store.environment.beginWrite()
    let table = try transaction.database("table", .plain)
    let error = #expect(throws: LMDBError.self) { try transaction.remove("z", in: table) }
    #expect(error?.code == .notFound)
  }

  @Test(arguments: [0, 512, 2_000])
  func `keys have one to 511 bytes`(count: Int) throws {
    let store = try Store()
    let transaction = try store.environment.beginWrite()
    let table = try transaction.database("table", .plain)
    try transaction.put("v", for: String(repeating: "k", count: 511), in: table)
    let error = #expect(throws: LMDBError.self) { try transaction.put("v", for: String(repeating: "k", count: count), in: table) }
    #expect(error?.code == .badValueSize)
    #expect(error?.path == store.path)
    #expect(error?.call == "mdb_put")
    #expect(error?.description.contains(store.path) == true)
  }

  @Test func `rows that are said to be last must be`() throws {
    let store = try Store()
    let transaction = try store.environment.beginWrite()
    let table = try transaction.database("table", .plain)
    for key in ["a", "b", "d"] { try transaction.put("1", for: key, in: table, .lastKey) }
    for key in ["c", "d"] {
      let error = #expect(throws: LMDBError.self) { try transaction.put("1", for: key, in: table, .lastKey) }
      #expect(error?.code == .keyExists)
    }
    try transaction.commit()
    #expect(try store.rows() == ["a=1", "b=1", "d=1"])
  }

  @Test func `last duplicates must come after the others of their key only`() throws {
    let store = try Store()
    let transaction = try store.environment.beginWrite()
    let table = try transaction.database("table", .fixedSizeDuplicates)
    for (key, value) in [("b", "1"), ("a", "2"), ("a", "5"), ("b", "3")] { try transaction.put(value, for: key, in: table, .lastDuplicate) }
    let error = #expect(throws: LMDBError.self) { try transaction.put("4", for: "a", in: table, .lastDuplicate) }
    #expect(error?.code == .keyExists)
    try transaction.commit()
    #expect(try store.rows("table", .fixedSizeDuplicates) == ["a=2", "a=5", "b=1", "b=3"])
  }

  @Test func `an emptied table is still there`() throws {
    let store = try Store()
    try store.write("table", .plain, (0..<1_000).map { ("key \($0)", "value") })
    let transaction = try store.environment.beginWrite()
    let table = try transaction.database("table", .plain)
    try transaction.empty(table)
    try transaction.put("1", for: "a", in: table)
    #expect(try transaction.statistics(of: table).entryCount == 1)
    try transaction.commit()
    #expect(try store.rows() == ["a=1"])
  }
}

@Suite struct CursorTests {
  private func withCursor(_ layout: Database.Layout, _ rows: [(String, String)], _ body: (borrowing Cursor) throws(LMDBError) -> Void)
    throws
  {
    let store = try Store()
    try store.write("table", layout, rows)
    let transaction = try store.environment.beginRead()
    try transaction.withCursor(in: transaction.database("table", layout), body)
  }

  @Test func `a cursor goes both ways and ends at the ends`() throws {
    try withCursor(.plain, [("a", "1"), ("b", "2"), ("c", "3")]) { (cursor: borrowing Cursor) throws(LMDBError) in
      #expect(try cursor.move(.last, text) == "c=3")
      #expect(try cursor.move(.next, text) == nil)
      #expect(try cursor.move(.first, text) == "a=1")
      #expect(try cursor.move(.previous, text) == nil)
      #expect(try bytes("aa") { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key, text) } == "b=2")
      #expect(try cursor.move(.previous, text) == "a=1")
      #expect(try bytes("d") { (key) throws(LMDBError) in try cursor.seek(atOrAfter: key, text) } == nil)
      #expect(try bytes("c") { (key) throws(LMDBError) in try cursor.seek(to: key, text) } == "c=3")
      #expect(try bytes("cc") { (key) throws(LMDBError) in try cursor.seek(to: key, text) } == nil)
    }
  }

  @Test func `a cursor goes through duplicates in their order`() throws {
    let rows = [("a", "5"), ("a", "1"), ("a", "3"), ("b", "2"), ("a", "3")]
    try withCursor(.fixedSizeDuplicates, rows) { (cursor: borrowing Cursor) throws(LMDBError) in
      #expect(try bytes("a") { (key) throws(LMDBError) in try cursor.seek(to: key, text) } == "a=1")
      #expect(try cursor.move(.nextDuplicate, text) == "a=3")
      #expect(try cursor.move(.lastDuplicate) { _, value in String(decoding: value, as: UTF8.self) } == "5")
      #expect(try cursor.move(.nextDuplicate, text) == nil)
      #expect(try cursor.move(.previousDuplicate, text) == "a=3")
      #expect(try cursor.move(.nextKey, text) == "b=2")
      #expect(try cursor.move(.previousKey, text) == "a=5")
      for (wanted, found) in [("2", "a=3"), ("3", "a=3"), ("6", nil)] {
        let row = try bytes("a") { (key) throws(LMDBError) in
          try bytes(wanted) { (value) throws(LMDBError) in
            try cursor.seek(to: key, valueAtOrAfter: value) { _, value in "a=" + String(decoding: value, as: UTF8.self) }
          }
        }
        #expect(row == found)
      }
    }
  }
}
