internal import Foundation
internal import Glibc
internal import Synchronization

/// The lock that makes one process the holder: `flock` on a file that also says who holds it.
final class JournalLock: Sendable {
  private let descriptor: Mutex<Int32?>

  /// - Throws: ``JournalError`` `lock.held`, naming the holder.
  init(_ directory: JournalDirectory, purpose: String) throws(JournalError) {
    let path = directory.lockPath
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "open", path: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw JournalError(errno: code, "flock", path: path) }
      let holder = try Self.holder(directory) ?? "another process"
      throw JournalError(.lockHeld, "\(holder) holds this journal. Wait until it ends, or let it do the work.", path: directory.path)
    }
    let text = "\(purpose) (process \(getpid()), since \(Date.now.formatted(.iso8601)))\n"
    do throws(JournalError) {
      guard ftruncate(descriptor, 0) == 0 else { throw JournalError(errno: errno, "ftruncate", path: path) }
      try FileSystem.write(Array(text.utf8), to: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    // Set last: a throw from a whole object would run `deinit`, which closes it again.
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Lets another process hold the journal.
  func release() {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { return }
    ftruncate(descriptor, 0)
    close(descriptor)
  }

  /// What the present holder wrote of itself; nil where nobody did.
  static func holder(_ directory: JournalDirectory) throws(JournalError) -> String? {
    guard let bytes = try FileSystem.read(directory.lockPath, atMost: 4096) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : text
  }
}
