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

  func owner(_ kind: SessionIdKind) -> UInt32? {
    switch kind {
    case .service: nil
    case .exec: exec
    case .sale: sale
    }
  }

  struct Contradiction {
    /// 0 the EVSE, 1 the CPO, 2 the eMSP.
    let kind: Int
    let known: UInt32
    let named: UInt32
  }

  /// Where a session names others.
  func contradictions(to session: SessionFacts) -> [Contradiction] {
    var found: [Contradiction] = []
    func compare(_ kind: Int, _ known: UInt32?, _ named: UInt32?) {
      if let known, let named, known != named { found.append(Contradiction(kind: kind, known: known, named: named)) }
    }
    compare(0, session.evse?.number, evse)
    compare(1, session.exec?.number, exec)
    compare(2, session.sale?.number, sale)
    return found
  }
}
