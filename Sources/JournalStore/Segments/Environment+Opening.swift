internal import Glibc
package import LMDB

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
