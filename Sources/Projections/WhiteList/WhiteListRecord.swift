internal import EMIP
internal import JournalFormat

/// What there is to know of one entry of a list from a position on.
///
///     byte 0  bits 0-1 status, 2-4 change, 5 has an expiry date, 6 its absence was noted, 7 has losses
///     byte 1  bits 0-1 authorisation (0 absent, 1, 2, 3 other), 2 has details, 3-4 unit of the expiry date, 5 has a source
///     source  varint distance to its position, varint item
///     then    varint authorisation where it is other; varint-signed expiry date in its unit since 2020; losses: their count, the distance
///             to each;
///             the details
struct WhiteListRecord: Hashable, Sendable {
  /// Whether the user is on the list. The numbers are on disk.
  enum Status: UInt8 {
    /// Never was, as far as the journal knows.
    case absent = 0
    case live = 1
    case deleted = 2
  }

  /// What led to this record. The numbers are on disk.
  enum Change: UInt8 {
    case insert = 0
    case update = 1
    case delete = 2
    /// Of an `actionType` that is missing or unknown: taken for an insert.
    case other = 3
    /// A baseline that has the user.
    case baseline = 4
    /// A baseline that does not.
    case baselineWithout = 5
    /// An upload to which no answer came.
    case lost = 6
    /// Such an upload was answered late, and had been refused.
    case undone = 7
  }

  /// Which item of which message it says what it says by.
  struct Source: Hashable, Comparable {
    var position: JournalPosition
    var item: UInt32

    static func < (left: Source, right: Source) -> Bool { (left.position, left.item) < (right.position, right.item) }
  }

  var status = Status.absent
  var change: Change
  /// Whether it was found that the user was changed without having been inserted: told once.
  var isNoted = false
  var authorisationValue: UInt32?
  var expiryDate: Timestamp?
  /// Nil where the user never was on the list.
  var source: Source?
  /// The requests that were lost and may have changed it: while there are any it is uncertain.
  var losses: [JournalPosition] = []
  /// What its message said, once that is gone: see ``WhiteListDetails``.
  var details: [UInt8]?

  init(change: Change) { self.change = change }

  var isUncertain: Bool { !losses.isEmpty }

  /// Whether the user is on the list, and not expired at a moment.
  func isLive(at time: Timestamp) -> Bool { status == .live && (expiryDate.map { $0 > time } ?? true) }
}

extension WhiteListRecord {
  func encoded(at position: JournalPosition) -> [UInt8] {
    let expiry = expiryDate.map(ExpiryDate.init)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    let flags = (expiryDate == nil ? 0 : 0x20) | (isNoted ? 0x40 : 0) | (losses.isEmpty ? 0 : 0x80) as UInt8
    bytes.append(status.rawValue | change.rawValue << 2 | flags)
    let authorisation = authorisationValue.map { $0 == 1 || $0 == 2 ? UInt8($0) : 3 } ?? 0
    bytes.append(authorisation | (details == nil ? 0 : 4) | (expiry?.unit ?? 0) << 3 | (source == nil ? 0 : 0x20))
    if let source {
      bytes.appendVarint(position.rawValue - source.position.rawValue)
      bytes.appendVarint(UInt64(source.item))
    }
    if authorisation == 3, let authorisationValue { bytes.appendVarint(UInt64(authorisationValue)) }
    if let expiry { bytes.appendSignedVarint(expiry.count) }
    if !losses.isEmpty {
      bytes.appendVarint(losses.count)
      for loss in losses { bytes.appendVarint(position.rawValue - loss.rawValue) }
    }
    if let details { bytes.appendCounted(details) }
    return bytes
  }

  init(_ bytes: [UInt8], at position: JournalPosition) throws(FormatError) {
    self = try bytes.reading { (reader) throws(FormatError) in
      let first = try reader.byte()
      let second = try reader.byte()
      guard let status = Status(rawValue: first & 3), let change = Change(rawValue: first >> 2 & 7) else {
        throw FormatError("an entry of a white list has a status that there is not")
      }
      var record = WhiteListRecord(change: change)
      record.status = status
      record.isNoted = first & 0x40 != 0
      if second & 0x20 != 0 {
        record.source = Source(position: try reader.position(before: position), item: UInt32(try reader.count(atMost: Int(UInt32.max))))
      }
      switch second & 3 {
      case 0: break
      case 3: record.authorisationValue = UInt32(try reader.count(atMost: Int(UInt32.max)))
      default: record.authorisationValue = UInt32(second & 3)
      }
      if first & 0x20 != 0 { record.expiryDate = ExpiryDate(unit: second >> 3 & 3, count: try reader.signedVarint()).time }
      if first & 0x80 != 0 {
        for _ in 0..<(try reader.count(atMost: reader.remainingCount)) { record.losses.append(try reader.position(before: position)) }
      }
      if second & 4 != 0 { record.details = Array(try reader.counted()) }
      return record
    }
  }
}

/// Contracts end at full minutes and hours: short numbers.
private struct ExpiryDate {
  let unit: UInt8
  let count: Int64

  /// 2020-01-01T00:00:00Z.
  private static let origin: Int64 = 1_577_836_800_000
  private static let unitMilliseconds: [Int64] = [1, 1_000, 60_000, 3_600_000]

  init(unit: UInt8, count: Int64) {
    self.unit = unit
    self.count = count
  }

  init(_ time: Timestamp) {
    let distance = time.rawValue - Self.origin
    for unit in stride(from: 3, through: 1, by: -1) where distance % Self.unitMilliseconds[unit] == 0 {
      self.init(unit: UInt8(unit), count: distance / Self.unitMilliseconds[unit])
      return
    }
    self.init(unit: 0, count: distance)
  }

  var time: Timestamp { Timestamp(rawValue: Self.origin &+ count &* Self.unitMilliseconds[Int(unit)]) }
}

extension ByteReader {
  /// Written as its distance to a later one.
  fileprivate mutating func position(before position: JournalPosition) throws(FormatError) -> JournalPosition {
    let distance = try varint()
    guard distance <= position.rawValue else { throw FormatError("a position is before the journal's beginning") }
    return JournalPosition(position.rawValue - distance)
  }
}
