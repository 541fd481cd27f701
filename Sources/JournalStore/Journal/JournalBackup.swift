internal import Glibc
public import JournalFormat
internal import LMDB

extension JournalReader {
  /// What a backup holds.
  public struct BackupReport: Hashable, Sendable {
    /// How many segments it holds.
    public let segmentCount: Int
    /// The last position in it; nil in an empty journal.
    public let lastPosition: JournalPosition?
    /// How many bytes it takes.
    public let sizeBytes: Int
  }

  /// Copies the journal while it is written to: every segment as of one moment, then the manifest that names the copies.
  /// The copy is a journal of its own; it counts only once its manifest is there.
  /// - Parameters:
  ///   - destination: must not exist, or be empty.
  ///   - progress: called before each segment.
  /// - Throws: ``JournalError`` where the journal cannot be read or the copy not be written: it counts for nothing then.
  public func backup(
    to destination: JournalDirectory, progress: (_ segment: Manifest.Segment, _ number: Int, _ count: Int) -> Void = { _, _, _ in }
  ) throws(JournalError) -> BackupReport {
    try FileSystem.makeDirectory(destination.path)
    guard try FileSystem.names(in: destination.path).isEmpty else {
      throw JournalError(.journalExists, "the directory for the backup is not empty.", path: destination.path)
    }
    try refresh()
    var manifest = self.manifest
    try FileSystem.makeDirectory(destination.segmentsPath)
    var size = 0
    for number in manifest.segments.indices {
      progress(manifest.segments[number], number + 1, manifest.segments.count)
      let reader = try self.reader(manifest.segments[number])
      // It may have ended and been sealed since the manifest was read.
      if let present = self.manifest.segments.first(where: { $0.file == reader.segment.file }), present.state == .sealed {
        manifest.segments[number] = present
        manifest.nextPosition = max(manifest.nextPosition, present.lastPosition!.next)
      }
      let path = destination.path(of: manifest.segments[number])
      // First the index: entries that it does not know do no harm, but rows of entries that are not there might.
      size += try copyIndex(of: reader.segment, to: Manifest.Segment.indexPath(ofSegmentAt: path))
      try translating { () throws(LMDBError) in try reader.segment.environment.copy(to: path, compact: true) }
      size += try FileSystem.sizeBytes(of: path)
    }
    try FileSystem.synchronizeDirectory(destination.segmentsPath)
    try destination.write(manifest)
    let last = try JournalReader(destination).lastPosition()
    return BackupReport(segmentCount: manifest.segments.count, lastPosition: last, sizeBytes: size)
  }

  /// Copies the index where there is one that can be used; it can be made anew. Returns the size of the copy.
  private func copyIndex(of segment: SegmentEnvironment, to path: String) throws(JournalError) -> Int {
    guard let index = try IndexEnvironment.reading(segment.indexPath, IndexState.Owner(segment.header)) else { return 0 }
    try translating { () throws(LMDBError) in try index.environment.copy(to: path, compact: true) }
    return try FileSystem.sizeBytes(of: path)
  }
}
