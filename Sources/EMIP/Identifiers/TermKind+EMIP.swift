public import JournalFormat

/// The index terms of eMIP. The numbers are on disk: never reuse one.
extension TermKind {
  /// The id of an exchange.
  public static let transactionId = TermKind(number: 1, comparison: .exact)
  /// The platform's session id.
  public static let serviceSessionId = TermKind(number: 2, comparison: .exact)
  /// The CPO's or the eMSP's own session id, by operation and direction.
  public static let partnerServiceSessionId = TermKind(number: 3, comparison: .exact)
  /// The CPO's session id.
  public static let execPartnerSessionId = TermKind(number: 4, comparison: .exact)
  /// The eMSP's session id.
  public static let salePartnerSessionId = TermKind(number: 5, comparison: .exact)
  public static let sessionEventId = TermKind(number: 6, comparison: .exact)
  public static let sessionActionId = TermKind(number: 7, comparison: .exact)
  public static let bookingId = TermKind(number: 8, comparison: .exact)
  public static let salePartnerBookingId = TermKind(number: 9, comparison: .exact)
  public static let evseId = TermKind(number: 10, comparison: .compact)
  public static let chargingStationId = TermKind(number: 11, comparison: .compact)
  public static let chargingPoolId = TermKind(number: 12, comparison: .compact)
  public static let chargingConnectorId = TermKind(number: 13, comparison: .compact)
  /// A user by the UID of a badge (guide 6.4.3).
  public static let userRFID = TermKind(number: 14, comparison: .hexPadded, isPersonal: true)
  /// A user by a contract id, an alias of one, or any other id that is no RFID UID.
  public static let userContract = TermKind(number: 15, comparison: .compact, isPersonal: true)
  /// A personal text that no index holds.
  public static let personalText = TermKind(number: 17, comparison: .unindexed, isPersonal: true)
}
