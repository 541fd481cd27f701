public import JournalFormat

/// One message as an adapter saw it go by: its bytes and what the connection told.
public struct ObservedMessage: Sendable {
  /// Exactly as on the wire, after any HTTP content encoding is undone.
  public var payload: [UInt8]
  /// When it was on the wire.
  public var observedAt: Timestamp
  /// Between whom it went.
  public var leg: Leg
  /// Who made it.
  public var author: Author
  /// Nil where it is not known by where the message came in; then the operation's name tells it.
  public var direction: Direction?
  /// Who was at the other end.
  public var peer: Peer
  /// What HTTP told.
  public var http: HTTPFacts
  /// What the adapter takes for the operation, for a message that cannot be read.
  public var operation: String?
  /// 1 for the first time that it is sent, more for each retry that the gateway makes. An answer has its request's.
  public var attempt: UInt32

  /// A message of which so much is known.
  public init(
    _ payload: [UInt8], observedAt: Timestamp, leg: Leg = .gatewayIOP, author: Author = .peer, direction: Direction? = nil,
    peer: Peer = Peer(), http: HTTPFacts = HTTPFacts(), operation: String? = nil, attempt: UInt32 = 1
  ) {
    self.payload = payload
    self.observedAt = observedAt
    self.leg = leg
    self.author = author
    self.direction = direction
    self.peer = peer
    self.http = http
    self.operation = operation
    self.attempt = attempt
  }
}
