import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct ManifestTests {
  private static let manifest = Manifest(
    journalId: "0123456789abcdef0123456789abcdef",
    segments: [
      .init(period: Period(year: 2025, month: 3), ordinal: 1, generation: 1, firstPosition: .first, lastPosition: JournalPosition(900)),
      .init(period: Period(year: 2025, month: 4), ordinal: 2, generation: 3, firstPosition: JournalPosition(901)),
    ], nextPosition: JournalPosition(901))

  @Test func `a manifest comes back as it was`() throws {
    for manifest in [Self.manifest, Manifest(journalId: "00")] {
      #expect(try Manifest(manifest.encoded(), path: "manifest") == manifest)
    }
  }

  @Test func `a manifest with any byte changed is refused, or is the same`() {
    let bytes = Self.manifest.encoded()
    for index in bytes.indices {
      for change: UInt8 in [1, 2, 0x10, 0x20, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= change
        if let read = try? Manifest(damaged, path: "manifest") { #expect(read == Self.manifest, "byte \(index)") }
      }
    }
  }

  @Test func `a manifest cut short anywhere or with more behind it is refused`() {
    let bytes = Self.manifest.encoded()
    for count in bytes.indices {
      let error = #expect(throws: JournalError.self) { try Manifest(Array(bytes[..<count]), path: "manifest") }
      #expect(error?.code == .manifestDamaged)
    }
    for more in ["\n", "x", "segment 2025-05 3\n"] {
      #expect(throws: JournalError.self) { try Manifest(bytes + Array(more.utf8), path: "manifest") }
    }
  }

  @Test func `a limit that no segment could keep is refused`() {
    for limit in [-1, 0, Manifest.segmentLimits.lowerBound - 1, Manifest.segmentLimits.upperBound + 1] {
      let error = #expect(throws: JournalError.self) {
        try Manifest(Manifest(journalId: "00", segmentLimitBytes: limit).encoded(), path: "manifest")
      }
      #expect(error?.code == .manifestDamaged)
    }
  }

  @Test func `a newer format is refused in a clear sentence`() {
    let text = String(decoding: Self.manifest.encoded(), as: UTF8.self).replacing("manifest 3", with: "manifest 4")
    let error = #expect(throws: JournalError.self) { try Manifest(Array(text.utf8), path: "manifest") }
    #expect(error?.code == .formatNewer)
    #expect(
      error?.message == "this journal has format 4, and this version of emip-journal reads up to 3. Use a newer emip-journal.")
  }

  @Test func `a segment of a newer format is refused`() throws {
    let header = SegmentHeader(
      state: .hot,
      journalId: "0", period: Period(year: 2025, month: 3), ordinal: 1, generation: 1, firstPosition: .first,
      baseTime: Timestamp(rawValue: 0), pseudonymKey: [UInt8](repeating: 7, count: 32))
    var bytes = header.encoded()
    #expect(try bytes.withUnsafeBytes { try SegmentHeader($0, path: "segment") } == header)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 0x40
      #expect(throws: JournalError.self) { try damaged.withUnsafeBytes { try SegmentHeader($0, path: "segment") } }
      #expect(throws: JournalError.self) { try bytes[..<index].withUnsafeBytes { try SegmentHeader($0, path: "segment") } }
    }
    bytes[0] = UInt8(Manifest.supportedVersion + 1)
    let error = #expect(throws: JournalError.self) { try bytes.withUnsafeBytes { try SegmentHeader($0, path: "segment") } }
    #expect(error?.code == .formatNewer)
  }

  @Test func `a journal is made in an empty place only`() throws {
    let temporary = TemporaryDirectory()
    let directory = try temporary.journal()
    let again = #expect(throws: JournalError.self) { try directory.initialize() }
    #expect(again?.code == .journalExists)
    #expect(again?.message == "there is a journal here already.")
    let missing = #expect(throws: JournalError.self) { try JournalReader(JournalDirectory(temporary.path + "/none")) }
    #expect(missing?.code == .journalMissing)
    try Data().write(to: URL(fileURLWithPath: temporary.path + "/file"))
    #expect(throws: JournalError.self) { try JournalDirectory(temporary.path).initialize() }
  }

  @Test func `what the manifest does not list is removed, and nothing else`() async throws {
    let temporary = TemporaryDirectory()
    let directory = try temporary.journal()
    let first = try Journal(directory, purpose: "test")
    _ = try await first.append(draft(id: "A"))
    first.close()
    let names = ["2025-04-000002.g1.mdb", "2025-04-000002.g1.mdb-lock", "notes.txt"]
    for name in names { try Data([1]).write(to: URL(fileURLWithPath: directory.segmentsPath + "/" + name)) }
    try Data([1]).write(to: URL(fileURLWithPath: directory.manifestPath + ".new"))
    let second = try Journal(directory, purpose: "test")
    #expect(names.map { FileSystem.exists(directory.segmentsPath + "/" + $0) } == [false, false, true])
    #expect(!FileSystem.exists(directory.manifestPath + ".new"))
    _ = try await second.append(draft(id: "B", at: 1_743_465_600_000))
    #expect(try JournalReader(directory).lastPosition() == JournalPosition(2))
  }
}

@Suite struct FileSystemTests {
  private static let mounts = """
    22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
    28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
    31 28 0:51 / /mnt/with\\040space rw - nfs4 server:/export rw,vers=4.2
    32 28 0:52 / /mnt/several rw,relatime master:1 propagate_from:2 - fuse.sshfs host: rw
    broken line
    33 28 0:53 / /mnt/dash rw -
    """

  @Test(arguments: [("259:2", "ext4"), ("0:51", "nfs4"), ("0:52", "fuse.sshfs"), ("0:20", "sysfs"), ("0:5", nil), ("0:53", nil), ("", nil)])
  func `a device's file system is read from the mounts`(device: String, type: String?) {
    #expect(FileSystem.fileSystemType(device: device, mountinfo: Self.mounts) == type)
  }

  @Test func `a local directory is no network`() throws {
    let temporary = TemporaryDirectory()
    try FileSystem.refuseNetworkFileSystem(temporary.path)
    #expect(throws: JournalError.self) { try FileSystem.refuseNetworkFileSystem("/nowhere/at/all") }
  }

  @Test func `a file is replaced whole`() throws {
    let temporary = TemporaryDirectory()
    let path = temporary.path + "/file"
    var watched = WatchedFile(path)
    #expect(watched.wasReplaced)
    for size in [0, 1, 100_000, 3] {
      try FileSystem.replace(path, with: [UInt8](repeating: 7, count: size), in: temporary.path)
      #expect(try FileSystem.read(path, atMost: 100_000)?.count == size)
      #expect(watched.wasReplaced)
      watched = WatchedFile(path)
      #expect(!watched.wasReplaced)
    }
    #expect(try FileSystem.names(in: temporary.path) == ["file"])
    #expect(throws: JournalError.self) { try FileSystem.read(path, atMost: 2) }
    #expect(try FileSystem.read(path + "-none", atMost: 2) == nil)
  }
}
