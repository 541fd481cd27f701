internal import Glibc

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
