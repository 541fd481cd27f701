public import JournalFormat
public import Projections

/// Whether a user might charge, as machines get it. Who was asked for stands in the question.
public struct WhiteListCheckDocument: Encodable, Sendable {
  /// The answer.
  public let check: WhiteListCheck
  /// The time that was asked about.
  public let time: Timestamp

  /// The columns of CSV, in their order.
  public static let columns = [
    "answer", "at", "operatorId", "holder", "eMSPId", "position", "item", "listAcceptedAt", "listAgeSeconds", "stale", "lists",
    "expiryDate", "assumed", "unreadable",
  ]

  /// Describes an answer.
  public init(_ check: WhiteListCheck, at time: Timestamp) {
    self.check = check
    self.time = time
  }

  private enum Key: String, CodingKey {
    case answer, at, operatorId, holder, eMSPId, serviceId, authorisationValue, expiryDate, position, item, since
    case listAcceptedAt, listAgeSeconds, stale, uncertainBy, lists, assumed, unreadable
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(check.answer.rawValue, forKey: .answer)
    try container.encode(time.description, forKey: .at)
    try Standing.encode(check.standings.first, to: &container)
    try container.encode(check.standings.map(Standing.init), forKey: .lists)
  }

  private struct Standing: Encodable {
    let standing: WhiteListCheck.Standing

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(standing.answer.rawValue, forKey: .answer)
      try Self.encode(standing, to: &container)
    }

    static func encode(_ standing: WhiteListCheck.Standing?, to container: inout KeyedEncodingContainer<Key>) throws {
      let entry = standing?.entry
      try container.encode(entry?.operatorId, forKey: .operatorId)
      try container.encode(entry?.holder, forKey: .holder)
      try container.encode(entry?.eMSPId, forKey: .eMSPId)
      try container.encode(entry?.serviceId, forKey: .serviceId)
      try container.encode(entry?.authorisationValue, forKey: .authorisationValue)
      try container.encode(entry?.expiryDate?.description, forKey: .expiryDate)
      try container.encode(entry?.position?.rawValue, forKey: .position)
      try container.encode(entry?.item, forKey: .item)
      try container.encode(entry?.since.rawValue, forKey: .since)
      try container.encode(standing?.listAcceptedAt?.description, forKey: .listAcceptedAt)
      try container.encode(standing?.listAgeMilliseconds.map { $0 / 1_000 }, forKey: .listAgeSeconds)
      try container.encode(standing?.isStale ?? false, forKey: .stale)
      try container.encode(entry?.losses.map(\.rawValue) ?? [], forKey: .uncertainBy)
      try container.encode(entry?.assumed ?? [], forKey: .assumed)
      try container.encode(standing.flatMap { UnreadableDocument($0.unreadable, keys: WhiteListRow.keys) }, forKey: .unreadable)
    }
  }
}
