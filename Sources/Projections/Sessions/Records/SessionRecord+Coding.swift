internal import JournalFormat
internal import JournalStore

extension SessionRecord {
  /// - Parameters:
  ///   - position: where it will stand.
  ///   - opened: of the session's first record; dates are written from it.
  func encoded(at position: JournalPosition, opened: Timestamp) -> [UInt8] {
    var bytes: [UInt8] = [kindNumber | (isFromIOP ? 0x10 : 0) | (isBackEnd ? 0x20 : 0) | (novelty == nil ? 0 : 0x40)]
    novelty?.append(to: &bytes)
    if content.isStep { bytes.appendSignedVarint((observedAt ?? opened).milliseconds(since: opened)) }
    switch content {
    case .get: break
    case .set(let terms): terms.append(to: &bytes)
    case .record(let record): record.append(to: &bytes)
    case .event(let nature, let date):
      bytes.appendVarint(nature.map { UInt64($0) + 1 } ?? 0)
      bytes.appendSignedVarint(date.milliseconds(since: opened))
    case .action(let nature): bytes.appendVarint(nature.map { UInt64($0) + 1 } ?? 0)
    case .answer(let answer):
      bytes.appendVarint(position.rawValue - answer.request.rawValue)
      if answer.isPlain { break }
      let flags: UInt8 = (answer.isGateway ? 8 : 0) | (answer.requestStatus == nil ? 0 : 0x10) | (answer.terms == nil ? 0 : 0x20)
      bytes.append(answer.outcome.rawValue | flags)
      if let status = answer.requestStatus { bytes.appendVarint(UInt64(status)) }
      answer.terms?.append(to: &bytes)
    case .absorbed(let number), .mergedInto(let number), .twin(let number, _), .twinDropped(let number):
      bytes.appendVarint(UInt64(number))
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
    case .answer(let answer): answer.isPlain ? 12 : 6
    case .absorbed: 7
    case .mergedInto: 8
    case .finding: 9
    case .twin(_, let sharesId): sharesId ? 13 : 10
    case .twinDropped: 11
    }
  }

  /// - Parameter opened: of the session's first record; nil for that record itself.
  init(_ record: HistoryTable.Record, opened: Timestamp?) throws(FormatError) {
    self = try record.bytes.reading { (reader) throws(FormatError) in
      let tag = try reader.byte()
      let novelty = tag & 0x40 == 0 ? nil : try Novelty(&reader)
      guard let opened = opened ?? novelty?.opened else { throw FormatError("a session does not say when it began") }
      let observedAt = Self.isStep(tag & 0xf) ? Timestamp(rawValue: opened.rawValue &+ (try reader.signedVarint())) : nil
      var made = SessionRecord(content: try Self.content(tag & 0xf, &reader, record.position, opened))
      made.observedAt = observedAt
      made.isFromIOP = tag & 0x10 != 0
      made.isBackEnd = tag & 0x20 != 0
      made.novelty = novelty
      return made
    }
  }

  /// The session that a session with this last record has turned out to be; nil where it is a session of its own.
  static func successor(_ last: HistoryTable.Record) throws(FormatError) -> UInt32? {
    guard let tag = last.bytes.first, tag & 0xf == 8 else { return nil }
    return try last.bytes.reading { (reader) throws(FormatError) in
      _ = try reader.byte()
      if tag & 0x40 != 0 { _ = try Novelty(&reader) }
      return try reader.number()
    }
  }

  private static func isStep(_ kind: UInt8) -> Bool { (1...5).contains(kind) }

  private static func content(_ kind: UInt8, _ reader: inout ByteReader, _ position: JournalPosition, _ opened: Timestamp)
    throws(FormatError) -> Content
  {
    switch kind {
    case 1: return .get
    case 2: return .set(try AuthorisationTerms(&reader))
    case 3: return .record(try ChargeRecord(&reader))
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
    case 10: return .twin(try reader.number(), sharesId: false)
    case 11: return .twinDropped(try reader.number())
    case 12: return .answer(Answer(request: JournalPosition(position.rawValue &- (try reader.varint())), outcome: .accepted))
    case 13: return .twin(try reader.number(), sharesId: true)
    default: throw FormatError("a session has a record of the unknown kind \(kind)")
    }
  }
}

extension SessionRecord.ChargeRecord {
  private static let downloadFlag: UInt8 = 4
  private static let timeFlag: UInt8 = 8

  fileprivate func append(to bytes: inout [UInt8]) {
    let flags = (isDownload ? Self.downloadFlag : 0) | (milliseconds == nil ? 0 : Self.timeFlag) | UInt8(totals.count) << 4
    bytes.append(nature.rawValue | flags)
    bytes.appendVarint(UInt64(item))
    if let milliseconds { bytes.appendVarint(milliseconds) }
    for total in totals {
      bytes.appendVarint(UInt64(total.meter))
      bytes.appendVarint(total.thousandths)
    }
  }

  fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
    let flags = try reader.byte()
    guard let nature = Nature(rawValue: flags & 3) else { throw FormatError("a record of a session has no known nature") }
    self.init(item: try reader.number(), nature: nature, isDownload: flags & Self.downloadFlag != 0)
    if flags & Self.timeFlag != 0 { milliseconds = try reader.varint() }
    for _ in 0..<(flags >> 4) {
      totals.append(AuthorisationTerms.Limit(meter: try reader.number(), thousandths: try reader.varint()))
    }
  }
}

extension SessionRecord.Content {
  /// Whether it is a message of its own, not what came of one.
  fileprivate var isStep: Bool {
    switch self {
    case .get, .set, .record, .event, .action: true
    default: false
    }
  }
}

extension SessionRecord.Novelty {
  fileprivate func append(to bytes: inout [UInt8]) {
    var flags = ids.rawValue
    if evse != nil { flags |= 8 }
    if exec != nil { flags |= 16 }
    if sale != nil { flags |= 32 }
    if opened != nil { flags |= 64 }
    bytes.append(flags)
    if let evse { bytes.appendVarint(UInt64(evse)) }
    if let exec { bytes.appendVarint(UInt64(exec)) }
    if let sale { bytes.appendVarint(UInt64(sale)) }
    if let opened { bytes.appendSignedVarint(opened.rawValue) }
  }

  fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
    let flags = try reader.byte()
    ids = SessionIdKinds(rawValue: flags & 7)
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
  /// One more than the number; 0 for none.
  fileprivate mutating func optionalNumber() throws(FormatError) -> UInt32? {
    let value = try count(atMost: Int(UInt32.max) + 1)
    return value == 0 ? nil : UInt32(value - 1)
  }
}
