internal import JournalFormat

/// What the log of a session holds, in the order of positions.
///
///     record   = head(1) body                  ; the kind in the three low bits of the head
///     version  = head(1) flags(1) flags(1) [item] [digest(8)] [exec(3)] [evse(7)] [service] [execOperator] [saleOperator]
///                [observedAt(signed)] [end(signed)] [start(signed)] [quantity] [quantity] [meters(4)] [count *(quantity counted)]
///     attempt  = head(1) back item             ; back: how many positions before this one the version was first seen
///     answer   = head(1) back [flags(1) [status] [saleOperator]]   ; the outcome's two low bits in the head, its third in the flags
///     finding  = head(1) rule(1) number
///     absorbed = head(1) session               ; and mergedInto
///     quantity = scale(1) signed / 0xff 16OCTET / 0xfe
///
/// What stands of a version is what is other than in the version before of the same log, which ``CDRVersion`` tells.
enum CDRLogRecord: Hashable, Sendable {
  case version(CDRVersion)
  case attempt(version: JournalPosition, item: Int, leg: Leg)
  case answer(request: JournalPosition, isResponse: Bool, CDRVersion.Answer)
  /// By its rule and its number among those of its rule and position.
  case finding(rule: UInt8, number: UInt16)
  case absorbed(UInt32)
  case mergedInto(UInt32)

  private enum Kind {
    static let version: UInt8 = 1
    static let attempt: UInt8 = 2
    static let answer: UInt8 = 3
    static let finding: UInt8 = 4
    static let absorbed: UInt8 = 5
    static let mergedInto: UInt8 = 6
  }

  /// - Parameters:
  ///   - position: that of the entry which it is made with.
  ///   - previous: the last version of the log before it; nil where there is none.
  func encoded(at position: JournalPosition, after previous: CDRVersion?) -> [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .version(let version):
      bytes.append(Kind.version | version.headBits)
      version.append(to: &bytes, after: previous)
    case .attempt(let version, let item, let leg):
      bytes.append(Kind.attempt | (leg == .backEndGateway ? 8 : 0))
      bytes.appendVarint(position.rawValue - version.rawValue)
      bytes.appendVarint(item)
    case .answer(let request, let isResponse, let answer):
      let isUsual =
        answer.outcome.rawValue < 4 && answer.requestStatus == answer.outcome.usualStatus && answer.saleOperator == 0
        && !answer.hasPlatformId
      let bits = (answer.outcome.rawValue & 3) << 3 | (isResponse ? 32 : 0) | (answer.isGateways ? 64 : 0) | (isUsual ? 0 : 128)
      bytes.append(Kind.answer | bits)
      bytes.appendVarint(position.rawValue - request.rawValue)
      guard !isUsual else { break }
      let status = answer.requestStatus ?? answer.httpStatus.map(UInt32.init)
      let isOther: UInt8 = answer.outcome.rawValue < 4 ? 0 : 8
      bytes.append((status == nil ? 0 : 1) | (answer.saleOperator == 0 ? 0 : 2) | (answer.hasPlatformId ? 4 : 0) | isOther)
      if let status { bytes.appendVarint(UInt64(status)) }
      if answer.saleOperator != 0 { bytes.appendVarint(UInt64(answer.saleOperator)) }
    case .finding(let rule, let number):
      bytes.append(Kind.finding)
      bytes.append(rule)
      bytes.appendVarint(UInt64(number))
    case .absorbed(let session):
      bytes.append(Kind.absorbed)
      bytes.appendVarint(UInt64(session))
    case .mergedInto(let session):
      bytes.append(Kind.mergedInto)
      bytes.appendVarint(UInt64(session))
    }
    return bytes
  }

  /// Whether it is ``mergedInto(_:)``, the only one that can be read without what stands before it.
  static func isMerging(_ bytes: [UInt8]) -> Bool { bytes.first.map { $0 & 7 == Kind.mergedInto } ?? false }

  /// See ``encoded(at:after:)``.
  init(_ bytes: [UInt8], at position: JournalPosition, after previous: CDRVersion?) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      let head = try reader.byte()
      switch head & 7 {
      case Kind.version: return .version(try CDRVersion(&reader, headBits: head & ~7, at: position, after: previous))
      case Kind.attempt:
        let version = JournalPosition(position.rawValue &- (try reader.varint()))
        let item = try reader.count(atMost: Int(Int32.max))
        return .attempt(version: version, item: item, leg: head & 8 == 0 ? .gatewayIOP : .backEndGateway)
      case Kind.answer: return try Self.answer(&reader, head, at: position)
      case Kind.finding:
        let rule = try reader.byte()
        return .finding(rule: rule, number: UInt16(truncatingIfNeeded: try reader.varint()))
      case Kind.absorbed: return .absorbed(UInt32(truncatingIfNeeded: try reader.varint()))
      case Kind.mergedInto: return .mergedInto(UInt32(truncatingIfNeeded: try reader.varint()))
      case let kind: throw FormatError("a record of a session has the unknown kind \(kind)")
      }
    }
  }

  private static func answer(_ reader: inout ByteReader, _ head: UInt8, at position: JournalPosition) throws(FormatError) -> Self {
    let request = JournalPosition(position.rawValue &- (try reader.varint()))
    let outcome = CDRVersion.Answer.Outcome(rawValue: head >> 3 & 3)!
    var answer = CDRVersion.Answer(
      position: position, outcome: outcome, requestStatus: outcome.usualStatus, isGateways: head & 64 != 0, saleOperator: 0,
      hasPlatformId: false)
    if head & 128 != 0 {
      let flags = try reader.byte()
      if flags & 8 != 0 { answer.outcome = CDRVersion.Answer.Outcome(rawValue: outcome.rawValue | 4)! }
      let status = flags & 1 == 0 ? nil : UInt32(truncatingIfNeeded: try reader.varint())
      if answer.outcome.isOfHTTP {
        answer.httpStatus = status.map { UInt16(truncatingIfNeeded: $0) }
      } else {
        answer.requestStatus = status
      }
      if flags & 2 != 0 { answer.saleOperator = UInt32(truncatingIfNeeded: try reader.varint()) }
      answer.hasPlatformId = flags & 4 != 0
    }
    return .answer(request: request, isResponse: head & 32 != 0, answer)
  }
}

extension CDRVersion.Answer.Outcome {
  /// Whether HTTP ended it, without a message.
  fileprivate var isOfHTTP: Bool { self == .refused || self == .failed }

  /// The `requestStatus` that most answers of this outcome have.
  fileprivate var usualStatus: UInt32? { self == .accepted ? 1 : nil }
}
