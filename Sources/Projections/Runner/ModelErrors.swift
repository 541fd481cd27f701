public import JournalStore
internal import LMDB

extension JournalError.Code {
  /// There is no read model, and this process may not make it.
  public static let modelMissing = JournalError.Code(rawValue: "model.missing")
  /// Another process makes the read model, and has not come so far that it can be asked.
  public static let modelBehind = JournalError.Code(rawValue: "model.behind")
  /// The file of a read model, or a row in it, is not what its projection wrote: it is made anew from the journal.
  public static let modelDamaged = JournalError.Code(rawValue: "model.damaged")
  /// What a read model knew before the purge horizon cannot be read: the journal does not have it any more.
  public static let openingDamaged = JournalError.Code(rawValue: "opening.damaged")
  /// The purge horizon would move back.
  public static let invalidHorizon = JournalError.Code(rawValue: "horizon.invalid")
}

extension JournalError {
  /// What went wrong in the file of a read model. What the journal's files are restored for, this one is made anew for.
  init(ofModel error: LMDBError, path: String? = nil) {
    let path = error.path ?? path
    switch error.code {
    case .noSuchFile:
      self.init(.modelMissing, "\(error.call): \(error.message). Ask again: the read model is made anew.", path: path)
    case .corrupted, .pageNotFound, .invalidFile, .panic, .badTransaction, .versionMismatch, .cursorFull, .incompatible:
      self.init(.modelDamaged, "\(error.call): \(error.message). Rebuild the read model.", path: path)
    default: self.init(error, path: path)
    }
  }

  /// What is said of a read model that is not what was written. Nobody makes it anew unasked: what the journal has lost since is perhaps nowhere else.
  static func damagedModel(_ what: String, _ path: String) -> JournalError {
    JournalError(
      .modelDamaged,
      "the read model is damaged (\(what)). It answers nothing until `emip-journal projection rebuild` makes it anew from the journal.",
      path: path)
  }

  /// The error as one of a read model, where somebody below took its file for one of the journal's.
  var ofModel: JournalError {
    switch code {
    case .segmentMissing: JournalError(.modelMissing, "the file is missing. Ask again: the read model is made anew.", path: path)
    case .segmentDamaged, .formatNewer: JournalError(.modelDamaged, "the file is damaged. Rebuild the read model.", path: path)
    default: self
    }
  }
}

/// Runs calls on the file of a read model and turns their errors into the journal's.
func ofModel<Result: ~Copyable>(_ body: () throws(LMDBError) -> Result) throws(JournalError) -> Result {
  do throws(LMDBError) { return try body() } catch { throw JournalError(ofModel: error) }
}
