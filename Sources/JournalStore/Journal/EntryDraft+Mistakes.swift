internal import JournalFormat

/// What would make entries that nobody could read again, found before anything is written.
extension [EntryDraft] {
  /// Payload, texts and marks of an entry together: an entry is read again only if it fits in ``PayloadDecoder/maximumPayloadBytes`` with
  /// the answer that may share its row.
  static let maximumEntryBytes = PayloadDecoder.maximumPayloadBytes / 2

  /// What is wrong with a call, whatever the journal holds; nil where nothing is.
  var mistake: JournalError? {
    guard (1...WriteQueue.maximumEntryCount).contains(count) else {
      return JournalError(.invalidEntry, "one call appends 1 to \(WriteQueue.maximumEntryCount) entries, not \(count).")
    }
    for (index, draft) in enumerated() {
      if let mistake = draft.content.mistake { return JournalError(.invalidEntry, mistake) }
      if let recordedAt = draft.recordedAt, !recordedAt.isInRange { return JournalError(.invalidEntry, "a time is out of range.") }
      if case .behind(let distance) = draft.request, !(1...Swift.max(1, index)).contains(distance) || index == 0 {
        return JournalError(.invalidEntry, "an answer names a request before the call's first entry.")
      }
    }
    return nil
  }

  /// What is wrong with a call whose first entry gets a position; nil where nothing is.
  /// - Parameter latest: no entry may be said to be recorded later, and none to be observed a day later: so long an answer may take.
  func mistake(atPosition first: JournalPosition, latest: Timestamp) -> JournalError? {
    let latestObserved = latest.adding(milliseconds: 86_400_000)
    for draft in self where draft.content.observedAt > latestObserved || draft.recordedAt ?? latest > latest {
      let time = Swift.max(draft.content.observedAt, draft.recordedAt ?? latest)
      return JournalError(.invalidEntry, "the time \(time) is more than a day in the future.")
    }
    for case .position(let request) in lazy.map(\.request) where request < .first || request >= first {
      return JournalError(.invalidEntry, "an answer names position \(request), which holds no request before it.")
    }
    return nil
  }
}

extension EntryContent {
  fileprivate var mistake: String? {
    guard marks.allSatisfy({ $0.range.lowerBound >= 0 && $0.range.upperBound <= payload.count }) else {
      return "a mark lies outside the payload."
    }
    guard observedAt.isInRange else { return "a time is out of range." }
    // A mark or finding costs at most 16 bytes beside its text.
    var bytes = payload.count + context.textBytes
    for mark in marks { bytes += 16 + (mark.inlineText?.count ?? 0) }
    for finding in findings { bytes += 16 + finding.message.utf8.count }
    guard bytes <= [EntryDraft].maximumEntryBytes else {
      return "it has \(bytes) bytes, and an entry has at most \([EntryDraft].maximumEntryBytes)."
    }
    return nil
  }
}

extension EntryContext {
  fileprivate var textBytes: Int {
    var bytes = 256
    func add(_ text: String?) { bytes += text?.utf8.count ?? 0 }
    add(protocolName)
    add(operation)
    add(partner)
    add(self.operator)
    add(targetOperator)
    add(peer.address)
    add(peer.certificateCommonName)
    add(peer.certificateSHA256)
    add(http.method)
    add(http.target)
    add(outcome.faultCode)
    add(outcome.faultReason)
    add(reason)
    for header in http.headers { bytes += header.name.utf8.count + header.value.utf8.count + 16 }
    return bytes
  }
}

extension Timestamp {
  fileprivate var isInRange: Bool { Timestamp.range.contains(rawValue) }
}
