internal import JournalFormat

extension JournalDirectory {
  /// The file of a segment.
  public func file(of segment: Manifest.Segment) -> String { path(of: segment) }

  /// The size of a segment's file and its index, or of the file that has taken their place, in bytes.
  /// - Throws: ``JournalError`` `io.error` where the file cannot be looked at.
  public func sizeBytes(of segment: Manifest.Segment) throws(JournalError) -> Int {
    let path = path(of: segment)
    do throws(JournalError) {
      let size = try FileSystem.sizeBytes(of: path)
      // An index that is not there yet, or not any more, takes no space.
      return size + ((try? FileSystem.sizeBytes(of: Manifest.Segment.indexPath(ofSegmentAt: path))) ?? 0)
    } catch {
      let present = try readManifest().segments.first { $0.ordinal == segment.ordinal }
      guard let present, present.file != segment.file else { throw error }
      return try sizeBytes(of: present)
    }
  }

  /// A way to append, whoever holds the journal: it is opened where nobody does, and else its holder does the work. Let go of it soon:
  /// as long as it lives nobody else may hold the journal.
  /// - Parameters:
  ///   - purpose: what a second process is told about the holder, for instance `emip-journal show`.
  ///   - onSealingFailure: where this process becomes the holder, told as ``Journal/init(_:purpose:clock:onSealingFailure:)`` says.
  /// - Throws: ``JournalError`` where it can neither be opened nor its holder be reached.
  public func openAppender(
    purpose: String, onSealingFailure: @escaping @Sendable (JournalError) -> Void = { _ in }
  ) throws(JournalError) -> any JournalAppender {
    do throws(JournalError) {
      return try Journal(self, purpose: purpose, onSealingFailure: onSealingFailure)
    } catch {
      guard error.code == .lockHeld else { throw error }
      return try RemoteJournal(self)
    }
  }

  /// Runs `body` while nobody holds the journal, and lets nobody begin to meanwhile: keep it short.
  /// - Throws: ``JournalError`` `lock.held`, naming the holder.
  public func whileNobodyHolds<Result>(
    purpose: String, _ body: () throws(JournalError) -> Result
  ) throws(JournalError) -> Result {
    let lock = try JournalLock(lockPath, of: path, purpose: purpose)
    return try withExtendedLifetime(lock) { () throws(JournalError) in try body() }
  }
}
