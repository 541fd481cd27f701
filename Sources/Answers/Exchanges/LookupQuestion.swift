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
  }

  /// What the id is.
  public var kind: Kind
  /// The id.
  public var id: String
  /// The last position that counts; nil for now.
  public var asOf: JournalPosition?

  /// Asks for an id.
  public init(_ kind: Kind, _ id: String, asOf: JournalPosition? = nil) {
    self.kind = kind
    self.id = id
    self.asOf = asOf
  }

  /// The exchanges, in the order of their positions, as far as they had been recorded by then.
  /// - Throws: ``AnswerError`` where none has the id, or none that can be read; `JournalError` where the journal cannot be read.
  public func exchanges(in reader: JournalReader) throws -> [Exchange] {
    let exchanges = try known(try reader.exchanges(holding: terms), reader)
    guard !exchanges.isEmpty || reader.damage.isEmpty else {
      let damage = AnswerError.unreadable(reader.damage)
      throw AnswerError(.incomplete, "no exchange that can be read has \(name) \(id); \(damage.message)", cause: damage.cause)
    }
    if exchanges.isEmpty { try reader.requireSoundPages() }
    guard !exchanges.isEmpty else { throw AnswerError(.notFound, "no exchange has \(name) \(id) in \(reader.directory.path).") }
    return exchanges
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

  private var terms: [IndexTerm] {
    switch kind {
    case .transactionId: SearchTerms.transactionTerms(id)
    case .sessionId: SearchTerms.sessionTerms(id)
    case .id: SearchTerms.candidates(for: id)
    }
  }

  private var name: String {
    switch kind {
    case .transactionId: "the transactionId"
    case .sessionId: "the session id"
    case .id: "the id"
    }
  }
}
