internal import EMIP
internal import JournalFormat
internal import JournalStore

/// Reads again what messages said of entries: the rows hold no personal value.
struct WhiteListMessages {
  private let messages: JournalMessages
  private let hash: SubjectHash

  init(_ journal: JournalReader, _ hash: SubjectHash) {
    messages = JournalMessages(journal)
    self.hash = hash
  }

  /// An entry as a record tells of it.
  struct Reference: Hashable {
    /// See ``WhiteListNames/user(_:_:)``.
    let user: [UInt8]
    let record: WhiteListRecord
  }

  /// The position of the message that holds what is said of an entry and cannot be read; nil where it can, or is gone.
  func unreadable(_ reference: Reference) -> JournalPosition? {
    guard reference.record.details == nil, let position = reference.record.source?.position ?? reference.record.losses.last else {
      return nil
    }
    return messages.journal.damage.error(at: position) == nil ? nil : position
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
      guard let facts = try messages.facts(at: position) else { continue }
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

  private func names(_ item: AuthenticationData, _ user: [UInt8]) -> Bool {
    WhiteListNames.user(UserKey(type: item.user.userIdType?.rawValue ?? "", id: item.user.userId ?? ""), hash) == user
  }
}
