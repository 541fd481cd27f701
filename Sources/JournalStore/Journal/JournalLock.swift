internal import Foundation
internal import Glibc
internal import Synchronization

/// The lock that makes one process the holder: `flock` on a file that also says who holds it.
package final class JournalLock: Sendable {
  private let descriptor: Mutex<Int32?>

  /// - Parameters:
  ///   - path: of the lock's file.
  ///   - locked: of what it locks.
  /// - Throws: ``JournalError`` `lock.held`, naming the holder.
  package init(_ path: String, of locked: String, purpose: String) throws(JournalError) {
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "open", path: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw JournalError(errno: code, "flock", path: path) }
      let holder = try Self.holder(path) ?? "another process"
      throw JournalError(.lockHeld, "\(holder) holds this. Wait until it ends, or let it do the work.", path: locked)
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

  /// Lets another process hold the journal. What the next holder writes of itself is not touched, however often this is called.
  package func release() {
    guard let descriptor = descriptor.withLock({ $0.take() }) else { return }
    ftruncate(descriptor, 0)
    // Closing alone would not do while a process that is just being started still has a copy.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// What the present holder wrote of itself; nil where nobody did.
  /// - Throws: ``JournalError`` where the file cannot be read.
  package static func holder(_ path: String) throws(JournalError) -> String? {
    guard let bytes = try FileSystem.read(path, atMost: 4096) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? nil : text
  }
}
