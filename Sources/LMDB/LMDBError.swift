internal import CLMDB
internal import Glibc

/// What went wrong in LMDB or in the file system below it.
public struct LMDBError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A return code of LMDB (`lmdb.h`, "Return Codes") or an `errno`.
  public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    // LMDB's own, by their names in lmdb.h.
    public static let notFound = Code(rawValue: MDB_NOTFOUND)
    public static let keyExists = Code(rawValue: MDB_KEYEXIST)
    public static let pageNotFound = Code(rawValue: MDB_PAGE_NOTFOUND)
    public static let corrupted = Code(rawValue: MDB_CORRUPTED)
    public static let panic = Code(rawValue: MDB_PANIC)
    public static let versionMismatch = Code(rawValue: MDB_VERSION_MISMATCH)
    public static let invalidFile = Code(rawValue: MDB_INVALID)
    public static let mapFull = Code(rawValue: MDB_MAP_FULL)
    public static let readersFull = Code(rawValue: MDB_READERS_FULL)
    /// An error before has made the transaction useless.
    public static let badTransaction = Code(rawValue: MDB_BAD_TXN)
    /// A tree deeper than any that LMDB makes, or a table of another kind: the pages say so, and nobody made them so.
    public static let cursorFull = Code(rawValue: MDB_CURSOR_FULL)
    public static let incompatible = Code(rawValue: MDB_INCOMPATIBLE)
    public static let badValueSize = Code(rawValue: MDB_BAD_VALSIZE)
    /// The environment is open in this process already; LMDB would lose its locks (lmdb.h, "Caveats").
    public static let alreadyOpen = Code(rawValue: -1)

    // Those of the system that LMDB passes on.
    public static let noSuchFile = Code(rawValue: ENOENT)
    public static let noMemory = Code(rawValue: ENOMEM)
    public static let noSpace = Code(rawValue: ENOSPC)
    public static let ioError = Code(rawValue: EIO)
    public static let fileTooLarge = Code(rawValue: EFBIG)
  }

  /// What went wrong.
  public let code: Code
  /// The call that failed, for instance `mdb_txn_commit`.
  public let call: String
  /// The file of the environment, where it is known.
  public let path: String?

  /// What a call reported about a file.
  public init(code: Code, call: String, path: String? = nil) {
    self.code = code
    self.call = call
    self.path = path
  }

  /// LMDB's own words for the code.
  public var message: String {
    code == .alreadyOpen ? "the environment is open in this process already" : String(cString: mdb_strerror(code.rawValue))
  }

  public var description: String { "\(call): \(message)" + (path.map { " (\($0))" } ?? "") }
}

/// Turns a return code into an error.
/// - Throws: ``LMDBError`` for any result but 0.
func check(_ result: Int32, _ call: StaticString, _ path: String? = nil) throws(LMDBError) {
  guard result != MDB_SUCCESS else { return }
  throw LMDBError(code: .init(rawValue: result), call: "\(call)", path: path)
}
