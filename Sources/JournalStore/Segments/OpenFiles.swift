internal import Glibc
package import LMDB
internal import Synchronization

extension Environment {
  /// Opens a file. Another thread that had it last, or had a file of the same inode that is gone by now, may be about to close it, with its
  /// reference gone already: that is waited for.
  /// - Throws: ``JournalError`` where the file cannot be opened.
  package static func opening(_ path: String, _ access: Environment.Access, mapSizeBytes: Int) throws(JournalError) -> Environment {
    try translating { () throws(LMDBError) in try openingPatiently(path, access, mapSizeBytes) }
  }

  /// Opens a file to read that somebody may be writing to: with a slot in its lock's file where there is one that can be written to, else without. Nothing
  /// is written to the disk, so that neither a full one nor one that is mounted to read only, nor missing permission, keeps anybody from reading.
  /// - Parameter isPatient: whether somebody in this process who has it open is waited for.
  /// - Throws: ``JournalError`` where the file cannot be opened.
  package static func reading(_ path: String, mapSizeBytes: Int, isPatient: Bool = true) throws(JournalError) -> Environment {
    if FileSystem.isWritable(path + "-lock") {
      do throws(LMDBError) { return try openingPatiently(path, .readOnly, mapSizeBytes, isPatient) } catch {
        guard error.isAboutWriting else { throw JournalError(error) }
      }
    }
    return try translating { () throws(LMDBError) in try openingPatiently(path, .readOnlyWithoutLock, mapSizeBytes, isPatient) }
  }

  /// Opens a file to write to; nil where it, or the file of its lock, cannot be written to.
  /// - Throws: ``JournalError`` where the file cannot be opened.
  package static func writing(_ path: String, mapSizeBytes: Int) throws(JournalError) -> Environment? {
    guard FileSystem.isWritable(path) else { return nil }
    do throws(LMDBError) { return try openingPatiently(path, .readWrite, mapSizeBytes) } catch {
      guard error.isAboutWriting else { throw JournalError(error) }
      return nil
    }
  }

  private static func openingPatiently(
    _ path: String, _ access: Environment.Access, _ mapSizeBytes: Int, _ isPatient: Bool = true
  ) throws(LMDBError) -> Environment {
    var failure = LMDBError(code: .alreadyOpen, call: "mdb_env_open", path: path)
    for _ in 0..<(isPatient ? 5_000 : 1) {
      do throws(LMDBError) {
        return try Environment(path: path, access: access, mapSizeBytes: mapSizeBytes)
      } catch {
        guard error.code == .alreadyOpen else { throw error }
        failure = error
        usleep(1_000)
      }
    }
    throw failure
  }
}

extension LMDBError {
  /// Whether it says that nothing can be written, which who only reads can do without.
  package var isAboutWriting: Bool { [ENOSPC, EDQUOT, EROFS, EACCES, EPERM].contains(code.rawValue) }
}

extension Environment {
  /// What is wrong with a page, so that rows may be missing in what is read; nil where all are sound.
  /// - Throws: ``JournalError`` where the file cannot be read.
  func pageDamage() throws(JournalError) -> JournalError? {
    guard case .failure(let damage)? = try translating({ () throws(LMDBError) in try walk() }) else { return nil }
    return JournalError(.segmentDamaged, "\(damage). What is asked for may be there. Run `emip-journal verify`.", path: path)
  }
}

/// The files of one kind that this process has open, by path, each for as long as anybody holds it: LMDB allows one open each.
final class OpenFiles<File: AnyObject & Sendable>: Sendable {
  /// Who has which file open.
  struct Table: Sendable {
    private struct Reference: Sendable {
      weak let file: File?
    }

    private var references: [String: Reference] = [:]

    /// The file of a path, while anybody holds it.
    subscript(path: String) -> File? {
      get { references[path]?.file }
      set {
        references = references.filter { $0.value.file != nil }
        references[path] = Reference(file: newValue)
      }
    }
  }

  private let table = Mutex(Table())

  /// Shows the table to `body`, and to nobody else meanwhile: what is opened there is opened once.
  /// - Throws: what `body` throws.
  func withLock<Result: Sendable>(_ body: (inout Table) throws(JournalError) -> Result) throws(JournalError) -> Result {
    try table.withLock { (table) throws(JournalError) in try body(&table) }
  }
}
