/// One fact of the journal, immutable once committed.
public struct Entry: Hashable, Sendable {
  /// Where it stands in the journal.
  public var position: JournalPosition
  /// When the journal took it in. Never decreases with position.
  public var recordedAt: Timestamp
  /// What was recorded.
  public var content: EntryContent
  /// The position of the request that it answers; nil for everything but answers.
  public var requestPosition: JournalPosition?
  /// Salts the digests of its personal values; nil where it has none.
  public var seed: LeafSeed?

  /// An entry as the journal keeps it.
  public init(
    position: JournalPosition, recordedAt: Timestamp, requestPosition: JournalPosition?, content: EntryContent, seed: LeafSeed? = nil
  ) {
    self.position = position
    self.recordedAt = recordedAt
    self.requestPosition = requestPosition
    self.content = content
    self.seed = seed
  }

  /// What it records.
  public var kind: EntryKind { content.context.kind }
}

/// What is recorded of a message, or of the journal's own life, before the journal gives it a position. A copy is one reference.
public struct EntryContent: Hashable, Sendable {
  private var storage: Storage

  /// Sendable: written only through a content that alone refers to it.
  private final class Storage: @unchecked Sendable {
    var observedAt: Timestamp
    var sharedContext: SharedContext
    var latencyMilliseconds: UInt32?
    var marks: [Mark]
    var findings: [Finding]
    var payload: [UInt8]
    var layout: MessageLayout?

    init(
      observedAt: Timestamp, sharedContext: SharedContext, latencyMilliseconds: UInt32?, marks: [Mark], findings: [Finding],
      payload: [UInt8], layout: MessageLayout?
    ) {
      self.observedAt = observedAt
      self.sharedContext = sharedContext
      self.latencyMilliseconds = latencyMilliseconds
      self.marks = marks
      self.findings = findings
      self.payload = payload
      self.layout = layout
    }

    convenience init(_ other: Storage) {
      self.init(
        observedAt: other.observedAt, sharedContext: other.sharedContext, latencyMilliseconds: other.latencyMilliseconds,
        marks: other.marks, findings: other.findings, payload: other.payload, layout: other.layout)
    }
  }

  private mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage) }
  }

  /// A content with a context of its own.
  public init(
    observedAt: Timestamp, context: EntryContext, latencyMilliseconds: UInt32? = nil, marks: [Mark] = [], findings: [Finding] = [],
    payload: [UInt8] = [], layout: MessageLayout? = nil
  ) {
    self.init(
      observedAt: observedAt, sharedContext: SharedContext(context), latencyMilliseconds: latencyMilliseconds, marks: marks,
      findings: findings, payload: payload, layout: layout)
  }

  /// With a context that other entries have too.
  public init(
    observedAt: Timestamp, sharedContext: SharedContext, latencyMilliseconds: UInt32?, marks: [Mark], findings: [Finding],
    payload: [UInt8], layout: MessageLayout? = nil
  ) {
    storage = Storage(
      observedAt: observedAt, sharedContext: sharedContext, latencyMilliseconds: latencyMilliseconds, marks: marks, findings: findings,
      payload: payload, layout: layout)
  }

  /// When the message was on the wire.
  public var observedAt: Timestamp {
    _read { yield storage.observedAt }
    _modify {
      makeUnique()
      yield &storage.observedAt
    }
  }

  /// Held by reference, so that entries which share a context share one object.
  public var sharedContext: SharedContext { _read { yield storage.sharedContext } }

  /// From request to answer; nil where it is not known or does not apply.
  public var latencyMilliseconds: UInt32? {
    _read { yield storage.latencyMilliseconds }
    _modify {
      makeUnique()
      yield &storage.latencyMilliseconds
    }
  }

  /// What the indexes find the entry by, and which ranges are personal.
  public var marks: [Mark] {
    _read { yield storage.marks }
    _modify {
      makeUnique()
      yield &storage.marks
    }
  }

  /// What schema validation or reading found.
  public var findings: [Finding] {
    _read { yield storage.findings }
    _modify {
      makeUnique()
      yield &storage.findings
    }
  }

  /// The message exactly as it was on the wire.
  public var payload: [UInt8] {
    _read { yield storage.payload }
    _modify {
      makeUnique()
      yield &storage.payload
    }
  }

  /// How the payload divides; nil where it could not be read, or where the journal did not store it by its markup. Told by the payload, so
  /// it does not count when contents are compared.
  public var layout: MessageLayout? {
    _read { yield storage.layout }
    _modify {
      makeUnique()
      yield &storage.layout
    }
  }

  /// What repeats from entry to entry; a change makes the context its own.
  public var context: EntryContext {
    _read { yield storage.sharedContext.value }
    _modify {
      makeUnique()
      if !isKnownUniquelyReferenced(&storage.sharedContext) { storage.sharedContext = SharedContext(storage.sharedContext.value) }
      yield &storage.sharedContext.value
    }
  }

  /// Whether any of it is personal: a marked range, or the whole of a payload that could not be read and so may hold anything.
  public var hasPersonalValues: Bool {
    context.kind == .refusal && !payload.isEmpty || marks.contains { $0.kind.isPersonal }
  }

  /// The texts of all marks of a kind, as written, in order, with repetitions.
  public func texts(of kind: TermKind) -> [[UInt8]] {
    marks.lazy.filter { $0.kind == kind }.map { $0.text(in: payload) }
  }
}

extension EntryContent {
  public static func == (left: EntryContent, right: EntryContent) -> Bool {
    left.observedAt == right.observedAt && left.sharedContext == right.sharedContext
      && left.latencyMilliseconds == right.latencyMilliseconds
      && left.marks == right.marks && left.findings == right.findings && left.payload.equals(right.payload)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(observedAt)
    hasher.combine(sharedContext)
    hasher.combine(payload)
  }
}

extension [UInt8] {
  /// As `==`, eight bytes at a step.
  fileprivate func equals(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBytes { bytes in
      other.withUnsafeBytes { others in
        var offset = 0
        while offset + 8 <= bytes.count {
          guard
            bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == others.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          else { return false }
          offset += 8
        }
        while offset < bytes.count {
          guard bytes[offset] == others[offset] else { return false }
          offset += 1
        }
        return true
      }
    }
  }
}

/// A context that several entries share. Written only by an ``EntryContent`` that alone refers to it.
public final class SharedContext: Hashable, @unchecked Sendable {
  // Sendable: see above; what is shared is never written.
  public fileprivate(set) var value: EntryContext

  /// Shares a context.
  public init(_ value: EntryContext) { self.value = value }

  public static func == (left: SharedContext, right: SharedContext) -> Bool { left === right || left.value == right.value }
  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// What repeats from entry to entry; a segment keeps each once.
public struct EntryContext: Hashable, Sendable {
  /// What is recorded.
  public var kind: EntryKind
  /// Between whom it went.
  public var leg: Leg
  /// Who made it.
  public var author: Author
  /// Whether it goes to or comes from IOP; nil where that is not known.
  public var direction: Direction?
  /// For instance `eMIP`.
  public var protocolName: String?
  /// As the protocol names it, for instance `GetServiceAuthorisation`. An answer has its request's: searches count on it.
  public var operation: String?
  /// The partner that the message names, as written.
  public var partner: String?
  /// The operator for whom the partner speaks, as written.
  public var `operator`: String?
  /// The operator whom it is for, as written.
  public var targetOperator: String?
  /// Who was at the other end of the connection.
  public var peer: Peer
  /// What HTTP said around the payload.
  public var http: HTTPFacts
  /// How the exchange ended; empty on a request.
  public var outcome: Outcome
  /// 1 for the first, more for each retry that the gateway made.
  public var attempt: UInt32
  /// Why: of a failure, a refusal, or a fact about the journal's life.
  public var reason: String?

  /// A context with nothing said but these.
  public init(kind: EntryKind, leg: Leg = .gatewayIOP, author: Author = .peer) {
    self.kind = kind
    self.leg = leg
    self.author = author
    peer = Peer()
    http = HTTPFacts()
    outcome = Outcome()
    attempt = 1
  }
}

/// Who was at the other end of the connection.
public struct Peer: Hashable, Sendable {
  /// The address, as text.
  public var address: String?
  /// The common name (CN) of the client certificate.
  public var certificateCommonName: String?
  /// Lower-case hexadecimal.
  public var certificateSHA256: String?

  /// A peer of whom so much is known.
  public init(address: String? = nil, certificateCommonName: String? = nil, certificateSHA256: String? = nil) {
    self.address = address
    self.certificateCommonName = certificateCommonName
    self.certificateSHA256 = certificateSHA256
  }
}

/// What HTTP said around the payload.
public struct HTTPFacts: Hashable, Sendable {
  /// The method, for instance `POST`.
  public var method: String?
  /// The request target: path and query.
  public var target: String?
  /// The status code of the answer.
  public var status: UInt16?
  /// The headers that matter, in order.
  public var headers: [HTTPHeader]

  /// Facts of which so many are known.
  public init(method: String? = nil, target: String? = nil, status: UInt16? = nil, headers: [HTTPHeader] = []) {
    self.method = method
    self.target = target
    self.status = status
    self.headers = headers
  }
}

/// One header field, its name and value as they were sent.
public struct HTTPHeader: Hashable, Sendable {
  /// The name, as it was sent.
  public var name: String
  /// The value, as it was sent.
  public var value: String

  /// A field of a name and a value.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// How the exchange ended, on the entry that ends it.
public struct Outcome: Hashable, Sendable {
  /// Nil on a request.
  public var outcomeClass: OutcomeClass?
  /// The status that the answer names, as its protocol numbers it.
  public var requestStatus: UInt32?
  /// The code of a SOAP fault.
  public var faultCode: String?
  /// The reason of a SOAP fault, as written.
  public var faultReason: String?

  /// An ending of which so much is known.
  public init(_ outcomeClass: OutcomeClass? = nil, requestStatus: UInt32? = nil, faultCode: String? = nil, faultReason: String? = nil) {
    self.outcomeClass = outcomeClass
    self.requestStatus = requestStatus
    self.faultCode = faultCode
    self.faultReason = faultReason
  }
}

/// A range of the payload with a meaning: an index term, or a personal text.
public struct Mark: Hashable, Sendable {
  /// What the range means.
  public var kind: TermKind
  /// In bytes of the payload. Empty where the value does not stand in the payload.
  public var range: Range<Int>
  /// The value where it is not the bytes of `range` themselves.
  public var inlineText: [UInt8]?

  /// A mark on a range.
  public init(kind: TermKind, range: Range<Int>, inlineText: [UInt8]? = nil) {
    self.kind = kind
    self.range = range
    self.inlineText = inlineText
  }

  /// The value as written.
  public func text(in payload: [UInt8]) -> [UInt8] { inlineText ?? Array(payload[range]) }

  /// The comparable value.
  public func term(in payload: [UInt8]) -> IndexTerm {
    if let inlineText { return IndexTerm(kind, text: inlineText) }
    return IndexTerm(kind, text: payload[range])
  }
}

/// What was found wrong or odd in a message that was recorded all the same.
public struct Finding: Hashable, Sendable {
  /// From 1; 0 where it has no line.
  public var line: UInt32
  /// What was found, in a sentence.
  public var message: String

  /// A finding at a line.
  public init(line: UInt32 = 0, message: String) {
    self.line = line
    self.message = message
  }
}
