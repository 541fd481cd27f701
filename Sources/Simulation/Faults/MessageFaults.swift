/// Plants the faults of messages as such: heartbeats, which nothing else depends on.
struct MessageFaults {
  private(set) var steps: [FaultPlan.Step] = []
  private(set) var faults: [PlantedFault] = []

  private let start: Int
  private var random: SplitMix64

  /// One whose messages begin with the envelope, so that anything may stand before it.
  private static let sender: Partner = {
    var sender = Partner.plantedOperator
    sender.dialect = Partner.platform.dialect
    return sender
  }()

  init(start: Int, seed: UInt64) {
    self.start = start
    random = SplitMix64(seed: seed)
  }

  mutating func plantAll() {
    beat(.messageRefused, hour: 40, before: "<!DOCTYPE soap:Envelope>")
    beat(.messageEncoding, hour: 41, before: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n")
    beat(.answerMismatch, hour: 42, isMixedUp: true)
  }

  /// - Parameters:
  ///   - text: what stands before the request's envelope.
  ///   - isMixedUp: whether the answer has another transactionId.
  private mutating func beat(_ rule: FaultRule, hour: Int, before text: String = "", isMixedUp: Bool = false) {
    let call = Call(operation: .heartBeat, direction: .toIOP, peer: Self.sender, transaction: random.next(), outcome: .done(1))
    let answered = isMixedUp ? random.next() : call.transaction
    steps.append(
      FaultPlan.Step(due: start + hour * 3_600_000, rule: rule, role: .finding) { context in
        context.begin(call)
        context.exchange.request.put(before: text)
        context.exchange.endRequest()
        guard context.exchange.beginResponse(transaction: answered) else { return }
        context.exchange.response.number(.heartBeatPeriod, 300)
        context.exchange.response.date(.currentTime, context.now)
        context.exchange.endResponse()
      })
    faults.append(PlantedFault(rule, .message))
  }
}
