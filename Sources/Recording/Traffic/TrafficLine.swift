public import JournalFormat

/// One exchange of a traffic file: a line of NDJSON.
///
/// | key | value |
/// |---|---|
/// | `recordedAt` | when the request was on the wire, RFC 3339; required |
/// | `direction` | `toIOP` or `fromIOP`; required |
/// | `request` or `requestBase64` | the request's body; required |
/// | `response` or `responseBase64` | the answer's body; empty or absent where the answer was lost |
/// | `operation`, `peer`, `clientCN` | strings |
/// | `httpStatus` | 100 to 999; 0 or absent where it is not known, as of a lost answer |
/// | `latencyMs` | from request to answer; at most a day, fractions are rounded |
///
/// `null` is as good as absent, other keys are ignored, and none of these may stand twice. The bodies are Base64 where they are not
/// UTF-8. Of a line with an object or array in it, a repeated key goes unnoticed: `JSONDecoder`, which reads such lines, takes one of
/// them.
public struct TrafficLine: Hashable, Sendable {
  /// When the request was on the wire.
  public var observedAt: Timestamp
  /// Whether it went to or came from IOP.
  public var direction: Direction
  /// The operation that the line names; the messages decide.
  public var operation: String?
  /// Nil where the line has none or 0.
  public var httpStatus: Int?
  /// From request to answer.
  public var latencyMilliseconds: UInt32?
  /// The address at the other end.
  public var peer: String?
  /// The common name of the client certificate.
  public var clientCommonName: String?
  /// The request's body.
  public var request: [UInt8]
  /// Empty where the answer was lost.
  public var response: [UInt8]

  /// Whether no answer came.
  public var isAnswerLost: Bool { response.isEmpty }

  /// - Parameter line: one JSON object, without or with its line end; UTF-8.
  /// - Throws: ``TrafficLineError`` with what is missing or wrong.
  public init(_ line: UnsafeBufferPointer<UInt8>) throws(TrafficLineError) {
    if let fields = try TrafficFields.scanning(line) {
      try self.init(fields)
    } else {
      try self.init(TrafficFields(decoding: line))
    }
  }

  /// See ``init(_:)``.
  /// - Throws: ``TrafficLineError`` naming the key that is wrong, or where the line is no object.
  public init(_ line: [UInt8]) throws(TrafficLineError) {
    // `Array.withUnsafeBufferPointer` forgets which error a closure throws; a result does not.
    let result = line.withUnsafeBufferPointer { bytes in
      Result { () throws(TrafficLineError) in try TrafficLine(bytes) }
    }
    self = try result.get()
  }

  private init(_ fields: TrafficFields) throws(TrafficLineError) {
    guard let observedAt = fields.observedAt else { throw TrafficLineError("recordedAt is missing") }
    guard let direction = fields.direction else { throw TrafficLineError("direction is missing") }
    guard let request = fields.request else { throw TrafficLineError("request is missing") }
    self.observedAt = observedAt
    self.direction = direction
    self.request = request
    operation = fields.operation
    httpStatus = fields.httpStatus
    latencyMilliseconds = fields.latencyMilliseconds
    peer = fields.peer
    clientCommonName = fields.clientCommonName
    response = fields.response ?? []
  }
}

/// Why a line of a traffic file cannot be taken.
public struct TrafficLineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence without a full stop, naming the key or the byte. No text of the line is quoted: it may tell of somebody.
  public let message: String

  /// Says what is wrong, without the content.
  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
