internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Finds out which session a message is about.
struct SessionCorrelation {
  private let rows: ModelTransaction
  private let position: JournalPosition
  private let observedAt: Timestamp

  /// How long after it a session that ended no longer owns the CPO's or eMSP's id: an id is unique only within its operator (guide 5.5.1).
  private static let reuseAfterMilliseconds: Int64 = 30 * 86_400_000
  private static let twinWithinMilliseconds: Int64 = 60_000
  private static let recordWithinMilliseconds: Int64 = 30 * 60_000

  init(_ rows: ModelTransaction, _ position: JournalPosition, _ observedAt: Timestamp) {
    self.rows = rows
    self.position = position
    self.observedAt = observedAt
  }

  struct Parties {
    var evse: UInt32?
    var exec: UInt32?
    var sale: UInt32?
  }

  /// Where a message belongs, as things stood before it.
  struct Place {
    let number: UInt32
    var isNew = false
    var facts: SessionFacts
    /// Of the session's own first record.
    var ownOpened = Timestamp(rawValue: 0)
    /// Ids that another session has.
    var conflicts: [SessionIdKind] = []
    var parties = Parties()
    var newIds: [SessionIdKind] = []
    /// With what keeps each from being made twice.
    var pendingFindings: [(rule: FindingRule, cause: UInt64)] = []
  }

  // MARK: Placing

  /// The session of a request. Merges sessions that the message links, and notes what contradicts.
  /// - Parameter request: the session that an answer's request was put down to.
  func place(_ mention: SessionMention, at request: UInt32? = nil) throws(JournalError) -> Place {
    var numbers: [SessionIdKind: UInt32] = [:]
    for kind in SessionIdKind.allCases {
      guard let key = mention.key(kind, rows.hash) else { continue }
      numbers[kind] = try SessionsProjection.number(key, in: rows)
      // Who asks anew, long after the end, begins another session.
      if request == nil, kind != .service, mention.asksForAuthorisation, let number = numbers[kind], isOver(try facts(number)) {
        numbers[kind] = nil
      }
    }
    let candidates = [numbers[.service], request, numbers[.exec], numbers[.sale]].compactMap { $0 }
    guard let first = candidates.first else { return try newPlace(mention) }

    // What the message says of itself: with a platform's id that nobody has, no session that has another can be it.
    var target: UInt32?
    var conflicts: [(kind: SessionIdKind, number: UInt32)] = []
    if mention.serviceSessionId != nil && numbers[.service] == nil {
      if let request, try !facts(request).has(.service) { target = request }
      for kind in [SessionIdKind.exec, .sale] {
        guard let number = numbers[kind] else { continue }
        let other = try facts(number)
        guard other.has(.service) else {
          target = target ?? number
          continue
        }
        numbers[kind] = nil
        // An id that is used again after a long time belongs to its new session.
        if !isOver(other) { conflicts.append((kind, number)) }
      }
      // An answer stays with its request, whatever it names.
      if target == nil, let request {
        target = request
        conflicts.append((.service, request))
      }
    } else {
      target = first
    }
    guard var number = target else {
      var place = try newPlace(mention)
      place.conflicts = conflicts.map(\.kind)
      try note(conflicts, &place)
      return place
    }
    for kind in SessionIdKind.allCases {
      guard let other = numbers[kind], try SessionsProjection.current(other, asOf: nil, in: rows) != number else { continue }
      let otherFacts = try facts(other)
      let named = try facts(number)
      if otherFacts.has(.service) && (named.has(.service) || mention.serviceSessionId != nil && kind != .service) {
        conflicts.append((kind, other))
      } else {
        number = try merge(number, other)
      }
    }
    if let request, request != number, try SessionsProjection.current(request, asOf: nil, in: rows) != number {
      let (asked, named) = (try facts(request), try facts(number))
      if asked.has(.service) && named.has(.service) {
        // The answer names another session than its request: it stays with the request.
        conflicts.append((.service, number))
        number = request
      } else {
        number = try merge(number, request)
      }
    }
    var place = try existingPlace(number)
    place.conflicts = conflicts.map(\.kind)
    try findSecondIds(mention, numbers, &conflicts, place)
    try note(conflicts, &place)
    try settleTwins(mention, &place)
    return place
  }

  private func facts(_ number: UInt32) throws(JournalError) -> SessionFacts {
    let current = try SessionsProjection.current(number, asOf: nil, in: rows)
    guard let facts = try SessionFacts(current, asOf: nil, in: rows) else {
      throw .damagedModel(FormatError("a session has no records"), SessionsProjection.log.table)
    }
    return facts
  }

  private func existingPlace(_ number: UInt32) throws(JournalError) -> Place {
    var place = Place(number: number, facts: try facts(number))
    place.ownOpened = try ownOpened(number)
    return place
  }

  /// Of the session's own first record: what its dates are written from.
  private func ownOpened(_ number: UInt32) throws(JournalError) -> Timestamp {
    let subject: [UInt8] = bigEndianBytes(number)
    guard let row = try rows.first(from: subject, beginningWith: subject, in: SessionsProjection.log.table),
      let position = row.key.count == 9 ? JournalPosition(row.key[4...].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }) : nil,
      let record = try SessionsProjection.log.chunk(of: subject, asOf: position, in: rows)?.records.first
    else { throw .damagedModel(FormatError("a session has no records"), SessionsProjection.log.table) }
    do throws(FormatError) { return try SessionRecord(record, opened: nil).novelty!.opened! } catch {
      throw .damagedModel(error, SessionsProjection.log.table)
    }
  }

  private func newPlace(_ mention: SessionMention) throws(JournalError) -> Place {
    let number = try SessionsProjection.nextNumber(rows)
    let empty = SessionFacts(new: number)
    var place = Place(number: number, isNew: true, facts: empty)
    place.ownOpened = observedAt
    return place
  }

  private func isOver(_ facts: SessionFacts) -> Bool {
    facts.finalRecord != nil && observedAt.milliseconds(since: facts.opened) >= Self.reuseAfterMilliseconds
  }

  // MARK: Conflicts

  /// A session has one id of its CPO and one of its eMSP.
  private func findSecondIds(
    _ mention: SessionMention, _ numbers: [SessionIdKind: UInt32], _ conflicts: inout [(kind: SessionIdKind, number: UInt32)],
    _ place: Place
  ) throws(JournalError) {
    for kind in [SessionIdKind.exec, .sale] where numbers[kind] == nil && !conflicts.contains(where: { $0.kind == kind }) {
      guard mention.key(kind, rows.hash) != nil, let owner = kind == .exec ? mention.exec : mention.sale else { continue }
      let known = try SessionsProjection.names.known(owner, .operator, in: rows)
      if let known, place.facts.has(kind, of: known) { conflicts.append((kind, place.number)) }
    }
  }

  private func note(_ conflicts: [(kind: SessionIdKind, number: UInt32)], _ place: inout Place) throws(JournalError) {
    for (kind, number) in conflicts {
      place.pendingFindings.append((SessionRules.idConflict, UInt64(number) << 3 | UInt64(kind.rawValue)))
    }
  }

  // MARK: Merging

  /// - Returns: the lower number, under which both are known from now on.
  private func merge(_ one: UInt32, _ other: UInt32) throws(JournalError) -> UInt32 {
    let first = try SessionsProjection.current(one, asOf: nil, in: rows)
    let second = try SessionsProjection.current(other, asOf: nil, in: rows)
    guard first != second else { return first }
    let (old, young) = (min(first, second), max(first, second))
    try rows.put(bigEndianBytes(old) + bigEndianBytes(position.rawValue), for: bigEndianBytes(young), in: SessionsProjection.alias)
    try append(.absorbed(young), to: old)
    try append(.mergedInto(old), to: young)
    return old
  }

  private func append(_ content: SessionRecord.Content, to number: UInt32) throws(JournalError) {
    let record = SessionRecord(content: content)
    try SessionsProjection.log.append(
      record.encoded(at: position, opened: Timestamp(rawValue: 0)), at: position, to: bigEndianBytes(number), in: rows)
  }

  // MARK: Inferences

  /// Under what a session without the platform's id is sought by EVSE and user.
  private func unnamedKey(_ mention: SessionMention) -> [UInt8]? {
    guard let exec = mention.exec, let evseId = mention.evseId, let user = mention.user?.comparable else { return nil }
    return rows.hash(UInt8(ascii: "U"), SessionNames.compact(exec), SessionNames.compact(evseId), user)
  }

  /// Called when the message has been put down: looks for the session that this one probably is, and lets others find this one.
  func infer(_ mention: SessionMention, _ place: Place, isFromIOP: Bool) throws(JournalError) {
    guard let key = unnamedKey(mention) else { return }
    switch mention.content {
    case .get where isFromIOP:
      guard place.isNew, let (number, asked) = try unnamed(key) else { return }
      if abs(observedAt.milliseconds(since: asked)) <= Self.twinWithinMilliseconds { try link(place.number, number) }
    case .get, .set:
      guard place.isNew, mention.serviceSessionId == nil else { return }
      var value: [UInt8] = bigEndianBytes(place.number)
      value.appendSignedVarint(observedAt.rawValue)
      try rows.put(value, for: key, in: SessionsProjection.unnamed)
    case .record(let record):
      guard place.isNew, mention.serviceSessionId == nil, let start = record.startTime?.value, let (number, asked) = try unnamed(key),
        try facts(number).decision?.result == .authorised
      else { return }
      let after = start.milliseconds(since: asked)
      if -Self.twinWithinMilliseconds <= after && after <= Self.recordWithinMilliseconds { try link(place.number, number) }
    case .event, .action: break
    }
  }

  /// The session becomes known by the platform's id: from now on nothing is to be inferred of it.
  func forgetUnnamed(_ mention: SessionMention, _ number: UInt32) throws(JournalError) {
    guard let key = unnamedKey(mention), let (known, _) = try unnamed(key), known == number else { return }
    try rows.remove(key, in: SessionsProjection.unnamed)
  }

  private func unnamed(_ key: [UInt8]) throws(JournalError) -> (UInt32, Timestamp)? {
    guard let value = try rows.value(of: key, in: SessionsProjection.unnamed) else { return nil }
    let number = try SessionsProjection.current(UInt32(bigEndian: value[..<4]), asOf: nil, in: rows)
    do throws(FormatError) {
      return (number, Timestamp(rawValue: try Array(value[4...]).reading { (reader) throws(FormatError) in try reader.signedVarint() }))
    } catch { throw .damagedModel(error, SessionsProjection.unnamed) }
  }

  private func link(_ one: UInt32, _ other: UInt32) throws(JournalError) {
    guard one != other else { return }
    try append(.twin(other), to: one)
    try append(.twin(one), to: other)
  }

  /// An inference ends where the sessions turn out to be two: each has an id of its own of the same owner.
  private func settleTwins(_ mention: SessionMention, _ place: inout Place) throws(JournalError) {
    guard !place.facts.twins.isEmpty else { return }
    var isChanged = false
    for twin in place.facts.twins.sorted() {
      let own = try SessionFacts(place.number, asOf: nil, withTwins: false, in: rows)!
      let other = try SessionFacts(twin, asOf: nil, withTwins: false, in: rows)!
      let exec = try mention.exec.flatMap { (text) throws(JournalError) in try SessionsProjection.names.known(text, .operator, in: rows) }
      let hasServiceId = own.has(.service) || mention.serviceSessionId != nil
      let ownExec = own.has(.exec) ? own.exec : mention.execSessionId == nil ? nil : exec
      guard hasServiceId && other.has(.service) || ownExec.map({ other.has(.exec, of: $0) }) ?? false else { continue }
      try append(.twinDropped(twin), to: place.number)
      try append(.twinDropped(place.number), to: twin)
      isChanged = true
    }
    if isChanged { place.facts = try facts(place.number) }
  }
}

extension UserIdentity {
  /// How two spellings of one user compare; nil where none is named. Personal.
  var comparable: [UInt8]? {
    guard let userId, let userIdType else { return nil }
    if userIdType.termKind == .userRFID { return [1] + TermForm.hexPadded.normalized(userId.utf8) }
    return [2] + (UserIdentity.contractStem(userId) ?? TermForm.compact.normalized(userId.utf8))
  }

  /// Whether the alias that is to stand for the contract is the contract (guide 7.6.2).
  var isRawContract: Bool { UserIdentity.isRawContract(userIdType, userId, userContractIdAlias) }

  static func isRawContract(_ type: UserIdType?, _ userId: String?, _ alias: String?) -> Bool {
    guard let type, let userId, let alias, [.eMA, .evco, .eMI3].contains(type) else { return false }
    return contractStem(userId) ?? TermForm.compact.normalized(userId.utf8) == contractStem(alias)
      ?? TermForm.compact.normalized(alias.utf8)
  }

  /// Without the check digit; nil for a text that is no contract id.
  private static func contractStem(_ text: String) -> [UInt8]? { (try? ContractIdentifier(text)).map { Array($0.stem.utf8) } }
}
