import Foundation
import JournalFormat
import LMDB
import TestSupport
import Testing

@testable import JournalStore

/// Damage that leaves LMDB's trees intact is found by comparing what they hold.
@Suite struct VerificationTests {
  let temporary = TemporaryDirectory()

  /// A journal of ten singles and ten pairs, changed behind its back, and what is found.
  private func damages(
    _ change: (borrowing WriteTransaction) throws(LMDBError) -> Void
  ) async throws -> [Verification.Damage] { try await verification(change).damages }

  private func verification(_ change: (borrowing WriteTransaction) throws(LMDBError) -> Void) async throws -> Verification {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test", indexLimits: .init(runEntryCount: 32), sealsByItself: false)
    for number in 0..<10 {
      _ = try await journal.append([draft(id: "s\(number)")])
      _ = try await journal.append([draft(id: "p\(number)"), draft(.response, id: "r\(number)", request: .behind(1), outcome: .error)])
    }
    journal.close()
    let segment = try directory.readManifest().segments[0]
    try Environment.opening(directory.path(of: segment), .readWrite, mapSizeBytes: 1 << 30).change(change)
    let reader = try JournalReader(directory)
    return try reader.verifyEntries(segment)
  }

  private static func remove(_ key: [UInt8], _ table: String, _ transaction: borrowing WriteTransaction) throws(LMDBError) {
    let table = try transaction.database(table, .plain)
    try key.withRawBytes { (key) throws(LMDBError) in try transaction.remove(key, in: table) }
  }

  private static func change(
    _ key: [UInt8], _ table: String, _ transaction: borrowing WriteTransaction, _ change: (inout [UInt8]) -> Void
  ) throws(LMDBError) {
    let table = try transaction.database(table, .plain)
    var value = try transaction.withCursor(in: table) { (cursor: borrowing Cursor) throws(LMDBError) in
      try key.withRawBytes { (key) throws(LMDBError) in try cursor.seek(to: key) { _, value in Array(value) } }
    }!
    change(&value)
    try transaction.put(value, for: key, in: table)
  }

  @Test func `an intact journal is clean`() async throws {
    #expect(try await damages { _ in } == [])
  }

  @Test func `a record that is missing is named`() async throws {
    let found = try await damages { (transaction) throws(LMDBError) in try Self.remove(bigEndianBytes(UInt32(3)), "entries", transaction) }
    #expect(found.map(\.position) == [4])
    #expect(found.first?.segment == "2025-03-000001")
    #expect(found.first?.message.contains("missing") == true)
  }

  @Test func `a last record under a key far behind is damage that is told in bounded time`() async throws {
    for key in [UInt32.max, 2_000_000_000] {
      let found = try await VerificationTests().verification { (transaction) throws(LMDBError) in
        try Self.remove(bigEndianBytes(UInt32(29)), "entries", transaction)
        let table = try transaction.database("entries", .plain)
        try transaction.put([1, 2, 3, 4, 5, 6, 7, 8], for: bigEndianBytes(key), in: table)
      }
      // The key reaches as far as one block could, and all of that is missing; the list of it ends sooner.
      #expect(found.damageCount == UInt64(SegmentWriter.maximumBlockEntryCount))
      #expect(found.damages.map(\.position) == (29..<29 + UInt64(Verification.maximumDamages)).map { $0 })
    }
  }

  @Test func `the two entries of a row that is missing are named`() async throws {
    let found = try await damages { (transaction) throws(LMDBError) in try Self.remove(bigEndianBytes(UInt32(5)), "entries", transaction) }
    #expect(found.map(\.position) == [5, 6])
  }

  @Test func `a record with any byte changed is named, and its neighbours are read`() async throws {
    for offset in [0, 3, 4, 5, 6, 7, 15] {
      let temporary = VerificationTests()
      let found = try await temporary.damages { (transaction) throws(LMDBError) in
        try Self.change(bigEndianBytes(UInt32(3)), "entries", transaction) { $0[offset] ^= 0x10 }
      }
      #expect(found.map(\.position) == [4], "byte \(offset)")
    }
  }

  @Test func `a record that stands in another's place is named`() async throws {
    let found = try await damages { (transaction) throws(LMDBError) in
      var other: [UInt8] = []
      try Self.change(bigEndianBytes(UInt32(0)), "entries", transaction) { other = $0 }
      try Self.change(bigEndianBytes(UInt32(3)), "entries", transaction) { $0 = other }
    }
    #expect(found.map(\.position) == [4])
  }

  @Test func `a context that is damaged or missing is named by the entries that need it`() async throws {
    let damaged = try await damages { (transaction) throws(LMDBError) in
      try Self.change(bigEndianBytes(UInt32(2)), "contexts", transaction) { $0[5] ^= 1 }
    }
    // Both entries of a row need it to be read.
    #expect(damaged.count == 1 + 20)
  }

  @Test func `a shape that is damaged or missing is named, and then the entries that need it`() async throws {
    let damaged = try await damages { (transaction) throws(LMDBError) in
      try Self.change(bigEndianBytes(UInt32(2)), "shapes", transaction) { $0[0] ^= 1 }
    }
    #expect(damaged.first?.message == "shape 2 is damaged: its checksum does not fit" && damaged.first?.position == nil)
    // The first row of each kind says all itself.
    #expect(damaged.count == 1 + 18)
    let other = VerificationTests()
    let missing = try await other.damages { (transaction) throws(LMDBError) in
      try Self.remove(bigEndianBytes(UInt32(1)), "shapes", transaction)
    }
    #expect(missing.first?.message == "shape 1 is missing" && missing.count == 1 + 9)
  }

  @Test func `a segment that is missing or ends early is named`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    for number in 0..<3 { _ = try await journal.append(draft(id: "\(number)", at: 1_740_787_200_000 + Int64(number) * 31 * 86_400_000)) }
    journal.close()
    let reader = try JournalReader(directory)
    var manifest = reader.manifest
    try FileSystem.remove(directory.path(of: manifest.segments[1]))
    #expect(try reader.verifyManifest().damages.map(\.segment) == ["2025-04-000002"])
    let error = #expect(throws: JournalError.self) { try reader.entry(at: JournalPosition(2)) }
    #expect(error?.code == .segmentMissing)
    #expect(try reader.entry(at: JournalPosition(3)) != nil)
    manifest.segments[0].lastPosition = JournalPosition(5)
    #expect(try reader.verifyEntries(manifest.segments[0]).damages.map(\.position) == [2])
  }
}
