internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds out which session a message is about.
struct SessionCorrelation {
  let tables: SessionRows
  /// When the request was observed, also of an answer.
  let observedAt: Timestamp

  /// How long after it a session that ended no longer owns the CPO's or eMSP's id: an id is unique only within its operator (guide 5.5.1).
  static let reuseAfterMilliseconds: Int64 = 30 * 86_400_000

  /// Where a message belongs.
  struct Place {
    let session: SessionFacts
    var isNew = false
    /// Whether other sessions turned out to be it with this message.
    var isMerged = false
    /// Ids that another session has, and which that is.
    var conflicts: [Conflict] = []
  }

  struct Conflict {
    let kind: SessionIdKind
    let other: UInt32
  }

  /// The sessions that have the ids of a message.
  private struct Named {
    var service: SessionFacts?
    var exec: SessionFacts?
    var sale: SessionFacts?

    subscript(kind: SessionIdKind) -> SessionFacts? {
      get {
        switch kind {
        case .service: service
        case .exec: exec
        case .sale: sale
        }
      }
      set {
        switch kind {
        case .service: service = newValue
        case .exec: exec = newValue
        case .sale: sale = newValue
        }
      }
    }
  }

  /// The session of a message, as things stood before it. Merges sessions that the message links, and notes what contradicts.
  /// - Parameter request: the session that an answer's request was put down to.
  func place(_ mention: SessionMention, at request: SessionFacts? = nil) throws(JournalError) -> Place {
    var named = Named()
    for kind in SessionIdKind.all {
      guard let session = try tables.session(mention, kind) else { continue }
      // Who asks anew, long after the end, begins another session.
      if request == nil, kind != .service, mention.asksForAuthorisation, try isOver(session) { continue }
      named[kind] = session
    }
    guard let first = named.service ?? request ?? named.exec ?? named.sale else { return try newPlace() }
    var conflicts: [Conflict] = []
    let isNewService = mention.serviceSessionId != nil && named.service == nil
    let target = isNewService ? try sessionWithoutServiceId(&named, request, &conflicts) : first
    var isMerged = false
    guard var session = target else {
      var place = try newPlace()
      place.conflicts = conflicts
      return place
    }
    for kind in SessionIdKind.all {
      guard let number = named[kind]?.number else { continue }
      let other = try tables.session(number)
      guard other !== session else { continue }
      if other.has(.service) && (session.has(.service) || mention.serviceSessionId != nil && kind != .service) {
        conflicts.append(Conflict(kind: kind, other: other.number))
      } else {
        session = try tables.merge(session, other)
        isMerged = true
      }
    }
    if let request = try request.map({ (session) throws(JournalError) in try tables.session(session.number) }), request !== session {
      if request.has(.service) && session.has(.service) {
        // The answer names another session than its request: it stays with the request.
        conflicts.append(Conflict(kind: .service, other: session.number))
        session = request
      } else {
        session = try tables.merge(session, request)
        isMerged = true
      }
    }
    var place = Place(session: session, isMerged: isMerged, conflicts: conflicts)
    try findSecondIds(mention, named, &place)
    try settleTwins(mention, session)
    return place
  }

  /// What a message with a platform's id that nobody has is about: no session that has another can be it.
  private func sessionWithoutServiceId(
    _ named: inout Named, _ request: SessionFacts?, _ conflicts: inout [Conflict]
  ) throws(JournalError) -> SessionFacts? {
    var target = request.flatMap { $0.has(.service) ? nil : $0 }
    for kind in [SessionIdKind.exec, .sale] {
      guard let other = named[kind] else { continue }
      guard other.has(.service) else {
        target = target ?? other
        continue
      }
      named[kind] = nil
      // An id that is used again after a long time belongs to its new session.
      if try !isOver(other) { conflicts.append(Conflict(kind: kind, other: other.number)) }
    }
    // An answer stays with its request, whatever it names.
    if target == nil, let request {
      target = request
      conflicts.append(Conflict(kind: .service, other: request.number))
    }
    return target
  }

  private func newPlace() throws(JournalError) -> Place { Place(session: try tables.newSession(observedAt), isNew: true) }

  private func isOver(_ session: SessionFacts) throws(JournalError) -> Bool {
    guard observedAt.milliseconds(since: session.opened) >= Self.reuseAfterMilliseconds else { return false }
    return try tables.whole(session).finalRecord != nil
  }

  /// A session has one id of its CPO and one of its eMSP.
  private func findSecondIds(_ mention: SessionMention, _ named: Named, _ place: inout Place) throws(JournalError) {
    for kind in [SessionIdKind.exec, .sale] where named[kind] == nil && mention.names(kind) {
      guard !place.conflicts.contains(where: { $0.kind == kind }), let known = try tables.known(mention.owner(kind)!, .operator),
        place.session.has(kind, of: known)
      else { continue }
      place.conflicts.append(Conflict(kind: kind, other: place.session.number))
    }
  }

  /// An inference ends where the sessions turn out to be two: each has an id of its own of the same owner.
  private func settleTwins(_ mention: SessionMention, _ session: SessionFacts) throws(JournalError) {
    for number in session.twins {
      let other = try tables.session(number)
      let hasServiceId = session.has(.service) || mention.serviceSessionId != nil
      let exec: UInt32? =
        session.has(.exec) ? session.exec?.number : mention.names(.exec) ? try tables.known(mention.exec!, .operator) : nil
      guard hasServiceId && other.has(.service) || exec.map({ other.has(.exec, of: $0) }) ?? false else { continue }
      try tables.append(SessionRecord(content: .twinDropped(number)), to: session)
      for number in other.twins where try tables.session(number) === session {
        try tables.append(SessionRecord(content: .twinDropped(number)), to: other)
      }
    }
  }
}
