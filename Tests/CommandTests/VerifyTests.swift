import Foundation
import JournalFormat
import JournalStore
import Testing

@Suite struct VerifyTests {
  private func journal() async throws -> SampleJournal {
    try await SampleJournal([
      Sample(transactionId: "T-1"), Sample(transactionId: "T-2", observedAt: "2025-04-01T10:00:00Z"),
    ])
  }

  @Test func `a whole journal is clean`() async throws {
    let result = try await journal().run("verify")
    #expect(result.status == 0)
    #expect(result.text.hasPrefix("clean: 4 entries in 2 segments"))
  }

  @Test func `the newest segment of a journal that is held is checked, its pages too, and nothing is written`() async throws {
    let sample = try await journal()
    let holder = try Journal(sample.directory, purpose: "a test")
    let result = try sample.run("verify", "--format", "json")
    #expect(result.status == 0)
    let report = try result.object()
    #expect(report["clean"] as? Bool == true)
    #expect(report["entryCount"] as? Int == 4)
    #expect(report["pageCount"] as? Int ?? 0 > 4)
    #expect((report["notes"] as? [String])?.isEmpty == true)
    holder.close()
  }

  @Test func `a flipped bit of a record is told by segment and position`() async throws {
    let sample = try await journal()
    try sample.changeRecord { $0[$0.count - 1] ^= 1 }
    let text = try sample.run("verify")
    #expect(text.status == 1)
    #expect(text.text.contains("damage segment 2025-03-000001, position "))
    #expect(text.text.contains(try sample.segmentPath))
    let report = try sample.run("verify", "--format", "json").object()
    #expect(report["clean"] as? Bool == false)
    let damage = try #require((report["damages"] as? [[String: Any]])?.first)
    #expect(damage["segment"] as? String == "2025-03-000001")
    #expect(damage["position"] as? Int != nil)
    // The other segment was read all the same.
    #expect(report["entryCount"] as? Int == 2)
  }

  @Test func `damage that ends the process that reads it is the segment's damage`() async throws {
    let sample = try await journal()
    // The upper half of the record's size: reading two gigabytes leaves the file.
    try sample.changeNode { $0.replaceSubrange(2..<4, with: [0xff, 0x7f]) }
    let result = try sample.run("verify")
    #expect(result.status == 1)
    #expect(result.text.contains("segment 2025-03-000001"))
    #expect(result.text.contains("ended the process") && result.text.contains("signal"))
  }

  @Test func `a missing file and a damaged manifest are damage`() async throws {
    let sample = try await journal()
    let file = URL(filePath: try sample.segmentPath)
    try FileManager.default.removeItem(at: file)
    let missing = try sample.run("verify")
    #expect(missing.status == 1)
    #expect(missing.text.contains("\(file.lastPathComponent) is missing"))
    let manifest = sample.directory.path + "/manifest"
    var bytes = try Data(contentsOf: URL(filePath: manifest))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: manifest))
    #expect(try sample.run("verify").status == 1)
    #expect(try sample.run("stats").status == 65)
  }

  @Test func `a damaged record is passed over, told, and bad data`() async throws {
    let sample = try await journal()
    try sample.changeRecord { $0[$0.count - 1] ^= 1 }
    for command in ["export", "list", "stats"] {
      let result = try sample.run(command)
      #expect(result.status == 65, "\(command)")
      #expect(result.lines.count >= 1, "\(command)")
      #expect(result.errors.contains("emip-journal verify"))
    }
  }
}

extension SampleJournal {
  /// Changes the bytes of a record of the first segment.
  func changeRecord(_ change: (inout Data) -> Void) throws {
    try changeNode { node in
      let start = 8 + Int(node[6])
      var record = node.subdata(in: start..<start + (Int(node[0]) | Int(node[1]) << 8))
      change(&record)
      node.replaceSubrange(start..<start + record.count, with: record)
    }
  }

  /// Changes a node of the table of entries in the first segment's file (mdb.c, `MDB_page` and `MDB_node`): the size of its value in four
  /// bytes, flags, the size of its key, key, value.
  func changeNode(_ change: (inout Data) -> Void) throws {
    let url = URL(filePath: try segmentPath)
    var file = try Data(contentsOf: url)
    func word(_ offset: Int) -> Int { Int(file[offset]) | Int(file[offset + 1]) << 8 }
    let isLeaf = 0x02
    for page in stride(from: 8192, to: file.count, by: 4096) where word(page + 10) & 0xff == isLeaf && word(page + 12) > 16 {
      let node = page + word(page + 16)
      let size = word(node)
      guard word(node + 4) == 0, word(node + 6) == 4, size > 300, node + 12 + size <= page + 4096 else { continue }
      var bytes = file.subdata(in: node..<node + 12 + size)
      change(&bytes)
      file.replaceSubrange(node..<node + 12 + size, with: bytes)
      // In place: the file is the one that the manifest names.
      let handle = try FileHandle(forWritingTo: url)
      try handle.write(contentsOf: file)
      try handle.close()
      return
    }
    Issue.record("the segment holds no record in a page")
  }
}
