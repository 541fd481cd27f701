internal import Glibc
package import JournalFormat

/// The few calls on files that durability needs, with their errors told by call and path: what throws, throws a ``JournalError`` that names
/// both.
package enum FileSystem {
  static func message(_ code: Int32) -> String { String(cString: strerror(code)) }

  static func isFull(_ code: Int32) -> Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether a file can hardly grow: its file system is full, or the process's limit on the size of files is near.
  static func hasNoRoom(_ path: String) -> Bool {
    var fileSystem = statvfs()
    if statvfs(path, &fileSystem) == 0, UInt64(fileSystem.f_bavail) * UInt64(fileSystem.f_frsize) < smallestRoomBytes { return true }
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
      let size = try? sizeBytes(of: path)
    else { return false }
    return UInt64(size) + smallestRoomBytes > UInt64(limit.rlim_cur)
  }

  /// What one call writes of a transaction: 64 pages (mdb.c, `MDB_COMMIT_PAGES`). A call that was cut short has taken all there was, so
  /// nothing is left of these but what other threads gave back since; where there is room for them all, a full disk was not the reason.
  private static let smallestRoomBytes: UInt64 = 64 * 4_096

  package static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

  /// Makes a directory that only its owner can enter; one that is there already is fine.
  package static func makeDirectory(_ path: String) throws(JournalError) {
    guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
    throw JournalError(errno: errno, "mkdir", path: path)
  }

  /// The whole of a small file; nil where there is none.
  package static func read(_ path: String, atMost maximumBytes: Int) throws(JournalError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw JournalError(errno: errno, "open", path: path)
    }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw JournalError(errno: errno, "read", path: path) }
      guard count > 0 else { return content }
      content += buffer[..<count]
      guard content.count <= maximumBytes else { throw JournalError(.inputOutput, "the file is far too large for what it is.", path: path) }
    }
  }

  /// Replaces a file by content that is durable before it gets its name, and whose name is durable on return.
  package static func replace(_ path: String, with content: [UInt8], in directory: String) throws(JournalError) {
    try prepare(content, toReplace: path)
    try replaceByPrepared(path, in: directory)
  }

  /// Makes content durable beside the file that it shall replace. Where this fails nothing has changed: that file is untouched, and what
  /// was begun is removed.
  static func prepare(_ content: [UInt8], toReplace path: String) throws(JournalError) {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "open", path: temporary) }
    do throws(JournalError) {
      defer { close(descriptor) }
      try write(content, to: descriptor, path: temporary)
      guard fsync(descriptor) == 0 else { throw JournalError(errno: errno, "fsync", path: temporary) }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Gives a file that is durable another name in its directory, which is durable on return.
  package static func rename(_ path: String, to name: String, in directory: String) throws(JournalError) {
    guard Glibc.rename(path, name) == 0 else { throw JournalError(errno: errno, "rename", path: name) }
    try synchronizeDirectory(directory)
  }

  /// Gives what was prepared its name, which is durable on return. Where this fails the file holds the old or the new, and which of them a
  /// crash will leave is not known: rename(3p) promises nothing after EIO, and a name is in doubt until its directory was synced.
  static func replaceByPrepared(_ path: String, in directory: String) throws(JournalError) {
    let temporary = path + ".new"
    guard Glibc.rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw JournalError(errno: code, "rename", path: path)
    }
    try synchronizeDirectory(directory)
  }

  static func write(_ content: [UInt8], to descriptor: Int32, path: String) throws(JournalError) {
    var written = 0
    while written < content.count {
      let count = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw JournalError(errno: errno, "write", path: path) }
      written += count
    }
  }

  /// Makes the names in a directory durable.
  static func synchronizeDirectory(_ path: String) throws(JournalError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "open", path: path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw JournalError(errno: errno, "fsync", path: path) }
  }

  /// The names in a directory, in no order.
  package static func names(in path: String) throws(JournalError) -> [String] {
    guard let directory = opendir(path) else { throw JournalError(errno: errno, "opendir", path: path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes a file; one that is gone already is fine.
  package static func remove(_ path: String) throws(JournalError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw JournalError(errno: errno, "unlink", path: path)
  }

  package static func sizeBytes(of path: String) throws(JournalError) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw JournalError(errno: errno, "stat", path: path) }
    return Int(status.st_size)
  }

  /// A path without links; that of what is not there yet, without the slashes at its end.
  static func resolved(_ path: String) throws(JournalError) -> String {
    guard let real = realpath(path, nil) else {
      guard errno == ENOENT else { throw JournalError(errno: errno, "realpath", path: path) }
      var path = path
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      return path
    }
    defer { free(real) }
    return String(cString: real)
  }

  /// Removes a directory with all that is in it, or a file; one that is gone already is fine.
  static func removeTree(_ path: String) throws(JournalError) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw JournalError(errno: errno, "lstat", path: path)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { return try remove(path) }
    for name in try names(in: path) { try removeTree(path + "/" + name) }
    guard rmdir(path) == 0 else { throw JournalError(errno: errno, "rmdir", path: path) }
  }

  /// Whether one can be renamed to stand where the other is.
  static func isOnOneFileSystem(_ path: String, _ other: String) throws(JournalError) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(path, &first) == 0 else { throw JournalError(errno: errno, "stat", path: path) }
    guard stat(other, &second) == 0 else { throw JournalError(errno: errno, "stat", path: other) }
    return first.st_dev == second.st_dev
  }

  /// When a file's content was changed last.
  package static func modificationTime(of path: String) throws(JournalError) -> Timestamp {
    var status = stat()
    guard stat(path, &status) == 0 else { throw JournalError(errno: errno, "stat", path: path) }
    return Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
  }

  /// Memory maps and locks do not hold over a network: refuse such file systems, as /proc/self/mountinfo names them (proc(5)).
  static func refuseNetworkFileSystem(_ path: String) throws(JournalError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw JournalError(errno: errno, "stat", path: path) }
    // glibc's gnu_dev_major and gnu_dev_minor, which are macros.
    let number = UInt64(status.st_dev)
    let device = "\(number >> 8 & 0xfff | number >> 32 & 0xffff_f000):\(number & 0xff | number >> 12 & 0xffff_ff00)"
    let mounts = try read("/proc/self/mountinfo", atMost: 64 << 20) ?? []
    guard let type = fileSystemType(device: device, mountinfo: String(decoding: mounts, as: UTF8.self)) else { return }
    let network: Set<String> = [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "lustre", "glusterfs", "fuse.glusterfs", "fuse.sshfs",
    ]
    guard network.contains(type) else { return }
    throw JournalError(
      .networkFileSystem, "a journal cannot live on \(type): memory maps and locks do not hold over a network. Use a local disk.",
      path: path)
  }

  /// The type of a mounted device, written `major:minor`.
  static func fileSystemType(device: String, mountinfo: String) -> String? {
    for line in mountinfo.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 6, words[2] == device, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { continue }
      return String(words[dash + 1])
    }
    return nil
  }
}

/// A file that is replaced as a whole, seen as it was at one moment: tells whether it has been replaced since, at the price of one `fstat`.
/// Holding it open keeps its inode from being used for its successor.
final class WatchedFile: Sendable {
  /// Negative where there was no file.
  private let descriptor: Int32

  init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether another file has its name now, or none has. A file that was not there counts as replaced.
  var wasReplaced: Bool {
    var status = stat()
    return descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_nlink == 0
  }
}
