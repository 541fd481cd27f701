import Foundation
import JournalFormat
import Synchronization
import TestSupport
import Testing

@testable import JournalStore

@Suite struct AppendTests {
  let temporary = TemporaryDirectory()

  @Test func `a queue takes what it may hold, refuses more, and takes again what was taken`() throws {
    let queue = WriteQueue()
    let failures = Mutex<[JournalError.Code]>([])
    func add(_ count: Int) {
      queue.add(
        .init(work: .append((0..<count).map { draft(id: "\($0)") })) { result in
          if case .failure(let error) = result { failures.withLock { $0.append(error.code) } }
        })
    }
    add(4_000)
    add(96)
    #expect(failures.withLock { $0 } == [])
    add(1)
    #expect(failures.withLock { $0 } == [.queueFull])
    #expect(queue.take()?.count == 2)
    add(4_096)
    #expect(failures.withLock { $0 } == [.queueFull])
    queue.end(JournalError(.writerEnded, "ended"))
    add(1)
    #expect(failures.withLock { $0 } == [.queueFull, .writerEnded, .writerEnded])
    #expect(queue.take() == nil)
  }

  @Test func `a queue is full of bytes before it is full of entries, but takes a call of any size where nothing waits`() throws {
    let queue = WriteQueue()
    let failures = Mutex<[JournalError.Code]>([])
    func add(_ megabytes: Int) {
      var large = draft(id: "A")
      large.content.marks = []
      large.content.payload = [UInt8](repeating: 0x20, count: 1 << 20)
      queue.add(
        .init(work: .append(Array(repeating: large, count: megabytes))) { result in
          if case .failure(let error) = result { failures.withLock { $0.append(error.code) } }
        })
    }
    add(40)
    add(24)
    #expect(failures.withLock { $0 } == [])
    add(1)
    #expect(failures.withLock { $0 } == [.queueFull])
    #expect(queue.take()?.count == 2)
    add(100)
    add(1)
    #expect(failures.withLock { $0 } == [.queueFull, .queueFull])
    #expect(queue.take()?.count == 1)
    add(64)
    #expect(failures.withLock { $0 }.count == 2)
    _ = queue.take()
  }

  @Test func `what waits when the journal closes is still written`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let positions = Mutex<[UInt64]>([])
    for number in 0..<500 {
      journal.submit([draft(id: "\(number)")]) { result in
        if case .success(let range) = result { positions.withLock { $0.append(range.lowerBound.rawValue) } }
      }
    }
    journal.close()
    #expect(positions.withLock { $0 } == Array(1...500))
    #expect(try JournalReader(directory).lastPosition() == JournalPosition(500))
    let error = await #expect(throws: JournalError.self) { try await journal.append(draft(id: "late")) }
    #expect(error?.code == .writerEnded)
  }

  /// Calls that must not reach the disk.
  private static let mistakes: [(String, [EntryDraft])] = {
    func marked(_ range: Range<Int>) -> EntryDraft {
      var draft = draft(id: "A")
      draft.content.marks = [Mark(kind: .id, range: range)]
      return draft
    }
    func changed(_ change: (inout EntryDraft) -> Void) -> EntryDraft {
      var draft = draft(id: "A")
      change(&draft)
      return draft
    }
    let huge = String(repeating: "x", count: 9 << 20)
    return [
      ("nothing", []),
      ("more than a call may", Array(repeating: draft(id: "A"), count: 4_097)),
      ("a mark behind the payload", [marked(0..<10_000)]),
      ("a mark before it", [marked(-3..<3)]),
      ("an answer first", [draft(.response, id: "A", request: .behind(1))]),
      ("an answer to before the call", [draft(id: "A"), draft(.response, id: "A", request: .behind(2))]),
      ("an answer to itself", [draft(id: "A"), draft(.response, id: "A", request: .behind(0))]),
      ("an answer to what comes later", [draft(id: "A"), draft(.response, id: "A", request: .behind(-1))]),
      ("an answer to position 0", [draft(.response, id: "A", request: .position(JournalPosition(0)))]),
      ("an answer to a position to come", [draft(.response, id: "A", request: .position(JournalPosition(3)))]),
      ("an answer to the last of all", [draft(.response, id: "A", request: .position(JournalPosition(.max)))]),
      ("observed beyond all time", [changed { $0.content.observedAt = Timestamp(rawValue: .max) }]),
      ("observed before all time", [changed { $0.content.observedAt = Timestamp(rawValue: .min) }]),
      ("recorded beyond all time", [changed { $0.recordedAt = Timestamp(rawValue: .max) }]),
      ("a huge payload", [changed { $0.content.payload = [UInt8](repeating: 0, count: 9 << 20) }]),
      ("a huge reason", [changed { $0.content.context.reason = huge }]),
      ("a huge finding", [changed { $0.content.findings = [Finding(message: huge)] }]),
      ("a huge mark", [changed { $0.content.marks = [Mark(kind: .id, range: 0..<0, inlineText: Array(huge.utf8))] }]),
      ("many marks", [changed { $0.content.marks = Array(repeating: Mark(kind: .id, range: 0..<0), count: 600_000) }]),
    ]
  }()

  @Test func `what nobody could read again is refused before anything is written`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    _ = try await journal.append([draft(id: "1"), draft(id: "2")])
    for (name, call) in Self.mistakes {
      let error = await #expect(throws: JournalError.self, "\(name)") { try await journal.append(call) }
      #expect(error?.code == .invalidEntry, "\(name)")
    }
    #expect(try await journal.append(draft(id: "3")) == JournalPosition(3))
    #expect(try JournalReader(directory).allEntries().count == 3)
  }

  @Test func `a mistake that comes over the socket stops neither the holder nor the connection`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    _ = try await journal.append([draft(id: "1"), draft(id: "2")])
    let remote = try RemoteJournal(directory)
    for (name, call) in Self.mistakes where !call.isEmpty && call.last?.request != .behind(-1) {
      // As a client that checks nothing would send it.
      let result = remote.exchangeUnchecked(call)
      #expect(result == .invalidEntry, "\(name)")
    }
    #expect(try await remote.append(draft(id: "3")) == JournalPosition(3))
    journal.close()
  }

  @Test func `the largest entry that is taken comes back`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var generator = SeededGenerator()
    var large = draft(id: "A")
    // Not compressible, and of a length that fills its last row.
    let block = generator.bytes(65_536)
    large.content.payload = Array((0..<127).map { _ in block }.joined())
    var answer = draft(.response, id: "", request: .behind(1), outcome: .ok)
    answer.content.payload = Array(large.content.payload.reversed())
    _ = try await journal.append([large, answer])
    #expect(try JournalReader(directory).allEntries().map(\.content) == [large.content, answer.content])
  }
}

extension RemoteJournal {
  /// What the holder answers to a call that this side did not look at.
  fileprivate func exchangeUnchecked(_ call: [EntryDraft]) -> JournalError.Code? {
    var body: [UInt8] = []
    body.appendVarint(call.count)
    for draft in call { draft.encode(to: &body) }
    guard case .failure(let error) = exchange(.append, body) else { return nil }
    return error.code
  }
}
