internal import EMIP
internal import JournalFormat
internal import JournalStore

/// A record as it was seen in a message.
struct CDRSighting {
  let record: ChargeDetailRecord
  let version: CDRVersion
  let identities: CDRIdentities

  private enum Tag {
    static let digest: UInt8 = 10
    static let transaction: UInt8 = 11
    static let evse: UInt8 = 12
    static let exec: UInt8 = 13
    static let service: UInt8 = 14
    static let meters: UInt8 = 15
    static let content: UInt8 = 16
  }

  /// - Parameter item: which of the message's records it is, from 0.
  init(
    _ record: ChargeDetailRecord, item: Int, of message: ProjectedMessage, transactionId: String?, in rows: ModelTransaction
  ) throws(JournalError) {
    let parties = CDRParties(record, of: message)
    let hash = rows.hash
    let digest = Self.digest(record, hash)
    self.record = record
    version = CDRVersion(
      side: parties.side, nature: record.standardNature, position: message.position, item: item, leg: message.context.leg,
      observedAt: message.entry.content.observedAt, digest: digest, shared: Self.shared(record, hash),
      transaction: Array(hash(Tag.transaction, Array((transactionId ?? "").utf8)).prefix(4)), duration: record.totalDuration,
      energy: record.totalEnergy, costs: record.costs, execOperator: try CDRNames.number(of: parties.exec, in: rows),
      saleOperator: try CDRNames.number(of: parties.sale, in: rows), hasPlatformId: record.serviceSessionId != nil)
    identities = Self.identities(record, parties, hash)
  }

  /// The ids of a record, which an answer to it is found by too.
  static func identities(_ record: ChargeDetailRecord, _ parties: CDRParties, _ hash: SubjectHash) -> CDRIdentities {
    var identities = CDRIdentities()
    identities.platform = record.serviceSessionId.map { CDRIdentities.platform($0, hash) }
    if let id = record.execPartnerSessionId { identities.exec = CDRIdentities.exec(id, of: parties.exec.map(CDRNames.compact) ?? [], hash) }
    if let id = record.salePartnerSessionId, let name = parties.sale {
      identities.sale = CDRIdentities.sale(id, of: CDRNames.compact(name), hash)
    }
    if identities.platform == nil && identities.exec == nil {
      identities.content = hash(Tag.content, [parties.side.rawValue], digest(record, hash))
    }
    return identities
  }

  /// Over all that the record says, spellings aside.
  private static func digest(_ record: ChargeDetailRecord, _ hash: SubjectHash) -> [UInt8] {
    let nature: String =
      switch record.standardNature {
      case .final: "final"
      case .intermediate: "intermediate"
      case .unknown: "unknown " + (record.nature ?? "")
      }
    let exact = [
      nature, record.serviceSessionId, record.execPartnerSessionId, record.salePartnerSessionId, service(record), record.partnerProductId,
      record.startTime?.canonical, record.endTime?.canonical, record.user.userIdType?.rawValue.uppercased(),
    ]
    let compact = [
      record.execPartnerOperatorId, record.salePartnerOperatorId, record.evseId, record.user.userContractIdAlias,
    ]
    var texts: [UInt8] = []
    for text in exact { texts.appendCounted((text ?? "").utf8) }
    for text in compact { texts.appendCounted(CDRNames.compact(text ?? "")) }
    let form: TermForm = record.user.userIdType?.termKind.form ?? .compact
    texts.appendCounted(form.normalized((record.user.userId ?? "").utf8))
    return hash(Tag.digest, texts, meters(record))
  }

  private static func shared(_ record: ChargeDetailRecord, _ hash: SubjectHash) -> CDRVersion.Shared {
    CDRVersion.Shared(
      execSession: Array(hash(Tag.exec, Array((record.execPartnerSessionId ?? "").utf8)).prefix(4)),
      evse: record.evseId.map { Array(hash(Tag.evse, CDRNames.compact($0)).prefix(6)) } ?? CDRVersion.noEVSE,
      service: Array(hash(Tag.service, Array(service(record).utf8)).prefix(2)), start: record.startTime?.value?.rawValue,
      end: record.endTime?.value?.rawValue, meters: Array(hash(Tag.meters, meters(record)).prefix(4)))
  }

  /// 1 where the record does not say (guide 5.5.3).
  private static func service(_ record: ChargeDetailRecord) -> String {
    guard let service = record.requestedServiceId else { return "1" }
    return service.value.map { String($0.rawValue) } ?? service.text
  }

  /// In order; values by what they are, not how they are written.
  private static func meters(_ record: ChargeDetailRecord) -> [UInt8] {
    var bytes: [UInt8] = []
    for meter in record.meters {
      bytes.appendCounted((meter.type?.value.map { String($0.rawValue) } ?? meter.type?.text ?? "").utf8)
      bytes.appendCounted((meter.quantity?.description ?? meter.value ?? "").utf8)
      bytes.appendCounted((meter.unit ?? "").utf8)
    }
    return bytes
  }
}

/// On which side a record was seen, and whose it is, as the message spells them.
struct CDRParties {
  let side: CDRSide
  let exec: String?
  let sale: String?

  init(_ record: ChargeDetailRecord, of message: ProjectedMessage) {
    let context = message.context
    side = message.entry.exchange == nil ? (context.direction == .fromIOP ? .fromIOP : .toIOP) : .download
    exec = record.execPartnerOperatorId ?? (side == .download ? nil : context.operator)
    switch side {
    case .toIOP: sale = record.salePartnerOperatorId
    case .fromIOP: sale = record.salePartnerOperatorId ?? context.targetOperator
    case .download: sale = record.salePartnerOperatorId ?? context.operator
    }
  }
}

extension Field where Value == Timestamp {
  fileprivate var canonical: String { value?.description ?? text }
}

extension ChargeDetailRecord {
  /// What the CPO bills (meter 3), where it is sound.
  fileprivate var costs: [CDRVersion.Cost] {
    meters.compactMap { meter in
      guard meter.type?.value == .serviceCost, let amount = meter.sound, let currency = meter.unit else { return nil }
      return CDRVersion.Cost(amount: amount, currency: currency)
    }
  }
}
