internal import Glibc
public import JournalFormat
package import LMDB
internal import Zstandard

/// What went wrong in the journal: what, where, and what to do next.
public struct JournalError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is. `Schemas/errors.md` says what to do about each. Those of the journal itself stand here; what is built on the journal
  /// adds its own.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The name: two words of lower-case letters, joined by a dot.
    public let rawValue: String

    /// Makes a code of its name: two words of lower-case letters, joined by a dot.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// There is no journal.
    public static let journalMissing = Code(rawValue: "journal.missing")
    /// There is a journal already.
    public static let journalExists = Code(rawValue: "journal.exists")
    /// The directory is on a network file system.
    public static let networkFileSystem = Code(rawValue: "filesystem.network")
    /// The manifest cannot be read.
    public static let manifestDamaged = Code(rawValue: "manifest.damaged")
    /// A newer version wrote it.
    public static let formatNewer = Code(rawValue: "format.newer")
    /// A file that the manifest lists is gone.
    public static let segmentMissing = Code(rawValue: "segment.missing")
    /// A segment cannot be read.
    public static let segmentDamaged = Code(rawValue: "segment.damaged")
    /// An entry cannot be read.
    public static let recordDamaged = Code(rawValue: "record.damaged")
    /// An entry that nobody could read again.
    public static let invalidEntry = Code(rawValue: "entry.invalid")
    /// Another process holds the journal.
    public static let lockHeld = Code(rawValue: "lock.held")
    /// The holder did not answer.
    public static let handOver = Code(rawValue: "handover.failed")
    /// As many entries wait as may: try again.
    public static let queueFull = Code(rawValue: "queue.full")
    /// The system clock may be wrong, and nobody has confirmed it.
    public static let clockUnconfirmed = Code(rawValue: "clock.unconfirmed")
    /// The writer met an error that it must not continue after; open the journal anew.
    public static let writerEnded = Code(rawValue: "writer.ended")
    /// There is no room.
    public static let diskFull = Code(rawValue: "disk.full")
    /// The system refused to read or write.
    public static let inputOutput = Code(rawValue: "io.error")
    /// There is no memory, or no address space, for what is asked.
    public static let outOfMemory = Code(rawValue: "memory.exhausted")

    /// The codes of the journal itself: all that stand here.
    static let ofJournal: Set = [
      journalMissing, journalExists, networkFileSystem, manifestDamaged, formatNewer, segmentMissing, segmentDamaged, recordDamaged,
      invalidEntry, lockHeld, handOver, queueFull, clockUnconfirmed, writerEnded, diskFull, inputOutput, outOfMemory,
    ]
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
    // A snapshot is of no use any more once a page was met in it that cannot be.
    case .corrupted, .pageNotFound, .invalidFile, .panic, .badTransaction, .cursorFull, .incompatible:
      self.init(.segmentDamaged, "\(error.call): \(error.message). Run verify; restore the file from a backup.", path: path)
    case .versionMismatch:
      self.init(.formatNewer, "\(error.call): \(error.message).", path: path)
    case .readersFull:
      self.init(.inputOutput, "\(error.call): \(error.message): too many processes read this journal at once.", path: path)
    case .noMemory:
      self.init(
        .outOfMemory,
        "\(error.call): \(error.message). The file is not to blame: allow the process more address space (ulimit -v), or give the machine more memory.",
        path: path)
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
    if errno == ENOMEM {
      self.init(.outOfMemory, "\(call): \(reason). Allow the process more memory.", path: path)
    } else if FileSystem.isFull(errno) {
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
