import Foundation
import JournalFormat
import JournalStore
import Synchronization
import TestSupport

/// What was given to a journal and what it acknowledged, kept outside of it.
final class AppendLedger: Sendable {
  private struct State {
    var generator: SeededGenerator
    /// Far enough back for all that a test appends.
    var time = Timestamp("2004-01-01T00:00:00Z")!
    var count = 0
    /// By transactionId: the drafts that were given and not answered.
    var unanswered: Set<String> = []
    var acknowledged: [JournalPosition: EntryContent] = [:]
    var refusals: [String] = []
    /// Acknowledged in earlier rounds and found then.
    var checkedThrough = JournalPosition(0)
  }

  private let state: Mutex<State>

  init(random seed: UInt64) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

  var acknowledgedCount: Int { state.withLock { $0.acknowledged.count } }

  /// Waits until that many entries more are acknowledged.
  func waitFor(_ count: Int) throws {
    let goal = acknowledgedCount + count
    try waitUntil("\(count) entries more are acknowledged") { acknowledgedCount >= goal }
  }

  /// One to three exchanges to append, some days after the ones before: about ten calls fill a month.
  func next() -> [EntryDraft] {
    state.withLock { state in
      var drafts: [EntryDraft] = []
      state.time = state.time.adding(milliseconds: Int64.random(in: 0...6 * 86_400_000, using: &state.generator))
      for _ in 0..<Int.random(in: 1...3, using: &state.generator) {
        state.count += 1
        let comment = String(repeating: "x", count: Int.random(in: 0...4_000, using: &state.generator))
        let sample = Sample(transactionId: "T-\(state.count)", comment: comment, observedAt: state.time.description)
        state.unanswered.insert("T-\(state.count)")
        drafts += sample.drafts
      }
      return drafts
    }
  }

  /// How an append ended that did not go well.
  func noteEnd(_ error: JournalError) {
    guard error.code != .handOver else { return }
    state.withLock { $0.refusals.append("\(error)") }
  }

  func acknowledge(_ drafts: [EntryDraft], _ positions: ClosedRange<JournalPosition>) {
    state.withLock { state in
      for (index, draft) in drafts.enumerated() {
        state.acknowledged[positions.lowerBound.advanced(by: index)] = draft.content
        state.unanswered.remove(draft.content.transactionId)
      }
    }
  }

  /// Compares the journal's new end with the ledger. Entries that were never acknowledged may be there, once each; others may not.
  func problems(of sample: SampleJournal) throws -> [String] {
    try state.withLock { state in
      let start = state.checkedThrough.next
      var problems = try sample.damages(from: start) + state.refusals
      var found: [JournalPosition: Entry] = [:]
      for entry in try sample.entries(from: start) { found[entry.position] = entry }
      for (position, content) in state.acknowledged where position >= start && found[position]?.content != content {
        problems.append("position \(position) was acknowledged and is \(found[position] == nil ? "lost" : "another")")
      }
      for (position, entry) in found where state.acknowledged[position] == nil && entry.requestPosition == nil {
        // Once: a second time it is no longer there to be removed.
        if state.unanswered.remove(entry.content.transactionId) == nil { problems.append("nobody asked for what is at \(position)") }
      }
      state.checkedThrough = found.keys.max() ?? state.checkedThrough
      return problems
    }
  }
}

extension EntryContent {
  fileprivate var transactionId: String {
    String(decoding: marks.first { $0.kind.number == 1 }?.term(in: payload).value ?? [], as: UTF8.self)
  }
}

/// Appends to another process's journal until that goes away. On a thread of its own: those of the concurrency pool are few, and tests
/// block them.
final class AppendClient: Sendable {
  private let ended = DispatchSemaphore(value: 0)

  init(_ directory: JournalDirectory, _ ledger: AppendLedger) throws {
    let remote = try RemoteJournal(directory)
    Thread { [ended] in
      while Self.append(ledger.next(), to: remote, ledger) {}
      ended.signal()
    }.start()
  }

  func finish() { ended.wait() }

  /// False where the holder went away.
  private static func append(_ drafts: [EntryDraft], to remote: RemoteJournal, _ ledger: AppendLedger) -> Bool {
    let answered = DispatchSemaphore(value: 0)
    let isRecorded = Atomic<Bool>(false)
    remote.submit(drafts) { result in
      switch result {
      case .success(let positions):
        ledger.acknowledge(drafts, positions)
        isRecorded.store(true, ordering: .releasing)
      case .failure(let error): ledger.noteEnd(error)
      }
      answered.signal()
    }
    answered.wait()
    return isRecorded.load(ordering: .acquiring)
  }
}
