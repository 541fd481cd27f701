import Glibc
import JournalStore
import Synchronization

/// A process that this one started, by `posix_spawn`. Of the files that are open here it has its three streams and nothing else, and it begins
/// with no signal ignored or blocked.
///
/// No thread, handler of signals or run loop stands behind it: whoever asks how it ended waits for it. Whoever drops it ends it.
final class ChildProcess: Sendable {
  /// Where a stream of the process leads to.
  enum Stream {
    /// `/dev/null`.
    case nothing
    /// A file: input is read from it, output is written to it from its beginning, making it where it is missing.
    case file(String)
    /// A pipe, whose other end is here.
    case pipe
  }

  /// How a process ended.
  enum Ending: Equatable, Sendable {
    case exit(Int32)
    case signal(Int32)

    /// The exit status, or a signal's number below zero.
    var status: Int32 {
      switch self {
      case .exit(let status): status
      case .signal(let number): -number
      }
    }
  }

  let id: pid_t
  /// The end of the pipe that it reads from; -1 where it reads from elsewhere, or once closed.
  private let input: Mutex<Int32>
  /// The end of the pipe that its output comes from; -1 where that goes elsewhere, or once closed.
  private let output: Mutex<Int32>
  /// Nil until its end was asked for and had come.
  private let known = Mutex<Ending?>(nil)

  /// Starts a program. Returns when it runs.
  ///
  /// - Parameters:
  ///   - program: a path; it is not looked for in `PATH`.
  ///   - environment: all of its variables.
  ///   - errors: no pipe.
  ///   - directory: where it runs; nil for where this process does.
  /// - Throws: ``JournalError`` with the program's path where it cannot be started.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], input: Stream = .nothing, output: Stream = .nothing,
    errors: Stream = .nothing, directory: String? = nil
  ) throws(JournalError) {
    Self.keepEndings()
    var spawn = try Spawn(program)
    let inputEnd = try spawn.connect(STDIN_FILENO, input)
    do throws(JournalError) {
      let outputEnd = try spawn.connect(STDOUT_FILENO, output)
      do throws(JournalError) {
        _ = try spawn.connect(STDERR_FILENO, errors)
        id = try spawn.start([program] + arguments, environment.map { "\($0)=\($1)" }, directory)
      } catch {
        Self.closeEnd(outputEnd)
        throw error
      }
      self.input = Mutex(inputEnd)
      self.output = Mutex(outputEnd)
    } catch {
      Self.closeEnd(inputEnd)
      throw error
    }
  }

  deinit {
    if isRunning { signal(SIGKILL) }
    _ = wait()
    closeInput()
    closeOutput()
  }

  /// Ends the pipe that it reads from.
  func closeInput() { Self.close(input) }

  /// Ends the pipe that its output comes from: it writes to nobody then.
  func closeOutput() { Self.close(output) }

  private static func close(_ end: borrowing Mutex<Int32>) {
    end.withLock { end in
      closeEnd(end)
      end = -1
    }
  }

  /// Writes to the pipe that it reads from, and waits while that is full. Whether all was written: not where the process has ended.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    input.withLock { end in
      var written = 0
      while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { Glibc.write(end, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        written += count
      }
      return true
    }
  }

  /// What came out of a process.
  enum Output: Equatable {
    case bytes([UInt8])
    /// It has closed its output, as it does when it ends.
    case end
    /// Nothing came in time.
    case silence
  }

  /// Waits for something of its output, but no longer than this.
  func read(patienceMilliseconds: Int32) -> Output {
    output.withLock { end in
      while true {
        var entry = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
        let ready = poll(&entry, 1, patienceMilliseconds)
        if ready < 0 && errno == EINTR { continue }
        guard ready > 0 else { return .silence }
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
          count = max(0, Glibc.read(end, buffer.baseAddress, buffer.count))
        }
        return bytes.isEmpty ? .end : .bytes(bytes)
      }
    }
  }

  /// How it ended; nil while it runs.
  var ending: Ending? {
    known.withLock { known in
      if known == nil { known = Self.reap(id) }
      return known
    }
  }

  /// Whether it has not ended.
  var isRunning: Bool { ending == nil }

  /// Waits for its end.
  func wait() -> Ending {
    while true {
      if let ending { return ending }
      // It stays to be asked, by whoever is first, so that its number is not another's while somebody may send signals to it.
      var info = siginfo_t()
      waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT)
    }
  }

  /// Waits for its end, but no longer than this; nil where it goes on.
  func wait(atMost patience: Duration) -> Ending? {
    let deadline = ContinuousClock.now + patience
    var pauseMicroseconds: UInt32 = 200
    while true {
      if let ending { return ending }
      guard ContinuousClock.now < deadline else { return nil }
      usleep(pauseMicroseconds)
      pauseMicroseconds = min(pauseMicroseconds * 2, 5_000)
    }
  }

  /// Sends it a signal, unless it has ended.
  func signal(_ number: Int32) {
    known.withLock { known in
      if known == nil { known = Self.reap(id) }
      if known == nil { kill(id, number) }
    }
  }

  /// Asks for its end without waiting.
  private static func reap(_ id: pid_t) -> Ending? {
    var status: Int32 = 0
    while true {
      let found = waitpid(id, &status, WNOHANG)
      if found == 0 { return nil }
      if found < 0 && errno == EINTR { continue }
      // Nobody but this type asks, and what was asked once is known.
      guard found == id else { return .exit(EX_OSERR) }
      let signal = status & 0x7f
      return signal == 0 ? .exit(status >> 8 & 0xff) : .signal(signal)
    }
  }

  /// Whoever started this process may have ignored SIGCHLD: then no end of a child could be asked for (waitpid(2)).
  private static func keepEndings() {
    var action = sigaction()
    sigaction(SIGCHLD, nil, &action)
    // Pointers to functions cannot be compared: SIG_IGN is 1 (signal-defs.h).
    if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1 { Glibc.signal(SIGCHLD, SIG_DFL) }
  }

  private static func closeEnd(_ descriptor: Int32) { if descriptor >= 0 { Glibc.close(descriptor) } }
}

/// The output of a process, line by line.
struct OutputLines {
  private let process: ChildProcess
  private var pending: [UInt8] = []
  /// Why there was no next line: the output's end, or silence. Nil before.
  private(set) var stop: ChildProcess.Output?

  init(of process: ChildProcess) { self.process = process }

  /// The next line, without its end; nil at the output's end, or where nothing comes in time. A last line that is not whole is none.
  mutating func next(patienceMilliseconds: Int32) -> String? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeSubrange(...end) }
        return String(decoding: pending[..<end], as: UTF8.self)
      }
      switch process.read(patienceMilliseconds: patienceMilliseconds) {
      case .bytes(let bytes): pending += bytes
      case let nothing:
        stop = nothing
        return nil
      }
    }
  }
}

/// What `posix_spawn` is told, and the ends of pipes that are the child's.
private struct Spawn: ~Copyable {
  private let program: String
  private let actions = UnsafeMutablePointer<posix_spawn_file_actions_t>.allocate(capacity: 1)
  private let attributes = UnsafeMutablePointer<posix_spawnattr_t>.allocate(capacity: 1)
  private var childsEnds: [Int32] = []

  init(_ program: String) throws(JournalError) {
    self.program = program
    posix_spawn_file_actions_init(actions)
    posix_spawnattr_init(attributes)
    var every = sigset_t()
    var none = sigset_t()
    sigfillset(&every)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(attributes, &every)
    posix_spawnattr_setsigmask(attributes, &none)
    posix_spawnattr_setflags(attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
  }

  deinit {
    for end in childsEnds { close(end) }
    posix_spawn_file_actions_destroy(actions)
    posix_spawnattr_destroy(attributes)
    actions.deallocate()
    attributes.deallocate()
  }

  /// Returns this process's end, or -1.
  mutating func connect(_ number: Int32, _ stream: ChildProcess.Stream) throws(JournalError) -> Int32 {
    let isInput = number == STDIN_FILENO
    switch stream {
    case .nothing where access("/dev/null", F_OK) != 0:
      // A chroot may have none. A pipe of which nobody else has an end reads empty and takes nothing, too.
      close(try connect(number, .pipe))
      return -1
    case .nothing:
      try check(posix_spawn_file_actions_addopen(actions, number, "/dev/null", isInput ? O_RDONLY : O_WRONLY, 0))
      return -1
    case .file(let path):
      let flags = isInput ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
      try check(posix_spawn_file_actions_addopen(actions, number, path, flags, 0o600))
      return -1
    case .pipe:
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw failure(errno) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      let (childs, ours) = isInput ? (ends[0], ends[1]) : (ends[1], ends[0])
      childsEnds.append(childs)
      let result = posix_spawn_file_actions_adddup2(actions, childs, number)
      guard result == 0 else {
        close(ours)
        throw failure(result)
      }
      return ours
    }
  }

  consuming func start(_ arguments: [String], _ environment: [String], _ directory: String?) throws(JournalError) -> pid_t {
    if let directory { try check(GNU.addDirectory(actions, directory)) }
    // Those that were opened without O_CLOEXEC too, and those that other threads open meanwhile.
    try check(GNU.addClosing(actions, STDERR_FILENO + 1))
    let (arguments, environment) = (arguments.map { strdup($0) } + [nil], environment.map { strdup($0) } + [nil])
    defer { for text in arguments + environment { free(text) } }
    var id: pid_t = 0
    try check(posix_spawn(&id, program, actions, attributes, arguments, environment))
    return id
  }

  private func check(_ result: Int32) throws(JournalError) {
    guard result == 0 else { throw failure(result) }
  }

  /// What glibc has beyond POSIX, since 2.29 and 2.34, and Swift's module of it does not name.
  private enum GNU {
    typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    static let addDirectory = unsafeBitCast(
      dlsym(nil, "posix_spawn_file_actions_addchdir_np")!, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self)
    static let addClosing = unsafeBitCast(
      dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")!, to: (@convention(c) (Actions, Int32) -> Int32).self)
  }

  private func failure(_ code: Int32) -> JournalError {
    JournalError(.inputOutput, "the process could not be started: \(String(cString: strerror(code))).", path: program)
  }
}
