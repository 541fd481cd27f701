internal import JournalFormat

extension CDRFilter {
  /// Whether a session belongs to the time that is asked for.
  enum Place {
    case inside, outside
    /// It was sent in that time, and its own times lie elsewhere, or nowhere: they cannot be read, or cannot be.
    case misdated
  }

  /// Tells where a session belongs.
  /// - Parameter isImpossible: whether the date of a version that counts cannot be.
  /// - Throws: what `isImpossible` throws.
  func place<Failure: Error>(_ state: CDRHistory, isImpossible: (CDRVersion) throws(Failure) -> Bool) throws(Failure) -> Place {
    guard since != nil || until != nil else { return .inside }
    let sentAt = state.versions.first?.observedAt
    guard by != .sent else { return has(sentAt) ? .inside : .outside }
    guard let version = state.inForce ?? state.versions.last else { return .outside }
    let time = by == .end ? version.shared.end : version.shared.start
    if has(time.map(Timestamp.init(rawValue:))) { return .inside }
    guard has(sentAt) else { return .outside }
    guard time != nil else { return .misdated }
    return try isImpossible(version) ? .misdated : .outside
  }

  private func has(_ time: Timestamp?) -> Bool {
    guard let time else { return false }
    return (since.map { time >= $0 } ?? true) && (until.map { time < $0 } ?? true)
  }
}
