internal import JournalFormat
internal import JournalStore

/// A record of the history of a partner's operation. One varint: the latency in milliseconds shifted by three bits, and a code.
///
///     0…3  ok, warning, error or fault, with a latency, to the request at the position before
///     4    no answer, to the request at the position before
///     5    any other answer that has a latency; a byte follows: the ending in three bits, and 8 request before, 16 retry, 32 recovered, 64
///          further, 128 unmatched
///     6    the same without a latency
///     7    a request alone; in the latency's place 1 for a retry
///
/// Most answers follow their request at once: then one record, mostly of two bytes, stands for both.
enum PartnerRecord: Hashable {
  case request(isRetry: Bool)
  case answer(Answer)

  /// How an exchange ended. The numbers are on disk.
  enum Ending: UInt8, CaseIterable {
    case ok = 0
    case warning = 1
    case error = 2
    case fault = 3
    case failure = 4
    case unreadable = 5
    case refused = 6
    case failed = 7

    var counter: PartnerFigures.Counter {
      switch self {
      case .ok: .ok
      case .warning: .warnings
      case .error: .errors
      case .fault: .faults
      case .failure: .failures
      case .unreadable: .unreadable
      case .refused: .refused
      case .failed: .failed
      }
    }

    /// Tells how an answer, or a refusal, ended its exchange; nil of a request.
    init?(_ entry: Entry) {
      guard let outcome = ExchangeOutcome(entry) else { return nil }
      switch outcome.name {
      case .ok: self = .ok
      case .warning: self = .warning
      case .error: self = .error
      case .fault: self = .fault
      case .refused: self = outcome.by == .us ? .unreadable : .refused
      case .failed: self = .failed
      case .lost: self = entry.kind == .failure ? .failure : .unreadable
      }
    }
  }

  struct Answer: Hashable {
    var ending: Ending
    /// The latency of a response; nil of any other answer.
    var latencyMilliseconds: UInt32?
    /// Whether the request stands at the position before, and has no record of its own.
    var hasRequestBefore = false
    /// Whether the request is a retry, where it has no record of its own.
    var isRetry = false
    /// Whether a failure had been noted before.
    var isRecovered = false
    /// Whether the request was answered before: nothing else of it counts.
    var isFurther = false
    /// Whether there is no request.
    var isUnmatched = false
  }

  private static let failureCode: UInt64 = 4
  private static let longCode: UInt64 = 5
  private static let longCodeWithoutLatency: UInt64 = 6
  private static let requestCode: UInt64 = 7

  /// The longest record.
  static let maximumBytes = 7

  func encode(to bytes: inout [UInt8]) {
    switch self {
    case .request(let isRetry): bytes.appendVarint((isRetry ? 8 : 0) | Self.requestCode)
    case .answer(let answer):
      let latency = UInt64(answer.latencyMilliseconds ?? 0) << 3
      let isPlain = answer.hasRequestBefore && !answer.isRetry && !answer.isRecovered && !answer.isFurther && !answer.isUnmatched
      if isPlain && (answer.latencyMilliseconds != nil ? answer.ending.rawValue < Self.failureCode : answer.ending == .failure) {
        bytes.appendVarint(latency | UInt64(answer.ending.rawValue))
      } else {
        bytes.appendVarint(latency | (answer.latencyMilliseconds == nil ? Self.longCodeWithoutLatency : Self.longCode))
        bytes.append(answer.flags | answer.ending.rawValue)
      }
    }
  }

  /// What ``encode(to:)`` wrote.
  init(from reader: inout ByteReader) throws(FormatError) {
    let head = try reader.varint()
    let code = head & 7
    if code == Self.requestCode {
      self = .request(isRetry: head >> 3 == 1)
      return
    }
    guard let latency = UInt32(exactly: head >> 3) else { throw FormatError("a latency is too large") }
    if code <= Self.failureCode {
      let ending = Ending(rawValue: UInt8(code))!
      self = .answer(Answer(ending: ending, latencyMilliseconds: ending == .failure ? nil : latency, hasRequestBefore: true))
      return
    }
    let flags = try reader.byte()
    guard let ending = Ending(rawValue: flags & 7) else { throw FormatError("an ending is unknown") }
    self = .answer(Answer(ending, code == Self.longCode ? latency : nil, flags: flags))
  }
}

extension PartnerRecord.Answer {
  fileprivate var flags: UInt8 {
    (hasRequestBefore ? 8 : 0) | (isRetry ? 16 : 0) | (isRecovered ? 32 : 0) | (isFurther ? 64 : 0) | (isUnmatched ? 128 : 0)
  }

  fileprivate init(_ ending: PartnerRecord.Ending, _ latencyMilliseconds: UInt32?, flags: UInt8) {
    self.init(
      ending: ending, latencyMilliseconds: latencyMilliseconds, hasRequestBefore: flags & 8 != 0, isRetry: flags & 16 != 0,
      isRecovered: flags & 32 != 0, isFurther: flags & 64 != 0, isUnmatched: flags & 128 != 0)
  }
}
