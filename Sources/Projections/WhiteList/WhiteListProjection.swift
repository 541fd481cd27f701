internal import EMIP
public import JournalFormat
public import JournalStore

/// White lists: who may charge, as eMSPs upload it and CPOs download it (guide 6.4.2, 7.3.2).
///
/// A list belongs to its holder, the platform or a CPO, and to an eMSP where one is named. What the platform accepted, and what came back
/// from it,
/// changes a list, at the position of the answer; an upload without an answer makes what it touches uncertain. Users stand in the rows by
/// keyed
/// hashes only; what messages said of them is read again from the journal.
public struct WhiteListProjection: Projection {
  /// Its name in file names and commands, the version of its rows, its tables and the rules that it judges by.
  public static let name = "whitelist"
  public static let version: UInt32 = 3
  public static let tables = WhiteListTables.all
  public static let rules = WhiteListRules.all

  private let memory = WhiteListMemory()

  /// Begins with nothing remembered: all that it knows stands in the rows.
  public init() {}

  /// Whether an entry of this context can change anything. An answer that does not say what it answers may answer a list.
  public static func isConcerned(by context: EntryContext) -> Bool {
    context.kind == .note || context.kind.isMessage && context.operation.map { $0.hasSuffix("AuthenticationData") } ?? true
  }

  /// Looks for lists that were not brought for more than a day.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    try memory.cadence.check(at: position, memory, in: rows)
  }

  /// Excuses the lists that are waited for.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func passGap(in rows: ModelTransaction) throws(JournalError) { try memory.cadence.passGap(in: rows) }

  /// Takes a request that uploads a list, the answer to an upload or a download, or a baseline.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  public func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError) {
    switch entry.kind {
    case .request: if entry.message.isWhiteList("SetAuthenticationData") { try measure(entry, rows) }
    case .response, .failure, .refusal:
      guard let request = entry.request else { return }
      if request.isWhiteList("SetAuthenticationData") {
        try upload(request, entry, rows)
      } else if request.isWhiteList("GetAuthenticationData") {
        try download(request, entry, rows)
      }
    case .note: if let baseline = WhiteListBaseline.Part(entry) { try load(baseline, entry, rows) }
    default: return
    }
  }

  // MARK: Messages

  /// Tells of an upload that is too large, whatever comes of it; of its repetitions no more.
  private func measure(_ entry: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    guard let facts = entry.facts else { return }
    let count = facts.authenticationEntryCount
    guard count > WhiteListRules.maximumEntryCount else { return }
    let list = try memory.number(of: .uploaded(by: entry.context.operator), in: rows)
    if let transaction = facts.transactionId {
      let mark = [0] + rows.hash(UInt8(ascii: "T"), bigEndianBytes(list), Array(transaction.utf8))
      guard try rows.value(of: mark, in: WhiteListTables.marks) == nil else { return }
      try rows.put([1], for: mark, in: WhiteListTables.marks)
    }
    var detail: [UInt8] = []
    detail.appendVarint(count)
    try WhiteListTables.findings.add(
      WhiteListRules.uploadTooLarge, at: entry.position, subject: bigEndianBytes(list), detail: detail, in: rows)
  }

  private func upload(_ request: ProjectedMessage, _ answer: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    guard let outcome = RequestOutcome(answer), let facts = request.facts, request.context.direction != .fromIOP else { return }
    let number = try memory.number(of: .uploaded(by: request.context.operator), in: rows)
    var list = try WhiteListChange(number, isPlatforms: true, at: answer.position, memory, rows)
    let lossMark = [1] + bigEndianBytes(request.position.rawValue)
    switch outcome {
    case .accepted:
      // What the gateway says in the platform's place is no acceptance.
      guard answer.context.author == .peer else { return }
      try facts.forEachAuthenticationEntry { (entry) throws(JournalError) in
        try list.take(entry, .init(position: request.position, item: entry.item))
      }
      try list.tellNameless(facts.itemsWithoutUser, of: request.position)
      try rows.remove(lossMark, in: WhiteListTables.marks)
      list.note(request.entry.content.observedAt)
      try memory.cadence.note(number, at: list.state.acceptedAt!, answer.position, in: rows)
    case .lost, .unreadable, .failed, .doubtful:
      try facts.forEachAuthenticationEntry { (entry) throws(JournalError) in try list.doubt(entry, request.position) }
      try rows.put([1], for: lossMark, in: WhiteListTables.marks)
    case .rejected, .fault, .refused:
      // Only a late answer to what counted as lost changes anything.
      guard try rows.value(of: lossMark, in: WhiteListTables.marks) != nil else { return }
      try facts.forEachAuthenticationEntry { (entry) throws(JournalError) in try list.undo(entry, request.position) }
      try rows.remove(lossMark, in: WhiteListTables.marks)
    }
    try list.end()
  }

  private func download(_ request: ProjectedMessage, _ answer: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    guard let outcome = RequestOutcome(answer), outcome.isAccepted, answer.context.author == .peer, let facts = answer.facts else {
      return
    }
    let holder = request.context.operator
    // The cadence is the holder's, whosever users came.
    let whole = try memory.number(of: WhiteListIdentity(holder: holder, provider: nil), in: rows)
    var lists = [[UInt8](): try WhiteListChange(whole, isPlatforms: false, at: answer.position, memory, rows)]
    var order: [[UInt8]] = [[]]
    try facts.forEachAuthenticationEntry { (entry) throws(JournalError) in
      let provider = entry.operatorId
      if lists[provider] == nil {
        let spelled = facts.authenticationData(item: entry.item)?.operatorId
        let number = try memory.number(of: WhiteListIdentity(holder: holder, provider: spelled), in: rows)
        lists[provider] = try WhiteListChange(number, isPlatforms: false, at: answer.position, memory, rows)
        order.append(provider)
      }
      try lists[provider]!.take(entry, .init(position: answer.position, item: entry.item))
    }
    try lists[[]]!.tellNameless(facts.itemsWithoutUser, of: answer.position)
    for provider in order { lists[provider]!.note(request.entry.content.observedAt) }
    try memory.cadence.note(whole, at: lists[[]]!.state.acceptedAt!, answer.position, in: rows)
    for provider in order { try lists[provider]!.end() }
  }

  /// A baseline replaces a list: its last part removes who is in none.
  private func load(_ baseline: WhiteListBaseline.Part, _ entry: ProjectedEntry, _ rows: ModelTransaction) throws(JournalError) {
    let number = try memory.number(of: baseline.list, in: rows)
    var list = try WhiteListChange(number, isPlatforms: baseline.list.isPlatforms, at: entry.position, memory, rows)
    try entry.facts?.forEachAuthenticationEntry { (item) throws(JournalError) in
      try list.take(item, .init(position: entry.position, item: item.item), as: .baseline)
    }
    if baseline.isLast {
      let first = JournalPosition(entry.position.rawValue - UInt64(baseline.count - 1))
      memory.forgetUsers()
      for key in try WhiteListUsers.keys(in: rows) {
        if let user = try WhiteListUsers.user(key, in: rows) { try list.removeUnlessFrom(first, user) }
      }
      list.state.baseline = entry.position
      list.state.isPartial = false
      try resolveUnknownEntries(number, entry.position, rows)
    }
    try list.end()
  }

  /// A baseline mends what was missing.
  private func resolveUnknownEntries(_ list: UInt16, _ position: JournalPosition, _ rows: ModelTransaction) throws(JournalError) {
    var keys: [[UInt8]] = []
    do {
      try WhiteListTables.findings.forEach(asOf: nil, in: rows) { finding in
        let isOfList = finding.rule == WhiteListRules.unknownEntry.number && finding.subject.starts(with: bigEndianBytes(list))
        if isOfList && finding.resolvedAt == nil { keys.append(finding.key) }
        return true
      }
    } catch { throw error as! JournalError }
    for key in keys { try WhiteListTables.findings.resolve(key, at: position, in: rows) }
  }

  // MARK: Findings

  /// Tells what is wrong or odd about white lists, in the order in which it became known.
  /// - Parameter position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows throws.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] {
    try WhiteListQuestions(models, asOf: position).findings()
  }

  // MARK: The purge horizon

  /// Leaves of what came before the horizon only what must outlive its messages.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the
  ///   journal throws.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    memory.forgetUsers()
    try WhiteListOpening(rows: rows, horizon: horizon, journal: journal).condense()
  }
}

extension ProjectedMessage {
  /// Whether it is a message of eMIP's to or from the platform itself: what passed inside says nothing of the lists.
  fileprivate func isWhiteList(_ name: String) -> Bool {
    entry.content.context.leg == .gatewayIOP && entry.content.context.operation == name
  }
}
