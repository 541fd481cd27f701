internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Adds one entry to the sessions that it is about.
struct SessionWriter {
  let entry: ProjectedEntry
  let rows: ModelTransaction
  let isFromIOP: Bool
  let isBackEnd: Bool

  /// More records than this of one message in one session tell nothing.
  private static let recordsPerMessage = 20

  init(_ entry: ProjectedEntry, _ rows: ModelTransaction) {
    self.entry = entry
    self.rows = rows
    isFromIOP = entry.context.direction == .fromIOP
    isBackEnd = entry.context.leg == .backEndGateway
  }

  var position: JournalPosition { entry.position }

  func takeRequest() throws(JournalError) {
    for mention in SessionMention.mentions(entry.message) { try take(mention, isDownload: false) }
  }

  private func take(_ mention: SessionMention, isDownload: Bool) throws(JournalError) {
    var place = try SessionCorrelation(rows, position, entry.entry.content.observedAt).place(mention)
    guard place.facts.steps.count(where: { $0.position == position }) < Self.recordsPerMessage else { return }
    try append(content(mention, isDownload: isDownload), mention, &place)
    if SessionIdKind.allCases.allSatisfy({ mention.key($0, rows.hash) == nil }) {
      try rows.put(bigEndianBytes(place.number), for: Self.requestKey(position, rows), in: SessionsProjection.ids)
    }
    try SessionRules(rows, position, place.number).judge(mention, place)
  }

  private func content(_ mention: SessionMention, isDownload: Bool) -> SessionRecord.Content {
    switch mention.content {
    case .get: return .get
    case .set(let authorisation):
      return .set(
        AuthorisationTerms(authorisation.authorisationValue, authorisation.intermediateCDRRequested, authorisation.meterLimits))
    case .record(let record):
      return .record(SessionRecord.ChargeRecord(item: mention.item, nature: record.sessionNature, isDownload: isDownload))
    case .event(let event):
      // A clock that runs ahead of the journal's by more than a day is wrong.
      let latest = entry.entry.content.observedAt.adding(milliseconds: 86_400_000)
      return .event(nature: event.nature?.value?.rawValue, date: min(event.dateTime?.value ?? entry.entry.content.observedAt, latest))
    case .action(let action): return .action(nature: action.nature?.value?.rawValue)
    }
  }

  /// Writes a record, with what is new of the session in it, and the rows of ids that had none.
  private func append(_ content: SessionRecord.Content, _ mention: SessionMention, _ place: inout SessionCorrelation.Place)
    throws(JournalError)
  {
    var record = SessionRecord(content: content, isFromIOP: isFromIOP, isBackEnd: isBackEnd)
    var novelty = SessionRecord.Novelty()
    if place.isNew { novelty.opened = entry.entry.content.observedAt }
    let parties = try parties(mention)
    novelty.evse = parties.evse == place.facts.evse ? nil : parties.evse
    novelty.exec = parties.exec == place.facts.exec ? nil : parties.exec
    novelty.sale = parties.sale == place.facts.sale ? nil : parties.sale
    for kind in SessionIdKind.allCases {
      guard let key = mention.key(kind, rows.hash) else { continue }
      if !place.conflicts.contains(kind), try Self.isNew(key, place, rows) {
        novelty.ids.append(kind)
        try rows.put(bigEndianBytes(place.number), for: key, in: SessionsProjection.ids)
      }
    }
    if !novelty.isEmpty { record.novelty = novelty }
    place.parties = parties
    place.newIds = novelty.ids
    let opened = place.isNew ? entry.entry.content.observedAt : place.ownOpened
    try SessionsProjection.log.append(
      record.encoded(at: position, opened: opened), at: position, to: bigEndianBytes(place.number), in: rows)
  }

  private static func isNew(_ key: [UInt8], _ place: SessionCorrelation.Place, _ rows: ModelTransaction) throws(JournalError) -> Bool {
    try SessionsProjection.number(key, in: rows) != place.number
  }

  private func parties(_ mention: SessionMention) throws(JournalError) -> SessionCorrelation.Parties {
    let names = SessionsProjection.names
    return SessionCorrelation.Parties(
      evse: try mention.evseId.map { (text) throws(JournalError) in try names.number(text, .evse, in: rows) },
      exec: try mention.exec.map { (text) throws(JournalError) in try names.number(text, .operator, in: rows) },
      sale: try mention.sale.map { (text) throws(JournalError) in try names.number(text, .operator, in: rows) })
  }

  // MARK: Answers

  func takeAnswer(to request: ProjectedMessage) throws(JournalError) {
    let operation = entry.context.operation ?? ""
    if operation.hasPrefix("GetChargeDetailRecord") {
      guard RequestOutcome(entry.entry)?.isAccepted ?? false else { return }
      for mention in SessionMention.mentions(entry.message) { try take(mention, isDownload: true) }
      return
    }
    let mentions = SessionMention.mentions(request)
    for mention in mentions.prefix(Self.recordsPerMessage) {
      guard let number = try number(mention, request) else { continue }
      // What an answer says is of the one record that was sent.
      try take(mention, to: request, number: number, addsIds: mentions.count == 1)
    }
  }

  /// Of the session that a request was put down to.
  private func number(_ mention: SessionMention, _ request: ProjectedMessage) throws(JournalError) -> UInt32? {
    for kind in SessionIdKind.allCases {
      if let key = mention.key(kind, rows.hash), let number = try SessionsProjection.number(key, in: rows) { return number }
    }
    return try SessionsProjection.number(Self.requestKey(request.position, rows), in: rows)
  }

  private func take(_ mention: SessionMention, to request: ProjectedMessage, number: UInt32, addsIds: Bool) throws(JournalError) {
    var mention = mention
    if addsIds, let facts = entry.facts, !facts.isFault { mention.add(facts, isFromIOP: isFromIOP) }
    var place = try SessionCorrelation(rows, position, request.entry.content.observedAt).place(mention, at: number)
    let answer = answer(mention, to: request)
    try append(.answer(answer), mention, &place)
    if entry.kind == .response { try rows.remove(Self.requestKey(request.position, rows), in: SessionsProjection.ids) }
    try SessionRules(rows, position, place.number).judgeAnswer(mention, place, entry)
  }

  private func answer(_ mention: SessionMention, to request: ProjectedMessage) -> SessionRecord.Answer {
    let outcome = entry.context.outcome
    let kind: SessionRecord.Answer.Outcome =
      switch RequestOutcome(entry.entry) {
      case .accepted: .accepted
      case .rejected: .rejected
      case .fault: .fault
      case .lost: .lost
      case .unreadable, nil: .unreadable
      }
    var answer = SessionRecord.Answer(
      request: request.position, outcome: kind, requestStatus: outcome.requestStatus == 1 ? nil : outcome.requestStatus,
      isGateway: entry.context.author == .gateway)
    if case .get = mention.content, let said = entry.facts?.serviceAuthorisation {
      answer.terms = AuthorisationTerms(said.authorisationValue, said.intermediateCDRRequested, said.meterLimits)
    }
    return answer
  }

  private static func requestKey(_ position: JournalPosition, _ rows: ModelTransaction) -> [UInt8] {
    rows.hash(UInt8(ascii: "P"), bigEndianBytes(position.rawValue))
  }
}

extension ChargeDetailRecord {
  var sessionNature: SessionRecord.ChargeRecord.Nature {
    switch nature.map(CDRNature.Interpretation.standard.nature(of:)) {
    case .final: .final
    case .intermediate: .intermediate
    case .unknown, nil: .unknown
    }
  }
}
