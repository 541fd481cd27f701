internal import Glibc
public import JournalFormat
internal import LMDB

extension JournalReader {
  /// What a backup holds.
  public struct BackupReport: Hashable, Sendable {
    /// How many segments it holds.
    public let segmentCount: Int
    /// How many of them an earlier backup, which was cut off, had copied.
    public let keptCount: Int
    /// The last position in it; nil in an empty journal.
    public let lastPosition: JournalPosition?
    /// How many bytes it takes.
    public let sizeBytes: Int
  }

  /// What the name of a backup ends with until it is whole.
  public static let backupInProgressSuffix = ".partial"

  /// Copies the journal while it is written to: every segment as of one moment, then the manifest that names the copies.
  ///
  /// The copy is a journal of its own. It is made under the destination's name with ``backupInProgressSuffix``, and gets its own name when it is whole
  /// and durable. What was cut off is gone on with: sealed segments that are there already are not copied again.
  /// - Parameters:
  ///   - destination: must not exist, or be empty.
  ///   - restarting: removes what a backup that was cut off left, in place of going on with it.
  ///   - addMore: called before the copy is whole, with where it is; puts what else belongs to it there and says how many bytes that takes.
  ///   - progress: called before each segment.
  /// - Throws: ``JournalError`` where the journal cannot be read or the copy not be written: what is copied by then waits for the next call.
  public func backup(
    to destination: JournalDirectory, restarting: Bool = false, addMore: (JournalDirectory) throws(JournalError) -> Int = { _ in 0 },
    progress: (_ segment: Manifest.Segment, _ number: Int, _ count: Int) -> Void = { _, _, _ in }
  ) throws(JournalError) -> BackupReport {
    let destination = JournalDirectory(try FileSystem.resolved(destination.path))
    if FileSystem.exists(destination.path), try !FileSystem.names(in: destination.path).isEmpty {
      throw JournalError(.journalExists, "the directory for the backup is not empty.", path: destination.path)
    }
    let copy = JournalDirectory(destination.path + Self.backupInProgressSuffix)
    if restarting { try FileSystem.removeTree(copy.path) }
    try FileSystem.makeDirectory(copy.path)
    if FileSystem.exists(destination.path), try !FileSystem.isOnOneFileSystem(copy.path, destination.path) {
      rmdir(copy.path)
      throw JournalError(.inputOutput, "a file system is mounted here. Name a directory in it.", path: destination.path)
    }
    let lock = try JournalLock(copy.lockPath, of: copy.path, purpose: "emip-journal backup")
    defer { lock.release() }
    try refresh()
    try FileSystem.makeDirectory(copy.segmentsPath)
    let kept = try copy.keepWholeCopies(of: manifest)
    var (manifest, size) = (self.manifest, 0)
    for number in manifest.segments.indices {
      progress(manifest.segments[number], number + 1, manifest.segments.count)
      if kept.contains(manifest.segments[number]) {
        size += try FileSystem.sizeBytes(of: copy.path(of: manifest.segments[number]))
      } else {
        size += try copySegment(number, of: &manifest, to: copy)
      }
    }
    try FileSystem.synchronizeDirectory(copy.segmentsPath)
    try copy.write(manifest)
    size += try addMore(copy)
    let last = try JournalReader(copy).lastPosition()
    try FileSystem.rename(copy.path, to: destination.path, in: destination.parent)
    return BackupReport(segmentCount: manifest.segments.count, keptCount: kept.count, lastPosition: last, sizeBytes: size)
  }

  /// Copies a segment and its index, as of one moment; the manifest then names what was copied. Returns the size of the copies.
  private func copySegment(_ number: Int, of manifest: inout Manifest, to copy: JournalDirectory) throws(JournalError) -> Int {
    let reader = try self.reader(manifest.segments[number])
    // It may have ended and been sealed since the manifest was read.
    if let present = self.manifest.segments.first(where: { $0.file == reader.segment.file }), present.state == .sealed {
      manifest.segments[number] = present
      manifest.nextPosition = max(manifest.nextPosition, present.lastPosition!.next)
    }
    let path = copy.path(of: manifest.segments[number])
    // First the index: entries that it does not know do no harm, but rows of entries that are not there might.
    let indexBytes = try copyIndex(of: reader.segment, to: Manifest.Segment.indexPath(ofSegmentAt: path))
    return try indexBytes + copyFile(of: reader.segment.environment, to: path)
  }

  /// Copies the index where there is one that can be used; it can be made anew. Returns the size of the copy.
  private func copyIndex(of segment: SegmentEnvironment, to path: String) throws(JournalError) -> Int {
    guard let index = try IndexEnvironment.reading(segment.indexPath, IndexState.Owner(segment.header)) else { return 0 }
    return try copyFile(of: index.environment, to: path)
  }

  /// Copies a file, which gets its name when it is whole. Returns its size.
  private func copyFile(of environment: Environment, to path: String) throws(JournalError) -> Int {
    let temporary = path + ".new"
    try FileSystem.remove(temporary)
    try translating { () throws(LMDBError) in try environment.copy(to: temporary, compact: true) }
    guard rename(temporary, path) == 0 else { throw JournalError(errno: errno, "rename", path: path) }
    return try FileSystem.sizeBytes(of: path)
  }
}

extension JournalDirectory {
  /// Keeps what a backup that was cut off has copied and is still right, which are sealed segments, and removes the rest of what it left.
  /// - Returns: the segments that need no copying.
  /// - Throws: ``JournalError`` `journal.exists` where there is anything but the copy of this journal.
  fileprivate func keepWholeCopies(of manifest: Manifest) throws(JournalError) -> Set<Manifest.Segment> {
    let known: Set = ["segments", "lock", "manifest", "manifest.new", "read-models"]
    guard Set(try FileSystem.names(in: path)).isSubset(of: known) else {
      throw JournalError(
        .journalExists, "this is not what a backup that was cut off leaves. Remove it, or name another directory.", path: path)
    }
    try FileSystem.remove(manifestPath)
    var kept: Set<Manifest.Segment> = []
    for name in try FileSystem.names(in: segmentsPath) {
      let file = segmentsPath + "/" + name
      if let segment = manifest.segments.first(where: { $0.fileName == name && $0.state == .sealed }),
        let header = try? SegmentEnvironment.reading(file, state: .sealed, isGrowing: false).header
      {
        guard header.journalId == manifest.journalId else {
          throw JournalError(
            .journalExists, "this is left of the backup of another journal. Remove it with --replace, or name another directory.",
            path: path)
        }
        if header.state == .sealed, header.ordinal == segment.ordinal, header.firstPosition == segment.firstPosition {
          kept.insert(segment)
          continue
        }
      }
      try FileSystem.remove(file)
    }
    return kept
  }
}
