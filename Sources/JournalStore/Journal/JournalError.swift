public import JournalFormat
package import LMDB
internal import Zstandard

/// What went wrong in the journal: what, where, and what to do next.
public struct JournalError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is. `Schemas/errors.md` says what to do about each.
  public enum Code: String, Sendable {
    /// There is no journal.
    case journalMissing = "journal.missing"
    /// There is a journal already.
    case journalExists = "journal.exists"
    /// The manifest cannot be read.
    case manifestDamaged = "manifest.damaged"
    /// A newer version wrote it.
    case formatNewer = "format.newer"
    /// A file that the manifest lists is gone.
    case segmentMissing = "segment.missing"
    /// A segment cannot be read.
    case segmentDamaged = "segment.damaged"
    /// An entry cannot be read.
    case recordDamaged = "record.damaged"
    /// Another process holds the journal.
    case lockHeld = "lock.held"
    /// As many entries wait as may: try again.
    case queueFull = "queue.full"
    /// The writer met an error that it must not continue after; open the journal anew.
    case writerEnded = "writer.ended"
    /// There is no room.
    case diskFull = "disk.full"
    /// The system refused to read or write.
    case inputOutput = "io.error"
    /// The directory is on a network file system.
    case networkFileSystem = "filesystem.network"
    /// The holder did not answer.
    case handOver = "handover.failed"
    /// An entry that nobody could read again.
    case invalidEntry = "entry.invalid"
  }

  /// What went wrong.
  public let code: Code
  /// One sentence, or two where there is something to do.
  public let message: String
  /// The file or directory that it is about.
  public let path: String?
  /// The entry that it is about.
  public let position: JournalPosition?

  /// An error, with where it happened as far as that is known.
  public init(_ code: Code, _ message: String, path: String? = nil, position: JournalPosition? = nil) {
    self.code = code
    self.message = message
    self.path = path
    self.position = position
  }

  public var description: String {
    let place = [path, position.map { "position \($0)" }].compactMap { $0 }.joined(separator: ", ")
    return place.isEmpty ? message : "\(place): \(message)"
  }

  package init(_ error: LMDBError, path: String? = nil) {
    let path = error.path ?? path
    switch error.code {
    // What LMDB makes of a write that was cut short (mdb.c, `mdb_page_flush`).
    case .ioError where path.map(FileSystem.hasNoRoom) ?? false:
      self.init(
        .diskFull, "\(error.call): a write was cut short, and there is no room. Free space and start again; nothing acknowledged is lost.",
        path: path)
    case .noSpace, .fileTooLarge, .mapFull:
      self.init(.diskFull, "\(error.call): \(error.message). Free space and start again; nothing acknowledged is lost.", path: path)
    case .noSuchFile:
      self.init(.segmentMissing, "\(error.call): \(error.message).", path: path)
    case .corrupted, .pageNotFound, .invalidFile, .panic:
      self.init(.segmentDamaged, "\(error.call): \(error.message). Run verify; restore the file from a backup.", path: path)
    case .versionMismatch:
      self.init(.formatNewer, "\(error.call): \(error.message).", path: path)
    case .readersFull:
      self.init(.inputOutput, "\(error.call): \(error.message): too many processes read this journal at once.", path: path)
    default:
      self.init(.inputOutput, "\(error.call): \(error.message).", path: path)
    }
  }

  init(_ error: FormatError, _ position: JournalPosition, path: String?) {
    self.init(.recordDamaged, "the record is damaged: \(error.message).", path: path, position: position)
  }

  init(_ error: ZstandardError, _ position: JournalPosition, path: String?) {
    self.init(.recordDamaged, "the record does not decompress: \(error.message).", path: path, position: position)
  }

  /// An `errno` from a call on a file.
  init(errno: Int32, _ call: String, path: String) {
    let reason = FileSystem.message(errno)
    if FileSystem.isFull(errno) {
      self.init(.diskFull, "\(call): \(reason). Free space and start again; nothing acknowledged is lost.", path: path)
    } else {
      self.init(.inputOutput, "\(call): \(reason).", path: path)
    }
  }
}

/// Runs calls of the wrapper and turns their errors into the journal's.
/// - Throws: ``JournalError`` for what `body` throws.
package func translating<Result: ~Copyable>(_ body: () throws(LMDBError) -> Result) throws(JournalError) -> Result {
  do throws(LMDBError) { return try body() } catch { throw JournalError(error) }
}
