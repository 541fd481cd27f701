import Foundation
import JournalFormat
import JournalStore
import LMDB
import TestSupport
import Testing

extension TermKind {
  static let id = TermKind(number: 1, comparison: .exact)
  static let user = TermKind(number: 14, comparison: .hexPadded, isPersonal: true)
}

/// A request or an answer with an id in its payload.
func draft(
  _ kind: EntryKind = .request, id: String, at time: Int64 = 1_740_787_200_000, request: EntryDraft.RequestReference = .none,
  operation: String = "HeartBeat", outcome: OutcomeClass? = nil, filler: Int = 0, recorded: Bool = true
) -> EntryDraft {
  var context = EntryContext(kind: kind)
  context.operation = operation
  context.operator = "FR*C01"
  context.outcome.outcomeClass = outcome
  let prefix = "<message><transactionId>"
  let payload = Array("\(prefix)\(id)</transactionId><filler>\(String(repeating: "x", count: filler))</filler></message>".utf8)
  let range = prefix.utf8.count..<prefix.utf8.count + id.utf8.count
  let content = EntryContent(
    observedAt: Timestamp(rawValue: time), context: context, latencyMilliseconds: kind == .response ? 42 : nil,
    marks: id.isEmpty ? [] : [Mark(kind: .id, range: range)], payload: payload)
  return EntryDraft(content, request: request, recordedAt: recorded ? Timestamp(rawValue: time) : nil)
}

extension Environment {
  /// Lends the write transaction to a change, and commits it.
  func change<Result>(_ body: (borrowing WriteTransaction) throws(LMDBError) -> Result) throws(LMDBError) -> Result {
    let transaction = try beginWrite()
    let result = try body(transaction)
    try transaction.commit()
    return result
  }
}
