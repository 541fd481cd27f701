/// One of those who send messages: the platform, the operator's systems, the e-mobility providers.
struct Partner: Sendable {
  enum TransactionStyle: Sendable { case platform, uuid, upperUUID, prefixed, undashed, numbered }
  enum SessionStyle: Sendable { case uuid, numbered, short }

  var country: StaticString
  var code: StaticString
  /// The address and certificate with which it connects.
  var peer: StaticString
  var commonName: StaticString
  /// Index into ``Dialect/all``.
  var dialect: Int
  var transactions = TransactionStyle.uuid
  var sessions = SessionStyle.uuid
  /// How many of a thousand of its requests lack a transactionId.
  var withoutTransactionPerMille = 0
  /// Its part of the customers.
  var share = 0
  /// Whether its messages pass through this journal too.
  var isHosted = true
}

extension Partner {
  static let platform = Partner(
    country: "FR", code: "GIR", peer: "192.0.2.200", commonName: "iop-client.example", dialect: 0, transactions: .platform)
  static let operatorBackEnd = Partner(country: "FR", code: "C01", peer: "192.0.2.15", commonName: "cpo-c01.example", dialect: 1)
  static let operatorMonitoring = Partner(
    country: "FR", code: "C01", peer: "192.0.2.16", commonName: "monitoring.cpo-c01.example", dialect: 2, transactions: .undashed)

  /// The e-mobility providers. The last two are customers of other gateways: their customers charge here, their messages are not seen.
  static let providers: [Partner] = [
    Partner(
      country: "FR", code: "MS1", peer: "198.51.100.21", commonName: "emsp-1.example", dialect: 3, withoutTransactionPerMille: 60,
      share: 27),
    Partner(
      country: "FR", code: "MS2", peer: "198.51.100.42", commonName: "emsp-2.example", dialect: 4, transactions: .upperUUID,
      sessions: .numbered, share: 18),
    Partner(country: "DE", code: "MS3", peer: "203.0.113.7", commonName: "emsp-3.example", dialect: 5, transactions: .prefixed, share: 16),
    Partner(
      country: "NL", code: "MS4", peer: "203.0.113.90", commonName: "emsp-4.example", dialect: 6, sessions: .numbered,
      withoutTransactionPerMille: 80, share: 9),
    Partner(country: "BE", code: "MS5", peer: "203.0.113.131", commonName: "emsp-5.example", dialect: 7, transactions: .numbered, share: 5),
    Partner(country: "ES", code: "MS6", peer: "198.51.100.77", commonName: "emsp-6.example", dialect: 8, sessions: .short, share: 4),
    Partner(country: "IT", code: "MS7", peer: "192.0.2.71", commonName: "emsp-7.example", dialect: 9, transactions: .undashed, share: 3),
    Partner(country: "CH", code: "MS8", peer: "", commonName: "", dialect: 0, share: 19, isHosted: false),
    Partner(country: "LU", code: "MS9", peer: "", commonName: "", dialect: 0, share: 15, isHosted: false),
  ]

  static let hostedProviderCount = 7
}
