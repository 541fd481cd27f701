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
    var mentions: [(mention: SessionMention, session: UInt32)] = []
    for mention in SessionMention.mentions(entry.message) { mentions.append((mention, try take(mention, isDownload: false))) }
    tables.memory.remember(.init(position: position, mentions: mentions))
  }

  /// - Returns: the number of its session.
  private func take(_ mention: SessionMention, isDownload: Bool) throws(JournalError) -> UInt32 {
    let place = try SessionCorrelation(tables: tables, observedAt: observedAt).place(mention, isAnswered: !isDownload)
    let session = place.session
    guard mention.item <= Self.recordsPerMessage || session.steps.count(where: { $0.position == position }) < Self.recordsPerMessage else {
      return session.number
    }
    let new = try append(content(mention, isDownload: isDownload), mention, place, at: observedAt)
    if mention.namesNothing { try tables.expect(session, isRequest: true, since: observedAt) }
    if let namesake = place.namesake { try tables.link(session, namesake, sharesId: true) }
    if place.isNew || !isKnownAsked(session) {
      try SessionInference(tables: tables, observedAt: observedAt).infer(mention, session, isFromIOP: isFromIOP)
    }
    if !place.isNew, place.isMerged || new.contains(.service) {
      try SessionInference(tables: tables, observedAt: observedAt).forget(session)
    }
    try SessionRules(tables, session).judge(mention, place)
    return session.number
  }

  /// Whether an authorisation of another message is known of a session, so that none is to be inferred.
  private func isKnownAsked(_ session: SessionFacts) -> Bool {
    !session.twins.isEmpty || session.steps.contains { $0.isAuthorisation && $0.position != position }
  }

  private func content(_ mention: SessionMention, isDownload: Bool) -> SessionRecord.Content {
    let fields = mention.fields
    switch mention.kind {
    case .get: return .get
    case .set: return .set(AuthorisationTerms(fields) { entry.facts?.meterLimits ?? [] })
    case .record:
      var record = SessionRecord.ChargeRecord(item: mention.item, nature: fields.sessionNature, isDownload: isDownload)
      if let start = fields.startTime.flatMap({ Timestamp($0) }), let end = fields.endTime.flatMap({ Timestamp($0) }) {
        record.milliseconds = UInt64(exactly: end.milliseconds(since: start))
      }
      record.totals = AuthorisationTerms.Limit.totals(entry.facts?.meters(ofRecord: Int(mention.item) - 1) ?? [])
      return .record(record)
    case .event:
      // What is reported has happened: an event that is dated ahead counts from when it was sent, and no later one is taken for earlier.
      let date = fields.sessionEventDateTime.flatMap { Timestamp($0) }
      return .event(
        nature: fields.sessionEventNature.flatMap { SessionEventNature($0)?.rawValue }, date: min(date ?? observedAt, observedAt))
    case .action: return .action(nature: fields.sessionActionNature.flatMap { SessionActionNature($0)?.rawValue })
    }
  }

  /// Writes a record, with what is new of the session in it, and the rows of ids that had none.
  /// - Parameter time: when the request was observed, also of an answer.
  /// - Returns: the ids that are new.
  private func append(
    _ content: SessionRecord.Content, _ mention: SessionMention, _ place: SessionCorrelation.Place, at time: Timestamp
  ) throws(JournalError) -> SessionIdKinds {
    let session = place.session
    let parties = try SessionParties(mention, tables)
    var novelty = SessionRecord.Novelty()
    if place.isNew { novelty.opened = observedAt }
    for kind in SessionIdKind.all where mention.names(kind) && !place.conflicts.contains(where: { $0.kind == kind }) {
      guard try !tables.has(mention, kind, session) else { continue }
      novelty.ids.insert(kind)
      try tables.add(mention.id(kind)!, kind, of: parties.owner(kind), to: session)
    }
    for party in SessionParty.allCases {
      guard let number = parties[party] else { continue }
      let isKnown = session.namings.contains { $0.party == party && $0.number == number && $0.time <= time }
      // Whose a new id is must be told where it is not the first of the session.
      let isOwner = party == .exec && novelty.ids.contains(.exec) || party == .sale && novelty.ids.contains(.sale)
      if !isKnown || isOwner && session.first(party)?.number != number { novelty[party] = number }
    }
    var record = SessionRecord(content: content, isFromIOP: isFromIOP, isBackEnd: isBackEnd, novelty: novelty.isEmpty ? nil : novelty)
    if case .answer = content {} else { record.observedAt = observedAt }
    try tables.append(record, to: session, isFirst: place.isNew)
    return novelty.ids
  }

  // MARK: Answers

  func takeAnswer(to request: ProjectedMessage) throws(JournalError) {
    if SessionMention.isDownload(entry.context) {
      guard RequestOutcome(entry.entry)?.isAccepted ?? false else { return }
      for mention in SessionMention.mentions(entry.message) { _ = try take(mention, isDownload: true) }
      return
    }
    if let known = tables.memory.request(at: request.position) {
      // What an answer says is of the one record that was sent.
      let addsIds = known.mentions.count == 1
      for (mention, number) in known.mentions {
        // Who waits for an answer without an id waits in the rows, and not for ever.
        let waiting = mention.namesNothing ? try tables.session(ofUnnamedRequest: request.position) : try tables.session(number)
        if let waiting { try take(mention, to: request, waiting, addsIds: addsIds) }
      }
      return
    }
    let mentions = SessionMention.mentions(request)
    for mention in mentions {
      guard let session = try session(mention, request) else { continue }
      try take(mention, to: request, session, addsIds: mentions.count == 1)
    }
  }

  /// That a request was put down to.
  private func session(_ mention: SessionMention, _ request: ProjectedMessage) throws(JournalError) -> SessionFacts? {
    for kind in SessionIdKind.all {
      for session in try tables.sessions(mention, kind) where session.steps.contains(where: { $0.position == request.position }) {
        return session
      }
    }
    return try tables.session(ofUnnamedRequest: request.position)
  }

  private func take(
    _ asked: SessionMention, to request: ProjectedMessage, _ asking: SessionFacts, addsIds: Bool
  ) throws(JournalError) {
    let said = entry.facts.flatMap { $0.isFault ? nil : $0.sessionFields }
    var mention = asked
    // What an answer says of another session is not of this one.
    if addsIds, !entry.isOfOtherSession, let said { mention.add(said, isFromIOP: isFromIOP) }
    let askedAt = request.entry.content.observedAt
    let place = try SessionCorrelation(tables: tables, observedAt: askedAt).place(mention, at: asking)
    let session = place.session
    let wasAuthorised = !mention.asksForAuthorisation || session.decision?.result == .authorised
    let answer = answer(mention, said, request.position)
    let new = try append(.answer(answer), mention, place, at: askedAt)
    if mention.asksForStop, answer.outcome == .accepted, !answer.isGateway { try tables.expectEnd(session, since: askedAt) }
    if entry.kind == .response, asked.namesNothing { try tables.stopExpecting(request.position) }
    if place.isMerged || new.contains(.service) {
      try SessionInference(tables: tables, observedAt: observedAt).forget(session)
    }
    if !wasAuthorised, session.decision?.result == .authorised {
      try SessionInference(tables: tables, observedAt: observedAt).inferRecord(mention, session, askedAt: askedAt)
      if !session.hasFinalRecord { try tables.expect(session, isRequest: false, since: observedAt) }
    }
    try SessionRules(tables, session).judgeAnswer(mention, place, said)
  }

  private func answer(_ mention: SessionMention, _ said: SessionFields?, _ request: JournalPosition) -> SessionRecord.Answer {
    let kind: SessionRecord.Answer.Outcome =
      switch RequestOutcome(entry.entry) {
      case .accepted: .accepted
      case .rejected, .refused: .rejected
      case .fault, .failed: .fault
      case .lost: .lost
      case .unreadable, .doubtful, nil: .unreadable
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
