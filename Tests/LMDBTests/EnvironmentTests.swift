import Foundation
import LMDB
import Testing

@Suite struct EnvironmentTests {
  @Test func `a second open in the same process is refused, by any path, until the first is gone`() throws {
    let store = try Store()
    let link = store.path + "-link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: store.path)
    defer { try? FileManager.default.removeItem(atPath: link) }
    for path in [store.path, link] {
      let error = #expect(throws: LMDBError.self) { try Environment(path: path, access: .readOnly, mapSizeBytes: 1 << 20) }
      #expect(error?.code == .alreadyOpen)
      #expect(error?.message == "the environment is open in this process already")
    }
    store.close()
    try store.reopen(.readOnly)
  }

  @Test func `an open that fails leaves the file free for the next`() throws {
    let store = try Store()
    try store.write("table", .plain, [("a", "1")])
    store.close()
    let intact = try Data(contentsOf: URL(fileURLWithPath: store.path))
    try Data(repeating: 7, count: 100_000).write(to: URL(fileURLWithPath: store.path))
    for _ in 0..<2 {
      let error = #expect(throws: LMDBError.self) { try store.reopen(.readOnly) }
      #expect(error?.code == .invalidFile)
    }
    try intact.write(to: URL(fileURLWithPath: store.path))
    try store.reopen(.readOnly)
    #expect(try store.rows() == ["a=1"])
  }

  @Test func `a file that is missing is made to write and not to read`() throws {
    let store = try Store()
    store.close()
    let missing = store.path + "-missing"
    for access in [Environment.Access.readOnly, .readOnlyWithoutLock] {
      let error = #expect(throws: LMDBError.self) { try Environment(path: missing, access: access, mapSizeBytes: 1 << 20) }
      #expect(error?.code == .noSuchFile)
    }
    #expect(!FileManager.default.fileExists(atPath: missing))
    let error = #expect(throws: LMDBError.self) { try Environment(path: missing + "/below", access: .readWrite, mapSizeBytes: 1 << 20) }
    #expect(error?.code == .noSuchFile)
  }

  @Test func `only the owner may read what is made`() throws {
    let store = try Store()
    for path in [store.path, store.path + "-lock"] {
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func `a full map is an error, and what was committed before stays`() throws {
    let store = try Store(mapSizeBytes: 1 << 17)
    try store.write("table", .plain, [("kept", "1")])
    let value = String(repeating: "x", count: 1_000)
    let error = #expect(throws: LMDBError.self) { try store.write("table", .plain, (0..<500).map { ("\($0)", value) }) }
    #expect(error?.code == .mapFull)
    #expect(try store.rows() == ["kept=1"])
    #expect(try store.environment.usedBytes() < 1 << 16)
    #expect(throws: LMDBError.self) { for number in 0..<500 { try store.write("table", .plain, [("\(number)", value)]) } }
    #expect(try store.environment.usedBytes() > 100_000)
  }

  @Test func `a copy is complete and independent while the original is written to`() throws {
    for compact in [false, true] {
      let store = try Store()
      try store.write("table", .plain, (0..<2_000).map { ("key \($0)", "value \($0)") })
      let before = try store.rows()
      let reader = try store.environment.beginRead()
      let copy = store.path + "-copy"
      defer { for path in [copy, copy + "-lock"] { try? FileManager.default.removeItem(atPath: path) } }
      try store.environment.copy(to: copy, compact: compact)
      _ = consume reader
      try store.write("table", .plain, [("later", "1")])
      let error = #expect(throws: LMDBError.self) { try store.environment.copy(to: copy, compact: compact) }
      #expect(error?.code.rawValue == EEXIST)
      let environment = try Environment(path: copy, access: .readOnly, mapSizeBytes: 0)
      let transaction = try environment.beginRead()
      #expect(try transaction.rows(in: transaction.database("table", .plain)) == before)
      guard case .success = try PageWalk.walk(copy) else {
        Issue.record("the copy is damaged")
        return
      }
    }
  }
}
