internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What one entry of the journal added to a session, as it is stored: a few bytes. What else there is to know is read from the journal
/// again.
struct SessionRecord: Hashable {
  var content: Content
  var isFromIOP = false
  var isBackEnd = false
  var novelty: Novelty?

  enum Content: Hashable {
    case get
    case set(AuthorisationTerms)
    case record(ChargeRecord)
    case event(nature: UInt32?, date: Timestamp)
    case action(nature: UInt32?)
    case answer(Answer)
    /// Another session turned out to be this one.
    case absorbed(UInt32)
    case mergedInto(UInt32)
    /// `cause` keeps the same cause from making a second one.
    case finding(rule: UInt8, number: UInt16, cause: UInt64)
    /// Another session is probably this one.
    case twin(UInt32)
    case twinDropped(UInt32)
  }

  /// What was not known of the session before.
  struct Novelty: Hashable {
    var ids: [SessionIdKind] = []
    var evse: UInt32?
    var exec: UInt32?
    var sale: UInt32?
    /// When the first message of the session was observed.
    var opened: Timestamp?

    var isEmpty: Bool { ids.isEmpty && evse == nil && exec == nil && sale == nil && opened == nil }
  }

  struct ChargeRecord: Hashable {
    var item: UInt32
    var nature: Nature
    /// Of an answer: there is none to it.
    var isDownload: Bool

    /// The numbers are on disk.
    enum Nature: UInt8 {
      case unknown = 0
      case intermediate, final
    }
  }

  struct Answer: Hashable {
    /// The position of its request.
    var request: JournalPosition
    var outcome: Outcome
    var requestStatus: UInt32?
    /// The gateway's own.
    var isGateway: Bool
    /// Of an answer that authorises or refuses.
    var terms: AuthorisationTerms?

    /// The numbers are on disk.
    enum Outcome: UInt8 {
      case accepted = 1
      case rejected, fault, lost, unreadable
    }
  }
}

/// How far an eMSP goes.
struct AuthorisationTerms: Hashable {
  /// Nil where the message has no value.
  var isAuthorised: Bool?
  var wantsIntermediateRecords = false
  /// Those of meters 1 and 2 in their catalogue's unit, in thousandths.
  var limits: [Limit] = []

  struct Limit: Hashable {
    var meter: UInt32
    var thousandths: UInt64
  }

  init(isAuthorised: Bool? = nil) { self.isAuthorised = isAuthorised }

  init(_ value: Field<AuthorisationValue>?, _ intermediate: Field<Bool>?, _ limits: [MeterReading]) {
    isAuthorised = value.map { $0.value?.isAuthorised ?? false }
    wantsIntermediateRecords = intermediate?.value ?? false
    self.limits = limits.prefix(8).compactMap(Limit.init)
  }
}

extension AuthorisationTerms.Limit {
  /// Nil for a reading that is not compared: another meter or unit, or no number.
  init?(_ reading: MeterReading) {
    guard let type = reading.type?.value, type == .totalDuration || type == .totalEnergy, let unit = reading.unit, type.accepts(unit: unit),
      let value = reading.value, let thousandths = Self.thousandths(value)
    else { return nil }
    self.init(meter: type.rawValue, thousandths: thousandths)
  }

  /// Of a decimal that is not negative; digits beyond the third behind the point are cut off.
  static func thousandths(_ text: String) -> UInt64? {
    var whole: UInt64 = 0
    var digitsBehindPoint: Int?
    var hasDigit = false
    for byte in text.utf8.drop(while: { $0 == UInt8(ascii: "+") }) {
      if byte == UInt8(ascii: "."), digitsBehindPoint == nil {
        digitsBehindPoint = 0
      } else if byte.isASCIIDigit {
        hasDigit = true
        if let count = digitsBehindPoint {
          guard count < 3 else { continue }
          digitsBehindPoint = count + 1
        }
        let (product, overflow) = whole.multipliedReportingOverflow(by: 10)
        guard !overflow, product < UInt64.max / 2_000 else { return nil }
        whole = product + UInt64(byte - 0x30)
      } else {
        return nil
      }
    }
    guard hasDigit else { return nil }
    for _ in (digitsBehindPoint ?? 0)..<3 { whole *= 10 }
    return whole
  }
}

// MARK: Coding

extension SessionRecord {
  /// - Parameters:
  ///   - position: where it will stand.
  ///   - opened: of the session's first record; dates are written from it.
  func encoded(at position: JournalPosition, opened: Timestamp) -> [UInt8] {
    var bytes: [UInt8] = [kindNumber | (isFromIOP ? 0x10 : 0) | (isBackEnd ? 0x20 : 0) | (novelty == nil ? 0 : 0x40)]
    novelty?.append(to: &bytes)
    switch content {
    case .get: break
    case .set(let terms): terms.append(to: &bytes)
    case .record(let record):
      bytes.append(record.nature.rawValue | (record.isDownload ? 4 : 0))
      bytes.appendVarint(UInt64(record.item))
    case .event(let nature, let date):
      bytes.appendVarint(nature.map { UInt64($0) + 1 } ?? 0)
      bytes.appendSignedVarint(date.milliseconds(since: opened))
    case .action(let nature): bytes.appendVarint(nature.map { UInt64($0) + 1 } ?? 0)
    case .answer(let answer):
      bytes.appendVarint(position.rawValue - answer.request.rawValue)
      let flags: UInt8 = (answer.isGateway ? 8 : 0) | (answer.requestStatus == nil ? 0 : 0x10) | (answer.terms == nil ? 0 : 0x20)
      bytes.append(answer.outcome.rawValue | flags)
      if let status = answer.requestStatus { bytes.appendVarint(UInt64(status)) }
      answer.terms?.append(to: &bytes)
    case .absorbed(let number), .mergedInto(let number), .twin(let number), .twinDropped(let number): bytes.appendVarint(UInt64(number))
    case .finding(let rule, let number, let cause):
      bytes.append(rule)
      bytes.appendVarint(UInt64(number))
      bytes.appendVarint(cause)
    }
    return bytes
  }

  private var kindNumber: UInt8 {
    switch content {
    case .get: 1
    case .set: 2
    case .record: 3
    case .event: 4
    case .action: 5
    case .answer: 6
    case .absorbed: 7
    case .mergedInto: 8
    case .finding: 9
    case .twin: 10
    case .twinDropped: 11
    }
  }

  /// - Parameter opened: of the session's first record; nil for that record itself.
  init(_ record: HistoryTable.Record, opened: Timestamp?) throws(FormatError) {
    self = try record.bytes.reading { (reader) throws(FormatError) in
      let tag = try reader.byte()
      let novelty = tag & 0x40 == 0 ? nil : try Novelty(&reader)
      guard let opened = opened ?? novelty?.opened else { throw FormatError("a session does not say when it began") }
      var made = SessionRecord(content: try Self.content(tag & 0xf, &reader, record.position, opened))
      made.isFromIOP = tag & 0x10 != 0
      made.isBackEnd = tag & 0x20 != 0
      made.novelty = novelty
      return made
    }
  }

  private static func content(_ kind: UInt8, _ reader: inout ByteReader, _ position: JournalPosition, _ opened: Timestamp)
    throws(FormatError) -> Content
  {
    switch kind {
    case 1: return .get
    case 2: return .set(try AuthorisationTerms(&reader))
    case 3:
      let flags = try reader.byte()
      guard let nature = ChargeRecord.Nature(rawValue: flags & 3) else { throw FormatError("a record of a session has no known nature") }
      return .record(ChargeRecord(item: try reader.number(), nature: nature, isDownload: flags & 4 != 0))
    case 4:
      let nature = try reader.optionalNumber()
      return .event(nature: nature, date: Timestamp(rawValue: opened.rawValue &+ (try reader.signedVarint())))
    case 5: return .action(nature: try reader.optionalNumber())
    case 6:
      let request = JournalPosition(position.rawValue &- (try reader.varint()))
      let flags = try reader.byte()
      guard let outcome = Answer.Outcome(rawValue: flags & 7) else { throw FormatError("an answer of a session has no known outcome") }
      let status = flags & 0x10 == 0 ? nil : try reader.number()
      let terms = flags & 0x20 == 0 ? nil : try AuthorisationTerms(&reader)
      return .answer(Answer(request: request, outcome: outcome, requestStatus: status, isGateway: flags & 8 != 0, terms: terms))
    case 7: return .absorbed(try reader.number())
    case 8: return .mergedInto(try reader.number())
    case 9:
      let rule = try reader.byte()
      let number = UInt16(truncatingIfNeeded: try reader.varint())
      return .finding(rule: rule, number: number, cause: try reader.varint())
    case 10: return .twin(try reader.number())
    case 11: return .twinDropped(try reader.number())
    default: throw FormatError("a session has a record of the unknown kind \(kind)")
    }
  }
}

extension SessionRecord.Novelty {
  fileprivate func append(to bytes: inout [UInt8]) {
    var flags = ids.reduce(0) { $0 | $1.rawValue }
    for (bit, isThere) in [(UInt8(8), evse != nil), (16, exec != nil), (32, sale != nil), (64, opened != nil)] where isThere {
      flags |= bit
    }
    bytes.append(flags)
    for number in [evse, exec, sale] {
      if let number { bytes.appendVarint(UInt64(number)) }
    }
    if let opened { bytes.appendSignedVarint(opened.rawValue) }
  }

  fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
    let flags = try reader.byte()
    ids = SessionIdKind.allCases.filter { flags & $0.rawValue != 0 }
    evse = flags & 8 == 0 ? nil : try reader.number()
    exec = flags & 16 == 0 ? nil : try reader.number()
    sale = flags & 32 == 0 ? nil : try reader.number()
    opened = flags & 64 == 0 ? nil : Timestamp(rawValue: try reader.signedVarint())
  }
}

extension AuthorisationTerms {
  fileprivate func append(to bytes: inout [UInt8]) {
    let value: UInt8 = isAuthorised.map { $0 ? 1 : 2 } ?? 0
    bytes.append(value | (wantsIntermediateRecords ? 4 : 0) | UInt8(limits.count) << 3)
    for limit in limits {
      bytes.appendVarint(UInt64(limit.meter))
      bytes.appendVarint(limit.thousandths)
    }
  }

  fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
    let flags = try reader.byte()
    isAuthorised = flags & 3 == 0 ? nil : flags & 3 == 1
    wantsIntermediateRecords = flags & 4 != 0
    for _ in 0..<(flags >> 3) { limits.append(Limit(meter: try reader.number(), thousandths: try reader.varint())) }
  }
}

extension ByteReader {
  fileprivate mutating func number() throws(FormatError) -> UInt32 { UInt32(try count(atMost: Int(UInt32.max))) }

  /// One more than the number; 0 for none.
  fileprivate mutating func optionalNumber() throws(FormatError) -> UInt32? {
    let value = try count(atMost: Int(UInt32.max) + 1)
    return value == 0 ? nil : UInt32(value - 1)
  }
}
