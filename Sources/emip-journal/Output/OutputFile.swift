import Foundation
import Glibc

/// A file that gets its name only when all of it is durable. Only its owner can read it.
final class OutputFile {
  let output: ByteOutput
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isComplete = false

  /// - Throws: ``CommandFailure`` where it cannot be made.
  init(_ path: String) throws {
    self.path = path
    temporaryPath = path + ".partial"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw Self.failure("open", temporaryPath) }
    output = ByteOutput(descriptor: descriptor, name: temporaryPath)
  }

  deinit {
    close(descriptor)
    if !isComplete { unlink(temporaryPath) }
  }

  /// Makes it durable and gives it its name.
  func complete() throws {
    try output.flush()
    guard fsync(descriptor) == 0 else { throw Self.failure("fsync", temporaryPath) }
    guard rename(temporaryPath, path) == 0 else { throw Self.failure("rename", path) }
    isComplete = true
  }

  private static func failure(_ call: String, _ path: String) -> CommandFailure {
    CommandFailure(.inputOutput, "\(path): \(call): \(String(cString: strerror(errno))).")
  }
}
