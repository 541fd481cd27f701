/// The encoding of a context (`Schemas/journal-format.md`, "Context").
extension EntryContext {
  /// Which optional fields follow, in the order of their bits.
  private struct Presence: OptionSet {
    let rawValue: UInt64
    static let protocolName = Presence(rawValue: 1 << 0)
    static let operation = Presence(rawValue: 1 << 1)
    static let partner = Presence(rawValue: 1 << 2)
    static let `operator` = Presence(rawValue: 1 << 3)
    static let targetOperator = Presence(rawValue: 1 << 4)
    static let address = Presence(rawValue: 1 << 5)
    static let commonName = Presence(rawValue: 1 << 6)
    static let certificate = Presence(rawValue: 1 << 7)
    static let method = Presence(rawValue: 1 << 8)
    static let target = Presence(rawValue: 1 << 9)
    static let status = Presence(rawValue: 1 << 10)
    static let headers = Presence(rawValue: 1 << 11)
    static let requestStatus = Presence(rawValue: 1 << 12)
    static let faultCode = Presence(rawValue: 1 << 13)
    static let faultReason = Presence(rawValue: 1 << 14)
    static let attempt = Presence(rawValue: 1 << 15)
    static let reason = Presence(rawValue: 1 << 16)
    static let all = Presence(rawValue: 1 << 17 - 1)
  }

  /// Appends the encoding.
  public func encode(to output: inout [UInt8]) {
    output.append(kind.rawValue)
    output.append(leg.rawValue | author.rawValue << 2 | (direction?.rawValue ?? 0) << 4)
    output.append(outcome.outcomeClass?.rawValue ?? 0)
    output.appendVarint(presence.rawValue)
    output.append(text: protocolName)
    output.append(text: operation)
    output.append(text: partner)
    output.append(text: self.operator)
    output.append(text: targetOperator)
    output.append(text: peer.address)
    output.append(text: peer.certificateCommonName)
    output.append(text: peer.certificateSHA256)
    output.append(text: http.method)
    output.append(text: http.target)
    output.append(text: outcome.faultCode)
    output.append(text: outcome.faultReason)
    output.append(text: reason)
    if let status = http.status { output.appendVarint(UInt64(status)) }
    if !http.headers.isEmpty {
      output.appendVarint(http.headers.count)
      for header in http.headers {
        output.appendCounted(header.name.utf8)
        output.appendCounted(header.value.utf8)
      }
    }
    if let requestStatus = outcome.requestStatus { output.appendVarint(UInt64(requestStatus)) }
    if attempt != 1 { output.appendVarint(UInt64(attempt)) }
  }

  private var presence: Presence {
    var presence: Presence = []
    if protocolName != nil { presence.insert(.protocolName) }
    if operation != nil { presence.insert(.operation) }
    if partner != nil { presence.insert(.partner) }
    if self.operator != nil { presence.insert(.operator) }
    if targetOperator != nil { presence.insert(.targetOperator) }
    if peer.address != nil { presence.insert(.address) }
    if peer.certificateCommonName != nil { presence.insert(.commonName) }
    if peer.certificateSHA256 != nil { presence.insert(.certificate) }
    if http.method != nil { presence.insert(.method) }
    if http.target != nil { presence.insert(.target) }
    if http.status != nil { presence.insert(.status) }
    if !http.headers.isEmpty { presence.insert(.headers) }
    if outcome.requestStatus != nil { presence.insert(.requestStatus) }
    if outcome.faultCode != nil { presence.insert(.faultCode) }
    if outcome.faultReason != nil { presence.insert(.faultReason) }
    if attempt != 1 { presence.insert(.attempt) }
    if reason != nil { presence.insert(.reason) }
    return presence
  }

  /// Reads what ``encode(to:)`` wrote.
  /// - Throws: `FormatError` where the bytes end before, or say what this version does not know.
  public init(from reader: inout ByteReader) throws(FormatError) {
    guard let kind = EntryKind(rawValue: try reader.byte()) else { throw FormatError("a context's kind is unknown") }
    let sides = try reader.byte()
    guard let leg = Leg(rawValue: sides & 0x3), let author = Author(rawValue: sides >> 2 & 0x3), sides >> 6 == 0 else {
      throw FormatError("a context's leg or author is unknown")
    }
    self.init(kind: kind, leg: leg, author: author)
    direction = try Self.optional(sides >> 4 & 0x3, "direction")
    outcome.outcomeClass = try Self.optional(try reader.byte(), "outcome")
    let presence = Presence(rawValue: try reader.varint())
    guard presence.isSubset(of: .all) else { throw FormatError("a context has fields that this version does not know") }
    func string(_ field: Presence) throws(FormatError) -> String? { presence.contains(field) ? try reader.string() : nil }
    protocolName = try string(.protocolName)
    operation = try string(.operation)
    partner = try string(.partner)
    self.operator = try string(.operator)
    targetOperator = try string(.targetOperator)
    peer.address = try string(.address)
    peer.certificateCommonName = try string(.commonName)
    peer.certificateSHA256 = try string(.certificate)
    http.method = try string(.method)
    http.target = try string(.target)
    outcome.faultCode = try string(.faultCode)
    outcome.faultReason = try string(.faultReason)
    reason = try string(.reason)
    if presence.contains(.status) { http.status = UInt16(try reader.count(atMost: Int(UInt16.max))) }
    if presence.contains(.headers) {
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
        http.headers.append(HTTPHeader(name: try reader.string(), value: try reader.string()))
      }
    }
    if presence.contains(.requestStatus) { outcome.requestStatus = UInt32(try reader.count(atMost: Int(UInt32.max))) }
    if presence.contains(.attempt) { attempt = UInt32(try reader.count(atMost: Int(UInt32.max))) }
  }

  private static func optional<Value: RawRepresentable<UInt8>>(_ byte: UInt8, _ name: String) throws(FormatError) -> Value? {
    guard byte != 0 else { return nil }
    guard let value = Value(rawValue: byte) else { throw FormatError("a context's \(name) is unknown") }
    return value
  }
}

extension [UInt8] {
  /// A text that is there, counted; nothing for one that is not.
  fileprivate mutating func append(text: String?) {
    if let text { appendCounted(text.utf8) }
  }
}
