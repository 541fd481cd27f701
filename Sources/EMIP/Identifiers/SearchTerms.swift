public import JournalFormat

/// What to look up in the indexes for a text that a person typed. White space around the text does not count; an empty text finds nothing.
public enum SearchTerms {
  /// Every term that a text of any kind may have been indexed by: transaction, session, event, action, booking, EVCI element and user.
  /// Operators are left out: theirs are too many to be an answer.
  public static func candidates(for text: String) -> [IndexTerm] {
    transactionTerms(text) + sessionTerms(text) + eventTerms(text) + bookingTerms(text) + evciTerms(text) + userTerms(text)
  }

  /// A transaction.
  public static func transactionTerms(_ text: String) -> [IndexTerm] { terms([.transactionId], text) }

  /// The four names of a session.
  public static func sessionTerms(_ text: String) -> [IndexTerm] {
    terms([.serviceSessionId, .partnerServiceSessionId, .execPartnerSessionId, .salePartnerSessionId], text)
  }

  /// Events and actions.
  public static func eventTerms(_ text: String) -> [IndexTerm] { terms([.sessionEventId, .sessionActionId], text) }

  /// The two names of a booking.
  public static func bookingTerms(_ text: String) -> [IndexTerm] { terms([.bookingId, .salePartnerBookingId], text) }

  /// An EVSE only, in any spelling.
  public static func evseTerms(_ text: String) -> [IndexTerm] { terms([.evseId], text) }

  /// EVSEs, stations, pools and connectors. Ids need not follow the rules of ``EVCIIdentifier``.
  public static func evciTerms(_ text: String) -> [IndexTerm] {
    terms([.evseId, .chargingStationId, .chargingPoolId, .chargingConnectorId], text)
  }

  /// Whether ids of a kind are told apart by the operator's own separators, which no index has (``IdentifierSpelling``).
  public static func isSpelled(_ kind: TermKind) -> Bool {
    [.evseId, .chargingStationId, .chargingPoolId, .chargingConnectorId].contains(kind)
  }

  /// An operator named in a body.
  public static func operatorTerms(_ text: String) -> [IndexTerm] { terms([.operatorId], text) }

  /// A user by a badge or a contract. A badge is found whether it was written, or is typed, with leading zeros or without, and with colons,
  /// blanks or hyphens between its bytes or without; a contract is found with its check digit and without.
  public static func userTerms(_ text: String) -> [IndexTerm] {
    let text = text.trimmingWhitespace()
    let badges = ([text] + badgeSpellings(text)).map { IndexTerm(.userRFID, $0) }
    let contracts = ([text] + contractSpellings(text)).map { IndexTerm(.userContract, $0) }
    return distinct(badges + contracts, unless: text.isEmpty)
  }

  private static func terms(_ kinds: [TermKind], _ text: String) -> [IndexTerm] {
    let text = text.trimmingWhitespace()
    return distinct(kinds.map { IndexTerm($0, text) }, unless: text.isEmpty)
  }

  private static func distinct(_ terms: [IndexTerm], unless isNothing: Bool) -> [IndexTerm] {
    guard !isNothing else { return [] }
    var seen: Set<IndexTerm> = []
    return terms.filter { !$0.value.isEmpty && seen.insert($0).inserted }
  }

  private static func badgeSpellings(_ text: String) -> [String] {
    let digits = text.filter { $0 != ":" && $0 != " " && $0 != "-" }
    guard !digits.isEmpty, digits.utf8.allSatisfy(\.isHexadecimalDigit) else { return [] }
    let significant = String(digits.drop { $0 == "0" })
    guard significant.utf8.count <= 14 else { return [digits] + separated(digits) }
    let long = String(repeating: "0", count: 14 - significant.utf8.count) + significant
    let short = String(repeating: "0", count: max(0, 8 - significant.utf8.count)) + significant
    let even = (significant.utf8.count % 2 == 0 ? "" : "0") + significant
    return [digits, significant, long] + [digits, even, short, long].flatMap(separated)
  }

  /// A badge as some write it, which is against the guide (6.4.3): with a separator between its bytes.
  private static func separated(_ digits: String) -> [String] {
    let digits = Array(digits)
    guard digits.count > 2, digits.count % 2 == 0 else { return [] }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { String(digits[$0...$0 + 1]) }
    return [":", "-", " "].map { bytes.joined(separator: $0) }
  }

  private static func contractSpellings(_ text: String) -> [String] {
    guard let contract = try? ContractIdentifier(text) else { return [] }
    return [contract.stem, contract.stem + String(contract.expectedCheckDigit)]
  }
}

extension StringProtocol {
  /// The text without white space around it.
  func trimmingWhitespace() -> String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
