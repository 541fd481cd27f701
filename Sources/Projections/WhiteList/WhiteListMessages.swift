internal import EMIP
public import JournalFormat
public import JournalStore

/// Reads again what messages said of entries: the rows hold no personal value.
struct WhiteListTexts {
  let journal: JournalReader
  let hash: SubjectHash

  /// An entry as a record tells of it.
  struct Reference: Hashable {
    /// See ``WhiteListNames/user(_:_:)``.
    let user: [UInt8]
    let record: WhiteListRecord
  }

  /// What is known of each, in their order: each message is read once. Nil where its message is gone or damaged.
  func details(of references: [Reference]) throws(JournalError) -> [WhiteListDetails?] {
    var details = [WhiteListDetails?](repeating: nil, count: references.count)
    var byMessage: [JournalPosition: [Int]] = [:]
    for (index, reference) in references.enumerated() {
      if let inline = reference.record.details {
        details[index] = try? WhiteListDetails(inline)
      } else if let position = reference.record.source?.position ?? reference.record.losses.last {
        byMessage[position, default: []].append(index)
      }
    }
    for (position, indices) in byMessage.sorted(by: { $0.key < $1.key }) {
      guard let facts = try facts(position) else { continue }
      // An upload has hundreds of entries: who asks for one of them does not wait for all.
      if indices.count == 1, let source = references[indices[0]].record.source {
        details[indices[0]] = facts.authenticationData(item: source.item).map(WhiteListDetails.init)
        continue
      }
      let items = Dictionary(facts.authenticationData.map { ($0.item, $0) }) { first, _ in first }
      for index in indices {
        let reference = references[index]
        let item = reference.record.source.map { items[$0.item] } ?? items.values.first { names($0, reference.user) }
        details[index] = item.map(WhiteListDetails.init)
      }
    }
    return details
  }

  private func facts(_ position: JournalPosition) throws(JournalError) -> MessageFacts? {
    guard let entry = try journal.readableEntry(at: position), case .message(let facts) = MessageReader().read(entry.content) else {
      return nil
    }
    return facts
  }

  private func names(_ item: AuthenticationData, _ user: [UInt8]) -> Bool {
    WhiteListNames.user(UserKey(type: item.user.userIdType?.rawValue ?? "", id: item.user.userId ?? ""), hash) == user
  }
}

extension WhiteListProjection {
  /// Whoever is on a list, or may be, stays, with what his message said; who went from it is forgotten. Of a list as a whole its last
  /// state stays.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    memory.forgetUsers()
    var kept: [(user: WhiteListUser, standings: [WhiteListStanding])] = []
    for key in try WhiteListUsers.keys(in: rows) {
      guard let user = try WhiteListUsers.user(key, in: rows) else { continue }
      let standings = user.standings.filter { $0.record.status == .live || $0.record.isUncertain || $0.record.isNoted }
      if standings.isEmpty { try WhiteListUsers.replace(key, with: nil, in: rows) } else { kept.append((user, standings)) }
    }
    let references = kept.flatMap { kept in kept.standings.map { WhiteListTexts.Reference(user: kept.user.key, record: $0.record) } }
    var details = try WhiteListTexts(journal: journal, hash: rows.hash).details(of: references)[...]
    for (user, standings) in kept {
      user.condense(to: standings, zip(standings, details).map { $0.record.status == .live || $0.record.isUncertain ? $1?.encoded() : nil })
      details = details.dropFirst(standings.count)
      try WhiteListUsers.replace(user.key, with: user, in: rows)
    }
    try condenseStates(rows)
  }

  private func condenseStates(_ rows: ModelTransaction) throws(JournalError) {
    for list in try WhiteListNames.numbers(in: rows) {
      let key = bigEndianBytes(list)
      guard let last = try Self.states.chunk(of: key, asOf: nil, in: rows)?.records.last else { continue }
      try Self.states.remove(key, in: rows)
      try Self.states.append(last.bytes, at: last.position, to: key, isFirst: true, in: rows)
    }
  }
}
