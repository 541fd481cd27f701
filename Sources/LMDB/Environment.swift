internal import CLMDB
internal import Glibc
internal import Synchronization

/// One LMDB environment: a single data file (`MDB_NOSUBDIR`) in LMDB's default, fully synced mode.
///
/// Thread rules: one write transaction at a time in all processes (LMDB waits); read transactions from any thread (`MDB_NOTLS`).
/// An environment may be open once per process: a second open throws ``LMDBError/Code/alreadyOpen``. Never used across a fork.
public final class Environment: @unchecked Sendable {
  // Sendable: LMDB's handle is safe to use from any thread with MDB_NOTLS, and everything else here is immutable.

  /// What an environment is opened for.
  public enum Access: Sendable {
    /// To read and to write.
    case readWrite
    /// Readers keep a slot in the lock file, which must be writable.
    case readOnly
    /// No lock file at all: for files that nobody writes; else what was read counts only while ``Environment/lastTransactionIdentifier`` says
    /// that the pages could not be written to yet (``ReadTransaction/mayBeOverwritten``).
    case readOnlyWithoutLock

    fileprivate var flags: UInt32 {
      let common = UInt32(MDB_NOSUBDIR) | UInt32(MDB_NOTLS)
      return switch self {
      case .readWrite: common
      case .readOnly: common | UInt32(MDB_RDONLY)
      case .readOnlyWithoutLock: common | UInt32(MDB_RDONLY) | UInt32(MDB_NOLOCK)
      }
    }
  }

  /// The path that it was opened by.
  public let path: String
  /// Whether readers keep a slot in the lock file, so that nobody writes to what they read.
  public let hasLock: Bool
  let handle: OpaquePointer
  private let identity: FileIdentity

  /// Opens the environment, making the file where `access` allows it.
  ///
  /// - Parameters:
  ///   - mapSizeBytes: address space to reserve; the file stays sparse. 0 takes what the file needs: only for files that do not grow.
  ///   - maximumReaders: slots in the lock file; what the first opener says counts.
  ///   - permissions: of the files that are created.
  /// - Throws: ``LMDBError`` with an errno or LMDB's code. A file that is missing and not `readWrite` is ``LMDBError/Code/noSuchFile``.
  public init(
    path: String, access: Access, mapSizeBytes: Int, maximumDatabases: UInt32 = 16, maximumReaders: UInt32 = 1024,
    permissions: UInt32 = 0o600
  ) throws(LMDBError) {
    // All that can fail comes first: once every property is set, `deinit` would close the handle again and forget another's open file.
    let handle = try Self.create(path, mapSizeBytes, maximumDatabases, maximumReaders)
    do throws(LMDBError) {
      identity = try Self.open(handle, path, access, readers: maximumReaders, permissions)
    } catch {
      mdb_env_close(handle)
      throw error
    }
    self.path = path
    self.handle = handle
    hasLock = access != .readOnlyWithoutLock
  }

  private static func create(
    _ path: String, _ mapSizeBytes: Int, _ maximumDatabases: UInt32, _ maximumReaders: UInt32
  ) throws(LMDBError) -> OpaquePointer {
    var created: OpaquePointer?
    try check(mdb_env_create(&created), "mdb_env_create", path)
    guard let handle = created else { throw LMDBError(code: .init(rawValue: ENOMEM), call: "mdb_env_create", path: path) }
    mdb_env_set_assert(handle) { environment, message in tellOfAssertion(environment, message) }
    do throws(LMDBError) {
      try check(mdb_env_set_maxdbs(handle, maximumDatabases), "mdb_env_set_maxdbs", path)
      try check(mdb_env_set_maxreaders(handle, maximumReaders), "mdb_env_set_maxreaders", path)
      // A map that is smaller than the file is raised to what the file needs when it is opened.
      try check(mdb_env_set_mapsize(handle, max(mapSizeBytes, 1 << 16)), "mdb_env_set_mapsize", path)
    } catch {
      mdb_env_close(handle)
      throw error
    }
    return handle
  }

  /// Registers the file and opens it; what it throws leaves the handle for the caller to close.
  private static func open(
    _ handle: OpaquePointer, _ path: String, _ access: Access, readers: UInt32, _ permissions: UInt32
  ) throws(LMDBError) -> FileIdentity {
    let identity = try FileIdentity(path: path, create: access == .readWrite ? permissions : nil)
    guard OpenEnvironments.shared.insert(identity) else {
      throw LMDBError(code: .alreadyOpen, call: "mdb_env_open", path: path)
    }
    do throws(LMDBError) {
      if access != .readOnlyWithoutLock { try reserveLockFile(path, readers: readers, permissions) }
      try check(mdb_env_open(handle, path, access.flags, permissions), "mdb_env_open", path)
    } catch {
      OpenEnvironments.shared.remove(identity)
      throw error
    }
    return identity
  }

  /// LMDB maps its lock file, which it makes sparse: on a full disk the first touch of a page would end the process with SIGBUS. So its
  /// blocks are there before. LMDB takes a file that has its length already as it is (mdb.c, `mdb_env_setup_locks`).
  ///
  /// Only while nothing else in this process has the file open: closing it here would let go of the record locks that LMDB keeps on it.
  private static func reserveLockFile(_ path: String, readers: UInt32, _ permissions: UInt32) throws(LMDBError) {
    let path = path + "-lock"
    let descriptor = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, permissions)
    // Who may not write it may still read a journal that stands still; LMDB decides.
    guard descriptor >= 0 else { return }
    defer { _ = Glibc.close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw LMDBError(code: .init(rawValue: errno), call: "fstat", path: path) }
    let sizeBytes = status.st_size > 0 ? status.st_size : off_t(readers) * lockFileBytesPerReader + lockFileHeadBytes
    guard status.st_blocks * 512 < sizeBytes else { return }
    let result = posix_fallocate(descriptor, 0, sizeBytes)
    // One that holds nothing is of no use to anybody.
    if result == ENOSPC, status.st_size == 0 { unlink(path) }
    guard result == 0 || result == EINVAL else { throw LMDBError(code: .init(rawValue: result), call: "posix_fallocate", path: path) }
  }

  /// `MDB_reader` fills a cache line, and what stands before the first two (`MDB_txninfo`). Were this too little, LMDB would add to it.
  private static let lockFileBytesPerReader: off_t = 64
  private static let lockFileHeadBytes: off_t = 128

  deinit {
    mdb_env_close(handle)
    OpenEnvironments.shared.remove(identity)
  }

  /// Begins a read transaction: a snapshot that ends when the value does. Keep it short: while it lives the file cannot reuse pages.
  /// - Throws: ``LMDBError``, as where all readers' slots are taken.
  @available(*, noasync, message: "a transaction is begun, used and ended in synchronous code")
  public func beginRead() throws(LMDBError) -> ReadTransaction { try ReadTransaction(self) }

  /// Begins the write transaction; waits while another has it.
  ///
  /// It belongs to the thread that began it: LMDB gives it to whoever waits when that thread ends, and the commit fails then. Behind a suspension
  /// an asynchronous function may go on on another thread.
  /// - Throws: ``LMDBError`` where LMDB fails.
  @available(*, noasync, message: "a transaction is begun, used and ended in synchronous code")
  public func beginWrite() throws(LMDBError) -> WriteTransaction { try WriteTransaction(self) }

  /// Frees the reader slots of processes that died. Returns how many.
  /// - Throws: ``LMDBError`` where LMDB fails.
  @discardableResult
  public func clearDeadReaders() throws(LMDBError) -> Int {
    var dead: Int32 = 0
    try check(mdb_reader_check(handle, &dead), "mdb_reader_check", path)
    return Int(dead)
  }

  /// Writes a consistent copy to a file that must not exist, while others read and write. Compact copies leave free pages out.
  /// - Throws: ``LMDBError`` where the file exists, cannot be written or cannot be synced.
  public func copy(to destination: String, compact: Bool) throws(LMDBError) {
    let descriptor = Glibc.open(destination, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw LMDBError(code: .init(rawValue: errno), call: "open", path: destination) }
    defer { _ = Glibc.close(descriptor) }
    try check(mdb_env_copyfd2(handle, descriptor, compact ? UInt32(MDB_CP_COMPACT) : 0), "mdb_env_copyfd2", destination)
    guard fsync(descriptor) == 0 else { throw LMDBError(code: .init(rawValue: errno), call: "fsync", path: destination) }
  }

  /// Which write transaction's state a snapshot taken now would show, or a later one: cheaper than a snapshot.
  public var lastTransactionIdentifier: Int {
    var info = MDB_envinfo()
    mdb_env_info(handle, &info)
    return info.me_last_txnid
  }

  /// How much of the map is in use as of the last commit, in bytes; the file is about as long.
  /// - Throws: ``LMDBError`` where LMDB fails.
  public func usedBytes() throws(LMDBError) -> Int {
    var info = MDB_envinfo()
    try check(mdb_env_info(handle, &info), "mdb_env_info", path)
    return (info.me_last_pgno + 1) * 4096
  }
}

/// A file by device and inode, whatever its path.
private struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64

  init(path: String, create permissions: UInt32?) throws(LMDBError) {
    if let permissions {
      let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, permissions)
      guard descriptor >= 0 else { throw LMDBError(code: .init(rawValue: errno), call: "open", path: path) }
      _ = Glibc.close(descriptor)
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw LMDBError(code: .init(rawValue: errno), call: "stat", path: path) }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

private final class OpenEnvironments: Sendable {
  static let shared = OpenEnvironments()
  private let identities = Mutex<Set<FileIdentity>>([])

  func insert(_ identity: FileIdentity) -> Bool { identities.withLock { $0.insert(identity).inserted } }
  func remove(_ identity: FileIdentity) { _ = identities.withLock { $0.remove(identity) } }
}
