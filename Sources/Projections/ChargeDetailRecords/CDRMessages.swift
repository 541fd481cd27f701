internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What a message said of records, or in answer to one.
struct CDRMessage {
  var observedAt: Timestamp
  /// Whether the journal has it no more: it says what ``CDRTexts`` kept of it.
  var isGone = false
  var transactionId: String?
  /// The platform's id of the session that an answer gives.
  var serviceSessionId: String?
  /// The eMSP's id of the session that an answer gives.
  var partnerServiceSessionId: String?
  /// Nil where it is gone, or says nothing that can be read.
  var facts: MessageFacts?
  /// Those that were asked for, by their places in the message, from 0.
  var records: [Int: ChargeDetailRecord] = [:]
}

/// Reads again what messages said: the rows hold no text while the journal has the messages. Not for several threads at a time.
final class CDRMessages {
  private let messages: JournalMessages
  private let rows: any ModelRows
  private var read: [JournalPosition: CDRMessage?] = [:]
  /// How many messages were asked of the journal.
  private(set) var readCount = 0

  /// Kept, so that a message is not read twice for one answer.
  private static let limit = 64

  /// What could not be read.
  var damage: DamageLog { messages.journal.damage }

  init(_ journal: JournalReader, _ rows: any ModelRows) {
    messages = JournalMessages(journal)
    self.rows = rows
  }

  /// Nil where the journal has it no more and nothing of it was kept, or where it is damaged.
  func message(at position: JournalPosition) throws(JournalError) -> CDRMessage? {
    if let known = read[position] { return known }
    if read.count >= Self.limit { read = [:] }
    var message = try readMessage(at: position)
    if message == nil { message = try CDRTexts.message(at: position, in: rows) }
    // Damage is told to whoever asks again.
    guard message != nil || damage.error(at: position) == nil else { return nil }
    read[position] = .some(message)
    return message
  }

  /// See ``message(at:)``.
  func record(of version: CDRVersion) throws(JournalError) -> ChargeDetailRecord? {
    guard let message = try message(at: version.position) else { return nil }
    if let record = message.records[version.item] { return record }
    let record =
      message.isGone
      ? try CDRTexts.record(at: version.position, item: version.item, in: rows) : message.facts?.chargeDetailRecord(at: version.item)
    if let record { read[version.position]??.records[version.item] = record }
    return record
  }

  private func readMessage(at position: JournalPosition) throws(JournalError) -> CDRMessage? {
    readCount += 1
    guard let found = try messages.message(at: position) else { return nil }
    var message = CDRMessage(observedAt: found.entry.content.observedAt)
    guard let facts = found.facts else { return message }
    message.transactionId = facts.transactionId
    message.serviceSessionId = facts.text(of: WireName.serviceSessionId)
    message.partnerServiceSessionId = facts.text(of: WireName.partnerServiceSessionId)
    message.facts = facts
    return message
  }
}
