/// The index terms that every protocol shares, because they come from an entry's fields. Protocols use numbers 1 to 23.
extension TermKind {
  /// An operator: the header's, the one routed to, or one named in the body.
  public static let operatorId = TermKind(number: 24, comparison: .compact)
  /// An operation and how it ended: its name, a zero byte, and the outcome's number (0 on a request).
  public static let operationOutcome = TermKind(number: 25, comparison: .exact)
  /// The request that an entry answers, where the answer does not stand right behind it: its position, eight bytes, big-endian.
  public static let requestPosition = TermKind(number: 26, comparison: .exact)
}

extension IndexTerm {
  /// The term of an operation and how it ended; nil on a request.
  public static func operationOutcome(_ operation: String, _ outcome: OutcomeClass?) -> IndexTerm {
    IndexTerm(.operationOutcome, text: Array(operation.utf8) + [0, outcome?.rawValue ?? 0])
  }

  /// The term of the answers to a request.
  public static func requestPosition(_ position: JournalPosition) -> IndexTerm {
    var value: [UInt8] = []
    value.appendBigEndian(position.rawValue)
    return IndexTerm(.requestPosition, text: value)
  }

  /// Every answer whose request stands in an earlier segment: position 0, which no entry has. So a search by an answer's terms finds the
  /// exchange in its request's place.
  public static let answerToEarlierSegment = requestPosition(JournalPosition(0))

  /// Every entry that could not be read when it was indexed: the last position that there can be, which no entry has either. So a search that misses
  /// such an entry can tell.
  public static let unreadableEntry = requestPosition(JournalPosition(.max))
}
