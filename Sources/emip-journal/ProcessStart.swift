import Foundation
import Glibc
import JournalStore
import Synchronization

/// What must hold of the process before anything else runs.
enum ProcessStart {
  static func prepare() {
    // A reader that goes away and a limit on file size are errors of a write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    keepStandardDescriptors()
    DamageSignals.tell(program: "emip-journal", status: ExitStatus.badData.rawValue, faultStatus: ExitStatus.fault.rawValue)
  }

  /// A standard descriptor that came closed would be given to the next file opened, the journal's perhaps, and output would go there.
  private static func keepStandardDescriptors() {
    for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // For reading only, so that writing to it is still an error.
      _ = open("/dev/null", O_RDONLY)
    }
  }
}

/// Whether the user or the system asked this process to end.
enum Interruption {
  private static let isRequested = Atomic<Bool>(false)

  /// From here on SIGINT and SIGTERM only set ``isPending``.
  static func watch() {
    // Touched here, so that the handler finds it made.
    isRequested.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] { signal(number) { _ in Interruption.request() } }
  }

  static var isPending: Bool { isRequested.load(ordering: .relaxed) }

  private static func request() { isRequested.store(true, ordering: .relaxed) }
}
