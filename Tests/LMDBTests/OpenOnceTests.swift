import Foundation
import LMDB
import Testing

@Suite struct OpenOnceTests {
  @Test func `a second open in one process is refused, and leaves the first one as it was`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "open-once-\(UUID().uuidString)").path
    defer { for suffix in ["", "-lock"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
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
