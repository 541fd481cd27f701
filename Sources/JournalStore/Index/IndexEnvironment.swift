internal import JournalFormat
internal import LMDB

/// The file beside a growing segment that holds its index, shared by all in this process that have it open: LMDB allows one open each.
/// It is derived: whatever is wrong with it, it is made anew from the entries.
final class IndexEnvironment: Sendable {
  let environment: Environment
  let tables: IndexTables
  /// Tells that somebody removed the file, which is as good as missing then.
  private let file: WatchedFile

  /// Address space; a file stays as large as what it holds.
  private static let mapSizeBytes = 16 << 30

  private init(_ environment: Environment, _ tables: IndexTables) {
    self.environment = environment
    self.tables = tables
    file = WatchedFile(environment.path)
  }

  private static let open = OpenFiles<IndexEnvironment>()

  /// Opens an index to read; nil where there is none, or none that can be used.
  /// - Throws: ``JournalError`` where the file system fails.
  static func reading(_ path: String, _ owner: IndexState.Owner) throws(JournalError) -> IndexEnvironment? {
    try open.withLock { open throws(JournalError) in
      if let index = open[path], !index.file.wasReplaced { return index }
      guard FileSystem.exists(path), let index = try existing(path, owner) else { return nil }
      open[path] = index
      return index
    }
  }

  /// Opens an index to write, making it anew where it cannot be used. Its pages are walked before: damage would end the process, and with
  /// it the recording.
  /// - Throws: ``JournalError`` where the file system fails.
  static func writing(_ path: String, _ owner: IndexState.Owner, _ limits: IndexLimits) throws(JournalError) -> IndexEnvironment {
    if try !isMissing(path), try PageWalk.isSound(path), let index = try reading(path, owner),
      try index.state().runEntryCount == limits.runEntryCount
    {
      return index
    }
    return try create(path, owner, limits)
  }

  /// Makes an empty index in place of what is there. Who has that open goes on reading it.
  /// - Throws: ``JournalError`` where the file system fails or is full.
  static func create(_ path: String, _ owner: IndexState.Owner, _ limits: IndexLimits) throws(JournalError) -> IndexEnvironment {
    try open.withLock { open throws(JournalError) in
      try FileSystem.remove(path + "-lock")
      try FileSystem.remove(path)
      let environment = try Environment.opening(path, .readWrite, mapSizeBytes: mapSizeBytes)
      let index = try translating { () throws(LMDBError) in
        let transaction = try environment.beginWrite()
        let tables = try IndexTables(in: transaction)
        try tables.write(IndexState(owner: owner, runEntryCount: limits.runEntryCount), in: transaction)
        try transaction.commit()
        return IndexEnvironment(environment, tables)
      }
      open[path] = index
      return index
    }
  }

  /// Whether there is none yet at a path, though there may be the file of one: whoever began to make it was interrupted.
  /// - Throws: ``JournalError`` where the file system fails.
  static func isMissing(_ path: String) throws(JournalError) -> Bool {
    guard FileSystem.exists(path) else { return true }
    return try translating { () throws(LMDBError) in try PageWalk.hasNoCommit(path) }
  }

  /// What the index says of itself now.
  /// - Throws: ``JournalError`` where the file is damaged.
  func state() throws(JournalError) -> IndexState {
    let state = try translating { () throws(LMDBError) in
      let transaction = try environment.beginRead()
      return try tables.state(in: transaction)
    }
    do throws(FormatError) {
      guard let state else { throw FormatError("its state is missing") }
      return try state.get()
    } catch { throw .damagedIndex(error, path: environment.path) }
  }

  /// The index that a file holds; nil where it is not the index of this segment, or was damaged or cut short: what does not open is not worth a question.
  private static func existing(_ path: String, _ owner: IndexState.Owner) throws(JournalError) -> IndexEnvironment? {
    do throws(JournalError) {
      guard try translating({ () throws(LMDBError) in try PageWalk.lengthDamage(of: path) }) == nil else { return nil }
      // To write too where that is permitted: this process may come to hold the journal while something in it reads.
      let environment =
        if let environment = try Environment.writing(path, mapSizeBytes: mapSizeBytes) { environment } else {
          try Environment.reading(path, mapSizeBytes: mapSizeBytes)
        }
      guard let tables = try tables(of: environment) else { return nil }
      let index = IndexEnvironment(environment, tables)
      return try index.state().owner == owner ? index : nil
    } catch {
      guard [.segmentMissing, .segmentDamaged, .formatNewer].contains(error.code) else { throw error }
      return nil
    }
  }

  /// The tables of a file; nil where one is missing: another process is just making the file.
  private static func tables(of environment: Environment) throws(JournalError) -> IndexTables? {
    do throws(LMDBError) {
      let transaction = try environment.beginRead()
      let tables = try IndexTables(in: transaction)
      try transaction.endKeepingDatabases()
      return tables
    } catch {
      guard error.code == .notFound else { throw JournalError(error) }
      return nil
    }
  }
}
