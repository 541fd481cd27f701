internal import EMIP
public import JournalFormat
internal import JournalStore

/// What is counted by itself: an operation of a partner for one of its operators, one way, on one leg.
public struct PartnerSeries: Hashable, Sendable {
  /// As its first message had it; empty where no message told.
  public let partner: String
  /// That the partner speaks for; empty where no message told.
  public let `operator`: String
  /// Where it was seen: between the gateway and the platform, or a back end and the gateway.
  public let leg: Leg
  /// Nil of messages that could not be read and came without.
  public let direction: Direction?
  /// Empty of messages that could not be read.
  public let operation: String

  /// What its answers are held against.
  struct Limits {
    /// How long an answer may take (guide 5.4.6).
    let lateMilliseconds: UInt32
    /// Whether the times of guide 6.4.1 count.
    let isAuthorisation: Bool
  }

  var limits: Limits {
    Limits(
      lateMilliseconds: UInt32(OperationFacts.Timing.limit(direction ?? .toIOP).components.seconds * 1_000),
      isAuthorisation: operation == "GetServiceAuthorisation" || operation == "SetServiceAuthorisation")
  }
}

extension PartnerSeries {
  func encoded() -> [UInt8] {
    var bytes = [leg.rawValue, direction?.rawValue ?? 0]
    for text in [partner, self.operator, operation] { bytes.appendCounted(text.utf8) }
    return bytes
  }

  init(_ bytes: some Sequence<UInt8>) throws(FormatError) {
    self = try Array(bytes).reading { (reader) throws(FormatError) in
      guard let leg = Leg(rawValue: try reader.byte()) else { throw FormatError("a leg is unknown") }
      let direction = Direction(rawValue: try reader.byte())
      return PartnerSeries(
        partner: try reader.string(), operator: try reader.string(), leg: leg, direction: direction, operation: try reader.string())
    }
  }
}

/// The numbers that series and partners have, in the order in which they appeared; from 1.
///
///     0 ‖ leg ‖ direction ‖ counted compact partner ‖ counted compact operator ‖ operation, or 1 ‖ their hash  →  PartnerNumbers
///     2 ‖ series (4)            →  PartnerSeries
///     3 ‖ compact partner       →  partner (4)
///     4 ‖ partner (4)           →  its text
///     5 ‖ compact operator      →  the partner (text) that last spoke for it
struct PartnerNames {
  let table: ModelTable

  private enum Tag {
    static let identity: UInt8 = 0
    static let longIdentity: UInt8 = 1
    static let series: UInt8 = 2
    static let partner: UInt8 = 3
    static let partnerText: UInt8 = 4
    static let spokesman: UInt8 = 5
  }

  private var numberedSeries: NumberedNames<UInt32> {
    NumberedNames(byName: .init(table, tag: Tag.identity), byNumber: .init(table, tag: Tag.series), first: 1)
  }
  private var numberedPartners: NumberedNames<UInt32> {
    NumberedNames(byName: .init(table, tag: Tag.partner), byNumber: .init(table, tag: Tag.partnerText), first: 1)
  }

  /// What is longer is kept by its hash or cut: no real name is.
  private static let maximumBytes = 400

  /// The numbers of the series of a message, made where it is new.
  func numbers(_ context: EntryContext, _ rows: ModelTransaction) throws(JournalError) -> PartnerNumbers {
    let series = try self.series(context, rows)
    var identity: [UInt8] = [Tag.identity, series.leg.rawValue, series.direction?.rawValue ?? 0]
    let partner = TermComparison.compact.normalized(series.partner.utf8)
    identity.appendCounted(partner)
    identity.appendCounted(TermComparison.compact.normalized(series.operator.utf8))
    identity += series.operation.utf8
    let key = identity.count <= Self.maximumBytes ? identity : [Tag.longIdentity] + rows.hash(80, identity)
    if let value = try rows.value(of: key, in: table) {
      return try table.reading(value) { (reader) throws(FormatError) in try PartnerNumbers(from: &reader) }
    }
    let number = try self.partner(partner, series.partner, rows)
    let numbers = PartnerNumbers(series: try numberedSeries.add(series.encoded(), in: rows), partner: number)
    var value: [UInt8] = []
    numbers.encode(to: &value)
    try rows.put(value, for: key, in: table)
    return numbers
  }

  /// Calls to the platform name their partner; calls from it name the operator that they ask, whose partner is the one that last
  /// spoke for it.
  private func series(_ context: EntryContext, _ rows: ModelTransaction) throws(JournalError) -> PartnerSeries {
    let leg = context.leg
    let operation = Self.cut(context.operation ?? "")
    switch context.direction {
    case .fromIOP:
      let asked = Self.cut(context.targetOperator ?? "")
      let spokesman = try rows.value(of: Self.spokesmanKey(asked), in: table)
      let partner = spokesman.map { String(decoding: $0, as: UTF8.self) } ?? asked
      return PartnerSeries(partner: partner, operator: asked, leg: leg, direction: .fromIOP, operation: operation)
    case .toIOP, nil:
      let name = Self.cut(context.operator ?? "")
      return PartnerSeries(
        partner: context.partner.map(Self.cut) ?? name, operator: name, leg: leg, direction: context.direction, operation: operation)
    }
  }

  /// The partner that last spoke for an operator; nil where none did.
  func spokesman(_ key: [UInt8], _ rows: any ModelRows) throws(JournalError) -> [UInt8]? { try rows.value(of: key, in: table) }

  /// Notes who speaks for an operator.
  func note(_ partner: [UInt8], spokesmanOf key: [UInt8], _ rows: ModelTransaction) throws(JournalError) {
    try rows.put(partner, for: key, in: table)
  }

  /// The key of the spokesman of the operator that a message names: of the one that is asked where it comes from the platform.
  static func spokesmanKey(_ context: EntryContext) -> [UInt8]? {
    switch context.direction {
    case .fromIOP: spokesmanKey(cut(context.targetOperator ?? ""))
    case .toIOP: context.operator.map(cut).flatMap { $0.isEmpty ? nil : spokesmanKey($0) }
    case nil: nil
    }
  }

  /// Who speaks for its operator, as a request to the platform tells; empty of others.
  static func speaker(_ context: EntryContext) -> [UInt8] {
    guard context.kind == .request, context.direction == .toIOP, let name = context.operator else { return [] }
    return Array(cut(context.partner ?? name).utf8)
  }

  /// 0 for one that is not named.
  private func partner(_ compact: [UInt8], _ text: String, _ rows: ModelTransaction) throws(JournalError) -> UInt32 {
    guard !compact.isEmpty else { return 0 }
    if let number = try numberedPartners.number(of: compact, in: rows) { return number }
    return try numberedPartners.add(compact, as: Array(text.utf8), in: rows)
  }

  // MARK: Reading

  func series(_ number: UInt32, _ rows: any ModelRows) throws(JournalError) -> PartnerSeries {
    let value = try numberedSeries.knownText(of: number, in: rows)
    return try table.decoding { () throws(FormatError) in try PartnerSeries(value) }
  }

  /// All series, in the order in which they appeared.
  func all(_ rows: any ModelRows) throws(JournalError) -> [(number: UInt32, series: PartnerSeries)] {
    var all: [(UInt32, PartnerSeries)] = []
    var key: [UInt8] = [Tag.series]
    while let row = try rows.first(from: key, beginningWith: [Tag.series], in: table) {
      all.append((UInt32(bigEndian: row.key[1...]), try table.decoding { () throws(FormatError) in try PartnerSeries(row.value) }))
      key = row.key + [0]
    }
    return all
  }

  /// A partner as its first message had it.
  func text(partner number: UInt32, _ rows: any ModelRows) throws(JournalError) -> String {
    String(decoding: try numberedPartners.text(of: number, in: rows) ?? [], as: UTF8.self)
  }

  /// Nil where a partner was never heard of.
  func partner(_ text: String, _ rows: any ModelRows) throws(JournalError) -> UInt32? {
    try numberedPartners.number(of: TermComparison.compact.normalized(Self.cut(text).utf8), in: rows)
  }

  private static func spokesmanKey(_ name: String) -> [UInt8] { [Tag.spokesman] + TermComparison.compact.normalized(name.utf8) }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= maximumBytes ? text : String(decoding: text.utf8.prefix(maximumBytes), as: UTF8.self)
  }
}

/// The numbers of a series and of its partner.
struct PartnerNumbers: Hashable {
  let series: UInt32
  /// 0 where no message told.
  let partner: UInt32

  init(series: UInt32, partner: UInt32) {
    self.series = series
    self.partner = partner
  }

  func encode(to bytes: inout [UInt8]) {
    bytes.appendVarint(UInt64(series))
    bytes.appendVarint(UInt64(partner))
  }

  init(from reader: inout ByteReader) throws(FormatError) {
    series = try reader.number()
    partner = try reader.number()
  }
}
