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
    var environment = ProcessInfo.processInfo.environment
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let process = try ChildProcess(
      "/proc/self/exe", ["verify-segment", "--journal", directory.path, "--", segment.fileName], environment: environment, output: .pipe)
    var lines = OutputLines(of: process)
    var answer: Verification?
    while let line = lines.next(patienceMilliseconds: patienceMilliseconds) {
      if let report = try? JSONDecoder().decode(Verification.self, from: Data(line.utf8)) { answer = report }
      let numbers = line.split(separator: " ").compactMap { UInt64($0) }
      if numbers.count == 2 { progress(numbers[0], numbers[1]) }
    }
    let isSilent = lines.stop == .silence
    if isSilent { process.signal(SIGKILL) }
    let ending = process.wait()
    if !isSilent, let answer, case .exit = ending { return answer }
    var report = Verification()
    report.add(.init(segment: segment.name, message: isSilent ? "reading it goes on without end" : message(ending)))
    return report
  }

  private static func message(_ ending: ChildProcess.Ending) -> String {
    switch ending {
    case .exit(let status): "the process that read it ended with status \(status)"
    case .signal(let number): "reading it ended the process: \(String(cString: strsignal(number))) (signal \(number))"
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
