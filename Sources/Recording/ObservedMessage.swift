public import JournalFormat

/// One message as an adapter saw it go by: its bytes and what the connection told.
public struct ObservedMessage: Sendable {
  /// Exactly as on the wire, after any HTTP content encoding is undone.
  public var payload: [UInt8]
  public var observedAt: Timestamp
  public var leg: Leg
  public var author: Author
  /// Nil where it is not known by where the message came in; then the operation's name tells it.
  public var direction: Direction?
  public var peer: Peer
  public var http: HTTPFacts
  /// What the adapter takes for the operation, for a message that cannot be read.
  public var operation: String?

  public init(
    _ payload: [UInt8], observedAt: Timestamp, leg: Leg = .gatewayIOP, author: Author = .peer, direction: Direction? = nil,
    peer: Peer = Peer(), http: HTTPFacts = HTTPFacts(), operation: String? = nil
  ) {
    self.payload = payload
    self.observedAt = observedAt
    self.leg = leg
    self.author = author
    self.direction = direction
    self.peer = peer
    self.http = http
    self.operation = operation
  }
}
