internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What a message says of one session: whose ids it names, and who the parties are. Whose an id is follows from the operation and the side
/// (guide 5.5.1, 6.4 to 6.6); an id is a link only together with its operator.
struct SessionMention {
  let kind: Kind
  /// The item of a list of records, from 1; else 0.
  let item: UInt32
  /// The fields of the message, or of the item.
  var fields: SessionFields { _read { yield shared.fields } }
  private let shared: SharedFields
  var serviceSessionId: String?
  var execSessionId: String?
  var saleSessionId: String?
  /// The CPO.
  var exec: String?
  /// The eMSP.
  var sale: String?

  enum Kind {
    case get, set, record, event, action
  }

  /// Two dozen texts: nobody copies them.
  private final class SharedFields: Sendable {
    let fields: SessionFields

    init(_ fields: SessionFields) { self.fields = fields }
  }

  private init(_ kind: Kind, _ fields: SessionFields, item: UInt32 = 0) {
    self.kind = kind
    shared = SharedFields(fields)
    self.item = item
  }

  private static let recordOperations: Set<String> = ["SetChargeDetailRecord", "GetChargeDetailRecord", "GetChargeDetailRecordList"]
  static let operations: Set<String> = recordOperations.union([
    "GetServiceAuthorisation", "SetServiceAuthorisation", "SetSessionEventReport", "SetSessionActionRequest",
  ])

  /// Whether messages of an operation are about sessions.
  static func isAboutSessions(_ context: EntryContext) -> Bool { context.operation.map(operations.contains) ?? false }

  static func isDownload(_ context: EntryContext) -> Bool { context.operation?.hasPrefix("GetChargeDetailRecord") ?? false }

  /// What a request, or an answer that brings records, mentions.
  static func mentions(_ message: ProjectedMessage) -> [SessionMention] {
    guard let facts = message.facts, let operation = message.context.operation, !facts.isFault else { return [] }
    let context = message.context
    switch operation {
    case "GetServiceAuthorisation": return get(facts.sessionFields, context).map { [$0] } ?? []
    case "SetServiceAuthorisation": return [set(facts.sessionFields, context)]
    case "SetChargeDetailRecord", "GetChargeDetailRecord", "GetChargeDetailRecordList":
      return facts.recordFields.enumerated().map { index, fields in record(fields, context, item: UInt32(index + 1)) }
    case "SetSessionEventReport": return event(facts.sessionFields, context).map { [$0] } ?? []
    case "SetSessionActionRequest": return action(facts.sessionFields, context).map { [$0] } ?? []
    default: return []
    }
  }

  /// One of ``mentions(_:)``; of a list of records the others are not decoded. Nil where there is none.
  static func mention(_ message: ProjectedMessage, item: UInt32) -> SessionMention? {
    guard item > 0 else { return mentions(message).first { $0.item == 0 } }
    guard let facts = message.facts, !facts.isFault, recordOperations.contains(message.context.operation ?? "") else { return nil }
    return facts.recordFields(at: Int(item) - 1).map { record($0, message.context, item: item) }
  }

  /// Nil where the platform only asks whether the user is the eMSP's: that opens no session and changes none (guide 5.5.3).
  private static func get(_ fields: SessionFields, _ context: EntryContext) -> SessionMention? {
    let isFromIOP = context.direction == .fromIOP
    guard !isFromIOP || fields.requestedServiceId.flatMap({ RequestedServiceId($0) }) != .reserved else { return nil }
    var mention = SessionMention(.get, fields)
    mention.exec = context.operator
    if isFromIOP {
      mention.sale = context.targetOperator
      mention.serviceSessionId = fields.serviceSessionId
    } else {
      mention.execSessionId = fields.partnerServiceSessionId
    }
    return mention
  }

  private static func set(_ fields: SessionFields, _ context: EntryContext) -> SessionMention {
    var mention = SessionMention(.set, fields)
    mention.sale = context.operator
    if context.direction == .fromIOP {
      mention.exec = context.targetOperator
      mention.serviceSessionId = fields.serviceSessionId
    } else {
      mention.saleSessionId = fields.partnerServiceSessionId
    }
    return mention
  }

  private static func record(_ fields: SessionFields, _ context: EntryContext, item: UInt32) -> SessionMention {
    let isDownload = isDownload(context)
    var mention = SessionMention(.record, fields, item: item)
    mention.serviceSessionId = fields.serviceSessionId
    mention.execSessionId = fields.execPartnerSessionId
    mention.saleSessionId = fields.salePartnerSessionId
    mention.exec = fields.execPartnerOperatorId ?? (isDownload ? nil : context.operator)
    mention.sale =
      fields.salePartnerOperatorId ?? (isDownload ? context.operator : context.direction == .fromIOP ? context.targetOperator : nil)
    return mention
  }

  private static func event(_ fields: SessionFields, _ context: EntryContext) -> SessionMention? {
    guard fields.hasEvent else { return nil }
    var mention = SessionMention(.event, fields)
    mention.serviceSessionId = fields.serviceSessionId
    mention.exec = context.operator
    if context.direction == .fromIOP {
      mention.sale = context.targetOperator
      mention.saleSessionId = fields.salePartnerSessionId
    } else {
      mention.execSessionId = fields.execPartnerSessionId
    }
    return mention
  }

  private static func action(_ fields: SessionFields, _ context: EntryContext) -> SessionMention? {
    guard fields.hasAction else { return nil }
    var mention = SessionMention(.action, fields)
    mention.serviceSessionId = fields.serviceSessionId
    mention.sale = context.operator
    if context.direction == .fromIOP {
      mention.exec = context.targetOperator
      mention.execSessionId = fields.execPartnerSessionId
    } else {
      mention.saleSessionId = fields.salePartnerSessionId
    }
    return mention
  }

  /// What an answer adds to what its request said.
  mutating func add(_ answer: SessionFields, isFromIOP: Bool) {
    switch (kind, isFromIOP) {
    case (.get, true), (.record, true): saleSessionId = saleSessionId ?? answer.partnerServiceSessionId
    case (.set, true): execSessionId = execSessionId ?? answer.partnerServiceSessionId
    case (.event, true), (.action, true): break
    case (_, false):
      serviceSessionId = serviceSessionId ?? answer.serviceSessionId
      if kind == .set { exec = exec ?? answer.execPartnerOperatorId }
      if kind == .get || kind == .record { sale = sale ?? answer.salePartnerOperatorId }
    }
  }
}

/// The three names of a session. The numbers are on disk, as bits.
enum SessionIdKind: UInt8 {
  /// The platform's.
  case service = 1
  /// The CPO's.
  case exec = 2
  /// The eMSP's.
  case sale = 4

  static let all: [SessionIdKind] = [.service, .exec, .sale]
}

/// Some of the three.
struct SessionIdKinds: OptionSet, Hashable {
  let rawValue: UInt8

  func contains(_ kind: SessionIdKind) -> Bool { rawValue & kind.rawValue != 0 }
  mutating func insert(_ kind: SessionIdKind) { self = Self(rawValue: rawValue | kind.rawValue) }
}

extension SessionMention {
  var asksForAuthorisation: Bool { kind == .get || kind == .set }

  /// Whether it asks for the end of the charge: actions 0 and 1.
  var asksForStop: Bool {
    guard kind == .action, let nature = fields.sessionActionNature.flatMap({ SessionActionNature($0)?.rawValue }) else { return false }
    return nature <= 1
  }

  func id(_ kind: SessionIdKind) -> String? {
    switch kind {
    case .service: serviceSessionId
    case .exec: execSessionId
    case .sale: saleSessionId
    }
  }

  /// Whose an id of a kind is; nil for the platform's.
  func owner(_ kind: SessionIdKind) -> String? {
    switch kind {
    case .service: nil
    case .exec: exec
    case .sale: sale
    }
  }

  /// Whether there is an id of a kind, and somebody whose it is.
  func names(_ kind: SessionIdKind) -> Bool { id(kind) != nil && (kind == .service || owner(kind) != nil) }

  var namesNothing: Bool { !names(.service) && !names(.exec) && !names(.sale) }
}

extension UserIdentity {
  /// Whether the user is named by the UID of a badge that is not written in hexadecimal.
  var isNoHexadecimalBadge: Bool {
    guard let userId, userIdType?.termKind == .userRFID else { return false }
    return !RFID.isHexadecimal(userId.utf8)
  }

  /// How two spellings of one user compare; nil where none is named. Personal.
  var comparable: [UInt8]? {
    guard let userId, let userIdType else { return nil }
    if userIdType.termKind == .userRFID { return [1] + RFID.comparable(userId.utf8) }
    return [2] + (UserIdentity.contractStem(userId) ?? TermComparison.compact.normalized(userId.utf8))
  }

  /// Whether the alias that is to stand for the contract is the contract (guide 7.6.2).
  /// - Parameter alias: nil for the user's own.
  func isRawContract(as alias: String? = nil) -> Bool {
    guard let alias = alias ?? userContractIdAlias, let userId, let userIdType, [.eMA, .evco, .eMI3].contains(userIdType) else {
      return false
    }
    return UserIdentity.contractStem(userId) ?? TermComparison.compact.normalized(userId.utf8)
      == UserIdentity.contractStem(alias) ?? TermComparison.compact.normalized(alias.utf8)
  }

  /// Without the check digit; nil for a text that is no contract id.
  private static func contractStem(_ text: String) -> [UInt8]? { (try? ContractIdentifier(text)).map { Array($0.stem.utf8) } }
}
