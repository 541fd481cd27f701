internal import EMIP
internal import JournalFormat

// How a version stands in the log of its session: see ``CDRLogRecord``.
extension CDRVersion {
  private enum First {
    static let platformId: UInt8 = 1
    static let item: UInt8 = 2
    static let digest: UInt8 = 4
    static let exec: UInt8 = 8
    static let evse: UInt8 = 16
    static let service: UInt8 = 32
    static let execOperator: UInt8 = 64
    static let saleOperator: UInt8 = 128
  }

  private enum Second {
    static let end: UInt8 = 1
    static let hasEnd: UInt8 = 2
    static let start: UInt8 = 4
    static let hasStart: UInt8 = 8
    static let duration: UInt8 = 16
    static let energy: UInt8 = 32
    static let meters: UInt8 = 64
    static let costs: UInt8 = 128
  }

  /// What stands beside the kind of its record.
  var headBits: UInt8 { side.rawValue << 3 | nature.rawValue << 5 | (leg == .backEndGateway ? 128 : 0) }

  func append(to bytes: inout [UInt8], after previous: CDRVersion?) {
    let before = previous?.shared ?? Shared()
    func flag(_ bit: UInt8, _ isOther: Bool) -> UInt8 { isOther ? bit : 0 }
    var first = flag(First.platformId, hasPlatformId) | flag(First.item, item != 0) | flag(First.digest, digest != previous?.digest ?? 0)
    first |= flag(First.exec, shared.execSession != before.execSession) | flag(First.evse, shared.evse != before.evse)
    first |= flag(First.service, shared.service != before.service)
    first |= flag(First.execOperator, execOperator != previous?.execOperator ?? 0)
    first |= flag(First.saleOperator, saleOperator != previous?.saleOperator ?? 0)
    var second = flag(Second.end, shared.end != before.end) | flag(Second.hasEnd, shared.end != nil)
    second |= flag(Second.start, shared.start != before.start) | flag(Second.hasStart, shared.start != nil)
    second |= flag(Second.duration, shared.duration != before.duration) | flag(Second.energy, shared.energy != before.energy)
    second |= flag(Second.meters, shared.meters != before.meters) | flag(Second.costs, costs != previous?.costs ?? [])
    bytes.append(first)
    bytes.append(second)
    if first & First.item != 0 { bytes.appendVarint(item) }
    if first & First.digest != 0 { bytes.appendLittleEndian(digest) }
    if first & First.exec != 0 { bytes.appendLowBytes(UInt64(shared.execSession), 3) }
    if first & First.evse != 0 { bytes.appendLowBytes(shared.evse, 7) }
    if first & First.service != 0 { bytes.appendVarint(UInt64(shared.service)) }
    if first & First.execOperator != 0 { bytes.appendVarint(UInt64(execOperator)) }
    if first & First.saleOperator != 0 { bytes.appendVarint(UInt64(saleOperator)) }
    let reference = previous == nil ? observedAt?.rawValue ?? 0 : 0
    if previous == nil { bytes.appendSignedVarint(reference) }
    if second & Second.end != 0, let end = shared.end { bytes.appendSignedVarint(end &- (before.end ?? reference)) }
    if second & Second.start != 0, let start = shared.start { bytes.appendSignedVarint(start &- (shared.end ?? before.start ?? 0)) }
    if second & Second.duration != 0 { bytes.append(shared.duration) }
    if second & Second.energy != 0 { bytes.append(shared.energy) }
    if second & Second.meters != 0 { bytes.appendLowBytes(UInt64(shared.meters), 4) }
    guard second & Second.costs != 0 else { return }
    bytes.appendVarint(costs.count)
    for cost in costs {
      bytes.append(cost.amount)
      bytes.appendCounted(cost.currency.utf8)
    }
  }

  /// See ``append(to:after:)``.
  init(_ reader: inout ByteReader, headBits: UInt8, at position: JournalPosition, after previous: CDRVersion?) throws(FormatError) {
    let first = try reader.byte()
    let second = try reader.byte()
    guard let side = CDRSide(rawValue: headBits >> 3 & 3), let nature = CDRVersionNature(rawValue: headBits >> 5 & 3) else {
      throw FormatError("a version has an unknown side or nature")
    }
    let item = first & First.item == 0 ? 0 : try reader.count(atMost: Int(Int32.max))
    let digest = first & First.digest == 0 ? previous?.digest ?? 0 : try reader.littleEndian(UInt64.self)
    let before = previous?.shared ?? Shared()
    var shared = before
    if first & First.exec != 0 { shared.execSession = UInt32(truncatingIfNeeded: try reader.lowBytes(3)) }
    if first & First.evse != 0 { shared.evse = try reader.lowBytes(7) }
    if first & First.service != 0 { shared.service = UInt16(truncatingIfNeeded: try reader.varint()) }
    let execOperator =
      first & First.execOperator == 0 ? previous?.execOperator ?? 0 : UInt32(truncatingIfNeeded: try reader.varint())
    let saleOperator =
      first & First.saleOperator == 0 ? previous?.saleOperator ?? 0 : UInt32(truncatingIfNeeded: try reader.varint())
    let observedAt = previous == nil ? try reader.signedVarint() : nil
    if second & Second.end != 0 {
      shared.end = second & Second.hasEnd == 0 ? nil : (before.end ?? observedAt ?? 0) &+ (try reader.signedVarint())
    }
    if second & Second.start != 0 {
      shared.start = second & Second.hasStart == 0 ? nil : (shared.end ?? before.start ?? 0) &+ (try reader.signedVarint())
    }
    if second & Second.duration != 0 { shared.duration = try reader.quantity() }
    if second & Second.energy != 0 { shared.energy = try reader.quantity() }
    if second & Second.meters != 0 { shared.meters = UInt32(truncatingIfNeeded: try reader.lowBytes(4)) }
    var costs = previous?.costs ?? []
    if second & Second.costs != 0 {
      costs = []
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
        costs.append(Cost(amount: try reader.quantity() ?? .zero, currency: try reader.string()))
      }
    }
    self.init(
      side: side, nature: nature, position: position, item: item, leg: headBits & 128 == 0 ? .gatewayIOP : .backEndGateway,
      observedAt: observedAt.map(Timestamp.init(rawValue:)), digest: digest, shared: shared, costs: costs, execOperator: execOperator,
      saleOperator: saleOperator, hasPlatformId: first & First.platformId != 0)
  }
}

extension [UInt8] {
  /// The lowest first.
  fileprivate mutating func appendLowBytes(_ value: UInt64, _ count: UInt64) {
    for place in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }

  /// The shortest digits and how many of them stand behind the point.
  fileprivate mutating func append(_ quantity: MeterQuantity?) {
    guard let quantity else { return append(0xfe) }
    var digits = quantity.attos
    var scale: UInt8 = 18
    if digits % MeterQuantity.unit == 0 {
      digits /= MeterQuantity.unit
      scale = 0
    }
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
  fileprivate mutating func lowBytes(_ count: Int) throws(FormatError) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  fileprivate mutating func quantity() throws(FormatError) -> MeterQuantity? {
    let scale = try byte()
    guard scale != 0xfe else { return nil }
    guard scale != 0xff else { return MeterQuantity(attos: try littleEndian(Int128.self)) }
    guard scale <= 18 else { throw FormatError("a quantity has too many digits") }
    var attos = Int128(try signedVarint())
    for _ in scale..<18 { attos = attos.multipliedReportingOverflow(by: 10).partialValue }
    return MeterQuantity(attos: attos)
  }
}
