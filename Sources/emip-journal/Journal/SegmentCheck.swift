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
      ProcessStart.program, ["verify-segment", "--journal", directory.path, "--", segment.fileName], environment: environment, output: .pipe
    )
    var lines = OutputLines(of: process)
    var answer: Verification?
    var failure: String?
    while let line = lines.next(patienceMilliseconds: patienceMilliseconds) {
      if let report = try? JSONDecoder().decode(Verification.self, from: Data(line.utf8)) { answer = report }
      if line.hasPrefix(failurePrefix) { failure = String(line.dropFirst(failurePrefix.count)) }
      let numbers = line.split(separator: " ").compactMap { UInt64($0) }
      if numbers.count == 2 { progress(numbers[0], numbers[1]) }
    }
    let isSilent = lines.stop == .silence
    if isSilent { process.signal(SIGKILL) }
    let ending = process.wait()
    if !isSilent, let answer, case .exit = ending { return answer }
    // What the machine lacks says nothing of the segment.
    if let failure { throw CommandFailure(.inputOutput, "segment \(segment.name) could not be verified: \(failure)") }
    var report = Verification()
    report.add(.init(segment: segment.name, message: isSilent ? "reading it goes on without end" : try message(ending, segment)))
    return report
  }

  private static func message(_ ending: ChildProcess.Ending, _ segment: Manifest.Segment) throws -> String {
    let what: String
    switch ending {
    case .exit(ExitStatus.badData.rawValue): return "reading it ended the process by a signal: its pages lead nowhere"
    case .signal(let number) where number != SIGKILL:
      return "reading it ended the process: \(String(cString: strsignal(number))) (signal \(number))"
    case .signal: what = "was killed"
    case .exit(let status): what = "ended with status \(status)"
    }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    let isLimited = limit.rlim_cur != rlim_t.max
    throw CommandFailure(
      .inputOutput,
      "segment \(segment.name) could not be verified: the process that read it \(what). "
        + (isLimited
          ? "It may use \(Figure.size(UInt64(limit.rlim_cur))) of memory (ulimit -v): allow it more." : "Was there memory enough?"))
  }

  /// What a line begins with that says why the child could not look.
  private static let failurePrefix = "failed "

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
      guard error.code.isDamage else {
        try output.write("\(failurePrefix)\(SafeText.line(error.sentence))\n")
        try output.flush()
        exit(error.code.exitStatus.rawValue)
      }
      report.add(.init(segment: String(fileName.prefix { $0 != "." }), position: error.position?.rawValue, message: error.message))
    }
    try output.write(try JSONOutput.bytes(report, isPretty: false) + [UInt8(ascii: "\n")])
    try output.flush()
  }
}
