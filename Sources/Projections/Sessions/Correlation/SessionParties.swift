internal import EMIP
internal import JournalStore

/// The numbers of those whom a message names.
struct SessionParties {
  let evse: UInt32?
  let exec: UInt32?
  let sale: UInt32?

  init(_ mention: SessionMention, _ tables: SessionRows) throws(JournalError) {
    evse = try mention.fields.evseId.map { (text) throws(JournalError) in try tables.number(text, .evse) }
    exec = try mention.exec.map { (text) throws(JournalError) in try tables.number(text, .operator) }
    sale = try mention.sale.map { (text) throws(JournalError) in try tables.number(text, .operator) }
  }

  subscript(party: SessionParty) -> UInt32? {
    switch party {
    case .evse: evse
    case .exec: exec
    case .sale: sale
    }
  }

  /// Whose an id of a kind is; nil for the platform's.
  func owner(_ kind: SessionIdKind) -> UInt32? {
    switch kind {
    case .service: nil
    case .exec: exec
    case .sale: sale
    }
  }
}
