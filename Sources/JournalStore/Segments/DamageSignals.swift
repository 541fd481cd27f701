internal import LMDB

/// What becomes of a process that reads a damaged file. LMDB follows the pages of a file in memory, and a flipped bit in one may end whoever does.
public enum DamageSignals {
  /// From here on, such an end names the file on standard error and gives a status. To be called once, before any journal is opened.
  /// - Parameters:
  ///   - program: what the sentence begins with.
  ///   - status: what the process ends with where a file is to blame.
  ///   - faultStatus: what it ends with where the program is.
  ///   - lackStatus: what it ends with where it has no descriptors left.
  public static func tell(program: StaticString, status: Int32, faultStatus: Int32, lackStatus: Int32) {
    FaultReport.install(program: program, status: status, faultStatus: faultStatus, lackStatus: lackStatus)
  }
}
