internal import EMIP
public import JournalFormat
public import JournalStore

/// Reads again what messages said of entries: the rows hold no personal value.
struct WhiteListTexts {
  let journal: JournalReader
  let hash: SubjectHash

  /// An entry as a record tells of it.
  struct Reference: Hashable {
    let subject: WhiteListSubject
    let record: WhiteListRecord
  }

  /// What is known of each, in their order: each message is read once. Nil where its message is gone or damaged.
  func details(of references: [Reference]) throws(JournalError) -> [WhiteListDetails?] {
    var details = [WhiteListDetails?](repeating: nil, count: references.count)
    var byMessage: [(position: JournalPosition, index: Int)] = []
    for (index, reference) in references.enumerated() {
      if let inline = reference.record.details {
        details[index] = try? WhiteListDetails(inline)
      } else if let position = reference.record.source?.position ?? reference.record.losses.last {
        byMessage.append((position, index))
      }
    }
    byMessage.sort { ($0.position, $0.index) < ($1.position, $1.index) }
    var items: [UInt32: AuthenticationData] = [:]
    var read: JournalPosition?
    for (position, index) in byMessage {
      if read != position {
        items = try self.items(position)
        read = position
      }
      let reference = references[index]
      let item = reference.record.source.map { items[$0.item] } ?? items.values.first { names($0, reference.subject) }
      details[index] = item.map(WhiteListDetails.init)
    }
    return details
  }

  private func items(_ position: JournalPosition) throws(JournalError) -> [UInt32: AuthenticationData] {
    let entry: Entry?
    do throws(JournalError) { entry = try journal.entry(at: position) } catch {
      guard error.code == .recordDamaged else { throw error }
      return [:]
    }
    guard let entry, case .message(let facts) = MessageReader().read(entry.content) else { return [:] }
    return Dictionary(facts.authenticationData.map { ($0.item, $0) }) { first, _ in first }
  }

  private func names(_ item: AuthenticationData, _ subject: WhiteListSubject) -> Bool {
    let key = UserKey(type: item.user.userIdType?.rawValue ?? "", id: item.user.userId ?? "")
    return WhiteListSubject.user(key, hash) == subject.user
  }
}

extension WhiteListProjection {
  /// Whoever is on a list, or may be, stays, with what his message said; who went from it is forgotten. Of a list as a whole its last
  /// state stays.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {
    var kept: [(newest: NewestFirstTable.Record, reference: WhiteListTexts.Reference)] = []
    for key in try Self.entries.subjects(beginningWith: [], in: rows) {
      guard let head = try Self.entries.head(of: key, in: rows) else { continue }
      let record = try Self.record(head.newest)
      if record.status == .live || record.isUncertain {
        kept.append((head.newest, .init(subject: WhiteListSubject(key), record: record)))
      } else {
        try Self.entries.replace(key, with: record.isNoted ? head.newest : nil, in: rows)
      }
    }
    let details = try WhiteListTexts(journal: journal, hash: rows.hash).details(of: kept.map(\.reference))
    for (entry, details) in zip(kept, details) {
      var record = entry.reference.record
      record.details = details?.encoded()
      let bytes = record.encoded(at: entry.newest.position)
      try Self.entries.replace(entry.reference.subject.key, with: .init(position: entry.newest.position, bytes: bytes), in: rows)
    }
    for list in try Self.states.subjects(beginningWith: [], in: rows) {
      try Self.states.replace(list, with: Self.states.record(of: list, asOf: nil, in: rows), in: rows)
    }
  }
}
