internal import JournalFormat

/// What all spellings of one user have in common: the kind of id in any case, a badge in any case and with leading zeros or without, a
/// contract with
/// separators and check digit or without.
public struct UserKey: Hashable, Sendable {
  /// The kind of id in upper case, a zero, and the id, made comparable. Personal.
  public let bytes: [UInt8]

  /// - Parameters:
  ///   - type: a ``UserIdType`` as written; empty where there is none.
  ///   - id: as written. Never fails: an id that is not what its kind says is only upper-cased and freed of separators.
  public init(type: some StringProtocol, id: some StringProtocol) { self.init(utf8: Array(type.utf8)[...], Array(id.utf8)[...]) }

  init(utf8 type: some Collection<UInt8>, _ id: some Collection<UInt8>) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(type.count + id.count + 8)
    for byte in type { bytes.append(byte.asciiUppercased) }
    let isContract = bytes.elementsEqual("EMA".utf8) || bytes.elementsEqual("EVCO".utf8)
    let isBadge = bytes.elementsEqual("RFID-UID".utf8)
    bytes.append(0)
    let start = bytes.count
    if isBadge { bytes += RFID.comparable(id) } else { TermComparison.compact.append(id, to: &bytes) }
    if isContract, Self.hasCheckDigit(bytes[start...]) { bytes.removeLast() }
    self.bytes = bytes
  }

  /// Whether it has the length and letters of an eMAID with a check digit (``ContractIdentifier``).
  private static func hasCheckDigit(_ id: ArraySlice<UInt8>) -> Bool {
    id.count == 15 && id.prefix(2).allSatisfy { $0 >= 0x41 && $0 <= 0x5a }
      && id.allSatisfy { $0.isASCIIDigit || $0 >= 0x41 && $0 <= 0x5a }
  }
}
