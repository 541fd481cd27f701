internal import Glibc
public import JournalFormat

/// What tells a journal's owner that the system clock may be wrong before anything is recorded by it: the last that is known of the journal is its last
/// entry, and the last change to a file of it. A journal filled with old traffic has old entries and new files.
extension JournalDirectory {
  /// The newest modification of the manifest and of the segments' files. Indexes, locks and the socket do not count: they change by being looked at.
  /// - Throws: ``JournalError`` `io.error` where the manifest cannot be looked at.
  func newestChange(_ manifest: Manifest) throws(JournalError) -> Timestamp {
    var newest = try FileSystem.modificationTime(of: manifestPath)
    for segment in manifest.segments {
      // One that is missing is told of by whoever opens it.
      if let time = try? FileSystem.modificationTime(of: path(of: segment)) { newest = max(newest, time) }
    }
    return newest
  }
}

extension JournalReader {
  /// Since when the journal shows no trace of work, where the first append would ask for a confirmation of the system clock; else nil.
  /// - Parameter now: what the system clock says.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func unconfirmedSince(now: Timestamp) throws(JournalError) -> Timestamp? {
    let change = try directory.newestChange(manifest)
    let newest = max(change, try lastEntry()?.recordedAt ?? change)
    return JournalClock.isDoubtful(now, after: newest) ? newest : nil
  }
}

extension JournalError {
  /// Nothing is recorded by a clock that nobody confirmed.
  static func unconfirmedClock(_ now: Timestamp, since newest: Timestamp, path: String) -> JournalError {
    JournalError(
      .clockUnconfirmed,
      "the system clock says \(now), and the last that is known of this journal is of \(newest), over 30 days before. Nothing was recorded. "
        + "Check the clock; where it is right, run `emip-journal clock --confirm` and try again.", path: path)
  }
}
