import Foundation
import Glibc
import JournalStore
import Synchronization
import TestSupport
import Testing

@testable import emip_journal

@Suite struct ChildProcessTests {
  private let temporary = TemporaryDirectory()

  /// What a shell script writes.
  private func output(of script: String) throws -> String {
    let file = temporary.path + "/output"
    let process = try ChildProcess("/bin/sh", ["-c", script], environment: Command.environment([:]), output: .file(file))
    #expect(process.wait() == .exit(0))
    return try String(contentsOfFile: file, encoding: .utf8)
  }

  @Test func `a child has its three streams, and no file of its parent's`() throws {
    // Not marked as to be closed, as files of other people's code may be.
    let descriptor = open(temporary.path, O_RDONLY)
    defer { close(descriptor) }
    #expect(try output(of: "exec ls /proc/self/fd").split(separator: "\n").filter { $0 != "3" } == ["0", "1", "2"], "3 is what ls reads")
    #expect(!(try output(of: "exec ls -l /proc/self/fd").contains(temporary.path + "\n")))
  }

  @Test func `a child ignores and blocks no signal, whatever its parent does`() throws {
    signal(SIGPIPE, SIG_IGN)
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    for line in try output(of: "exec grep -E '^Sig(Blk|Ign)' /proc/self/status").split(separator: "\n") {
      let signals = try #require(UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16))
      // But for the two that glibc uses itself (spawni.c).
      #expect(signals & ~(1 << 31 | 1 << 32) == 0, "\(line)")
    }
  }

  @Test func `how it ended is told as often as it is asked for, to every thread`() throws {
    let process = try ChildProcess("/bin/sh", ["-c", "read -r _; exit 7"], environment: [:], input: .pipe)
    #expect(process.isRunning && process.wait(atMost: .milliseconds(1)) == nil)
    let endings = Mutex<[ChildProcess.Ending]>([])
    for _ in 0..<4 {
      Thread {
        let ending = process.wait()
        endings.withLock { $0.append(ending) }
      }.start()
    }
    process.closeInput()
    try waitUntil("all threads know") { endings.withLock { $0.count } == 4 }
    #expect(endings.withLock { $0 } == Array(repeating: .exit(7), count: 4))
    process.signal(SIGKILL)
    #expect(process.ending == .exit(7))
  }

  @Test func `a signal that ended it is told, and whoever drops it ends it`() throws {
    var process: ChildProcess? = try ChildProcess("/bin/sleep", ["600"], environment: [:])
    process!.signal(SIGTERM)
    #expect(process!.wait() == .signal(SIGTERM))
    process = try ChildProcess("/bin/sleep", ["600"], environment: [:])
    let id = process!.id
    process = nil
    #expect(kill(id, 0) == -1 && errno == ESRCH)
  }

  @Test func `its output is read as it comes, to its end, and silence is told`() throws {
    let process = try ChildProcess(
      "/bin/sh", ["-c", "echo one; read -r line; echo \"$line\"; printf cut"], environment: [:], input: .pipe, output: .pipe)
    var lines = OutputLines(of: process)
    #expect(lines.next(patienceMilliseconds: 60_000) == "one")
    #expect(lines.next(patienceMilliseconds: 1) == nil && lines.stop == .silence)
    #expect(process.write(Array("two\n".utf8)))
    #expect(lines.next(patienceMilliseconds: 60_000) == "two")
    #expect(lines.next(patienceMilliseconds: 60_000) == nil && lines.stop == .end)
    #expect(process.wait() == .exit(0))
  }

  @Test func `a program that is not there is an error that names it`() {
    let error = #expect(throws: JournalError.self) { try ChildProcess("/no/such/program", [], environment: [:]) }
    #expect(error?.path == "/no/such/program" && error?.message.contains("No such file") == true)
  }

  @Test func `many are started at once, each with streams of its own`() throws {
    let ended = Mutex<[Int: String]>([:])
    for number in 0..<8 {
      Thread {
        for round in 0..<5 {
          guard let process = try? ChildProcess("/bin/cat", [], environment: [:], input: .pipe, output: .pipe) else { continue }
          process.write(Array("\(number) \(round)".utf8))
          process.closeInput()
          var text: [UInt8] = []
          while case .bytes(let more) = process.read(patienceMilliseconds: 60_000) { text += more }
          let isWell = process.wait() == .exit(0)
          ended.withLock { $0[number * 5 + round] = isWell ? String(decoding: text, as: UTF8.self) : "failed" }
        }
      }.start()
    }
    try waitUntil("all have ended") { ended.withLock { $0.count } == 40 }
    for (key, text) in ended.withLock({ $0 }) { #expect(text == "\(key / 5) \(key % 5)") }
  }
}
