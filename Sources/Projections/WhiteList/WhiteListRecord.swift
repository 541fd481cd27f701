internal import EMIP
internal import JournalFormat

/// What there is to know of one entry of a list from a position on.
///
///     byte     bits 0-1 change (0 to 2; 3 stands in the extension), 2-3 authorisation (0 absent, 1, 2, 3 other), 4 has an expiry date,
///              5 is not of the user's first standing, 6 has an extension, 7 the expiry date is not in full seconds or is written shorter
///     standing varint, where it is not the first (``WhiteListUser``)
///     extended varint: bits 0-1 status, 2-4 change, 5 its absence was noted, 6 has losses, 7 has details, 8-12 ``Unreadable``, 13 service assumed
///     source   unless it never was on the list: varint of twice the item, plus 1 where a varint distance to its position follows; else that is 1
///     then     varint authorisation where it is other; expiry date: varint seconds since 2020, or varint of four times its count in a unit, plus
///              the unit; losses: their count, the distance to each; the details
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
    /// An `actionType` that is missing or unknown: taken for an insert.
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

  /// What of its message is there and cannot be read. The bits are on disk.
  struct Unreadable: OptionSet, Hashable {
    let rawValue: UInt8

    static let expiryDate = Unreadable(rawValue: 1)
    static let authorisationValue = Unreadable(rawValue: 2)
    static let service = Unreadable(rawValue: 4)
    static let actionType = Unreadable(rawValue: 8)
    /// What does not decide whether the user may charge.
    static let other = Unreadable(rawValue: 16)
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
  var unreadable: Unreadable = []
  /// Whether its message names no service, so that the generic charge is meant.
  var isServiceAssumed = false
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
  private static let hasExpiry: UInt8 = 0x10
  private static let isOfOther: UInt8 = 0x20
  private static let isExtended: UInt8 = 0x40
  private static let hasShortExpiry: UInt8 = 0x80

  /// What goes without saying of a change.
  private static func status(after change: Change) -> Status { change == .delete ? .deleted : .live }

  /// - Parameters:
  ///   - position: its own.
  ///   - standing: the number of the list among those of its user.
  func append(to bytes: inout [UInt8], at position: JournalPosition, standing: Int) {
    let isExtended =
      change.rawValue > 2 || isNoted || !losses.isEmpty || details != nil || status != Self.status(after: change) || !unreadable.isEmpty
      || isServiceAssumed
    let authorisation = authorisationValue.map { $0 == 1 || $0 == 2 ? UInt8($0) : 3 } ?? 0
    let expiry = expiryDate.map(ExpiryDate.init)
    var first = min(change.rawValue, 3) | authorisation << 2
    if let expiry { first |= Self.hasExpiry | (expiry.isSeconds ? 0 : Self.hasShortExpiry) }
    if standing > 0 { first |= Self.isOfOther }
    if isExtended { first |= Self.isExtended }
    bytes.append(first)
    if standing > 0 { bytes.appendVarint(standing) }
    if isExtended {
      let flags = (isNoted ? 0x20 : 0) | (losses.isEmpty ? 0 : 0x40) | (details == nil ? 0 : 0x80) as UInt64
      let values = UInt64(unreadable.rawValue) << 8 | (isServiceAssumed ? 0x2000 : 0)
      bytes.appendVarint(UInt64(status.rawValue | change.rawValue << 2) | flags | values)
    }
    if status != .absent {
      let source = source ?? Source(position: position, item: 0)
      let distance = position.rawValue - source.position.rawValue
      bytes.appendVarint(UInt64(source.item) << 1 | (distance == 1 ? 0 : 1))
      if distance != 1 { bytes.appendVarint(distance) }
    }
    if authorisation == 3, let authorisationValue { bytes.appendVarint(UInt64(authorisationValue)) }
    if let expiry { bytes.appendVarint(expiry.isSeconds ? expiry.seconds : expiry.short) }
    if !losses.isEmpty {
      bytes.appendVarint(losses.count)
      for loss in losses { bytes.appendVarint(position.rawValue - loss.rawValue) }
    }
    if let details { bytes.appendCounted(details) }
  }

  /// Reads what ``append(to:at:standing:)`` wrote.
  static func read(
    _ reader: inout ByteReader, at position: JournalPosition
  ) throws(FormatError) -> (standing: Int, record: WhiteListRecord) {
    let first = try reader.byte()
    let standing = first & isOfOther == 0 ? 0 : try reader.count(atMost: Int(UInt16.max))
    let extended = first & isExtended == 0 ? nil : UInt16(try reader.count(atMost: 0x3fff))
    let low = extended.map { UInt8(truncatingIfNeeded: $0) }
    guard let change = Change(rawValue: low.map { $0 >> 2 & 7 } ?? first & 3),
      let status = low.map({ Status(rawValue: $0 & 3) }) ?? Self.status(after: change)
    else { throw FormatError("an entry of a white list has a status that there is not") }
    var record = WhiteListRecord(change: change)
    record.status = status
    record.isNoted = (extended ?? 0) & 0x20 != 0
    record.unreadable = Unreadable(rawValue: UInt8(truncatingIfNeeded: (extended ?? 0) >> 8 & 0x1f))
    record.isServiceAssumed = (extended ?? 0) & 0x2000 != 0
    if status != .absent {
      let item = try reader.count(atMost: Int(UInt32.max) << 1 | 1)
      let distance = item & 1 == 0 ? 1 : try reader.varint()
      record.source = Source(position: try position.before(distance), item: UInt32(item >> 1))
    }
    switch first >> 2 & 3 {
    case 0: break
    case 3: record.authorisationValue = UInt32(try reader.count(atMost: Int(UInt32.max)))
    default: record.authorisationValue = UInt32(first >> 2 & 3)
    }
    if first & hasExpiry != 0 {
      let value = try reader.varint()
      record.expiryDate = (first & hasShortExpiry == 0 ? ExpiryDate(seconds: value) : ExpiryDate(short: value)).time
    }
    if (extended ?? 0) & 0x40 != 0 {
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) { record.losses.append(try position.before(try reader.varint())) }
    }
    if (extended ?? 0) & 0x80 != 0 { record.details = Array(try reader.counted()) }
    return (standing, record)
  }
}

/// Mostly full seconds, minutes or hours of the years from 2020 on: short numbers.
private struct ExpiryDate {
  let time: Timestamp

  /// 2020-01-01T00:00:00Z.
  private static let origin: Int64 = 1_577_836_800_000
  private static let unitMilliseconds: [Int64] = [1, 1_000, 60_000, 3_600_000]

  private var distance: Int64 { time.rawValue &- Self.origin }

  init(_ time: Timestamp) { self.time = time }

  /// Whether ``seconds`` is what it is written as: ``short`` is for all that are not seconds, and for those that it makes shorter.
  var isSeconds: Bool { distance >= 0 && distance % 1_000 == 0 && distance % 60_000 != 0 }

  var seconds: UInt64 { UInt64(distance / 1_000) }

  init(seconds: UInt64) { time = Timestamp(rawValue: Self.origin &+ Int64(truncatingIfNeeded: seconds) &* 1_000) }

  /// The largest unit that it is a multiple of in the lowest two bits, and its count in zigzag above.
  var short: UInt64 {
    let unit = (0...3).last { distance % Self.unitMilliseconds[$0] == 0 }!
    let count = distance / Self.unitMilliseconds[unit]
    return UInt64(bitPattern: count << 1 ^ count >> 63) << 2 | UInt64(unit)
  }

  init(short: UInt64) {
    let zigzag = short >> 2
    let count = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    time = Timestamp(rawValue: Self.origin &+ count &* Self.unitMilliseconds[Int(short & 3)])
  }
}

extension JournalPosition {
  /// The position so far before this one.
  func before(_ distance: UInt64) throws(FormatError) -> JournalPosition {
    guard distance <= rawValue else { throw FormatError("a position is before the journal's beginning") }
    return JournalPosition(rawValue - distance)
  }
}
