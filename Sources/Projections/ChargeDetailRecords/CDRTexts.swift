internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What messages said of records, for when the journal has them no more: leaf by leaf, as the wire names them.
///
/// A user stands as two bytes of a keyed hash: they tell one user from another within a session, and of the badges that there can be thousands have
/// the same. What the protocol does not know is left out, as nobody can tell whether it is personal.
///
///     position(5) 0xffffff -> flags(1) observedAt(signed) [transactionId] [serviceSessionId] [partnerServiceSessionId], counted
///     position(5) item(3)  -> *(parent name subitem counted)
enum CDRTexts {
  private static var table: ModelTable { CDRTables.texts }
  private static let wholeMessage = 0xff_ffff

  private static func key(_ position: JournalPosition, _ item: Int) -> [UInt8] {
    bigEndianBytes(position.rawValue << 24 | UInt64(item))
  }

  // MARK: Reading

  /// Nil where nothing was kept.
  static func message(at position: JournalPosition, in rows: any ModelRows) throws(JournalError) -> CDRMessage? {
    guard let value = try rows.value(of: key(position, wholeMessage), in: table) else { return nil }
    return try table.decoding { () throws(FormatError) in
      try value.reading { (reader) throws(FormatError) in
        let flags = try reader.byte()
        var message = CDRMessage(observedAt: Timestamp(rawValue: try reader.signedVarint()), isGone: true)
        if flags & 1 != 0 { message.transactionId = try reader.string() }
        if flags & 2 != 0 { message.serviceSessionId = try reader.string() }
        if flags & 4 != 0 { message.partnerServiceSessionId = try reader.string() }
        return message
      }
    }
  }

  /// Nil where nothing was kept.
  static func record(at position: JournalPosition, item: Int, in rows: any ModelRows) throws(JournalError) -> ChargeDetailRecord? {
    guard let value = try rows.value(of: key(position, item), in: table) else { return nil }
    return try table.decoding { () throws(FormatError) in
      var payload: [UInt8] = []
      let leaves = try value.reading { (reader) throws(FormatError) in
        var leaves: [Leaf] = []
        while !reader.isAtEnd {
          let parent = UInt16(truncatingIfNeeded: try reader.varint())
          let name = UInt16(truncatingIfNeeded: try reader.varint())
          let subitem = UInt32(truncatingIfNeeded: try reader.varint())
          let text = try reader.counted()
          let range = payload.count..<(payload.count + text.count)
          payload += text
          leaves.append(Leaf(path: LeafPath(name: name, parent: parent), item: 1, subitem: subitem, range: range, traits: []))
        }
        return leaves
      }
      return try MessageFacts(layout: MessageLayout(leaves: leaves, envelope: envelope), payload: payload).chargeDetailRecords.first
    }
  }

  /// That of any message with a record.
  private static let envelope: [UInt8] = {
    let body = "<e:eMIP_ToIOP_SetChargeDetailRecordRequest xmlns:e=\"e\"></e:eMIP_ToIOP_SetChargeDetailRecordRequest>"
    let message = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\(body)</s:Body></s:Envelope>"
    guard case .message(let facts) = MessageReader().read(Array(message.utf8)), let layout = facts.layout else {
      fatalError("a message that is right cannot be read")
    }
    return layout.envelope
  }()

  // MARK: Writing

  /// A message that is about to go.
  struct Source {
    let entry: Entry
    let facts: MessageFacts?
    let records: [ChargeDetailRecord]
    /// The leaves of each record, in document order.
    let leaves: [[Leaf]]

    init(_ entry: Entry, _ facts: MessageFacts?) {
      self.entry = entry
      self.facts = facts
      records = facts?.chargeDetailRecords ?? []
      var items: [[Leaf]] = []
      for leaf in facts?.leaves ?? [] where leaf.item > 0 {
        if items.last?.last?.item == leaf.item { items[items.count - 1].append(leaf) } else { items.append([leaf]) }
      }
      leaves = items.filter { $0.contains { $0.path.parent == WireName.chargeDetailRecord } }
    }
  }

  /// Keeps what a message says beside its records, unless it is kept already.
  static func keep(_ source: Source, in rows: ModelTransaction) throws(JournalError) {
    let key = key(source.entry.position, wholeMessage)
    guard try rows.value(of: key, in: table) == nil else { return }
    let facts = source.facts
    // A list has the ids of many sessions: those stand with its records.
    let names = source.records.isEmpty ? [WireName.serviceSessionId, WireName.partnerServiceSessionId] : []
    let texts = [facts?.transactionId] + names.map { facts?.text(of: $0) }
    var value: [UInt8] = [texts.enumerated().reduce(0) { $0 | ($1.element == nil ? 0 : 1 << UInt8($1.offset)) }]
    value.appendSignedVarint(source.entry.content.observedAt.rawValue)
    for text in texts { if let text { value.appendCounted(text.utf8) } }
    try rows.put(value, for: key, in: table)
  }

  /// Keeps what one record of a message says, unless it is kept already.
  static func keep(_ source: Source, item: Int, in rows: ModelTransaction) throws(JournalError) {
    let key = key(source.entry.position, item)
    guard let facts = source.facts, item < min(source.records.count, source.leaves.count), try rows.value(of: key, in: table) == nil else {
      return
    }
    let user = source.records[item].user
    var value: [UInt8] = []
    for leaf in source.leaves[item] where leaf.path.name != WireName.unknown {
      var text = facts.layout?.decodedText(of: leaf) ?? Array(facts.payload[leaf.range])
      guard !text.isEmpty else { continue }
      if leaf.path.name == WireName.userId {
        text = pseudonym(text, user.userIdType?.termKind.comparison ?? .compact, rows.hash)
      } else if leaf.path.name == WireName.userContractIdAlias || leaf.isPersonal {
        text = pseudonym(text, .compact, rows.hash)
      }
      value.appendVarint(UInt64(leaf.path.parent))
      value.appendVarint(UInt64(leaf.path.name))
      value.appendVarint(UInt64(leaf.subitem))
      value.appendCounted(text)
    }
    try rows.put(value, for: key, in: table)
  }

  private static func pseudonym(_ text: [UInt8], _ comparison: TermComparison, _ hash: SubjectHash) -> [UInt8] {
    let number = hash.number(CDRKeys.Tag.user, comparison.normalized(text)) >> 48
    return Array("pseudonym \(String(0x1_0000 | number, radix: 16).dropFirst())".utf8)
  }
}
