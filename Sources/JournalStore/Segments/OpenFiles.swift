internal import Glibc
package import LMDB
internal import Synchronization

extension Environment {
  /// Opens a file. Another thread that had it last, or had a file of the same inode that is gone by now, may be about to close it, with its
  /// reference gone already: that is waited for.
  /// - Throws: ``JournalError`` where the file cannot be opened.
  package static func opening(_ path: String, _ access: Environment.Access, mapSizeBytes: Int) throws(JournalError) -> Environment {
    for _ in 0..<5_000 {
      do throws(LMDBError) {
        return try Environment(path: path, access: access, mapSizeBytes: mapSizeBytes)
      } catch {
        guard error.code == .alreadyOpen else { throw JournalError(error) }
        usleep(1_000)
      }
    }
    throw JournalError(.inputOutput, "the file is open in this process already, by another name.", path: path)
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
