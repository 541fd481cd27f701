public import EMIP
public import JournalFormat
public import JournalStore

/// Which lists, and whose entries on them.
public struct WhiteListFilter: Hashable, Sendable {
  /// `IOP`, or a CPO.
  public var holder: String?
  /// The eMSP or the CPO whose list it is.
  public var operatorId: String?
  /// Whose entries; nil for all users.
  public var user: UserKey?

  /// Lets all lists and users through, unless told otherwise.
  public init(holder: String? = nil, operatorId: String? = nil, user: UserKey? = nil) {
    self.holder = holder
    self.operatorId = operatorId
    self.user = user
  }

  func includes(_ list: WhiteListIdentity) -> Bool {
    if let holder, WhiteListIdentity.compact(holder) != list.holder { return false }
    guard let operatorId = operatorId.map(WhiteListIdentity.compact) else { return true }
    return operatorId == list.provider || operatorId == list.holder
  }
}

/// Questions to the read model of white lists. What is personal is read from the journal.
public struct WhiteListQuestions: ModelQuestions {
  let rows: any ModelRows
  let journal: JournalReader
  /// The position that all answers are as of; nil for now.
  public let asOf: JournalPosition?

  /// The operations whose messages bring lists.
  public static let operations: Set<String> = ["SetAuthenticationData", "GetAuthenticationData"]

  /// The read models that the answers come from.
  public static let projections: [any Projection.Type] = [WhiteListProjection.self]

  /// Asks the read model of white lists as it is at this moment.
  /// - Parameters:
  ///   - models: those of ``projections`` at least.
  ///   - position: what became known behind it does not count; nil for now.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public init(_ models: ReadModels, asOf position: JournalPosition?) throws(JournalError) {
    self.init(try models.model(WhiteListProjection.self).snapshot(), models.reader, asOf: position)
  }

  /// - Parameter rows: of ``WhiteListProjection``.
  init(_ rows: any ModelRows, _ journal: JournalReader, asOf position: JournalPosition?) {
    self.rows = rows
    self.journal = journal
    asOf = position
  }
}

/// What a list says of a user.
public enum WhiteListAnswer: String, Sendable, CaseIterable {
  /// What an entry on the list says: the service is to be delivered, is not, or the entry has expired.
  case authorised, refused, expired
  /// An upload that may have been applied was lost, or what the entry says of it cannot be read.
  case uncertain
  /// On no list, or not any more.
  case unknown

  /// What decides where lists differ: the first of these.
  static let strictest: [WhiteListAnswer] = [.uncertain, .refused, .expired, .authorised, .unknown]
}

/// An entry of a list as of a position, without what is personal.
public struct WhiteListEntry: Hashable, Sendable {
  /// `IOP`, or the CPO that downloaded the list.
  public let holder: String
  /// Nil where a download does not name it.
  public let eMSPId: String?
  /// The id of the operator that uploaded or downloaded the list.
  public let operatorId: String
  /// Nil where it is no number.
  public let serviceId: UInt32?
  /// 1 authorises, anything else refuses; nil where its message gives no number.
  public let authorisationValue: UInt32?
  /// From when it does not count any more; nil where it does not expire, or that cannot be read: see ``isUnreadable``.
  public let expiryDate: Timestamp?
  /// Whether its message has values that cannot be read: ``WhiteListDetails/unreadable`` says what they say.
  public let isUnreadable: Bool
  /// Whether its message names no service, so that the generic charge is meant (guide 5.5.3).
  public let isServiceAssumed: Bool
  /// The position of the message that holds the entry; nil where no answered one does.
  public let position: JournalPosition?
  /// Which item of that message, from 1; 0 for a baseline that does not have it.
  public let item: UInt32?
  /// The position of the answer since which it is so.
  public let since: JournalPosition
  /// Whether the user is on the list, expired or not.
  public let isLive: Bool
  /// Whether the user went from it.
  public let isDeleted: Bool
  /// The requests that may have changed it and were lost.
  public let losses: [JournalPosition]
  /// What led to it: `insert`, `update`, `delete`, `other`, `baseline`, `baselineWithout`, `lost`, `undone`.
  public let change: String
  let reference: WhiteListMessages.Reference

  init(_ user: [UInt8], _ list: WhiteListIdentity, _ standing: WhiteListStanding) {
    let record = standing.record
    holder = list.holderId
    eMSPId = list.provider.isEmpty ? nil : list.providerId
    operatorId = list.operatorId
    serviceId = standing.service == .max ? nil : standing.service
    authorisationValue = record.authorisationValue
    expiryDate = record.expiryDate
    isUnreadable = !record.unreadable.isEmpty
    isServiceAssumed = record.isServiceAssumed
    position = record.source?.position
    item = record.source?.item
    since = standing.position
    isLive = record.status == .live
    isDeleted = record.status == .deleted
    losses = record.losses
    change = "\(record.change)"
    reference = WhiteListMessages.Reference(user: user, record: record)
  }

  /// Whether nobody can say whether it lets the user charge: an upload was lost, or what decides it cannot be read.
  public var isUncertain: Bool {
    !losses.isEmpty || isLive && !reference.record.unreadable.isDisjoint(with: [.expiryDate, .authorisationValue, .service, .actionType])
  }

  /// What the entry says at a moment (guide 6.4.2, 6.4.3).
  public func answer(at time: Timestamp) -> WhiteListAnswer {
    if !losses.isEmpty { return .uncertain }
    guard isLive else { return .unknown }
    let unreadable = reference.record.unreadable
    guard unreadable.isDisjoint(with: [.authorisationValue, .service, .actionType]) else { return .uncertain }
    if let expiryDate, expiryDate <= time { return .expired }
    guard authorisationValue == 1 else { return .refused }
    return unreadable.contains(.expiryDate) ? .uncertain : .authorised
  }
}

// MARK: Checking

/// What the lists say of a user at a moment.
public struct WhiteListCheck: Hashable, Sendable {
  /// The strictest that a list says; `unknown` only where no other says anything.
  public let answer: WhiteListAnswer
  /// What each list says, the one that decides first.
  public let standings: [Standing]

  /// What one list says.
  public struct Standing: Hashable, Sendable {
    /// What it says of the user at that moment.
    public let answer: WhiteListAnswer
    /// The user's entry on it.
    public let entry: WhiteListEntry
    /// When the last upload that was accepted, or download that came back, was asked for.
    public let listAcceptedAt: Timestamp?
    /// How old the list was; nil where none came by then.
    public let listAgeMilliseconds: Int64?
    /// Whether it authorises without an expiry date by a list that is more than a day old (guide 6.4.2).
    public let isStale: Bool
    /// What the entry's message says that cannot be read; none where that is gone.
    public let unreadable: UnreadableValues
  }
}

extension WhiteListQuestions {
  private static let dayMilliseconds: Int64 = 86_400_000

  /// What the lists say of a user at a moment. A few look-ups, however long the history: the journal is read only for what an entry says that cannot
  /// be read. An entry whose service cannot be read may be of any.
  /// - Parameters:
  ///   - time: against which expiry dates and the lists' ages are held.
  ///   - filter: of its fields `user` does not count.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func check(
    _ user: UserKey, service: UInt32 = 1, at time: Timestamp, _ filter: WhiteListFilter = WhiteListFilter()
  ) throws(JournalError) -> WhiteListCheck {
    var standings: [WhiteListCheck.Standing] = []
    let key = WhiteListNames.user(user, rows.hash)
    for standing in try WhiteListUsers.standings(of: key, asOf: asOf, in: rows)
    where standing.service == service || standing.service == .max {
      let list = try WhiteListNames.identity(standing.list, in: rows)
      guard filter.includes(list) else { continue }
      let entry = WhiteListEntry(key, list, standing)
      let answer = entry.answer(at: time)
      let acceptedAt = try state(of: standing.list, list)?.acceptedAt
      let age = acceptedAt.flatMap { $0 <= time ? time.milliseconds(since: $0) : nil }
      standings.append(
        WhiteListCheck.Standing(
          answer: answer, entry: entry, listAcceptedAt: acceptedAt, listAgeMilliseconds: age,
          isStale: answer == .authorised && entry.expiryDate == nil && (age ?? 0) > Self.dayMilliseconds,
          unreadable: entry.isUnreadable ? try details(of: [entry])[0]?.unreadable ?? UnreadableValues() : UnreadableValues()))
    }
    func rank(_ standing: WhiteListCheck.Standing) -> Int { WhiteListAnswer.strictest.firstIndex(of: standing.answer)! }
    standings.sort { (rank($0), $0.entry.holder, $0.entry.operatorId) < (rank($1), $1.entry.holder, $1.entry.operatorId) }
    return WhiteListCheck(answer: standings.first?.answer ?? .unknown, standings: standings)
  }

  /// The state of a list as a whole: that of a CPO's download is the same for every eMSP in it.
  private func state(of number: UInt16, _ list: WhiteListIdentity) throws(JournalError) -> WhiteListState? {
    var number = number
    if !list.isPlatforms && !list.provider.isEmpty {
      number = try WhiteListNames.known(WhiteListIdentity(holder: list.holderId, provider: nil), in: rows) ?? number
    }
    return try WhiteListState.known(of: number, asOf: asOf, in: rows)
  }
}

// MARK: Lists and histories

extension WhiteListQuestions {
  /// The entries of the lists, by operator, kind of id and user, each with what its message said; nil in place of that where the message
  /// is gone.
  /// - Parameter includesAll: also those who went, and those whom only lost uploads named.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func entries(_ filter: WhiteListFilter = WhiteListFilter(), includesAll: Bool = false) throws -> [(
    entry: WhiteListEntry, details: WhiteListDetails?
  )] {
    var found: [WhiteListEntry] = []
    var lists: [UInt16: WhiteListIdentity] = [:]
    for user in try filter.user.map({ [WhiteListNames.user($0, rows.hash)] }) ?? WhiteListUsers.keys(in: rows) {
      for standing in try WhiteListUsers.standings(of: user, asOf: asOf, in: rows) {
        let list = try lists[standing.list] ?? WhiteListNames.identity(standing.list, in: rows)
        lists[standing.list] = list
        let entry = WhiteListEntry(user, list, standing)
        if filter.includes(list) && (includesAll || entry.isLive) { found.append(entry) }
      }
    }
    return try withDetails(found).sorted {
      ($0.entry.operatorId, $0.details?.userIdType ?? "", $0.details?.userId ?? "", $0.entry.holder, $0.entry.serviceId ?? 0)
        < ($1.entry.operatorId, $1.details?.userIdType ?? "", $1.details?.userId ?? "", $1.entry.holder, $1.entry.serviceId ?? 0)
    }
  }

  /// All that happened to a user on the lists, in the order of the positions, each with what its message said.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func history(_ user: UserKey, _ filter: WhiteListFilter = WhiteListFilter()) throws -> [(
    entry: WhiteListEntry, details: WhiteListDetails?
  )] {
    var found: [WhiteListEntry] = []
    let key = WhiteListNames.user(user, rows.hash)
    for standing in try WhiteListUsers.records(of: key, asOf: asOf, in: rows) {
      let list = try WhiteListNames.identity(standing.list, in: rows)
      if filter.includes(list) { found.append(WhiteListEntry(key, list, standing)) }
    }
    found.sort { ($0.since, $0.item ?? 0) < ($1.since, $1.item ?? 0) }
    return try withDetails(found)
  }

  /// What the messages said of entries.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  public func details(of entries: [WhiteListEntry]) throws(JournalError) -> [WhiteListDetails?] {
    try WhiteListMessages(journal, rows.hash).details(of: entries.map(\.reference))
  }

  /// The position of the message that holds what is said of an entry and cannot be read; nil where it can be, or is gone. To be asked after its details.
  public func unreadable(_ entry: WhiteListEntry) -> JournalPosition? { WhiteListMessages(journal, rows.hash).unreadable(entry.reference) }

  private func withDetails(_ entries: [WhiteListEntry]) throws(JournalError) -> [(entry: WhiteListEntry, details: WhiteListDetails?)] {
    Array(zip(entries, try details(of: entries))).map { ($0, $1) }
  }

  /// The lists that there were.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public func lists(_ filter: WhiteListFilter = WhiteListFilter()) throws -> [WhiteListSummary] {
    var summaries: [WhiteListSummary] = []
    let namelessCounts = try namelessCounts()
    for number in try WhiteListNames.numbers(in: rows) {
      guard let state = try WhiteListState.known(of: number, asOf: asOf, in: rows) else { continue }
      let list = try WhiteListNames.identity(number, in: rows)
      guard filter.includes(list) else { continue }
      summaries.append(
        WhiteListSummary(
          holder: list.holderId, eMSPId: list.provider.isEmpty ? nil : list.providerId,
          liveCount: state.liveCount, namelessCount: namelessCounts[number] ?? 0, acceptedAt: state.acceptedAt, baseline: state.baseline))
    }
    return summaries
  }
}

/// A list, when it was last brought, and how many are on it.
public struct WhiteListSummary: Hashable, Sendable {
  /// `IOP`, or the CPO that downloaded the list.
  public let holder: String
  /// The eMSP whose users they are; nil where a download does not name it.
  public let eMSPId: String?
  /// Entries that are on it, expired ones among them.
  public let liveCount: Int
  /// Entries that its messages brought and that name no user: they are on no list.
  public let namelessCount: Int
  /// When the last upload that was accepted, or download that came back, was asked for; nil where there was none.
  public let acceptedAt: Timestamp?
  /// The position of the last baseline; nil where there was none.
  public let baseline: JournalPosition?
}
