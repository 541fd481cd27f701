import LMDB
import TestSupport
import Testing

@Suite struct OpenOnceTests {
  @Test func `a second open in one process is refused, and leaves the first one as it was`() throws {
    let temporary = TemporaryDirectory()
    let path = temporary.path + "/once.mdb"
    do {
      let first = try Environment(path: path, access: .readWrite, mapSizeBytes: 1 << 20)
      // Twice: the refusal must not forget that the first is open.
      for _ in 0..<2 {
        let error = #expect(throws: LMDBError.self) { try Environment(path: path, access: .readWrite, mapSizeBytes: 1 << 20) }
        #expect(error?.code == .alreadyOpen)
      }
      #expect(try first.usedBytes() > 0)
    }
    _ = try Environment(path: path, access: .readOnly, mapSizeBytes: 1 << 20)
  }
}
