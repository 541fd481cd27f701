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
    DamageSignals.tell(
      program: "emip-journal", status: ExitStatus.badData.rawValue, faultStatus: ExitStatus.fault.rawValue,
      lackStatus: ExitStatus.inputOutput.rawValue)
  }

  /// Says that queues and tasks cannot be used, rather than be ended by them: libdispatch counts its threads in /proc, and traps where that is missing.
  /// - Throws: ``CommandFailure``.
  static func requireThreads() throws {
    guard access("/proc/self/task", F_OK) != 0 else { return }
    throw CommandFailure(
      .inputOutput, "there is no /proc here, which the threads of this command need: mount it (mount -t proc proc /proc).")
  }

  /// The program that runs, to be started once more: by the kernel's link to it, and by the path that it was started by where there is no /proc.
  static var program: String {
    let link = "/proc/self/exe"
    // Swift's Glibc does not have it.
    guard access(link, F_OK) != 0, let function = dlsym(nil, "getauxval") else { return link }
    let getauxval = unsafeBitCast(function, to: (@convention(c) (UInt) -> UInt).self)
    // `AT_EXECFN` (elf.h): the path that execve was given.
    return UnsafePointer<CChar>(bitPattern: getauxval(31)).map { String(cString: $0) } ?? link
  }

  /// A standard descriptor that came closed would be given to the next file opened, the journal's perhaps, and output would go there.
  private static func keepStandardDescriptors() {
    for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // For reading only, so that writing to it is still an error.
      _ = open("/dev/null", O_RDONLY)
    }
  }
}

/// The arguments that the process was started with.
enum ProcessArguments {
  /// Those behind the program's name; nil where nobody knows them. Swift's runtime finds none where there is no /proc, as in a chroot or a hardened
  /// container, and where a preloaded library has moved the environment.
  static var behindName: [String]? {
    let known = CommandLine.arguments
    return (known.isEmpty ? onStack : known).map { Array($0.dropFirst()) }
  }

  /// As the kernel laid them out on the first thread's stack: their count, a pointer to each, and a null (System V ABI, AMD64 supplement, figure 3.9; on
  /// AArch64 too). glibc keeps that place, and the first pointer.
  static var onStack: [String]? {
    guard let place = dlsym(nil, "__libc_stack_end")?.load(as: UnsafeRawPointer?.self),
      let name = dlsym(nil, "program_invocation_name")?.load(as: UnsafePointer<CChar>?.self)
    else { return nil }
    let count = place.load(as: Int.self)
    let pointers = (place + MemoryLayout<Int>.size).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
    guard count > 0, pointers[0] == name, pointers[count] == nil else { return nil }
    return (0..<count).map { String(cString: pointers[$0]!) }
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
