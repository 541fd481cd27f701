internal import JournalFormat

/// What the other side made of a report: it stands beside the state that was reported, and never changes it.
public enum ReportAcceptance: Hashable, Sendable {
  /// Done, wholly or in part; the code is nil where the answer has none.
  case accepted(requestStatus: UInt32?)
  /// Not done; the code is nil where the answer has none.
  case rejected(requestStatus: UInt32?)
  /// A SOAP fault.
  case fault
  /// Turned away by HTTP, without a message.
  case refused(httpStatus: UInt16)
  /// HTTP answered, without a message: it may be tried again.
  case failed(httpStatus: UInt16)
  /// No answer came: it may have arrived.
  case lost
  /// An answer came that could not be read safely.
  case unreadable
  /// The answer is about something else: what it says is not of this report.
  case doubtful(requestStatus: UInt32?)
  /// The gateway alone has answered: it keeps the report until it can be sent.
  case deferred
  /// Nobody has answered yet.
  case pending

  /// In one word, for machines and people.
  public var word: String {
    switch self {
    case .accepted: "accepted"
    case .rejected: "rejected"
    case .fault: "fault"
    case .refused: "refused"
    case .failed: "failed"
    case .lost: "lost"
    case .unreadable: "unreadable"
    case .doubtful: "doubtful"
    case .deferred: "deferred"
    case .pending: "pending"
    }
  }

  /// The platform's code, where it gave one.
  public var requestStatus: UInt32? {
    switch self {
    case .accepted(let status), .rejected(let status), .doubtful(let status): status
    default: nil
    }
  }

  /// The status by which HTTP turned it away or failed; nil where a message came, or nothing.
  public var httpStatus: UInt16? {
    switch self {
    case .refused(let status), .failed(let status): status
    default: nil
    }
  }
}

/// An answer to a report, or to one of its repetitions.
struct ReportAnswer: Hashable, Sendable {
  let position: JournalPosition
  let acceptance: ReportAcceptance
}

extension ReportAcceptance {
  /// What an answer tells: nil where it tells nothing of the platform, as the back end's copy of an answer that stands on the platform's leg too.
  init?(_ entry: Entry) {
    let context = entry.content.context
    guard let outcome = RequestOutcome(entry), context.leg != .backEndGateway || context.author != .peer else { return nil }
    self = context.leg == .backEndGateway && outcome.isAccepted ? .deferred : ReportAcceptance(outcome)
  }

  /// The same, where the answer is about something else.
  var doubted: Self {
    switch self {
    case .accepted(let status), .rejected(let status): .doubtful(requestStatus: status)
    default: self
    }
  }

  private init(_ outcome: RequestOutcome) {
    switch outcome {
    case .accepted(let status): self = .accepted(requestStatus: status)
    case .rejected(let status): self = .rejected(requestStatus: status)
    case .fault: self = .fault
    case .refused(let status): self = .refused(httpStatus: status)
    case .failed(let status): self = .failed(httpStatus: status)
    case .lost: self = .lost
    case .unreadable: self = .unreadable
    case .doubtful(let status): self = .doubtful(requestStatus: status)
    }
  }

  /// Sums up all answers to a report and its repetitions: accepted once is accepted; else the last that said no, else one about something else, else a loss,
  /// else the gateway's promise.
  /// Nil where there is none.
  init?(_ answers: some Sequence<ReportAnswer>) {
    var best: (rank: Int, acceptance: ReportAcceptance)?
    for answer in answers {
      let rank = answer.acceptance.rank
      // Of several noes the last counts, of several acceptances the first.
      if let known = best, known.rank > rank || known.rank == rank && rank != 4 { continue }
      best = (rank, answer.acceptance)
    }
    guard let best else { return nil }
    self = best.acceptance
  }

  private var rank: Int {
    switch self {
    case .accepted: 5
    case .rejected, .fault, .refused, .failed, .unreadable: 4
    case .doubtful: 3
    case .lost: 2
    case .deferred: 1
    case .pending: 0
    }
  }
}

// MARK: On disk

extension ReportAcceptance {
  /// Never used again for another. Bit 7: a requestStatus follows, or the status of HTTP.
  func append(to bytes: inout [UInt8]) {
    let number: UInt8 =
      switch self {
      case .accepted: 1
      case .rejected: 2
      case .fault: 3
      case .lost: 4
      case .unreadable: 5
      case .deferred: 6
      case .pending: 7
      case .refused: 8
      case .failed: 9
      case .doubtful: 10
      }
    let status = requestStatus ?? httpStatus.map(UInt32.init)
    bytes.append(number | (status == nil ? 0 : 0x80))
    if let status { bytes.appendVarint(UInt64(status)) }
  }

  init(from reader: inout ByteReader) throws(FormatError) {
    let number = try reader.byte()
    let status = number & 0x80 == 0 ? nil : UInt32(try reader.count(atMost: Int(UInt32.max)))
    switch number & 0x7f {
    case 1: self = .accepted(requestStatus: status)
    case 2: self = .rejected(requestStatus: status)
    case 3: self = .fault
    case 4: self = .lost
    case 5: self = .unreadable
    case 6: self = .deferred
    case 7: self = .pending
    case 8: self = .refused(httpStatus: UInt16(truncatingIfNeeded: status ?? 0))
    case 9: self = .failed(httpStatus: UInt16(truncatingIfNeeded: status ?? 0))
    case 10: self = .doubtful(requestStatus: status)
    default: throw FormatError("an acceptance has no meaning")
    }
  }
}
