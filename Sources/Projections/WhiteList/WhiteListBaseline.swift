internal import EMIP
public import JournalFormat
public import JournalStore

/// A list as it is known to be, from a file: it stands in the journal as notes, whose payload is the message that would have uploaded it,
/// so that every
/// rebuild sees it. Nothing of it was on the wire.
public struct WhiteListBaseline: Sendable {
  /// `IOP`, or the CPO whose list it is.
  public let holder: String
  /// The eMSP whose users they are; empty where that is not known of a CPO's list.
  public let provider: String

  /// Entries in one note.
  static let partEntryCount = 1_000
  private static let reason = "white list baseline"

  /// Names a list by its holder and its eMSP.
  public init(holder: String, provider: String) {
    self.holder = holder
    self.provider = provider
  }

  /// A user on the list.
  public struct User: Hashable, Sendable {
    /// What kind of id ``userId`` is, for instance `RFID-UID`.
    public var userIdType: String
    /// The user's id. Personal.
    public var userId: String
    /// The service that the entry is about, as a message would have it; nil leaves it out of the note.
    public var serviceId: String?
    /// 1 authorises, as a message would have it; nil leaves it out of the note.
    public var authorisationValue: String?
    /// From when the entry does not count any more, as a message would have it, read or not; nil leaves it out of the note.
    public var expiryDate: String?
    /// Another name of the contract; nil leaves it out of the note. Personal.
    public var userContractIdAlias: String?

    /// Puts a user on the list, with what is known of the entry.
    public init(
      userIdType: String, userId: String, serviceId: String? = nil, authorisationValue: String? = nil, expiryDate: String? = nil,
      userContractIdAlias: String? = nil
    ) {
      self.userIdType = userIdType
      self.userId = userId
      self.serviceId = serviceId
      self.authorisationValue = authorisationValue
      self.expiryDate = expiryDate
      self.userContractIdAlias = userContractIdAlias
    }
  }

  /// The notes that say who is on the list: nobody else is. They are appended in one call, in their order.
  /// - Throws: ``JournalError`` `invalid.entry` where a text cannot stand in XML.
  public func drafts(_ users: [User], at time: Timestamp) throws(JournalError) -> [EntryDraft] {
    let count = max(1, (users.count + Self.partEntryCount - 1) / Self.partEntryCount)
    let reader = MessageReader()
    var drafts: [EntryDraft] = []
    for part in 0..<count {
      let users = users.dropFirst(part * Self.partEntryCount).prefix(Self.partEntryCount)
      guard case .message(let facts) = reader.read(Array(message(users).utf8)), facts.authenticationEntryCount == users.count else {
        throw JournalError(.invalidEntry, "a user of the baseline cannot be written as XML.")
      }
      drafts.append(
        EntryDraft(
          EntryContent(
            observedAt: time, context: context(part: part + 1, of: count), marks: facts.marks, payload: facts.payload, layout: facts.layout)
        ))
    }
    return drafts
  }

  private func context(part: Int, of count: Int) -> EntryContext {
    var context = EntryContext(kind: .note, author: .gateway)
    context.operator = provider.isEmpty ? nil : provider
    context.targetOperator = holder
    context.reason = "\(Self.reason), part \(part) of \(count)"
    return context
  }

  private func message(_ users: ArraySlice<User>) -> String {
    "<soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><soap:Body>"
      + "<aut:eMIP_ToIOP_SetAuthenticationDataRequest xmlns:aut=\"https://api-iop.gireve.com/schemas/AuthorisationV1/\">"
      + Self.element("operatorId", provider.isEmpty ? nil : provider) + "<authenticationDataList>" + users.map(Self.item).joined()
      + "</authenticationDataList></aut:eMIP_ToIOP_SetAuthenticationDataRequest></soap:Body></soap:Envelope>"
  }

  private static func item(_ user: User) -> String {
    "<authenticationData>" + element("actionType", "1") + element("userIdType", user.userIdType) + element("userId", user.userId)
      + element("requestedServiceId", user.serviceId) + element("authorisationValue", user.authorisationValue)
      + element("userContractIdAlias", user.userContractIdAlias) + element("expiryDate", user.expiryDate)
      + "</authenticationData>"
  }

  private static func element(_ name: String, _ text: String?) -> String {
    guard let text else { return "" }
    return "<\(name)>\(XMLText.escaped(text))</\(name)>"
  }
}

extension WhiteListBaseline {
  /// What a note of the journal says of a baseline.
  struct Part {
    let list: WhiteListIdentity
    let count: Int
    let isLast: Bool

    /// Nil where it is another note.
    init?(_ entry: ProjectedEntry) {
      guard entry.context.author == .gateway, let reason = entry.context.reason, reason.hasPrefix(WhiteListBaseline.reason) else {
        return nil
      }
      // Each part of one has users. What has none comes from elsewhere, such as a file that was imported, and would delete all.
      guard let facts = entry.facts, facts.authenticationEntryCount > 0 else { return nil }
      let words = reason.split(separator: " ")
      guard words.count == 7, let part = Int(words[4]), let count = Int(words[6]), part >= 1, part <= count,
        entry.position.rawValue >= UInt64(count)
      else { return nil }
      self.count = count
      isLast = part == count
      list = WhiteListIdentity(holder: entry.context.targetOperator, provider: entry.context.operator)
    }
  }
}
