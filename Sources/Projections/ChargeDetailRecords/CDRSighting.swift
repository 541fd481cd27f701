internal import EMIP
internal import JournalFormat
internal import JournalStore

/// A record as it was seen in a message.
struct CDRSighting {
  let record: ChargeDetailRecord
  let version: CDRVersion
  let identities: CDRIdentities
  /// The eMSP's compact id, where it is known.
  let saleName: [UInt8]?

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
    let context = message.context
    let side: CDRSide = message.entry.exchange == nil ? (context.direction == .fromIOP ? .fromIOP : .toIOP) : .download
    let execOperator = record.execPartnerOperatorId ?? (side == .download ? nil : context.operator)
    let saleOperator: String? =
      switch side {
      case .toIOP: record.salePartnerOperatorId
      case .fromIOP: record.salePartnerOperatorId ?? context.targetOperator
      case .download: record.salePartnerOperatorId ?? context.operator
      }
    let hash = rows.hash
    let execName = execOperator.map(CDRNames.compact)
    let saleName = saleOperator.map(CDRNames.compact)
    let digest = Self.digest(record, hash)
    self.record = record
    self.saleName = saleName
    version = CDRVersion(
      side: side, nature: record.standardNature, position: message.position, item: item, leg: context.leg,
      observedAt: message.entry.content.observedAt, digest: digest, shared: Self.shared(record, hash),
      transaction: Array(hash(Tag.transaction, Array((transactionId ?? "").utf8)).prefix(4)), duration: record.totalDuration,
      energy: record.totalEnergy, costs: record.costs, execOperator: try CDRNames.number(of: execOperator, in: rows),
      saleOperator: try CDRNames.number(of: saleOperator, in: rows), hasPlatformId: record.serviceSessionId != nil)
    let platform = record.serviceSessionId.map { CDRIdentities.platform($0, hash) }
    var exec: [UInt8]?
    if let id = record.execPartnerSessionId { exec = CDRIdentities.exec(id, of: execName ?? [], hash) }
    var sale: [UInt8]?
    if let id = record.salePartnerSessionId, let saleName { sale = CDRIdentities.sale(id, of: saleName, hash) }
    identities = CDRIdentities(platform: platform, exec: exec, sale: sale, content: hash(Tag.content, [side.rawValue], digest))
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
