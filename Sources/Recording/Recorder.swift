public import EMIP
public import JournalFormat

/// Makes entries of messages. Reads each message once, refuses none: what cannot be read safely becomes a `refusal` with its reason.
///
/// Not for several threads at a time; make one for each.
public final class Recorder {
  /// The longest payload that is kept, in bytes: what is longer is refused, and its beginning kept.
  public static let maximumPayloadBytes = 2 << 20
  static let protocolName = "eMIP"

  private let reader: MessageReader
  private var contexts = ContextPool()

  /// Reads messages as a configuration says.
  public init(_ configuration: MessageReaderConfiguration = .init()) { reader = MessageReader(configuration: configuration) }

  /// The entry of a request.
  public func request(_ message: ObservedMessage) -> EntryContent {
    switch reader.read(message.payload) {
    case .refused(let refusal):
      var context = Self.context(.refusal, message)
      context.operation = message.operation.map(Self.canonicalOperation)
      return Self.refused(message, refusal, context)
    case .message(let facts):
      let context = Self.context(.request, message, facts)
      var findings = facts.findings
      if facts.isFault { findings.append(Finding(message: "A fault came where a request belongs.")) }
      if let operation = facts.operation {
        if operation.part == .response { findings.append(Finding(message: "A response came where a request belongs.")) }
        findings += Self.findings(operation, message)
      }
      return EntryContent(
        observedAt: message.observedAt, sharedContext: contexts.shared(context), latencyMilliseconds: nil, marks: facts.marks,
        findings: findings, payload: message.payload, layout: facts.layout)
    }
  }

  /// The entry of a request that was not let in, whether or not it could be read.
  /// - Parameters:
  ///   - reason: which check it failed, in one sentence out of a few: a segment keeps each once.
  ///   - faultCode: what its sender is answered.
  public func refusal(_ message: ObservedMessage, reason: String, faultCode: String) -> EntryContent {
    var content: EntryContent
    switch reader.read(message.payload) {
    case .refused(let refusal):
      var context = Self.context(.refusal, message)
      context.operation = message.operation.map(Self.canonicalOperation)
      content = Self.refused(message, refusal, context)
      content.context.reason = reason
    case .message(let facts):
      content = EntryContent(
        observedAt: message.observedAt, context: Self.context(.refusal, message, facts), marks: facts.marks, findings: facts.findings,
        payload: message.payload, layout: facts.layout)
      content.context.outcome = Outcome(.refused)
      content.context.reason = reason
    }
    content.context.outcome.faultCode = faultCode
    return content
  }

  /// The entry of a response.
  /// - Parameter request: what was recorded of its request; what the response does not say itself comes from there.
  public func response(_ message: ObservedMessage, to request: EntryContent) -> EntryContent {
    var content: EntryContent
    switch reader.read(message.payload) {
    case .refused(let refusal):
      content = Self.refused(message, refusal, Self.answerContext(.refusal, message, request.context))
    case .message(let facts):
      var context = Self.answerContext(.response, message, request.context)
      context.outcome = Self.outcome(facts, message.http.status)
      var findings = facts.findings
      if let operation = facts.operation, let asked = request.context.operation, operation.name != asked {
        findings.append(Finding(message: "It answers \(Self.printable(operation.name)), and the request was \(Self.printable(asked))."))
      }
      let isUnreadable = findings.contains(MessageFacts.unreadableStatus)
      if !facts.isFault && facts.requestStatus == nil && !isUnreadable { findings.append(Finding(message: "It has no requestStatus.")) }
      content = EntryContent(
        observedAt: message.observedAt, sharedContext: contexts.shared(context), latencyMilliseconds: nil, marks: facts.marks,
        findings: findings, payload: message.payload, layout: facts.layout)
    }
    content.latencyMilliseconds = Self.latency(from: request.observedAt, to: message.observedAt)
    return content
  }

  /// The entry that says that no answer came.
  /// - Parameters:
  ///   - reason: one sentence.
  ///   - latency: how long it was waited for, in milliseconds, where it is known.
  ///   - leg: the one on which it was waited; nil for the request's.
  ///   - peer: who was silent; nil for the request's, where nobody else is known.
  public func failure(
    _ reason: String, at observedAt: Timestamp, latencyMilliseconds latency: UInt32?, http: HTTPFacts = HTTPFacts(), leg: Leg? = nil,
    of peer: Peer? = nil, to request: EntryContent
  ) -> EntryContent {
    var message = ObservedMessage(
      [], observedAt: observedAt, leg: leg ?? request.context.leg, author: .gateway, peer: peer ?? request.context.peer)
    message.http = http
    var context = Self.answerContext(.failure, message, request.context)
    context.outcome = Outcome(.lost)
    context.reason = reason
    return EntryContent(
      observedAt: observedAt, sharedContext: contexts.shared(context), latencyMilliseconds: latency, marks: [], findings: [], payload: [])
  }

  // MARK: Contexts

  private static func context(_ kind: EntryKind, _ message: ObservedMessage) -> EntryContext {
    var context = EntryContext(kind: kind, leg: message.leg, author: message.author)
    context.protocolName = protocolName
    context.direction = message.direction
    context.peer = message.peer
    context.http = message.http
    context.attempt = message.attempt
    return context
  }

  /// With what the message says of itself.
  private static func context(_ kind: EntryKind, _ message: ObservedMessage, _ facts: MessageFacts) -> EntryContext {
    var context = self.context(kind, message)
    context.operation = facts.operation?.name
    context.direction = message.direction ?? facts.operation?.direction
    context.partner = facts.partnerId
    context.operator = facts.operatorId
    context.targetOperator = facts.targetOperatorId
    return context
  }

  private static func answerContext(_ kind: EntryKind, _ message: ObservedMessage, _ request: EntryContext) -> EntryContext {
    var context = self.context(kind, message)
    context.direction = message.direction ?? request.direction
    context.operation = request.operation
    context.partner = request.partner
    context.operator = request.operator
    context.targetOperator = request.targetOperator
    context.attempt = request.attempt
    return context
  }

  private static func refused(_ message: ObservedMessage, _ refusal: MessageRefusal, _ context: EntryContext) -> EntryContent {
    var context = context
    context.outcome = Outcome(.refused)
    context.reason = "\(refusal.code.name): \(refusal.reason)"
    var content = EntryContent(observedAt: message.observedAt, context: context, payload: message.payload)
    if refusal.line > 0 { content.findings.append(Finding(line: UInt32(clamping: refusal.line), message: refusal.reason)) }
    if message.payload.count > maximumPayloadBytes {
      content.payload.removeLast(message.payload.count - maximumPayloadBytes)
      content.findings.append(
        Finding(message: "The message has \(message.payload.count) bytes; its first \(maximumPayloadBytes) are kept."))
    }
    return content
  }

  /// HTTP first, the fault second, requestStatus third, as the guide says (5.4.2); but faults come with HTTP 500, so the body is read before
  /// the HTTP status alone decides.
  private static func outcome(_ facts: MessageFacts, _ httpStatus: UInt16?) -> Outcome {
    // What a fault says beside its code may name a person: it stands in the payload alone, where it is marked.
    if facts.isFault { return Outcome(.fault, faultCode: facts.fault?.code) }
    let status = facts.requestStatus
    let isHTTPError = httpStatus.map { $0 >= 400 } ?? false
    let outcomeClass = isHTTPError ? .error : status?.outcomeClass ?? .warning
    return Outcome(outcomeClass, requestStatus: status?.rawValue)
  }

  private static func findings(_ operation: Operation, _ message: ObservedMessage) -> [Finding] {
    var findings: [Finding] = []
    if let told = message.operation, told != operation.name, canonicalOperation(told) != operation.name {
      findings.append(Finding(message: "It was announced as \(printable(told))."))
    }
    if let direction = message.direction, let named = operation.direction, direction != named {
      findings.append(Finding(message: "Its name says \(named), and it came as \(direction)."))
    }
    return findings
  }

  /// An operation as the catalogue spells it, whatever its case; one that the catalogue does not have stays as it is.
  public static func canonicalOperation(_ name: String) -> String { OperationFacts.named(name)?.name ?? name }

  private static func latency(from request: Timestamp, to response: Timestamp) -> UInt32? {
    UInt32(exactly: response.milliseconds(since: request))
  }

  /// Names come from messages: nothing of them may act on who reads the finding.
  private static func printable(_ text: String) -> String {
    String(text.unicodeScalars.prefix(80).map { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7f ? Character($0) : "?" })
  }
}
