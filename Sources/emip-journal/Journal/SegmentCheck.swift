import Answers
import Foundation
import Glibc
import JournalFormat
import JournalStore

/// Checks the entries of a segment in a child process: damage to LMDB's tree may end whoever reads it with SIGBUS or SIGSEGV, which is then
/// the damage to report. The child tells how far it is in lines `CHECKED COUNT`, and ends with the ``Verification`` as a line of JSON.
enum SegmentCheck {
  /// A child that says nothing for so long runs in a circle.
  private static let patienceMilliseconds: Int32 = 120_000

  /// The parent's half.
  static func ask(
    _ segment: Manifest.Segment, in directory: JournalDirectory, progress: (_ checked: UInt64, _ count: UInt64) -> Void
  ) throws -> Verification {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe")
    process.arguments = ["verify-segment", "--journal", directory.path, "--", segment.fileName]
    var environment = ProcessInfo.processInfo.environment
    environment["SWIFT_BACKTRACE"] = "enable=no"
    process.environment = environment
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let answer = listen(to: pipe.fileHandleForReading.fileDescriptor, progress)
    if answer == .silence { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    if case .report(let report) = answer, process.terminationReason == .exit { return report }
    var report = Verification()
    report.add(.init(segment: segment.name, message: message(answer, process)))
    return report
  }

  private enum Answer: Equatable {
    case report(Verification)
    /// It ended without a report.
    case nothing
    case silence
  }

  private static func message(_ answer: Answer, _ process: Process) -> String {
    if answer == .silence { return "reading it goes on without end" }
    let signal = process.terminationStatus
    guard process.terminationReason == .uncaughtSignal else { return "the process that read it ended with status \(signal)" }
    return "reading it ended the process: \(String(cString: strsignal(signal))) (signal \(signal))"
  }

  /// Reads what the child says until it ends.
  private static func listen(to descriptor: Int32, _ progress: (UInt64, UInt64) -> Void) -> Answer {
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var answer = Answer.nothing
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&entry, 1, patienceMilliseconds)
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0 else { return .silence }
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return answer }
      pending += buffer[..<count]
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = pending[..<end]
        if let report = try? JSONDecoder().decode(Verification.self, from: Data(line)) { answer = .report(report) }
        let numbers = String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { UInt64($0) }
        if numbers.count == 2 { progress(numbers[0], numbers[1]) }
        pending.removeSubrange(...end)
      }
    }
  }

  /// The child's half.
  static func answer(_ fileName: String, in directory: JournalDirectory) throws {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    // A core file would hold messages.
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let parent = getppid()
    let output = ByteOutput.standard()
    var report = Verification()
    do throws(JournalError) {
      let reader = try JournalReader(directory)
      guard let segment = reader.manifest.segments.first(where: { $0.fileName == fileName }) else {
        throw JournalError(.segmentMissing, "the manifest does not name it any more.", path: fileName)
      }
      var lastTold = ContinuousClock.now
      report = try reader.verifyEntries(segment) { checked, count in
        guard getppid() == parent else { exit(ExitStatus.inputOutput.rawValue) }
        guard ContinuousClock.now - lastTold > .milliseconds(100) else { return }
        lastTold = .now
        try? output.write("\(checked) \(count)\n")
        try? output.flush()
      }
    } catch {
      report.add(.init(segment: String(fileName.prefix { $0 != "." }), position: error.position?.rawValue, message: error.message))
    }
    try output.write(try JSONOutput.bytes(report, isPretty: false) + [UInt8(ascii: "\n")])
    try output.flush()
  }
}
