internal import EMIP
public import JournalFormat
public import JournalStore

/// Asks for every exchange that holds an id.
public struct LookupQuestion: Hashable, Sendable {
  /// What the id is.
  public enum Kind: String, CaseIterable, Sendable {
    /// A transaction's, as the message has it.
    case transactionId
    /// An id of a session, of whichever party.
    case sessionId
    /// An id of any kind, in any spelling.
    case id
    /// None: the position of one of its entries.
    case position
  }

  /// What the id is.
  public var kind: Kind
  /// The id, or the position.
  public var id: String
  /// The last position that counts; nil for now.
  public var asOf: JournalPosition?

  /// Asks for an id.
  public init(_ kind: Kind, _ id: String, asOf: JournalPosition? = nil) {
    self.kind = kind
    self.id = id
    self.asOf = asOf
  }

  /// What was found. Where no exchange has the id of a transaction, or any id, that is asked for, and it is a number, it is a position.
  /// - Throws: ``AnswerError`` where nothing is found; `JournalError` where the journal cannot be read.
  public func answer(in reader: JournalReader) throws -> LookupAnswer {
    do {
      let found = try exchanges(in: reader)
      guard kind == .sessionId else { return LookupAnswer(self, found) }
      let order = found.indices.sorted { (found[$0].head.content.observedAt, $0) < (found[$1].head.content.observedAt, $1) }
      return LookupAnswer(self, order.map { found[$0] })
    } catch let error as AnswerError where error.code == .notFound {
      guard kind == .transactionId || kind == .id, let position = Self.position(id) else { throw error }
      var question = self
      question.kind = .position
      question.id = position.description
      return LookupAnswer(question, try question.exchanges(in: reader))
    }
  }

  /// The position that a text is, as text for people has it too: `6,000`. Nil for any other text.
  public static func position(_ text: String) -> JournalPosition? {
    let groups = text.split(separator: ",", omittingEmptySubsequences: false)
    guard groups.dropFirst().allSatisfy({ $0.utf8.count == 3 }), groups.count == 1 || (1...3).contains(groups[0].utf8.count),
      groups.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }), let number = UInt64(groups.joined()),
      number > 0
    else { return nil }
    return JournalPosition(number)
  }

  /// The exchanges, in the order of their positions, as far as they had been recorded by then.
  /// - Throws: ``AnswerError`` where none has the id, or none that can be read; `JournalError` where the journal cannot be read.
  public func exchanges(in reader: JournalReader) throws -> [Exchange] {
    if kind == .position { return [try exchange(at: Self.position(id), in: reader)] }
    let exchanges = try known(try reader.exchanges(holding: terms), reader).filter(isSpelled)
    guard !exchanges.isEmpty || reader.damage.isEmpty else {
      let damage = AnswerError.unreadable(reader.damage)
      throw AnswerError(.incomplete, "no exchange that can be read has \(name) \(id); \(damage.message)", cause: damage.cause)
    }
    if exchanges.isEmpty { try reader.requireSoundPages() }
    guard !exchanges.isEmpty else { throw AnswerError(.notFound, "no exchange has \(name) \(id) in \(reader.directory.path).") }
    return exchanges
  }

  /// Refuses to let what was found pass for all that there is, where damaged pages may hide more. A transaction is one exchange, and what was found is it.
  /// - Throws: `JournalError` `segment.damaged`, and where the journal cannot be read.
  public func requireAll(in reader: JournalReader) throws(JournalError) {
    if kind == .id || kind == .sessionId { try reader.requireSoundPages() }
  }

  private func known(_ exchanges: [Exchange], _ reader: JournalReader) throws(JournalError) -> [Exchange] {
    guard let asOf else { return exchanges }
    var known: [Exchange] = []
    for exchange in exchanges where exchange.head.position <= asOf {
      let answers = try reader.answers(to: exchange.head.position).filter { $0.position <= asOf }
      var part = Exchange(request: exchange.request, answers: answers)
      part.unreadable = exchange.unreadable.filter { $0 <= asOf }
      if !part.entries.isEmpty { known.append(part) }
    }
    return known
  }

  /// What an ``AccessRecord`` says was asked: the id, unless it may be a person's; then the positions of the exchanges.
  public func recordedQuestion(_ exchanges: [Exchange]) -> String {
    guard kind == .id else { return id }
    let places = exchanges.prefix(20).map { $0.head.position.description }.joined(separator: ", ")
    return "exchanges at \(places)\(exchanges.count > 20 ? " and more" : "")"
  }

  /// That one of its entries stands at a position.
  private func exchange(at position: JournalPosition?, in reader: JournalReader) throws -> Exchange {
    guard let position else { throw AnswerError(.notFound, "\(id) is no position: it is a number from 1 on.") }
    guard let entry = try reader.entry(at: position), asOf.map({ position <= $0 }) ?? true else {
      let last = try asOf ?? reader.lastPosition()
      let end = last.map { "the last is \($0)" } ?? "the journal is empty"
      throw AnswerError(.notFound, "there is no position \(position) in \(reader.directory.path): \(end).")
    }
    guard entry.kind.isMessage else {
      throw AnswerError(.notFound, "at position \(position) stands no message but what happened to the journal: \(entry.kind).")
    }
    let head = entry.requestPosition ?? position
    let exchange = try reader.exchange(at: head, known: entry.requestPosition == nil ? entry : nil)
    guard asOf != nil else { return exchange }
    return try known([exchange], reader).first ?? exchange
  }

  /// Whether an exchange has the id itself, where the operator's own separators tell one from another.
  private func isSpelled(_ exchange: Exchange) -> Bool {
    guard kind == .id, !IdentifierSpelling(id).separators.isEmpty else { return true }
    return exchange.entries.contains { entry in
      terms.contains { term in
        guard entry.holds(term) else { return false }
        guard SearchTerms.isSpelled(term.kind) else { return true }
        return entry.content.texts(of: term.kind).contains { isSpelling(String(decoding: $0, as: UTF8.self), of: term.kind) }
      }
    }
  }

  /// Whether a text of a message is the id, in whatever spelling.
  func isSpelling(_ text: String, of kind: TermKind) -> Bool {
    if SearchTerms.isSpelled(kind) { return IdentifierSpelling(text).canBe(IdentifierSpelling(id)) }
    return terms.contains(IndexTerm(kind, text))
  }

  var terms: [IndexTerm] {
    switch kind {
    case .transactionId: SearchTerms.transactionTerms(id)
    case .sessionId: SearchTerms.sessionTerms(id)
    case .id: SearchTerms.candidates(for: id)
    case .position: []
    }
  }

  private var name: String {
    switch kind {
    case .transactionId: "the transactionId"
    case .sessionId: "the session id"
    case .id: "the id"
    case .position: "the position"
    }
  }
}
