internal import CLMDB
internal import Glibc

/// What becomes of a process that damage to a file would end by a signal: it says which file it was, and ends with a status of its own.
///
/// LMDB follows the pages of a file in memory and checks little of them: a flipped bit leads it outside of the file (SIGBUS, SIGSEGV) or to an assertion
/// of its own. Who only reads need not look at all pages before for that, and is none the slower.
public enum FaultReport {
  /// From here on, such an end is told on standard error. To be called once, before any file is opened.
  /// - Parameters:
  ///   - program: what the sentence begins with.
  ///   - status: what the process ends with where a file is to blame.
  ///   - faultStatus: what it ends with where the program is.
  ///   - lackStatus: what it ends with where it has no descriptors left: libdispatch ends a process that it finds none for.
  public static func install(program: StaticString, status: Int32, faultStatus: Int32, lackStatus: Int32) {
    report.program = program
    report.status = status
    report.faultStatus = faultStatus
    report.lackStatus = lackStatus
    report.isInstalled = true
    // A stack that is used up has no room for what tells of it.
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stackBytes, alignment: 16)
    stack.ss_size = stackBytes
    sigaltstack(&stack, nil)
    for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT] {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { number, info, context in tellOfFault(number, info, context) }
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | Int32(bitPattern: UInt32(SA_RESETHAND))
      sigemptyset(&action.sa_mask)
      sigaction(number, &action, nil)
    }
  }

  private static let stackBytes = 65_536
}

/// Called by LMDB where what it found cannot be. It must not return.
func tellOfAssertion(_ environment: OpaquePointer?, _ message: UnsafePointer<CChar>?) {
  if report.isInstalled {
    var path: UnsafePointer<CChar>?
    if let environment { mdb_env_get_path(environment, &path) }
    if let path {
      write(report.program)
      write(": ")
      write(UnsafeRawBufferPointer(start: path, count: strlen(path)))
      writeDamage()
      _exit(report.status)
    }
  }
  if let message { write(UnsafeRawBufferPointer(start: message, count: strlen(message))) }
  abort()
}

// What follows runs in a signal's handler: it allocates nothing and calls what may be called there only (signal-safety(7)).

private struct Report {
  var program: StaticString = ""
  var status: Int32 = 0
  var faultStatus: Int32 = 0
  var lackStatus: Int32 = 0
  var isInstalled = false
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 8)
}

/// Written once, before there are threads.
private nonisolated(unsafe) var report = Report()

private func tellOfFault(_ number: Int32, _ info: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?) {
  var address: UInt = 0
  if number == SIGSEGV || number == SIGBUS { address = UInt(bitPattern: info?.pointee._sifields._sigfault.si_addr) }
  write(report.program)
  write(": ")
  if address != 0, writeFile(at: address) {
    writeDamage()
    _exit(report.status)
  }
  if dup(2) < 0 && errno == EMFILE {
    write("no descriptor is left for another file: allow the process more of them (ulimit -n). (io.error)\n")
    _exit(report.lackStatus)
  }
  let isInLMDB = number != SIGABRT && isInLibrary(instruction(context))
  let isAnyOpen = writeFiles()
  if isInLMDB && isAnyOpen {
    write(": one of these files is damaged: its pages lead nowhere. Run `emip-journal verify`. (segment.damaged)\n")
    _exit(report.status)
  }
  write(isAnyOpen ? ": while these were open, the program" : "the program")
  write(" met what it had not thought of (signal ")
  writeNumber(number)
  write("). Please report this; `emip-journal verify` tells whether a file is damaged.\n")
  _exit(report.faultStatus)
}

private func instruction(_ context: UnsafeMutableRawPointer?) -> UInt {
  guard let context = context?.assumingMemoryBound(to: ucontext_t.self) else { return 0 }
  #if arch(x86_64)
    return UInt(bitPattern: Int(context.pointee.uc_mcontext.gregs.16))
  #elseif arch(arm64)
    return UInt(context.pointee.uc_mcontext.pc)
  #else
    return 0
  #endif
}

private func writeDamage() {
  write(
    ": the file is damaged: its pages lead nowhere. Run `emip-journal verify`; restore a segment from a backup, make a read model anew with "
  )
  write("`emip-journal projection rebuild`. (segment.damaged)\n")
}

/// What may be read of a value lies no further behind the end of its file than its length can say.
private let longestValueBytes: UInt = 4 << 30

/// Writes the name of the data file that an address lies in, or not far behind.
private func writeFile(at address: UInt) -> Bool {
  var isFound = false
  forEachMapping { start, end, path in
    guard !isFound, start <= address, address < end &+ longestValueBytes, isData(path) else { return }
    write(path)
    isFound = true
  }
  return isFound
}

/// Writes the names of all data files.
private func writeFiles() -> Bool {
  var count = 0
  forEachMapping { _, _, path in
    guard isData(path) else { return }
    if count > 0 { write(", ") }
    write(path)
    count += 1
  }
  return count > 0
}

private func isInLibrary(_ address: UInt) -> Bool {
  var isFound = false
  forEachMapping { start, end, path in
    if start <= address, address < end, contains(path, "/liblmdb") { isFound = true }
  }
  return isFound
}

private func isData(_ path: UnsafeRawBufferPointer) -> Bool {
  let suffix: StaticString = ".mdb"
  let count = suffix.utf8CodeUnitCount
  return path.count > count && memcmp(path.baseAddress! + path.count - count, suffix.utf8Start, count) == 0
}

private func contains(_ text: UnsafeRawBufferPointer, _ part: StaticString) -> Bool {
  let count = part.utf8CodeUnitCount
  var offset = 0
  while offset + count <= text.count {
    if memcmp(text.baseAddress! + offset, part.utf8Start, count) == 0 { return true }
    offset += 1
  }
  return false
}

/// Shows what files the process has mapped: lines of `/proc/self/maps`, as `START-END … PATH`.
private func forEachMapping(_ body: (_ start: UInt, _ end: UInt, _ path: UnsafeRawBufferPointer) -> Void) {
  let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  let buffer = report.buffer
  var filled = 0
  while true {
    let count = read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
    guard count > 0 else { break }
    filled += count
    var begin = 0
    while let newline = memchr(buffer.baseAddress! + begin, 10, filled - begin) {
      let end = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer.baseAddress!)
      showMapping(UnsafeRawBufferPointer(rebasing: buffer[begin..<end]), body)
      begin = end + 1
    }
    // A line that fills the buffer is nobody's that is looked for.
    if begin == 0 && filled == buffer.count { begin = filled }
    memmove(buffer.baseAddress!, buffer.baseAddress! + begin, filled - begin)
    filled -= begin
  }
  close(descriptor)
}

private func showMapping(_ line: UnsafeRawBufferPointer, _ body: (UInt, UInt, UnsafeRawBufferPointer) -> Void) {
  guard let slash = memchr(line.baseAddress!, 47, line.count) else { return }
  var numbers: (UInt, UInt) = (0, 0)
  var isSecond = false
  for byte in line {
    if byte == 45 && !isSecond {
      isSecond = true
    } else if byte == 32 {
      break
    } else {
      let digit = UInt(byte < 58 ? byte &- 48 : byte &- 87)
      if isSecond { numbers.1 = numbers.1 << 4 | digit } else { numbers.0 = numbers.0 << 4 | digit }
    }
  }
  let start = UnsafeRawPointer(slash) - line.baseAddress!
  body(numbers.0, numbers.1, UnsafeRawBufferPointer(rebasing: line[start...]))
}

private func write(_ text: StaticString) { _ = Glibc.write(2, text.utf8Start, text.utf8CodeUnitCount) }

private func write(_ text: UnsafeRawBufferPointer) { _ = Glibc.write(2, text.baseAddress!, text.count) }

private func writeNumber(_ number: Int32) {
  if number >= 10 { writeNumber(number / 10) }
  var digit = UInt8(48 + number % 10)
  _ = Glibc.write(2, &digit, 1)
}
