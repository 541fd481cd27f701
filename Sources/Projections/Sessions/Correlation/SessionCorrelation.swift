internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds out which session a message is about.
///
/// The platform's id decides. An operator may use an id of its own again, for another session of the platform (guide 5.5.1): by it alone a message is
/// *probably* about the session that has it, until an answer tells the platform's id, or that there is none.
struct SessionCorrelation {
  let tables: SessionRows
  /// When the request was observed, also of an answer.
  let observedAt: Timestamp

  /// How long after it a session no longer owns the CPO's or eMSP's id, whatever came of it.
  static let reuseAfterMilliseconds: Int64 = 30 * 86_400_000
  /// Who asks for the same session again, as no answer came, does so soon; and no session is asked for behind its final record.
  private static let askingMilliseconds: Int64 = 3_600_000
  /// A record or event that begins so long behind a final record is of another session: clocks differ by hours.
  private static let endMilliseconds: Int64 = 12 * 3_600_000

  /// Where a message belongs.
  struct Place {
    var session: SessionFacts
    var isNew = false
    /// Whether other sessions turned out to be it with this message.
    var isMerged = false
    /// The session that a new one probably is: it has the same id of an operator, and an id of the platform.
    var namesake: SessionFacts?
    /// Ids that contradict, and the session that has them.
    var conflicts: [Conflict] = []
    /// The sessions that turned out not to be it.
    var dropped: [SessionFacts] = []
  }

  struct Conflict {
    let kind: SessionIdKind
    let other: UInt32
  }

  // MARK: Messages

  /// The session of a request or a record, as things stood before it. Merges sessions that it links, and notes what contradicts.
  /// - Parameter isAnswered: whether an answer may still tell the platform's id.
  func place(_ mention: SessionMention, isAnswered: Bool) throws(JournalError) -> Place {
    let others = try sessionsOfOperators(mention)
    if mention.serviceSessionId == nil, let likeliest = others.first, likeliest.has(.service), isAnswered {
      var place = try newPlace()
      place.namesake = likeliest
      return place
    }
    let named = try tables.session(ofService: mention)
    let target = named ?? (mention.serviceSessionId == nil ? others.first : others.first { !$0.has(.service) })
    guard let target else { return try settled(mention, try newPlace(), others) }
    return try settled(mention, Place(session: target), others)
  }

  /// The session of an answer.
  /// - Parameters:
  ///   - mention: with what the answer adds to what its request said.
  ///   - request: the session that its request was put down to.
  func place(_ mention: SessionMention, at request: SessionFacts) throws(JournalError) -> Place {
    var place = Place(session: request)
    if mention.serviceSessionId != nil {
      let named = try tables.session(ofService: mention)
      if named !== request, request.has(.service) {
        // The answer names another session than its request: it stays with the request.
        place.conflicts.append(Conflict(kind: .service, other: (named ?? request).number))
      } else if let named, named !== request {
        try merge(named, into: &place)
      }
    } else if !request.has(.service) {
      // Nobody names another session of the platform: it is the one with the same id.
      for number in request.twins where request.namesakes.contains(number) {
        let namesake = try tables.session(number)
        guard namesake !== place.session else { continue }
        try merge(namesake, into: &place)
        break
      }
    }
    return try settled(mention, place, try sessionsOfOperators(mention))
  }

  /// Takes in the sessions without an id of the platform that a message's ids lead to, notes what contradicts, and ends inferences that do not hold.
  private func settled(_ mention: SessionMention, _ found: Place, _ others: [SessionFacts]) throws(JournalError) -> Place {
    var place = found
    for other in others where !place.isNew {
      let other = try tables.session(other.number)
      guard other !== place.session, !other.has(.service), areAskedTogether(other, place.session), !areTwoCharges(other, place.session)
      else { continue }
      try merge(other, into: &place)
    }
    try findSecondIds(mention, others, &place)
    if !place.isNew { try settleTwins(mention, &place) }
    return place
  }

  /// Whether the questions for two sessions, where both have some, may be of one.
  private func areAskedTogether(_ one: SessionFacts, _ other: SessionFacts) -> Bool {
    let (first, second) = (one.steps.filter(\.isAuthorisation), other.steps.filter(\.isAuthorisation))
    guard !first.isEmpty, !second.isEmpty else { return true }
    return first.contains { step in
      second.contains { abs($0.observedAt.milliseconds(since: step.observedAt)) <= Self.askingMilliseconds }
    }
  }

  /// Whether both have a final record of the same way: an operator's id that a message has in common with both joins no two charges.
  private func areTwoCharges(_ one: SessionFacts, _ other: SessionFacts) -> Bool {
    let (first, second) = (one.finalRecord, other.finalRecord)
    guard let first, let second else { return false }
    return first.isFromIOP == second.isFromIOP && first.isBackEnd == second.isBackEnd
  }

  private func merge(_ other: SessionFacts, into place: inout Place) throws(JournalError) {
    place.session = try tables.merge(place.session, other)
    place.isMerged = true
  }

  private func newPlace() throws(JournalError) -> Place { Place(session: try tables.newSession(observedAt), isNew: true) }

  // MARK: Ids of operators

  /// The sessions that a message may be about as they have an id of its CPO or eMSP, the likeliest first: the last that was open then.
  private func sessionsOfOperators(_ mention: SessionMention) throws(JournalError) -> [SessionFacts] {
    var found: [SessionFacts] = []
    for kind in [SessionIdKind.exec, .sale] where mention.names(kind) {
      var sessions: [SessionFacts] = []
      for session in try tables.sessions(mention, kind) where try mayBeAbout(session, mention) { sessions.append(session) }
      sessions.sort { one, other in
        let (isOneOpen, isOtherOpen) = (one.opened <= observedAt, other.opened <= observedAt)
        if isOneOpen != isOtherOpen { return isOneOpen }
        let (first, second) = isOneOpen ? (other, one) : (one, other)
        return (first.opened, first.number) < (second.opened, second.number)
      }
      for session in sessions where !found.contains(where: { $0 === session }) { found.append(session) }
    }
    return found
  }

  /// Whether a session that has an operator's id of a message may be what it is about: whether the operator has not used the id again.
  private func mayBeAbout(_ session: SessionFacts, _ mention: SessionMention) throws(JournalError) -> Bool {
    guard abs(observedAt.milliseconds(since: session.opened)) < Self.reuseAfterMilliseconds else { return false }
    let whole = try tables.whole(session)
    if mention.asksForAuthorisation {
      let distances = whole.steps.filter(\.isAuthorisation).map { abs(observedAt.milliseconds(since: $0.observedAt)) }
      if let nearest = distances.min(), nearest > Self.askingMilliseconds { return false }
    }
    let (begin, limit) = beginning(mention)
    if let final = whole.finalRecord, begin.milliseconds(since: final.observedAt) > limit { return false }
    // Who was refused may have charged all the same, and then did so soon.
    if whole.decision?.result == .refused, begin.milliseconds(since: session.opened) > Self.endMilliseconds { return false }
    guard mention.serviceSessionId == nil, let evse = mention.fields.evseId, let known = whole.evse else { return true }
    return try tables.mayBe(evse, known.number)
  }

  /// From when on a message tells of its session, and how far behind a final record that may lie.
  private func beginning(_ mention: SessionMention) -> (time: Timestamp, limit: Int64) {
    switch mention.kind {
    case .get, .set: (observedAt, Self.askingMilliseconds)
    case .record: (min(mention.fields.startTime.flatMap { Timestamp($0) } ?? observedAt, observedAt), recordLimit(mention))
    case .event: (min(mention.fields.sessionEventDateTime.flatMap { Timestamp($0) } ?? observedAt, observedAt), Self.endMilliseconds)
    case .action: (observedAt, Self.endMilliseconds)
    }
  }

  /// A charge that begins behind the final record of another is another one, unless a clock puts it there: its own end says whether one may.
  private func recordLimit(_ mention: SessionMention) -> Int64 {
    let end = mention.fields.endTime.flatMap { Timestamp($0) }
    return end.map { $0 <= observedAt } ?? false ? 0 : Self.endMilliseconds
  }

  /// A session has one id of its CPO and one of its eMSP.
  private func findSecondIds(_ mention: SessionMention, _ others: [SessionFacts], _ place: inout Place) throws(JournalError) {
    for kind in [SessionIdKind.exec, .sale] where mention.names(kind) {
      guard let owner = try tables.known(mention.owner(kind)!, .operator), place.session.has(kind, of: owner),
        try !tables.has(mention, kind, place.session)
      else { continue }
      let other = others.first { $0 !== place.session } ?? place.session
      place.conflicts.append(Conflict(kind: kind, other: other.number))
    }
  }

  // MARK: Inferences

  /// An inference ends where the sessions turn out to be two: each has an id of the platform, or another id of the same CPO.
  private func settleTwins(_ mention: SessionMention, _ place: inout Place) throws(JournalError) {
    let session = place.session
    for number in session.twins {
      let other = try tables.session(number)
      let hasServiceId = session.has(.service) || mention.serviceSessionId != nil
      var isOther = hasServiceId && other.has(.service)
      if !isOther, !session.namesakes.contains(number) {
        let exec: UInt32? =
          session.has(.exec)
          ? session.ids.first { $0.kind == .exec }?.owner : mention.names(.exec) ? try tables.known(mention.exec!, .operator) : nil
        isOther = exec.map { other.has(.exec, of: $0) } ?? false
      }
      guard isOther, other !== session else { continue }
      try tables.append(SessionRecord(content: .twinDropped(number)), to: session)
      for number in other.twins where try tables.session(number) === session {
        try tables.append(SessionRecord(content: .twinDropped(number)), to: other)
      }
      place.dropped.append(other)
    }
  }
}
