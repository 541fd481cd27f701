internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Reads again what the messages of a session said: each once.
final class SessionMessages {
  private let messages: JournalMessages
  /// Nil for those that are gone.
  private var known: [JournalPosition: ProjectedMessage?] = [:]
  /// How many entries were read from the journal.
  private(set) var readCount = 0

  /// The largest session that anybody looks at has a few hundred.
  private static let limit = 512

  init(_ reader: JournalReader) { messages = JournalMessages(reader) }

  var journal: JournalReader { messages.journal }

  /// The message at a position; nil where it is gone, or damaged.
  func message(_ position: JournalPosition) throws(JournalError) -> ProjectedMessage? {
    if let known = known[position] { return known }
    if known.count >= Self.limit { known = [:] }
    readCount += 1
    let message = try messages.message(at: position)
    // Damage is told to whoever asks again.
    guard message != nil || journal.damage.error(at: position) == nil else { return nil }
    known[position] = .some(message)
    return message
  }

  /// A step's exchange, and the message that the step is about; nil where that is gone.
  func exchange(_ step: SessionFacts.Step) throws(JournalError) -> (Exchange, ProjectedMessage)? {
    guard let message = try message(step.position) else { return nil }
    if step.isDownload {
      let request = try message.entry.requestPosition.flatMap { (position) throws(JournalError) in try self.message(position) }
      return (Exchange(request: request?.entry, answers: [message.entry]), message)
    }
    let mark = journal.damage.mark
    var answers: [Entry] = []
    for position in [step.failurePosition, step.answerPosition] {
      if let position, let answer = try self.message(position) { answers.append(answer.entry) }
    }
    var exchange = Exchange(request: message.entry, answers: answers)
    exchange.unreadable = journal.damage.positions(since: mark)
    return (exchange, message)
  }

  /// What a step's message says of its session.
  func mention(_ step: SessionFacts.Step, _ message: ProjectedMessage) -> SessionMention? {
    SessionMention.mention(message, item: step.chargeRecord?.item ?? 0)
  }

  func facts(_ entry: Entry?) -> MessageFacts? { entry.flatMap { known[$0.position] ?? nil }?.facts }

  /// An id as it was written; nil where its message is gone.
  func text(_ source: SessionFacts.IdSource) throws(JournalError) -> String? {
    guard let message = try message(source.position) else { return nil }
    if source.item > 0, let mention = SessionMention.mention(message, item: source.item) { return mention.id(source.kind) }
    let mentions = try mentions(of: message)
    return (mentions.first { $0.item == source.item } ?? mentions.first)?.id(source.kind)
  }

  /// A name as it was written; nil where its message is gone.
  func text(_ naming: SessionFacts.Naming) throws(JournalError) -> String? {
    guard let message = try message(naming.position) else { return nil }
    if naming.item > 0, let mention = SessionMention.mention(message, item: naming.item) { return mention.name(of: naming.party) }
    return try mentions(of: message).lazy.compactMap { $0.name(of: naming.party) }.first
  }

  /// What a message mentions; of an answer with what its request said.
  func mentions(of message: ProjectedMessage) throws(JournalError) -> [SessionMention] {
    guard let head = message.entry.requestPosition, !SessionMention.isDownload(message.context) else {
      return SessionMention.mentions(message)
    }
    guard let facts = message.facts, let request = try self.message(head) else { return [] }
    var mentions = SessionMention.mentions(request)
    guard mentions.count == 1, !facts.isFault else { return mentions }
    mentions[0].add(facts.sessionFields, isFromIOP: message.context.direction == .fromIOP)
    return mentions
  }
}

extension SessionMention {
  /// Nil where the message is about none.
  var user: UserIdentity? { kind == .event || kind == .action ? nil : fields.user }

  func name(of party: SessionParty) -> String? {
    switch party {
    case .evse: fields.evseId
    case .exec: exec
    case .sale: sale
    }
  }
}
