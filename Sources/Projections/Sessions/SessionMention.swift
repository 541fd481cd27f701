internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What a message says of one session: whose ids it names, and who the parties are. Whose an id is follows from the operation and the side
/// (guide 5.5.1, 6.4 to 6.6); an id is a link only together with its operator.
struct SessionMention {
  var content: Content
  /// Of a list of records the item, from 1; else 0.
  var item: UInt32 = 0
  var serviceSessionId: String?
  var execSessionId: String?
  var saleSessionId: String?
  /// The CPO.
  var exec: String?
  /// The eMSP.
  var sale: String?
  var evseId: String?
  var user: UserIdentity?

  enum Content {
    case get(ServiceAuthorisation)
    case set(ServiceAuthorisation)
    case record(ChargeDetailRecord)
    case event(SessionReport<SessionEventNature>)
    case action(SessionReport<SessionActionNature>)
  }

  private static let operations: Set<String> = [
    "GetServiceAuthorisation", "SetServiceAuthorisation", "SetChargeDetailRecord", "SetSessionEventReport", "SetSessionActionRequest",
    "GetChargeDetailRecord", "GetChargeDetailRecordList",
  ]

  /// Whether messages of an operation are about sessions.
  static func isAboutSessions(_ context: EntryContext) -> Bool { context.operation.map(operations.contains) ?? false }

  /// Of a request, or of an answer that brings records.
  static func mentions(_ message: ProjectedMessage) -> [SessionMention] {
    guard let facts = message.facts, let operation = message.context.operation else { return [] }
    let context = message.context
    let isFromIOP = context.direction == .fromIOP
    switch operation {
    case "GetServiceAuthorisation":
      return facts.serviceAuthorisation.flatMap { get($0, context, isFromIOP) }.map { [$0] } ?? []
    case "SetServiceAuthorisation": return facts.serviceAuthorisation.map { [set($0, context, isFromIOP)] } ?? []
    case "SetChargeDetailRecord", "GetChargeDetailRecord", "GetChargeDetailRecordList":
      let isDownload = operation != "SetChargeDetailRecord"
      return facts.chargeDetailRecords.enumerated().map { index, record in
        var mention = SessionMention(content: .record(record), item: UInt32(index + 1))
        mention.serviceSessionId = record.serviceSessionId
        mention.execSessionId = record.execPartnerSessionId
        mention.saleSessionId = record.salePartnerSessionId
        mention.exec = record.execPartnerOperatorId ?? (isDownload ? nil : context.operator)
        mention.sale = record.salePartnerOperatorId ?? (isDownload ? context.operator : isFromIOP ? context.targetOperator : nil)
        mention.evseId = record.evseId
        mention.user = record.user
        return mention
      }
    case "SetSessionEventReport":
      guard let event = facts.sessionEvent else { return [] }
      var mention = SessionMention(content: .event(event))
      mention.serviceSessionId = event.serviceSessionId
      mention.exec = context.operator
      if isFromIOP {
        mention.sale = context.targetOperator
        mention.saleSessionId = event.salePartnerSessionId
      } else {
        mention.execSessionId = event.execPartnerSessionId
      }
      return [mention]
    case "SetSessionActionRequest":
      guard let action = facts.sessionAction else { return [] }
      var mention = SessionMention(content: .action(action))
      mention.serviceSessionId = action.serviceSessionId
      mention.sale = context.operator
      if isFromIOP {
        mention.exec = context.targetOperator
        mention.execSessionId = action.execPartnerSessionId
      } else {
        mention.saleSessionId = action.salePartnerSessionId
      }
      return [mention]
    default: return []
    }
  }

  /// Nil where the platform only asks whether the user is the eMSP's: that opens no session and changes none (guide 5.5.3).
  private static func get(_ authorisation: ServiceAuthorisation, _ context: EntryContext, _ isFromIOP: Bool) -> SessionMention? {
    guard !isFromIOP || authorisation.requestedServiceId?.value != .reserved else { return nil }
    var mention = SessionMention(content: .get(authorisation))
    mention.exec = context.operator
    mention.evseId = authorisation.evseId
    mention.user = authorisation.user
    if isFromIOP {
      mention.sale = context.targetOperator
      mention.serviceSessionId = authorisation.serviceSessionId
    } else {
      mention.execSessionId = authorisation.partnerServiceSessionId
    }
    return mention
  }

  private static func set(_ authorisation: ServiceAuthorisation, _ context: EntryContext, _ isFromIOP: Bool) -> SessionMention {
    var mention = SessionMention(content: .set(authorisation))
    mention.sale = context.operator
    mention.evseId = authorisation.evseId
    mention.user = authorisation.user
    if isFromIOP {
      mention.exec = context.targetOperator
      mention.serviceSessionId = authorisation.serviceSessionId
    } else {
      mention.saleSessionId = authorisation.partnerServiceSessionId
    }
    return mention
  }

  /// What an answer adds to what its request said.
  mutating func add(_ answer: MessageFacts, isFromIOP: Bool) {
    let partnerId = answer.text(of: WireName.partnerServiceSessionId)
    switch content {
    case .get:
      if isFromIOP {
        saleSessionId = saleSessionId ?? partnerId
      } else {
        serviceSessionId = serviceSessionId ?? answer.text(of: WireName.serviceSessionId)
        sale = sale ?? answer.text(of: WireName.salePartnerOperatorId)
      }
    case .set:
      if isFromIOP {
        execSessionId = execSessionId ?? partnerId
      } else {
        serviceSessionId = serviceSessionId ?? answer.text(of: WireName.serviceSessionId)
        exec = exec ?? answer.text(of: WireName.execPartnerOperatorId)
      }
    case .record:
      if isFromIOP {
        saleSessionId = saleSessionId ?? partnerId
      } else {
        serviceSessionId = serviceSessionId ?? answer.text(of: WireName.serviceSessionId)
        sale = sale ?? answer.text(of: WireName.salePartnerOperatorId)
      }
    case .event, .action:
      if !isFromIOP { serviceSessionId = serviceSessionId ?? answer.text(of: WireName.serviceSessionId) }
    }
  }
}

/// The three names of a session. The numbers are on disk, as bits.
enum SessionIdKind: UInt8, CaseIterable {
  /// The platform's.
  case service = 1
  /// The CPO's.
  case exec = 2
  /// The eMSP's.
  case sale = 4
}

extension SessionMention {
  var asksForAuthorisation: Bool {
    switch content {
    case .get, .set: true
    case .record, .event, .action: false
    }
  }

  func id(_ kind: SessionIdKind) -> String? {
    switch kind {
    case .service: serviceSessionId
    case .exec: execSessionId
    case .sale: saleSessionId
    }
  }

  /// What the table of ids has it under; nil where the message has no such id, or names nobody whose it would be.
  func key(_ kind: SessionIdKind, _ hash: SubjectHash) -> [UInt8]? {
    guard let id = id(kind) else { return nil }
    switch kind {
    case .service: return hash.sessionKey(kind, id, of: [])
    case .exec: return exec.map { hash.sessionKey(kind, id, of: SessionNames.compact($0)) }
    case .sale: return sale.map { hash.sessionKey(kind, id, of: SessionNames.compact($0)) }
    }
  }
}

extension SubjectHash {
  func sessionKey(_ kind: SessionIdKind, _ id: String, of operatorId: [UInt8]) -> [UInt8] {
    self(kind.rawValue, operatorId, Array(id.utf8))
  }
}
