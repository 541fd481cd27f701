import Answers
import EMIP
import JournalFormat
import JournalStore

/// One line an exchange, in columns: position, time, direction, operation, operator, session, EVSE, outcome and latency.
struct ExchangeTable {
  let style: Style
  private let positionWidth: Int

  private enum Width {
    static let time = 23
    static let operation = 25
    static let `operator` = 8
    static let session = 14
    static let evse = 20
    static let outcome = 18
    static let latency = 9
  }

  /// - Parameter lastPosition: what the first column must have room for.
  init(style: Style, lastPosition: JournalPosition?) {
    self.style = style
    positionWidth = max(3, lastPosition?.description.count ?? 0)
  }

  /// What the columns are.
  var header: String {
    let names = [
      "#".padded(to: positionWidth, isRight: true), "time (UTC)".padded(to: Width.time), " ", "operation".padded(to: Width.operation),
      "operator".padded(to: Width.operator), "session".padded(to: Width.session), "EVSE".padded(to: Width.evse),
      "outcome".padded(to: Width.outcome), "latency".padded(to: Width.latency, isRight: true),
    ]
    return style.text(names.joined(separator: " "), .dim)
  }

  func row(_ exchange: Exchange) -> String {
    let head = exchange.head
    let context = head.content.context
    let latency = exchange.latencyMilliseconds.map { "\(Figure.count($0)) ms" } ?? "-"
    let columns = [
      style.text(head.position.description.padded(to: positionWidth, isRight: true), .dim), Figure.time(head.content.observedAt),
      arrow(context.direction), column(context.operation, Width.operation), column(context.operator ?? context.partner, Width.operator),
      column(sessions(exchange), Width.session), column(texts(exchange, [.evseId]), Width.evse), outcome(exchange),
      latency.padded(to: Width.latency, isRight: true),
    ]
    return columns.joined(separator: " ") + refusal(exchange)
  }

  private func arrow(_ direction: Direction?) -> String {
    switch direction {
    case .toIOP: "→"
    case .fromIOP: "←"
    case nil: " "
    }
  }

  private func outcome(_ exchange: Exchange) -> String {
    let ending = exchange.ending?.content
    let status = ending?.context.outcome.requestStatus.map { " \($0)" } ?? (ending?.hasUnreadableStatus == true ? " unreadable" : "")
    let none = exchange.unreadable.isEmpty ? "no answer" : "unreadable"
    let text = (exchange.outcome?.text ?? none) + status + (exchange.answerMismatch == nil ? "" : ", doubtful")
    return style.outcome(text.padded(to: Width.outcome), exchange.outcome?.name)
  }

  /// What could not be read, and why: behind all columns.
  private func refusal(_ exchange: Exchange) -> String {
    let refused = exchange.entries.filter { $0.kind == .refusal && ExchangeOutcome($0)?.by == .us }
    let reasons = refused.compactMap { entry in
      entry.content.context.reason.map { "\(entry.requestPosition == nil ? "request" : "answer") not read, \(SafeText.line($0))" }
    }
    return reasons.isEmpty ? "" : "  " + style.text(reasons.joined(separator: "; "), .magenta)
  }

  private func column(_ text: String?, _ width: Int) -> String { SafeText.line(text ?? "-").shortened(to: width).padded(to: width) }

  /// The end of a session id tells one from another; its beginning says who made it.
  private func sessions(_ exchange: Exchange) -> String? {
    let kinds: [TermKind] = [.serviceSessionId, .partnerServiceSessionId, .execPartnerSessionId, .salePartnerSessionId]
    guard let kind = kinds.first(where: { texts(exchange, [$0]) != nil }), let text = texts(exchange, [kind]) else { return nil }
    let safe = SafeText.line(text)
    return safe.count > Width.session ? "…" + safe.suffix(Width.session - 1) : safe
  }

  /// The one text of some kinds, or the first and how many more.
  private func texts(_ exchange: Exchange, _ kinds: [TermKind]) -> String? {
    var texts: [[UInt8]] = []
    var hidden: Set<[UInt8]> = []
    for entry in exchange.entries {
      for kind in kinds { texts += entry.content.texts(of: kind) }
      hidden.formUnion(entry.content.declaredPersonal)
    }
    guard let first = texts.first else { return nil }
    let count = Set(texts).count
    return (hidden.contains(first) ? PersonalValues.mask : String(decoding: first, as: UTF8.self)) + (count > 1 ? " +\(count - 1)" : "")
  }
}

extension String {
  func padded(to width: Int, isRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - count))
    return isRight ? blanks + self : self + blanks
  }

  /// Keeps the beginning.
  func shortened(to width: Int) -> String { count > width ? prefix(width - 1) + "…" : self }
}
