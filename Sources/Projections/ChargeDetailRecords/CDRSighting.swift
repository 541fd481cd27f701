internal import EMIP
internal import JournalFormat
internal import JournalStore

/// A record as it was seen in a message.
struct CDRSighting {
  let metered: MeteredRecord
  let version: CDRVersion
  let identities: CDRIdentities
  /// Its user, where that is a badge, as five bytes of a keyed hash; else 0.
  let badge: UInt64

  var record: ChargeDetailRecord { metered.record }
}

/// On which side a record was seen, and whose it is, as the message spells them.
struct CDRParties {
  let side: CDRSide
  let exec: String?
  let sale: String?

  init(_ record: ChargeDetailRecord, of message: ProjectedMessage) {
    let entry = message.entry
    side = entry.requestPosition == nil ? (entry.content.context.direction == .fromIOP ? .fromIOP : .toIOP) : .download
    exec = record.execPartnerOperatorId ?? (side == .download ? nil : entry.content.context.operator)
    switch side {
    case .toIOP: sale = record.salePartnerOperatorId
    case .fromIOP: sale = record.salePartnerOperatorId ?? entry.content.context.targetOperator
    case .download: sale = record.salePartnerOperatorId ?? entry.content.context.operator
    }
  }
}

/// Makes sightings of the records of messages. It remembers the keys of the texts that it met lately.
final class CDRSightings {
  let operators = CDROperators()
  private let keys = CDRKeys()

  /// - Parameter item: which of the message's records it is, from 0.
  func sighting(
    _ record: ChargeDetailRecord, item: Int, of message: ProjectedMessage, in rows: ModelTransaction
  ) throws(JournalError) -> CDRSighting {
    let metered = MeteredRecord(record)
    let parties = CDRParties(record, of: message)
    let meters = metered.hasTotalsOnly ? 0 : rows.hash.number(CDRKeys.Tag.meters, CDRDigest.meters(metered))
    let service = Self.service(record, rows.hash)
    let shared = CDRVersion.Shared(
      execSession: record.execPartnerSessionId.map { max(1, UInt32(keys.id($0, rows.hash) >> 40)) } ?? 0,
      evse: record.evseId.map { keys.evse($0, rows.hash) } ?? 0, service: service, start: record.startTime?.value?.rawValue,
      end: record.endTime?.value?.rawValue, meters: metered.hasTotalsOnly ? 0 : max(1, UInt32(meters >> 32)),
      duration: metered.totalDuration, energy: metered.totalEnergy)
    let version = CDRVersion(
      side: parties.side, nature: record.standardNature, position: message.position, item: item, leg: message.entry.content.context.leg,
      observedAt: message.entry.content.observedAt,
      digest: rows.hash.number(CDRKeys.Tag.digest, CDRDigest.bytes(metered, meters: meters)), shared: shared, costs: metered.costs,
      execOperator: try operators.number(of: parties.exec, in: rows), saleOperator: try operators.number(of: parties.sale, in: rows),
      hasPlatformId: record.serviceSessionId != nil)
    let identities = identities(record, version, parties, rows.hash)
    return CDRSighting(metered: metered, version: version, identities: identities, badge: badge(record, rows.hash))
  }

  private func identities(
    _ record: ChargeDetailRecord, _ version: CDRVersion, _ parties: CDRParties, _ hash: SubjectHash
  ) -> CDRIdentities {
    var identities = CDRIdentities()
    if let id = record.serviceSessionId { identities.platform = platform(id, hash) }
    if let id = record.execPartnerSessionId {
      identities.exec = CDRIdentity(kind: .exec, party: version.execOperator, key: keys.id(id, hash))
    }
    if let id = record.salePartnerSessionId, version.saleOperator != 0 { identities.sale = sale(id, of: version.saleOperator, hash) }
    if identities.platform == nil && identities.exec == nil {
      let key = hash.number(CDRKeys.Tag.content, [version.side.rawValue], bigEndianBytes(version.digest))
      identities.content = CDRIdentity(kind: .content, party: 0, key: key)
    }
    return identities
  }

  /// The badge of a final record: of others nobody asks.
  private func badge(_ record: ChargeDetailRecord, _ hash: SubjectHash) -> UInt64 {
    guard record.standardNature == .final, let type = record.user.userIdType, type.termKind == .userRFID,
      let badge = record.user.comparable
    else { return 0 }
    return max(1, hash.number(CDRKeys.Tag.badge, badge) >> 24)
  }

  /// The session that a message asks for or grants, or that the answer to one names; nil where none is named.
  /// - Parameter request: the message itself, or what it answers.
  func askedSession(_ entry: ProjectedEntry, _ request: ProjectedMessage, in rows: ModelTransaction) throws(JournalError)
    -> CDRAskedSession?
  {
    guard let facts = entry.facts, !facts.isFault else { return nil }
    let isGet = request.context.operation == "GetServiceAuthorisation"
    let isFromIOP = request.context.direction == .fromIOP
    if entry.kind == .request {
      // To whom a user belongs, the platform asks of no session (guide 5.5.3).
      if isFromIOP, isGet, facts.requestedServiceId?.value == .reserved { return nil }
      if isFromIOP { return facts.text(of: WireName.serviceSessionId).map { CDRAskedSession(identity: platform($0, rows.hash)) } }
      return try partnersId(facts, request, isGet: isGet, in: rows).map { CDRAskedSession(identity: $0) }
    }
    guard isFromIOP else {
      guard let id = facts.text(of: WireName.serviceSessionId) else { return nil }
      let before = try request.facts.flatMap { (facts) throws(JournalError) in try partnersId(facts, request, isGet: isGet, in: rows) }
      return CDRAskedSession(identity: platform(id, rows.hash), before: before)
    }
    guard request.facts?.text(of: WireName.serviceSessionId) == nil else { return nil }
    return try partnersId(facts, request, isGet: isGet, in: rows).map { CDRAskedSession(identity: $0) }
  }

  /// The id that the partner of the platform has of a session that it asks for or grants, or is asked for or told of: the CPO's, or the eMSP's.
  private func partnersId(
    _ facts: MessageFacts, _ request: ProjectedMessage, isGet: Bool, in rows: ModelTransaction
  ) throws(JournalError) -> CDRIdentity? {
    guard let id = facts.text(of: WireName.partnerServiceSessionId) else { return nil }
    let isFromIOP = request.context.direction == .fromIOP
    let party = try operators.number(of: isFromIOP ? request.context.targetOperator : request.context.operator, in: rows)
    return party == 0 ? nil : CDRIdentity(kind: isGet == isFromIOP ? .sale : .exec, party: party, key: keys.id(id, rows.hash))
  }

  /// The platform's id of a session.
  func platform(_ id: String, _ hash: SubjectHash) -> CDRIdentity { CDRIdentity(kind: .platform, party: 0, key: keys.id(id, hash)) }

  /// An eMSP's id of a session.
  func sale(_ id: String, of party: UInt32, _ hash: SubjectHash) -> CDRIdentity {
    CDRIdentity(kind: .sale, party: party, key: keys.id(id, hash))
  }

  /// 1 where the record does not say (guide 5.5.3).
  private static func service(_ record: ChargeDetailRecord, _ hash: SubjectHash) -> UInt16 {
    guard let service = record.requestedServiceId else { return 1 }
    if let number = service.value?.rawValue, number < 0x8000 { return UInt16(number) }
    let text = service.value.map { String($0.rawValue) } ?? service.text
    return 0x8000 | UInt16(hash.number(CDRKeys.Tag.service, Array(text.utf8)) >> 49)
  }
}

/// What a record says, as bytes: equal for two that say the same, spellings aside, and only for these.
enum CDRDigest {
  /// - Parameter meters: the hash of ``meters(_:)``, or 0 where there are the totals only.
  static func bytes(_ metered: MeteredRecord, meters: UInt64) -> [UInt8] {
    let record = metered.record
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    let nature = record.standardNature
    bytes.append(nature.rawValue)
    bytes.appendLittleEndian(meters)
    bytes.appendLittleEndian(metered.totalDuration?.attos ?? -1)
    bytes.appendLittleEndian(metered.totalEnergy?.attos ?? -1)
    for text in [
      nature == .unknown ? record.nature : nil, record.serviceSessionId, record.execPartnerSessionId, record.salePartnerSessionId,
      record.partnerProductId,
    ] { bytes.appendCounted((text ?? "").utf8) }
    append(record.requestedServiceId.map { $0.value.map { String($0.rawValue) } ?? $0.text } ?? "1", .exact, to: &bytes)
    append(record.startTime, to: &bytes)
    append(record.endTime, to: &bytes)
    append(record.user.userIdType?.rawValue.uppercased() ?? "", .exact, to: &bytes)
    append(record.user.userId ?? "", record.user.userIdType?.termKind.comparison ?? .compact, to: &bytes)
    for text in [record.execPartnerOperatorId, record.salePartnerOperatorId, record.evseId, record.user.userContractIdAlias] {
      append(text ?? "", .compact, to: &bytes)
    }
    return bytes
  }

  /// In order; values by what they are, not how they are written.
  static func meters(_ metered: MeteredRecord) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(metered.quantities.count * 24)
    for (meter, quantity) in zip(metered.record.meters, metered.quantities) {
      // What each part is stands before it.
      if let type = meter.type?.value {
        bytes.append(1)
        bytes.appendVarint(UInt64(type.rawValue))
      } else {
        bytes.append(0)
        bytes.appendCounted((meter.type?.text ?? "").utf8)
      }
      if let quantity, quantity.attos % MeterQuantity.thousandth == 0,
        let thousandths = Int64(exactly: quantity.attos / MeterQuantity.thousandth)
      {
        bytes.append(2)
        bytes.appendSignedVarint(thousandths)
      } else if let quantity {
        bytes.append(1)
        bytes.appendLittleEndian(quantity.attos)
      } else {
        bytes.append(0)
        bytes.appendCounted((meter.value ?? "").utf8)
      }
      bytes.appendCounted((meter.unit ?? "").utf8)
    }
    return bytes
  }

  /// The normalised text, then how long it is, as nobody knows that before.
  private static func append(_ text: String, _ comparison: TermComparison, to bytes: inout [UInt8]) {
    let start = bytes.count
    comparison.append(text.utf8, to: &bytes)
    bytes.appendLittleEndian(UInt32(bytes.count - start))
  }

  private static func append(_ time: Field<Timestamp>?, to bytes: inout [UInt8]) {
    if let value = time?.value {
      bytes.append(1)
      bytes.appendLittleEndian(value.rawValue)
    } else {
      bytes.append(0)
      bytes.appendCounted((time?.text ?? "").utf8)
    }
  }
}

extension MeterQuantity {
  fileprivate static let thousandth: Int128 = unit / 1_000
}
