import Answers
import EMIP
import JournalFormat
import JournalStore

/// One exchange for a person: what it was and how it ended, whom and what it was about, what was odd, and the bodies.
struct ExchangeText {
  /// More values of one kind than this are counted, not listed.
  private static let listedValueCount = 8
  private static let labelWidth = 25

  let exchange: Exchange
  let personal: PersonalValues
  let style: Style

  init(_ exchange: Exchange, isRevealed: Bool, style: Style) {
    self.exchange = exchange
    personal = PersonalValues(exchange, isRevealed: isRevealed)
    self.style = style
  }

  var lines: [String] { [headline] + facts + identifiers + findings + bodies }

  private var context: EntryContext { exchange.head.content.context }

  private var headline: String {
    let operation = style.text(context.operation.map(personal.line) ?? "(unknown operation)", .bold)
    let latency = exchange.latencyMilliseconds.map { "\(Figure.count($0)) ms" }
    return [operation, way, outcome, latency].compactMap { $0 }.joined(separator: "  ")
  }

  /// Who called whom.
  private var way: String {
    let caller = (context.operator ?? context.partner ?? context.peer.address).map(personal.line) ?? "?"
    let target = context.targetOperator.map(personal.line)
    switch context.direction {
    case .toIOP: return "\(caller) → IOP" + (target.map { " → \($0)" } ?? "")
    case .fromIOP: return "IOP → \(target ?? "?") (for \(caller))"
    case nil: return caller
    }
  }

  private var outcome: String {
    guard let ending = exchange.ending, let told = exchange.outcome else {
      return exchange.unreadable.isEmpty ? style.text("no answer yet", .dim) : style.text("what can be read of it has no answer", .red)
    }
    let outcome = ending.content.context.outcome
    let status = outcome.requestStatus.map { code in "requestStatus \(code)" + (RequestStatus.names[code].map { " (\($0))" } ?? "") }
    let unreadable = ending.content.hasUnreadableStatus ? "requestStatus unreadable" : nil
    // What a fault says beside its code stands in the body.
    let fault = outcome.faultCode.map { MessageFault.isCode($0.utf8) ? personal.line($0) : PersonalValues.mask } ?? ""
    let again = told.name == .failed ? "may be tried again" : nil
    let parts = [told.text, status ?? unreadable, fault.isEmpty ? nil : fault, again, mismatch == nil ? nil : "doubtful"]
    return style.outcome(parts.compactMap { $0 }.joined(separator: ", "), told.name)
  }

  private var facts: [String] {
    let head = exchange.head
    var lines = [fact("observed", "\(Figure.time(head.content.observedAt)) UTC")]
    if head.recordedAt != head.content.observedAt { lines.append(fact("recorded", "\(Figure.time(head.recordedAt)) UTC")) }
    if let peer { lines.append(fact("peer", peer)) }
    if let partner = context.partner, partner != context.operator { lines.append(fact("partnerId", personal.line(partner))) }
    if context.attempt > 1 { lines.append(fact("attempt", "\(context.attempt)")) }
    if exchange.request == nil && exchange.unreadable.isEmpty { lines.append(fact("request", "is not in the journal")) }
    for position in exchange.unreadable { lines.append(fact("position \(position)", style.text("cannot be read", .red))) }
    for entry in exchange.entries {
      if let status = ExchangeOutcome(entry)?.httpStatus {
        lines.append(
          fact("answer", "HTTP \(status), \(entry.content.payload.isEmpty ? "without a body" : "with a body that is no message")"))
      } else if let reason = entry.content.context.reason {
        lines.append(fact("\(entry.kind)", personal.line(reason)))
      }
      if entry.kind == .response && entry.content.context.author == .gateway { lines.append(fact("answered by", "the gateway, not IOP")) }
    }
    return lines
  }

  private var peer: String? {
    let peer = context.peer
    let certificate = peer.certificateCommonName.map { "certificate \(personal.line($0))" }
    let parts = [peer.address.map(personal.line), certificate].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var identifiers: [String] {
    TermKind.eMIPKinds.compactMap { kind, name in
      var seen: Set<[UInt8]> = []
      let texts = exchange.entries.flatMap { $0.content.texts(of: kind) }.filter { seen.insert($0).inserted }
      guard !texts.isEmpty else { return nil }
      // Free texts are no names of anything, and secrets may be among them: the body shows them.
      if kind == .personalText { return fact(name, "\(PersonalValues.mask) (\(Figure.count(texts.count, "value", "values")))") }
      if kind.isPersonal && texts.count > 1 && personal.identifier(texts[0], of: kind) == PersonalValues.mask {
        return fact(name, "\(PersonalValues.mask) (\(Figure.count(texts.count)) values)")
      }
      let listed = texts.prefix(Self.listedValueCount).map { personal.identifier($0, of: kind) }.joined(separator: ", ")
      let more = texts.count - Self.listedValueCount
      return fact(name, more > 0 ? "\(listed) and \(Figure.count(more)) more" : listed)
    }
  }

  /// How the answer does not fit its request, as both say now.
  private var mismatch: AnswerMismatch? { exchange.answerMismatch }

  private var findings: [String] {
    let doubts = mismatch.map { [fact("finding", style.text("response: \(personal.line($0.sentence))", .yellow))] } ?? []
    return doubts
      + exchange.entries.flatMap { entry in
        entry.content.findings.map { finding in
          let place = finding.line > 0 ? "\(entry.kind), line \(finding.line)" : "\(entry.kind)"
          return fact("finding", style.text("\(place): \(personal.line(finding.message))", .yellow))
        }
      }
  }

  private var bodies: [String] {
    exchange.entries.flatMap { entry -> [String] in
      let http = entry.content.context.http
      let protocolFacts = [http.method, http.target, http.status.map { "HTTP \($0)" }].compactMap { $0 }.map(personal.line)
      let size = entry.content.payload.isEmpty ? "no body" : Figure.count(entry.content.payload.count, "byte", "bytes")
      let parts = ["── \(entry.kind)", "position \(entry.position)", Figure.time(entry.content.observedAt), size] + protocolFacts
      let title = style.text(parts.joined(separator: " · "), .dim)
      return entry.content.payload.isEmpty ? [title] : [title, personal.body(entry)]
    }
  }

  private func fact(_ label: String, _ value: String) -> String {
    "  " + style.text(label.padded(to: Self.labelWidth), .dim) + value
  }
}
