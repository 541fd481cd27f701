internal import JournalFormat
internal import JournalStore

/// The series, and the spokesmen of operators, that messages named lately; series are found by the contexts of messages.
struct PartnerMemory {
  /// The partner that last spoke for an operator.
  private final class Spokesman {
    let key: [UInt8]
    var partner: [UInt8]?
    /// Rises with each change.
    var version: UInt32 = 0

    init(_ key: [UInt8], _ partner: [UInt8]?) {
      self.key = key
      self.partner = partner
    }
  }

  /// What a context says.
  private final class Known {
    let tail: PartnerTail
    /// The spokesman of the operator that the context names.
    let spokesman: Spokesman?
    /// Who speaks for it, as the context tells; empty where it does not.
    let speaker: [UInt8]
    /// The spokesman's, where the series depends on it.
    let version: UInt32

    init(_ tail: PartnerTail, _ spokesman: Spokesman?, speaker: [UInt8]) {
      self.tail = tail
      self.spokesman = spokesman
      self.speaker = speaker
      version = spokesman?.version ?? 0
    }
  }

  private var contexts = ContextMemory<Known>()
  private var spokesmen: [[UInt8]: Spokesman] = [:]
  private var tails: [UInt32: PartnerTail] = [:]

  /// More are not remembered: all are forgotten then.
  private static let limit = 4_096

  var isFull: Bool { tails.count >= Self.limit || spokesmen.count >= Self.limit }

  /// The series of a request, which may tell who speaks for its operator.
  mutating func tailOfRequest(_ context: SharedContext, _ rows: ModelTransaction) throws(JournalError) -> PartnerTail {
    var known = try known(context, rows)
    if let spokesman = known.spokesman, !known.speaker.isEmpty, spokesman.partner != known.speaker {
      spokesman.partner = known.speaker
      spokesman.version += 1
      try PartnerTables.names.note(known.speaker, spokesmanOf: spokesman.key, rows)
      known = try self.known(context, rows)
    }
    return known.tail
  }

  /// The series of a message.
  mutating func tail(of context: SharedContext, _ rows: ModelTransaction) throws(JournalError) -> PartnerTail {
    try known(context, rows).tail
  }

  mutating func tail(_ numbers: PartnerNumbers, _ rows: ModelTransaction) throws(JournalError) -> PartnerTail {
    if let known = tails[numbers.series] { return known }
    let names = PartnerTables.names
    let tail = PartnerTail(numbers, try names.series(numbers.series, rows), failed: try names.failed(numbers.series, rows))
    try PartnerTables.series.open(tail, rows)
    tails[numbers.series] = tail
    return tail
  }

  private mutating func known(_ context: SharedContext, _ rows: ModelTransaction) throws(JournalError) -> Known {
    if let known = contexts[context], known.version == known.spokesman?.version ?? 0 || context.value.direction != .fromIOP { return known }
    let spokesman = try PartnerNames.spokesmanKey(context.value).map { (key) throws(JournalError) in try self.spokesman(key, rows) }
    let tail = try tail(try PartnerTables.names.numbers(context.value, rows), rows)
    let known = Known(tail, spokesman, speaker: PartnerNames.speaker(context.value))
    contexts[context] = known
    return known
  }

  private mutating func spokesman(_ key: [UInt8], _ rows: ModelTransaction) throws(JournalError) -> Spokesman {
    if let known = spokesmen[key] { return known }
    let spokesman = Spokesman(key, try PartnerTables.names.spokesman(key, rows))
    spokesmen[key] = spokesman
    return spokesman
  }
}

extension PartnerNames {
  /// How many transactions a series remembers: who tries again does so soon.
  private static let rememberedFailures = 64

  /// The transactions of a series that were last lost or not accepted.
  func failed(_ number: UInt32, _ rows: any ModelRows) throws(JournalError) -> [UInt32] {
    let value = try rows.value(of: bigEndianBytes(number), in: PartnerTables.failed) ?? []
    return stride(from: 0, to: value.count - value.count % 4, by: 4).map { UInt32(bigEndian: value[$0..<$0 + 4]) }
  }

  func noteFailed(_ transaction: UInt32, _ tail: PartnerTail, _ rows: ModelTransaction) throws(JournalError) {
    if tail.failed.count >= Self.rememberedFailures { tail.failed.removeFirst() }
    tail.failed.append(transaction)
    var value: [UInt8] = []
    for transaction in tail.failed { value.appendBigEndian(transaction) }
    try rows.put(value, for: bigEndianBytes(tail.numbers.series), in: PartnerTables.failed)
  }
}
