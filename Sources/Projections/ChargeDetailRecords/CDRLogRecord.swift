internal import EMIP
internal import JournalFormat

/// What the log of a session holds, in the order of positions.
///
///     record   = kind(1) body
///     version  = flags(1) item transaction(4) digest(8) exec(4) evse(6) service(2) meters(4) execOperator saleOperator
///                observedAt(signed) [start(signed, after observedAt)] [end(signed, after start or observedAt)] [quantity] [quantity]
///                count *(quantity counted)
///     attempt  = flags(1) back item            ; back: how many positions before this one the version was first seen
///     answer   = flags(1) back [status] saleOperator
///     finding  = rule(1) number
///     absorbed = session                       ; and mergedInto
///     quantity = scale(1) signed / 0xff 16OCTET
enum CDRLogRecord: Hashable, Sendable {
  case version(CDRVersion)
  case attempt(version: JournalPosition, item: Int, leg: Leg, isRepeated: Bool)
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

  /// - Parameter position: that of the entry which it is made with.
  func encoded(at position: JournalPosition) -> [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .version(let version):
      bytes.append(Kind.version)
      version.append(to: &bytes)
    case .attempt(let version, let item, let leg, let isRepeated):
      bytes += [Kind.attempt, (leg == .backEndGateway ? 1 : 0) | (isRepeated ? 2 : 0)]
      bytes.appendVarint(position.rawValue - version.rawValue)
      bytes.appendVarint(item)
    case .answer(let request, let isResponse, let answer):
      var flags = answer.outcome.rawValue | (isResponse ? 4 : 0) | (answer.isGateways ? 8 : 0)
      flags |= (answer.requestStatus == nil ? 0 : 16) | (answer.hasPlatformId ? 32 : 0)
      bytes += [Kind.answer, flags]
      bytes.appendVarint(position.rawValue - request.rawValue)
      if let status = answer.requestStatus { bytes.appendVarint(UInt64(status)) }
      bytes.appendVarint(UInt64(answer.saleOperator))
    case .finding(let rule, let number):
      bytes += [Kind.finding, rule]
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

  init(_ bytes: [UInt8], at position: JournalPosition) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      switch try reader.byte() {
      case Kind.version: return .version(try CDRVersion(&reader, at: position))
      case Kind.attempt:
        let flags = try reader.byte()
        let version = JournalPosition(position.rawValue &- (try reader.varint()))
        return .attempt(
          version: version, item: try reader.count(atMost: Int(Int32.max)), leg: flags & 1 == 0 ? .gatewayIOP : .backEndGateway,
          isRepeated: flags & 2 != 0)
      case Kind.answer:
        let flags = try reader.byte()
        let request = JournalPosition(position.rawValue &- (try reader.varint()))
        let status = flags & 16 == 0 ? nil : UInt32(truncatingIfNeeded: try reader.varint())
        let answer = CDRVersion.Answer(
          position: position, outcome: .init(rawValue: flags & 3)!, requestStatus: status, isGateways: flags & 8 != 0,
          saleOperator: UInt32(truncatingIfNeeded: try reader.varint()), hasPlatformId: flags & 32 != 0)
        return .answer(request: request, isResponse: flags & 4 != 0, answer)
      case Kind.finding:
        let rule = try reader.byte()
        return .finding(rule: rule, number: UInt16(truncatingIfNeeded: try reader.varint()))
      case Kind.absorbed: return .absorbed(UInt32(truncatingIfNeeded: try reader.varint()))
      case Kind.mergedInto: return .mergedInto(UInt32(truncatingIfNeeded: try reader.varint()))
      case let kind: throw FormatError("a record of a session has the unknown kind \(kind)")
      }
    }
  }
}

extension CDRVersion {
  fileprivate func append(to bytes: inout [UInt8]) {
    let first = side.rawValue | nature.rawValue << 2 | (leg == .backEndGateway ? 16 : 0) | (hasPlatformId ? 32 : 0)
    let second: UInt8 =
      (shared.start == nil ? 0 : 1) | (shared.end == nil ? 0 : 2) | (duration == nil ? 0 : 4) | (energy == nil ? 0 : 8)
    bytes += [first, second]
    bytes.appendVarint(item)
    bytes += transaction + digest + shared.execSession + shared.evse + shared.service + shared.meters
    bytes.appendVarint(UInt64(execOperator))
    bytes.appendVarint(UInt64(saleOperator))
    bytes.appendSignedVarint(observedAt.rawValue)
    if let start = shared.start { bytes.appendSignedVarint(start - observedAt.rawValue) }
    if let end = shared.end { bytes.appendSignedVarint(end - (shared.start ?? observedAt.rawValue)) }
    if let duration { bytes.append(duration) }
    if let energy { bytes.append(energy) }
    bytes.appendVarint(costs.count)
    for cost in costs {
      bytes.append(cost.amount)
      bytes.appendCounted(cost.currency.utf8)
    }
  }

  fileprivate init(_ reader: inout ByteReader, at position: JournalPosition) throws(FormatError) {
    let first = try reader.byte()
    let second = try reader.byte()
    guard let side = CDRSide(rawValue: first & 3), let nature = CDRVersionNature(rawValue: first >> 2 & 3) else {
      throw FormatError("a version has an unknown side or nature")
    }
    let item = try reader.count(atMost: Int(Int32.max))
    let transaction = Array(try reader.take(4))
    let digest = Array(try reader.take(8))
    var shared = Shared(
      execSession: Array(try reader.take(4)), evse: Array(try reader.take(6)),
      service: Array(try reader.take(2)), start: nil, end: nil, meters: Array(try reader.take(4)))
    let execOperator = UInt32(truncatingIfNeeded: try reader.varint())
    let saleOperator = UInt32(truncatingIfNeeded: try reader.varint())
    let observedAt = try reader.signedVarint()
    if second & 1 != 0 { shared.start = observedAt &+ (try reader.signedVarint()) }
    if second & 2 != 0 { shared.end = (shared.start ?? observedAt) &+ (try reader.signedVarint()) }
    let duration = second & 4 == 0 ? nil : try reader.quantity()
    let energy = second & 8 == 0 ? nil : try reader.quantity()
    var costs: [Cost] = []
    for _ in 0..<(try reader.count(atMost: 10_000)) { costs.append(Cost(amount: try reader.quantity(), currency: try reader.string())) }
    self.init(
      side: side, nature: nature, position: position, item: item, leg: first & 16 == 0 ? .gatewayIOP : .backEndGateway,
      observedAt: Timestamp(rawValue: observedAt), digest: digest, shared: shared, transaction: transaction, duration: duration,
      energy: energy, costs: costs, execOperator: execOperator, saleOperator: saleOperator, hasPlatformId: first & 32 != 0)
  }
}

extension [UInt8] {
  /// The shortest digits and how many of them stand behind the point.
  fileprivate mutating func append(_ quantity: MeterQuantity) {
    var digits = quantity.attos
    var scale: UInt8 = 18
    while scale > 0, digits % 10 == 0 {
      digits /= 10
      scale -= 1
    }
    if let short = Int64(exactly: digits) {
      append(scale)
      appendSignedVarint(short)
    } else {
      append(0xff)
      appendLittleEndian(quantity.attos)
    }
  }
}

extension ByteReader {
  fileprivate mutating func quantity() throws(FormatError) -> MeterQuantity {
    let scale = try byte()
    guard scale != 0xff else { return MeterQuantity(attos: try littleEndian(Int128.self)) }
    guard scale <= 18 else { throw FormatError("a quantity has too many digits") }
    var attos = Int128(try signedVarint())
    for _ in scale..<18 { attos = attos.multipliedReportingOverflow(by: 10).partialValue }
    return MeterQuantity(attos: attos)
  }
}
