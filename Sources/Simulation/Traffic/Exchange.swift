/// One exchange being written, and when it is complete, the one that was written. Reused for the next.
struct Exchange: ~Copyable {
  /// Milliseconds since 1970.
  fileprivate(set) var recordedAt = 0
  fileprivate(set) var direction = Direction.toIOP
  fileprivate(set) var operation = Operation.heartBeat
  /// 0 where the answer was lost.
  fileprivate(set) var httpStatus = 200
  var latencyMilliseconds = 0
  fileprivate(set) var peer: StaticString = ""
  fileprivate(set) var clientCN: StaticString = ""
  var request: MessageWriter
  var response: MessageWriter

  private let library = MarkupLibrary()
  private var call = Call(operation: .heartBeat, direction: .toIOP, peer: .platform, transaction: 0, outcome: .lost)
  private var hasTransaction = true

  init() {
    var random = SplitMix64(seed: 0)
    request = MessageWriter(library.markup(0, &random))
    response = MessageWriter(library.markup(0, &random))
  }

  /// The SOAP bytes of the request, valid until the next exchange is written.
  var requestBytes: UnsafeBufferPointer<UInt8> { request.buffer.bytes }
  /// The SOAP bytes of the response, empty where it was lost.
  var responseBytes: UnsafeBufferPointer<UInt8> { response.buffer.bytes }

  /// The transactionId of the request; nil where its sender leaves that to the other side.
  var transactionId: String? {
    guard hasTransaction else { return nil }
    return text { $0.rawTransaction(call.caller, call.transaction) }
  }

  /// What `write` writes, in the platform's spelling and outside any message.
  func text(_ write: (inout MessageWriter) -> Void) -> String {
    var random = SplitMix64(seed: 0)
    var writer = MessageWriter(library.markup(0, &random))
    write(&writer)
    return String(decoding: writer.buffer.bytes, as: UTF8.self)
  }

  // MARK: Writing

  /// Starts the request up to and with the header fields.
  mutating func beginRequest(_ call: Call, at now: Int, latency: Int) {
    // How the message is written depends on the transaction alone, so that a retry is the same message.
    var style = SplitMix64(seed: call.transaction)
    let caller = call.caller
    self.call = call
    recordedAt = now
    direction = call.direction
    operation = call.operation
    peer = caller.peer
    clientCN = caller.commonName
    latencyMilliseconds = latency
    hasTransaction = !style.perMille(caller.withoutTransactionPerMille)
    let markup = library.markup(caller.dialect, &style)
    request.begin(markup, call.operation, call.direction, .request, comment: style.below(64) == 0)
    if hasTransaction { request.transaction(caller, call.transaction) }
    writeParties(caller)
  }

  mutating func endRequest() { request.end(call.operation, call.direction, .request) }

  /// Starts the response up to and with the transactionId; false where it has no body to fill, because it is a fault or was lost.
  /// - Parameter transaction: what the transactionId is made of; nil for the request's.
  mutating func beginResponse(transaction: UInt64? = nil) -> Bool {
    var style = SplitMix64(seed: call.transaction ^ 0x5245_5350)
    let markup = library.markup(call.callee.dialect, &style)
    switch call.outcome {
    case .lost:
      response.nothing()
      httpStatus = 0
      latencyMilliseconds = call.direction == .toIOP ? 15_000 : 5000
      return false
    case .fault(let kind):
      response.fault(markup, kind)
      httpStatus = 500
      return false
    case .done, .refused:
      httpStatus = 200
      response.begin(markup, call.operation, call.direction, .response, comment: style.below(64) == 0)
      response.transaction(hasTransaction ? call.caller : .platform, transaction ?? call.transaction)
      if statusComesFirst { writeStatus() }
      return true
    }
  }

  mutating func endResponse() {
    if !statusComesFirst { writeStatus() }
    response.end(call.operation, call.direction, .response)
  }

  /// The whole response where it has no fields of its own.
  mutating func plainResponse() {
    if beginResponse() { endResponse() }
  }

  private var statusComesFirst: Bool { call.callee.dialect == 7 }

  private mutating func writeStatus() {
    switch call.outcome {
    case .done(let status), .refused(let status): response.number(.requestStatus, status)
    case .fault, .lost: break
    }
  }

  private mutating func writeParties(_ caller: Partner) {
    request.text(.partnerIdType, "eMI3")
    request.operatorId(.partnerId, caller)
    request.text(.operatorIdType, "eMI3")
    request.operatorId(.operatorId, call.direction == .toIOP ? caller : call.counterpart)
    guard call.direction == .fromIOP else { return }
    request.text(.targetOperatorIdType, "eMI3")
    request.operatorId(.targetOperatorId, call.peer)
  }
}

extension MessageWriter {
  mutating func operatorId(_ field: Field, _ partner: Partner) {
    start(field)
    operatorId(partner)
    finish(field)
  }

  /// The transactionId that `partner` makes of `key`, the same whoever repeats it.
  mutating func transaction(_ partner: Partner, _ key: UInt64) {
    start(.transactionId)
    rawTransaction(partner, key)
    finish(.transactionId)
  }

  mutating func rawTransaction(_ partner: Partner, _ key: UInt64) {
    switch partner.transactions {
    case .platform:
      raw("IOP-TID-GIR-P-IOP0")
      rawDecimal(Int(key & 3) + 1)
      raw("-")
      rawUUID(key)
    case .uuid: rawUUID(key)
    case .upperUUID: rawUUID(key, .upper)
    case .prefixed:
      raw(partner.code)
      raw("-")
      rawUUID(key)
    case .undashed: rawUUID(key, dashes: false)
    case .numbered:
      raw(partner.code)
      raw(".")
      rawDecimal(Int(key >> 4), width: 18)
    }
  }
}
