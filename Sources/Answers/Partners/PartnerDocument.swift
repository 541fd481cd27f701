internal import JournalFormat
internal import Projections

/// A partner, or one of its operations, as machines read it. Latencies and durations in milliseconds.
public struct PartnerDocument: Encodable, Sendable {
  /// The partner's id; nil where the messages name none.
  @OrNull public private(set) var partner: String?
  /// The leg: `gatewayIOP` or `backEndGateway`.
  public let leg: String
  /// The operator that the messages are about; nil for all, or where they name none.
  @OrNull public private(set) var `operator`: String?
  /// The way of the messages: `toIOP` or `fromIOP`; nil for both.
  @OrNull public private(set) var direction: String?
  /// The operation; nil for all.
  @OrNull public private(set) var operation: String?
  /// How many exchanges there were, how they ended, and how many have no answer yet; how many were sent again, and were answered then.
  public let exchanges, ok, warnings, errors, faults, refused, failed, lost, unreadable, pending, retries, recovered, furtherAnswers: UInt64
  /// Milliseconds from request to response: exact to 63 ms, the quantiles at most 3.2 % too high above.
  @OrNull public private(set) var latencyP50: UInt32?
  /// Milliseconds that 99 of 100 answers took at most.
  @OrNull public private(set) var latencyP99: UInt32?
  /// Milliseconds that the slowest answer took.
  @OrNull public private(set) var latencyMax: UInt32?
  /// Whether ``latencyMax`` is exact, and not only a bound.
  public let isLatencyMaxExact: Bool
  /// How many answers took longer than so, than the limit of their way, and how many authorisations longer than so.
  public let over800ms, late, authorisationsOver2s, authorisationsOver10s: UInt64
  /// The period that the platform announced; 300 where it announced none, see ``assumed``; nil where what it announced last cannot be
  /// read.
  @OrNull public private(set) var heartBeatPeriodSeconds: UInt32?
  /// The fields that no message gave, so that a default stands there.
  public let assumed: [String]
  /// What is there and cannot be read, by field: ``unreadable`` counts answers.
  @OrNull public private(set) var unreadableValues: [String: String]?
  /// When it was heard first.
  @OrNull public private(set) var firstHeard: String?
  /// Since when it has not been heard for longer than its period, which is computed; nil while it is online.
  @OrNull public private(set) var offlineSince: String?
  /// The last sign of life before ``offlineSince``; nil while it is online, and where its message is gone.
  @OrNull public private(set) var offlineLastHeard: String?
  /// The fields whose times stand in no message: they are the last sign of life and the period.
  public let computed: [String]
  /// How many silences there were.
  public let offlineCount: Int
  /// How long they were together.
  public let offlineMilliseconds: Int64
  /// The silences.
  public let offline: [Interval]

  /// A time in which it was not heard.
  public struct Interval: Encodable, Sendable {
    /// The last sign of life before it.
    public let lastHeard: String
    /// When the period had passed since then, which is computed.
    public let from: String
    /// When it ended; nil while it lasts.
    @OrNull public private(set) var to: String?
    /// The position of the entry with which it became known.
    public let position: UInt64
  }

  private static let identity = ["partner", "leg"]
  private static let figures = [
    "exchanges", "ok", "warnings", "errors", "faults", "refused", "failed", "lost", "unreadable", "pending", "retries", "recovered",
    "furtherAnswers",
    "latencyP50", "latencyP99", "latencyMax", "over800ms", "late", "authorisationsOver2s", "authorisationsOver10s",
  ]
  /// The columns of CSV for a line a partner, in their order.
  public static let partnerColumns =
    identity + figures + [
      "heartBeatPeriodSeconds", "firstHeard", "offlineSince", "offlineCount", "offlineMilliseconds", "offlineLastHeard",
    ]
  /// The columns of CSV for a line an operation, in their order.
  public static let operationColumns = identity + ["operator", "direction", "operation"] + figures

  /// Describes an answer of the read model.
  /// - Parameter until: where a silence that lasts is cut.
  init(_ answer: PartnerAnswer, until: Timestamp?) {
    let (series, figures, presence) = (answer.series, answer.figures, answer.presence)
    partner = answer.partner.isEmpty ? nil : answer.partner
    leg = "\(answer.leg)"
    self.operator = series.flatMap { $0.operator.isEmpty ? nil : $0.operator }
    direction = series?.direction.map { "\($0)" }
    operation = series.flatMap { $0.operation.isEmpty ? nil : $0.operation }
    (exchanges, ok, warnings, errors) = (figures.requests, figures.ok, figures.warnings, figures.errors)
    (faults, refused, failed) = (figures.faults, figures.refused, figures.failed)
    (lost, unreadable, pending) = (figures.lost, figures.unreadable, figures.pending)
    (retries, recovered, furtherAnswers) = (figures.retries, figures.recovered, figures.further)
    latencyP50 = figures.median
    latencyP99 = figures.percentile99
    latencyMax = figures.maximumMilliseconds
    isLatencyMaxExact = answer.isMaximumExact
    (over800ms, late) = (figures.overTypical, figures.late)
    (authorisationsOver2s, authorisationsOver10s) = (figures.authorisationsOverTypical, figures.authorisationsOverLimit)
    let unreadablePeriod = presence?.unreadablePeriod
    heartBeatPeriodSeconds = unreadablePeriod == nil ? presence?.periodSeconds : nil
    assumed = presence.map { $0.isPeriodAnnounced || unreadablePeriod != nil ? [] : ["heartBeatPeriodSeconds"] } ?? []
    unreadableValues = unreadablePeriod.map { ["heartBeatPeriodSeconds": $0] }
    firstHeard = presence?.appearedAt?.description
    offlineSince = presence?.offlineSince?.description
    offlineLastHeard = answer.silences.last { $0.to == nil }?.lastHeard.description
    computed = (presence?.offlineSince == nil ? [] : ["offlineSince"]) + (answer.silences.isEmpty ? [] : ["offline.from"])
    offlineCount = answer.silences.count
    offlineMilliseconds = answer.silences.reduce(0) { sum, silence in
      sum + max(0, (silence.to ?? until ?? silence.from).milliseconds(since: silence.from))
    }
    offline = answer.silences.map {
      Interval(lastHeard: $0.lastHeard.description, from: $0.from.description, to: $0.to?.description, position: $0.position.rawValue)
    }
  }
}
