internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What messages are held against, whatever they are about. Numbers 90 to 99 are theirs.
public enum MessageRules {
  /// What was not read is in no other answer.
  public static let refused = FindingRule(
    90, "message-refused", .warning,
    "A message could not be read safely, so that what it says is in no answer; an error where the other side says that it accepted it.")
  /// Others may read it otherwise, or not at all.
  public static let encoding = FindingRule(
    91, "message-encoding", .warning,
    "A message declares another encoding than UTF-8, in which it is and was read, or white space stands before its declaration.")
  /// Guide 5.4.1: an answer has the `transactionId` of its request.
  public static let mismatch = FindingRule(
    92, "answer-mismatch", .error,
    "An answer has another transactionId than its request, or is about another session: whether the request was accepted is doubtful.")

  /// In the order of their numbers.
  public static let all = [refused, encoding, mismatch]

  /// ``refused``, of a message that the other side accepted.
  static let acceptedUnread = FindingRule(refused.number, refused.id, .error, version: refused.version, refused.explanation)

  /// Makes a finding of a message, under what it or its request says of its transaction.
  static func add(_ rule: FindingRule, _ entry: ProjectedEntry, _ detail: [UInt8], in rows: ModelTransaction) throws(JournalError) {
    let transaction = entry.request?.facts?.transactionId ?? entry.facts?.transactionId ?? ""
    try MessageTables.findings.add(
      rule, at: entry.position, subject: Array(transaction.utf8.prefix(256)), detail: detail, in: rows)
  }

  /// A message that was not read, in words.
  static func reported(_ message: UnreadMessage, at position: JournalPosition) -> ReportedFinding {
    let operation = message.operation.isEmpty ? "an unknown operation" : message.operation
    let sender = message.peer.isEmpty ? "" : " from \(message.peer)"
    let what = message.isAnswer ? "The answer to \(operation)\(sender)" : "A request of \(operation)\(sender)"
    let end = message.isAccepted ? " The answer at position \(message.answer?.rawValue ?? 0) says that it was accepted." : ""
    return ReportedFinding(
      rule: message.isAccepted ? acceptedUnread : refused, position: position, resolvedAt: nil,
      subject: message.transactionId.isEmpty ? "position \(position)" : message.transactionId,
      sentence: "\(what) was not read, \(message.reason)\(end)")
  }

  /// A finding in words; nil for one of a later version's rules.
  static func reported(_ stored: FindingTable.Stored) throws(JournalError) -> ReportedFinding? {
    let sentence: String
    let rule: FindingRule
    switch stored.rule {
    case encoding.number:
      rule = encoding
      sentence = String(decoding: stored.detail, as: UTF8.self)
    case mismatch.number:
      rule = mismatch
      sentence = try MessageTables.findings.table.decoding { () throws(FormatError) in try AnswerMismatch(detail: stored.detail).sentence }
    default: return nil
    }
    return ReportedFinding(
      rule: rule, position: stored.position, resolvedAt: stored.resolvedAt,
      subject: stored.subject.isEmpty ? "position \(stored.position)" : String(decoding: stored.subject, as: UTF8.self), sentence: sentence)
  }
}

extension AnswerMismatch {
  /// As a finding keeps it: a byte for what differs, then both ids, counted.
  var detail: [UInt8] {
    let (kind, asked, answered): (UInt8, String, String) =
      switch self {
      case .transactionId(let asked, let answered): (0, asked, answered)
      case .serviceSessionId(let asked, let answered): (1, asked, answered)
      }
    var bytes = [kind]
    for id in [asked, answered] { bytes.appendCounted(id.utf8.prefix(256)) }
    return bytes
  }

  init(detail: [UInt8]) throws(FormatError) {
    self = try detail.reading { (reader) throws(FormatError) in
      let kind = try reader.byte()
      let (asked, answered) = (try reader.string(), try reader.string())
      return kind == 0 ? .transactionId(asked: asked, answered: answered) : .serviceSessionId(asked: asked, answered: answered)
    }
  }
}
