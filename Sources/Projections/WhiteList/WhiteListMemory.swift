internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What the projection of white lists remembers of its rows: never more than they say, as it may go at any moment.
final class WhiteListMemory {
  let cadence = WhiteListCadence()
  private var users = RecentValues<UserKey, (user: WhiteListUser, mask: UInt32)>(limit: 16_384)
  /// There are as many as partners have lists.
  private var numbers: [WhiteListIdentity: UInt16] = [:]
  private var identities: [UInt16: WhiteListIdentity] = [:]
  private var states: [UInt16: WhiteListState] = [:]

  /// A user, and what hides checksums of what is said of him.
  func user(_ key: UserKey, in rows: ModelTransaction) throws(JournalError) -> (user: WhiteListUser, mask: UInt32) {
    if let known = users[key] { return known }
    let (hash, mask) = WhiteListNames.maskedUser(key, rows.hash)
    let found = (user: try WhiteListUsers.user(hash, in: rows) ?? WhiteListUser(hash), mask: mask)
    users[key] = found
    return found
  }

  /// What is known of users is read again: rows are about to change without it.
  func forgetUsers() { users.removeAll() }

  /// The number of a list, a new one where it has none.
  func number(of list: WhiteListIdentity, in rows: ModelTransaction) throws(JournalError) -> UInt16 {
    if let number = numbers[list] { return number }
    let number = try WhiteListNames.number(of: list, in: rows)
    numbers[list] = number
    return number
  }

  func identity(_ number: UInt16, in rows: ModelTransaction) throws(JournalError) -> WhiteListIdentity {
    if let identity = identities[number] { return identity }
    let identity = try WhiteListNames.identity(number, in: rows)
    identities[number] = identity
    return identity
  }

  func state(of list: UInt16, in rows: ModelTransaction) throws(JournalError) -> WhiteListState {
    if let state = states[list] { return state }
    let state = try WhiteListState.known(of: list, asOf: nil, in: rows) ?? WhiteListState()
    states[list] = state
    return state
  }

  func setState(_ state: WhiteListState, of list: UInt16, at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {
    states[list] = state
    try WhiteListTables.states.append(state.encoded(), at: position, to: bigEndianBytes(list), in: rows)
  }
}
