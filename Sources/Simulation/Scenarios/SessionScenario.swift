/// Sessions end to end: how they begin, what is planned for them, and that each is forgotten after its last message.
struct SessionScenario: ~Copyable {
  var sessions = Slab<Session>()
  private var serial = 0

  // MARK: Beginnings

  // Each says whether it began: traffic without overlaps may have no EVSE left.

  /// Somebody holds a badge to a charging station; the operator asks the platform.
  mutating func beginWithBadge(_ context: inout TrafficContext) -> Bool {
    guard var session = make(.badge, &context) else { return false }
    var outcome = Outcome.draw(.getServiceAuthorisation, &context.random)
    if session.provider.isHosted {
      session.legOutcome = context.isFaultless ? outcome : Outcome.draw(.getServiceAuthorisation, &context.random)
      if !session.legOutcome.isDone, outcome.isDone { outcome = .refused(10210) }
    }
    let isRejected = context.random.perMille(190)
    if isRejected, outcome == .done(1), context.random.perMille(300) { outcome = .refused(10201) }
    session.isAuthorised = outcome.isDone && !isRejected
    writeAuthorisation(session, outcome, &context)
    let index = sessions.insert(session)
    planQuestions(index, &context)
    if session.provider.isHosted { plan(.authorisationLeg, index, after: context.random.between(15, 45), &context) }
    if session.isAuthorised { planCourse(index, &context) }
    forgetIfOver(index)
    return true
  }

  /// A customer starts a session with the provider's app.
  mutating func beginRemotely(_ context: inout TrafficContext) -> Bool {
    guard var session = make(.remote, &context) else { return false }
    let outcome = Outcome.draw(.setServiceAuthorisation, &context.random)
    session.isAuthorised = outcome.isDone
    if !session.isAuthorised { session.legOutcome = Outcome.draw(.setServiceAuthorisation, &context.random) }
    guard session.provider.isHosted else {
      session.legOutcome = outcome
      writeRemoteStart(session, .fromIOP, outcome, &context)
      let index = sessions.insert(session)
      if session.isAuthorised { planCourse(index, &context) }
      forgetIfOver(index)
      return true
    }
    writeRemoteStart(session, .toIOP, outcome, &context)
    let index = sessions.insert(session)
    if session.isAuthorised {
      plan(.remoteStartLeg, index, after: context.random.between(15, 45), &context)
      planCourse(index, &context)
    }
    forgetIfOver(index)
    return true
  }

  /// The operator knows the badge from a white list and asks nobody: the first that is seen of the session is the busy status.
  ///
  /// - Parameter user: somebody on that list; nil for anybody.
  mutating func beginFromWhiteList(_ user: Population.User?, _ context: inout TrafficContext) -> Bool {
    guard let session = make(.whiteList, of: user, &context) else { return false }
    let index = sessions.insert(session)
    planCourse(index, &context)
    sessions[index].start = context.now - context.random.between(800, 4000)
    writeBusyStatus(sessions[index], 2, at: sessions[index].start, attempt: 0, index, &context)
    return true
  }

  /// Nil where there is no EVSE for it, or its user charges elsewhere.
  /// - Parameter known: its user; nil for anybody.
  private mutating func make(_ origin: Session.Origin, of known: Population.User? = nil, _ context: inout TrafficContext) -> Session? {
    serial += 1
    let isLong = context.random.perMille(150)
    let minutes = isLong ? context.random.between(100, 660) : context.random.between(4, 95)
    let end = context.now + minutes * 60_000 + context.random.below(60_000)
    let key = context.random.next()
    let anybody = context.population.user(&context.random)
    let user = known ?? anybody
    let last = end + 75_000
    // Who holds one badge to two stations at a time is odd.
    if context.isFaultless, !context.population.take(user, from: context.now, until: last) { return nil }
    guard let evse = context.takeEVSE(until: context.isFaultless ? last : end) else { return nil }
    var session = Session(
      key: key, serial: serial, origin: origin, user: user, evse: evse, authorisedAt: context.now, end: last, &context.random)
    session.addsUp = context.isFaultless
    // A record holds at most 400 steps, and these have to cover the whole session.
    if session.addsUp, minutes > 390, session.repetitiveMeter % 10 == 1, session.repetitiveMeter != 31 { session.repetitiveMeter += 4 }
    return session
  }

  // MARK: Plans

  mutating func plan(
    _ task: Task, _ index: Int32, after delay: Int, detail: Int32 = 0, attempt: UInt8 = 0, _ context: inout TrafficContext
  ) {
    sessions[index].pending += 1
    context.agenda.add(Agenda.Item(due: context.now + max(0, delay), task: task, index: index, detail: detail, attempt: attempt))
  }

  /// Sometimes the platform asks providers whether they know the user before it asks the one that does.
  private mutating func planQuestions(_ index: Int32, _ context: inout TrafficContext) {
    guard context.random.perMille(45) else { return }
    for number in 1...context.random.between(1, 2) {
      let asked = context.random.below(Partner.hostedProviderCount)
      plan(.managedQuestion, index, after: number * 6, detail: Int32(asked), &context)
    }
  }

  /// Everything after the authorisation.
  private mutating func planCourse(_ index: Int32, _ context: inout TrafficContext) {
    let session = sessions[index]
    let start = session.start - context.now
    let end = session.end - context.now
    if session.origin == .remote { plan(.reserved, index, after: context.random.between(600, 3000), &context) }
    if session.origin != .whiteList {
      plan(.busy, index, after: start + delivery(&context), &context)
      planEvents(index, start: start, end: end, &context)
    }
    if session.wantsIntermediateRecords, session.origin != .whiteList { planIntermediateRecords(index, start: start, end: end, &context) }
    plan(.free, index, after: end + context.random.between(2000, 240_000) + delivery(&context), &context)
    let isLate = context.random.perMille(35)
    let delay = isLate ? context.random.between(1, 30) * 3_600_000 : context.random.between(4000, 30_000)
    plan(.record, index, after: end + delay, &context)
  }

  /// How long a status is on its way: seconds, now and then hours.
  private func delivery(_ context: inout TrafficContext) -> Int {
    context.random.perMille(45) ? context.random.between(1_800_000, 20 * 3_600_000) : context.random.between(700, 5000)
  }

  private mutating func planEvents(_ index: Int32, start: Int, end: Int, _ context: inout TrafficContext) {
    if context.random.perMille(150) {
      plan(.event, index, after: start + 900, detail: context.random.below(4) == 0 ? 3 : 11, &context)
    }
    if context.random.perMille(35) { plan(.event, index, after: (start + end) / 2 + 900, detail: 2, &context) }
    if context.random.perMille(35) {
      plan(.event, index, after: end - 8000, detail: context.random.below(3) == 0 ? 13 : 12, &context)
    }
    let isStopped = context.random.perMille(sessions[index].origin == .remote ? 330 : 60)
    if isStopped {
      let isHosted = sessions[index].provider.isHosted
      plan(isHosted ? .stopAction : .stopActionLeg, index, after: end - 2500, &context)
    }
    if context.random.perMille(160) {
      plan(.event, index, after: end + 1000, detail: context.random.below(20) == 0 ? 0 : 1, &context)
    } else if isStopped, context.isFaultless {
      // A stop that is accepted is followed by the end, and a record may take hours.
      plan(.event, index, after: end + 1000, detail: 1, &context)
    }
  }

  private mutating func planIntermediateRecords(_ index: Int32, start: Int, end: Int, _ context: inout TrafficContext) {
    let interval = [10, 15, 20, 30][context.random.below(4)]
    var minutes = interval
    // Far enough from the end that no retry of an intermediate record can come behind the final one.
    let gap = context.isFaultless ? 300_000 : 60_000
    while minutes <= interval * 8, start + minutes * 60_000 < end - gap {
      plan(.record, index, after: start + minutes * 60_000 + context.random.between(8000, 40_000), detail: Int32(minutes), &context)
      minutes += interval
    }
  }

  // MARK: Course

  mutating func perform(_ item: Agenda.Item, _ context: inout TrafficContext) {
    let session = sessions[item.index]
    sessions[item.index].pending -= 1
    switch item.task {
    case .managedQuestion: writeManagedQuestion(session, asked: Int(item.detail), &context)
    case .authorisationLeg: writeAuthorisationLeg(session, &context)
    case .remoteStartLeg: writeRemoteStart(session, .fromIOP, session.legOutcome, &context)
    case .reserved: writeBusyStatus(session, 3, at: session.authorisedAt + 400, attempt: item.attempt, item.index, &context)
    case .busy: writeBusyStatus(session, 2, at: session.start, attempt: item.attempt, item.index, &context)
    case .free: writeBusyStatus(session, 1, at: session.end + 1500, attempt: item.attempt, item.index, &context)
    case .event: report(session, item, &context)
    case .eventLeg: writeEvent(session, nature: item.detail, .fromIOP, &context)
    case .stopAction:
      writeStop(session, .toIOP, &context)
      plan(.stopActionLeg, item.index, after: context.random.between(15, 60), &context)
    case .stopActionLeg: writeStop(session, .fromIOP, &context)
    case .record: sendRecord(session, item, &context)
    case .recordLeg: forwardRecord(session, item, &context)
    case .recordRepeated: writeRecord(session, item, .toIOP, purpose: 41, .refused(10701), &context)
    case .statusReport, .beat, .upload, .download, .planted: preconditionFailure("\(item.task) is no part of a session")
    }
    forgetIfOver(item.index)
  }

  private mutating func report(_ session: Session, _ item: Agenda.Item, _ context: inout TrafficContext) {
    writeEvent(session, nature: item.detail, .toIOP, &context)
    guard session.provider.isHosted else { return }
    plan(.eventLeg, item.index, after: context.random.between(20, 90), detail: item.detail, &context)
  }

  private mutating func forgetIfOver(_ index: Int32) {
    if sessions[index].pending == 0 { sessions.remove(index) }
  }
}
