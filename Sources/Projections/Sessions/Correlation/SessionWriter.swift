internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Adds one entry to the sessions that it is about.
struct SessionWriter {
  private let entry: ProjectedEntry
  private let tables: SessionRows
  private let isFromIOP: Bool
  private let isBackEnd: Bool

  /// More records than this of one message in one session tell nothing.
  private static let recordsPerMessage = 20

  init(_ entry: ProjectedEntry, _ tables: SessionRows) {
    self.entry = entry
    self.tables = tables
    isFromIOP = entry.context.direction == .fromIOP
    isBackEnd = entry.context.leg == .backEndGateway
  }

  private var position: JournalPosition { entry.position }
  private var observedAt: Timestamp { entry.entry.content.observedAt }

  // MARK: Requests and records

  func takeRequest() throws(JournalError) {
    let mentions = SessionMention.mentions(entry.message)
    tables.memory.remember(mentions, at: position)
    for mention in mentions { try take(mention, isDownload: false) }
  }

  private func take(_ mention: SessionMention, isDownload: Bool) throws(JournalError) {
    let place = try SessionCorrelation(tables: tables, observedAt: observedAt).place(mention)
    let session = place.session
    guard mention.item <= Self.recordsPerMessage || session.steps.count(where: { $0.position == position }) < Self.recordsPerMessage else {
      return
    }
    let parties = try SessionParties(mention, tables)
    let contradictions = parties.contradictions(to: session)
    let new = try append(content(mention, isDownload: isDownload), mention, place, parties)
    if mention.namesNothing { try tables.expect(session, isRequest: true, since: observedAt) }
    if place.isNew {
      try SessionInference(tables: tables, observedAt: observedAt).infer(mention, session, isFromIOP: isFromIOP)
    } else if place.isMerged || new.contains(.service) {
      try SessionInference(tables: tables, observedAt: observedAt).forget(session)
    }
    try SessionRules(tables, session).judge(mention, place.conflicts, contradictions, entry.message)
  }

  private func content(_ mention: SessionMention, isDownload: Bool) -> SessionRecord.Content {
    let fields = mention.fields
    switch mention.kind {
    case .get: return .get
    case .set: return .set(AuthorisationTerms(fields) { entry.facts?.meterLimits ?? [] })
    case .record:
      return .record(SessionRecord.ChargeRecord(item: mention.item, nature: fields.sessionNature, isDownload: isDownload))
    case .event:
      // What is reported has happened: an event that is dated ahead counts from when it was sent, and no later one is taken for earlier.
      let date = fields.sessionEventDateTime.flatMap { Timestamp($0) }
      return .event(
        nature: fields.sessionEventNature.flatMap { SessionEventNature($0)?.rawValue }, date: min(date ?? observedAt, observedAt))
    case .action: return .action(nature: fields.sessionActionNature.flatMap { SessionActionNature($0)?.rawValue })
    }
  }

  /// Writes a record, with what is new of the session in it, and the rows of ids that had none.
  /// - Returns: the ids that are new.
  private func append(
    _ content: SessionRecord.Content, _ mention: SessionMention, _ place: SessionCorrelation.Place, _ parties: SessionParties
  ) throws(JournalError) -> SessionIdKinds {
    let session = place.session
    var novelty = SessionRecord.Novelty()
    if place.isNew { novelty.opened = observedAt }
    if parties.evse != session.evse?.number { novelty.evse = parties.evse }
    if parties.exec != session.exec?.number { novelty.exec = parties.exec }
    if parties.sale != session.sale?.number { novelty.sale = parties.sale }
    for kind in SessionIdKind.all where mention.names(kind) && !place.conflicts.contains(where: { $0.kind == kind }) {
      guard try tables.session(mention, kind) !== session else { continue }
      novelty.ids.insert(kind)
      try tables.add(mention.id(kind)!, kind, of: parties.owner(kind), to: session)
    }
    let record = SessionRecord(
      content: content, isFromIOP: isFromIOP, isBackEnd: isBackEnd, novelty: novelty.isEmpty ? nil : novelty)
    try tables.append(record, to: session, isFirst: place.isNew)
    return novelty.ids
  }

  // MARK: Answers

  func takeAnswer(to request: ProjectedMessage) throws(JournalError) {
    if SessionMention.isDownload(entry.context) {
      guard RequestOutcome(entry.entry)?.isAccepted ?? false else { return }
      for mention in SessionMention.mentions(entry.message) { try take(mention, isDownload: true) }
      return
    }
    let mentions = tables.memory.mentions(at: request.position) ?? SessionMention.mentions(request)
    for mention in mentions {
      guard let session = try session(mention, request) else { continue }
      // What an answer says is of the one record that was sent.
      try take(mention, to: request, session, addsIds: mentions.count == 1)
    }
  }

  /// That a request was put down to.
  private func session(_ mention: SessionMention, _ request: ProjectedMessage) throws(JournalError) -> SessionFacts? {
    for kind in SessionIdKind.all {
      if let session = try tables.session(mention, kind) { return session }
    }
    return try tables.session(ofRequest: request.position)
  }

  private func take(
    _ asked: SessionMention, to request: ProjectedMessage, _ asking: SessionFacts, addsIds: Bool
  ) throws(JournalError) {
    let said = entry.facts.flatMap { $0.isFault ? nil : $0.sessionFields }
    var mention = asked
    if addsIds, let said { mention.add(said, isFromIOP: isFromIOP) }
    let place = try SessionCorrelation(tables: tables, observedAt: request.entry.content.observedAt).place(mention, at: asking)
    let session = place.session
    let wasAuthorised = !mention.asksForAuthorisation || session.decision?.result == .authorised
    let parties = try SessionParties(mention, tables)
    let contradictions = parties.contradictions(to: session)
    let answer = answer(mention, said, request.position)
    let new = try append(.answer(answer), mention, place, parties)
    if mention.asksForStop, answer.outcome == .accepted, !answer.isGateway {
      try tables.expectEnd(session, since: request.entry.content.observedAt)
    }
    if entry.kind == .response, asked.namesNothing { try tables.stopExpecting(request.position) }
    if place.isMerged || new.contains(.service) {
      try SessionInference(tables: tables, observedAt: observedAt).forget(session)
    }
    if !wasAuthorised, session.decision?.result == .authorised { try tables.expect(session, isRequest: false, since: observedAt) }
    try SessionRules(tables, session).judgeAnswer(mention, place.conflicts, contradictions, said)
  }

  private func answer(_ mention: SessionMention, _ said: SessionFields?, _ request: JournalPosition) -> SessionRecord.Answer {
    let kind: SessionRecord.Answer.Outcome =
      switch RequestOutcome(entry.entry) {
      case .accepted: .accepted
      case .rejected: .rejected
      case .fault: .fault
      case .lost: .lost
      case .unreadable, nil: .unreadable
      }
    let status = entry.context.outcome.requestStatus
    var answer = SessionRecord.Answer(
      request: request, outcome: kind, requestStatus: status == 1 ? nil : status, isGateway: entry.context.author == .gateway)
    if mention.kind == .get, let said { answer.terms = AuthorisationTerms(said) { entry.facts?.meterLimits ?? [] } }
    return answer
  }
}

extension SessionFields {
  var sessionNature: SessionRecord.ChargeRecord.Nature {
    switch cdrNature.map(CDRNature.Interpretation.standard.nature(of:)) {
    case .final: .final
    case .intermediate: .intermediate
    case .unknown, nil: .unknown
    }
  }
}
