import EMIP
import JournalFormat

@testable import Projections

/// What the partners' read model should say, from all entries at once: lists and dictionaries, nothing folded, nothing stored.
struct PlainPartners {
  struct Series: Hashable, Comparable {
    let partner: String
    let name: String
    let leg: UInt8
    let direction: UInt8
    let operation: String

    static func < (left: Series, right: Series) -> Bool {
      (left.partner, left.name, left.leg, left.direction, left.operation)
        < (right.partner, right.name, right.leg, right.direction, right.operation)
    }
  }

  struct Figures: Hashable {
    var counts: [String: Int] = [:]
    var latencies: [UInt32] = []
  }

  struct Presence: Hashable {
    var appeared: Timestamp
    var last: Timestamp
    var signs = 1
    var period: Int64 = 300
    /// From, to, and the position at which it became known.
    var silences: [[Int64?]] = []
    var isOffline = false
    /// While nobody at all was heard it may have been heard just as well.
    var excusedUntil = Int64.min
    var allowance: Int64 { period * 1_000 + max(30_000, period * 100) }
  }

  struct Partner: Hashable {
    let name: String
    let leg: UInt8
  }

  struct Found: Hashable {
    let partner: Partner
    let position: UInt64
    var resolvedAt: UInt64?
  }

  private(set) var figures: [Series: Figures] = [:]
  private(set) var presences: [Partner: Presence] = [:]
  private(set) var findings: [Found] = []
  private var clock = Timestamp(rawValue: .min)
  private var spokesmen: [String: String] = [:]
  private var seriesByRequest: [JournalPosition: Series] = [:]
  private var endings: [JournalPosition: [PartnerRecord.Ending]] = [:]
  private var transactions: [JournalPosition: String] = [:]
  private var failed: [Series: [String]] = [:]

  init(_ entries: some Sequence<Entry>) {
    for entry in entries {
      if entry.kind == .request {
        request(entry)
      } else if let request = entry.requestPosition {
        answer(entry, request)
      } else {
        refusal(entry)
      }
    }
  }

  private mutating func series(_ context: EntryContext) -> Series {
    let (leg, operation) = (context.leg.rawValue, context.operation ?? "")
    if context.direction == .fromIOP {
      let asked = context.targetOperator ?? ""
      return Series(partner: spokesmen[asked] ?? asked, name: asked, leg: leg, direction: 2, operation: operation)
    }
    if context.kind == .request, let partner = context.partner, let name = context.operator { spokesmen[name] = partner }
    return Series(
      partner: context.partner ?? "", name: context.operator ?? "", leg: leg, direction: context.direction?.rawValue ?? 0,
      operation: operation)
  }

  private mutating func count(_ series: Series, _ what: String...) {
    for what in what { figures[series, default: Figures()].counts[what, default: 0] += 1 }
  }

  private mutating func request(_ entry: Entry) {
    let series = self.series(entry.content.context)
    seriesByRequest[entry.position] = series
    count(series, "requests")
    if let transaction = entry.content.texts(of: .transactionId).first.map({ String(decoding: $0, as: UTF8.self) }) {
      transactions[entry.position] = transaction
      if failed[series, default: []].suffix(64).contains(transaction) { count(series, "retries") }
    }
    let pause = clock.rawValue == .min ? 0 : entry.content.observedAt.rawValue - clock.rawValue
    clock = max(clock, entry.content.observedAt)
    let isOneOfSeveral = Set(presences.filter { $0.value.signs > 1 && !$0.value.isOffline }.map(\.key.name)).count > 1
    for partner in presences.keys.sorted(by: { $0.name < $1.name }) { look(partner, entry.position, after: isOneOfSeveral ? pause : 0) }
    if series.direction == 1 { heard(series, entry) }
  }

  private mutating func look(_ partner: Partner, _ position: JournalPosition, after pause: Int64) {
    let presence = presences[partner]!
    guard presence.signs > 1, !presence.isOffline else { return }
    let silentAt = presence.last.rawValue + presence.period * 1_000
    guard clock.rawValue > max(presence.last.rawValue + presence.allowance, presence.excusedUntil) else { return }
    if pause > presence.allowance {
      presences[partner]!.excusedUntil = clock.rawValue + presence.allowance
      return
    }
    presences[partner]!.isOffline = true
    presences[partner]!.silences.append([silentAt, nil, Int64(position.rawValue)])
    findings.append(Found(partner: partner, position: position.rawValue))
  }

  private mutating func heard(_ series: Series, _ entry: Entry) {
    guard !series.partner.isEmpty else { return }
    let partner = Partner(name: series.partner, leg: series.leg)
    let time = entry.content.observedAt
    guard var presence = presences[partner] else {
      presences[partner] = Presence(appeared: time, last: time)
      return
    }
    presence.signs += 1
    if presence.isOffline && time > presence.last {
      presence.isOffline = false
      let silence = presence.silences.removeLast()
      if time.rawValue > silence[0]! { presence.silences.append([silence[0], time.rawValue, silence[2]]) }
      findings[findings.lastIndex { $0.partner == partner }!].resolvedAt = entry.position.rawValue
    }
    presence.last = max(presence.last, time)
    presences[partner] = presence
  }

  private mutating func answer(_ entry: Entry, _ request: JournalPosition) {
    // A request that could not be read is counted already, and what answers it says no more.
    guard let series = seriesByRequest[request] else { return count(self.series(entry.content.context), "further") }
    let ending = PartnerRecord.Ending(entry)!
    let before = endings[request] ?? []
    endings[request, default: []].append(ending)
    let isAnswered = before.contains { $0 != .failure }
    // Whose request it was is not kept once it is answered: what comes then counts for who speaks for the operator now.
    let speaking = isAnswered ? self.series(entry.content.context) : series
    if isAnswered {
      count(speaking, "further")
    } else if !before.isEmpty && ending == .failure {
      count(series, "further")
    } else {
      if !before.isEmpty { count(series, "recovered") }
      count(series, "\(ending)")
      if entry.kind == .response, let latency = entry.content.latencyMilliseconds {
        figures[series]!.latencies.append(latency)
        if latency > 800 { count(series, "over 800") }
        if latency > (series.direction == 2 ? 5_000 : 15_000) { count(series, "late") }
        if series.operation.hasSuffix("ServiceAuthorisation") {
          if latency > 2_000 { count(series, "over 2,000") }
          if latency > 10_000 { count(series, "over 10,000") }
        }
      }
      if ending != .ok && ending != .warning, let transaction = transactions[request] { failed[series, default: []].append(transaction) }
    }
    guard entry.kind == .response, entry.content.context.author == .peer else { return }
    if series.direction == 2 { return heard(speaking, entry) }
    guard series.operation == "HeartBeat", ending == .ok || ending == .warning else { return }
    let announced = String(decoding: entry.content.payload, as: UTF8.self).split(separator: "heartBeatPeriod>").dropFirst().first
    if let period = announced.flatMap({ Int64($0.prefix { $0.isNumber }) }) {
      let partner = Partner(name: series.partner, leg: series.leg)
      if presences[partner]?.period != period { presences[partner]?.excusedUntil = .min }
      presences[partner]?.period = period
    }
  }

  private mutating func refusal(_ entry: Entry) { count(series(entry.content.context), "requests", "unreadable") }
}
