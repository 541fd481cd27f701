public import EMIP
public import JournalFormat

/// The charge detail records of a session as of a position. Nil, or "" in a list, is what no record said or what the journal has no more.
public struct CDRSession: Sendable {
  /// In the order in which the sessions' first records came, from 1. Another one where the read model begins at a purge horizon.
  public let number: UInt32
  /// The platform's id of the session.
  public let serviceSessionId: String?
  /// The CPO's id of it.
  public let execPartnerSessionId: String?
  /// The eMSP's id of it.
  public let salePartnerSessionId: String?
  /// The CPO, as a record writes it, else in its canonical spelling.
  public let execOperatorId: String?
  /// The eMSP, as a record writes it, else in its canonical spelling.
  public let saleOperatorId: String?
  /// The EVSE, as the first record that names one writes it.
  public let evseId: String?
  /// The transactions of all messages that brought a record of it, in order.
  public let transactionIds: [String]
  /// `toIOP` where the CPO's own messages are in the journal.
  public let direction: Direction
  /// The versions of that direction, in the order in which they came.
  public let versions: [Version]
  /// What the eMSP got, where ``versions`` is what the CPO sent.
  public let otherSide: [Version]
  /// The place in ``versions`` of the one that counts; nil where none does.
  public let inForce: Int?
  /// Where the records in force of both sides can be compared: in which fields they differ, from what was sent to what was got.
  public let differences: [CDRFieldChange]
  /// What was found wrong with its records, also what holds no longer.
  public internal(set) var findings: [ReportedFinding]
  /// When its first record was on the wire.
  public let observedAt: Timestamp
  /// The positions of messages that it needs and that cannot be read: what only they say is nil, and unknown.
  public internal(set) var unreadable: [JournalPosition] = []

  /// The other operator: the eMSP of what a CPO sent, the CPO of what an eMSP got.
  public var counterpart: String? { direction == .toIOP ? saleOperatorId : execOperatorId }

  /// One version of a record on one side.
  public struct Version: Sendable {
    /// From 1 on its side.
    public let number: Int
    /// Whether it was sent, received or fetched.
    public let side: CDRSide
    /// Whether it is the session's last.
    public let nature: CDRVersionNature
    /// What the message says; nil where nobody knows any more. It holds personal values while the journal has the message, then pseudonyms.
    public let record: ChargeDetailRecord?
    /// What the other side made of it, all attempts together.
    public let acceptance: CDRAcceptance
    /// The position of the message that it was first seen in.
    public let position: JournalPosition
    /// The positions of all messages that brought it.
    public let positions: [JournalPosition]
    /// Nil where the message is gone.
    public let observedAt: Timestamp?
    /// Whether the journal still has the message.
    public let hasMessage: Bool
    /// What became other since the version before of its side.
    public let changes: [CDRFieldChange]
  }

  /// The version that counts; nil where none does.
  public var versionInForce: Version? { inForce.map { versions[$0] } }

  /// How people call it.
  public var name: String { serviceSessionId ?? execPartnerSessionId ?? salePartnerSessionId ?? "session \(number)" }
}

/// A field that has another text than before.
public struct CDRFieldChange: Hashable, Sendable {
  /// As on the wire; a meter by its type, `meter 2`, or `meter 25 #7` for the seventh of a repetitive one.
  public let field: String
  /// Nil where it was not there.
  public let from: String?
  /// Nil where it is not there any more.
  public let to: String?
  /// Whether it tells of a user: to be masked before people.
  public let isPersonal: Bool
}

extension CDRFieldChange {
  /// What is other in `now` than in `before`, in the order of the fields. Meters are compared by their decimals, times by their moments.
  public static func changes(from before: ChargeDetailRecord, to now: ChargeDetailRecord) -> [CDRFieldChange] {
    changes(from: Fields(before), to: Fields(now))
  }

  /// As ``changes(from:to:)-(ChargeDetailRecord,_)``.
  static func changes(from before: Fields, to now: Fields) -> [CDRFieldChange] {
    let old = Dictionary(before.texts.map { ($0.name, $0) }) { first, _ in first }
    let new = Dictionary(now.texts.map { ($0.name, $0) }) { first, _ in first }
    return (before.texts + now.texts.filter { old[$0.name] == nil }).compactMap { field in
      let (before, now) = (old[field.name], new[field.name])
      guard before?.meaning != now?.meaning else { return nil }
      return CDRFieldChange(field: field.name, from: before?.text, to: now?.text, isPersonal: field.isPersonal)
    }
  }

  /// The fields of a record in their order, ready to be compared with others.
  struct Fields {
    fileprivate let texts: [Text]

    init(_ record: ChargeDetailRecord) { texts = CDRFieldChange.fields(record) }
  }

  fileprivate struct Text {
    let name: String
    let text: String
    /// Equal for two texts that say the same.
    let meaning: String
    var isPersonal = false
  }

  private static func fields(_ record: ChargeDetailRecord) -> [Text] {
    func field(_ name: String, _ text: String?, _ meaning: String? = nil, isPersonal: Bool = false) -> Text? {
      text.map { Text(name: name, text: $0, meaning: meaning ?? $0, isPersonal: isPersonal) }
    }
    func compact(_ text: String?) -> String? { text.map { String(decoding: CDROperators.compact($0), as: UTF8.self) } }
    let fields = [
      field("CDRNature", record.nature, record.standardNature == .unknown ? nil : "\(record.standardNature)"),
      field("serviceSessionId", record.serviceSessionId), field("execPartnerSessionId", record.execPartnerSessionId),
      field("execPartnerOperatorId", record.execPartnerOperatorId, compact(record.execPartnerOperatorId)),
      field("salePartnerSessionId", record.salePartnerSessionId),
      field("salePartnerOperatorId", record.salePartnerOperatorId, compact(record.salePartnerOperatorId)),
      field("requestedServiceId", record.requestedServiceId?.text, record.requestedServiceId?.value.map { String($0.rawValue) }),
      field("EVSEId", record.evseId, compact(record.evseId)),
      field("userContractIdAlias", record.user.userContractIdAlias, compact(record.user.userContractIdAlias), isPersonal: true),
      field("userIdType", record.user.userIdType?.rawValue, record.user.userIdType?.rawValue.uppercased()),
      field("userId", record.user.userId, compact(record.user.userId), isPersonal: true),
      field("partnerProductId", record.partnerProductId),
      field("startTime", record.startTime?.text, record.startTime?.value?.description),
      field("endTime", record.endTime?.text, record.endTime?.value?.description),
    ]
    return fields.compactMap { $0 } + meters(record.meters)
  }

  private static func meters(_ meters: [MeterReading]) -> [Text] {
    var counts: [String: Int] = [:]
    return meters.map { meter in
      let type = meter.type?.value.map { String($0.rawValue) } ?? meter.type?.text ?? "-"
      counts[type, default: 0] += 1
      let isOne = meter.type?.value?.isRepetitive != true && counts[type] == 1
      let unit = meter.unit.map { " \($0)" } ?? ""
      return Text(
        name: isOne ? "meter \(type)" : "meter \(type) #\(counts[type]!)", text: (meter.value ?? "-") + unit,
        meaning: (meter.quantity?.description ?? meter.value ?? "-") + unit)
    }
  }
}
