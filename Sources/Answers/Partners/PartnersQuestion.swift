public import JournalFormat
internal import JournalStore
public import Projections

/// Asks what passed with partners, how long answers took, and when they were not heard.
public struct PartnersQuestion: Hashable, Sendable {
  /// Only this one, with or without separators; nil for all.
  public var partner: String?
  /// Only what was recorded from then on.
  public var since: Timestamp?
  /// Only what was recorded until then.
  public var until: Timestamp?
  /// Whether each operation, way and operator has a line of its own.
  public var byOperation = false

  /// The read models that are asked.
  public static let projections: [any Projection.Type] = [PartnerProjection.self]

  /// All partners, a line each.
  public init() {}

  /// The answer, by partner; empty where nothing had been recorded by then.
  /// - Parameter basis: of ``projections``, at least.
  /// - Throws: `JournalError` where the read model or the journal cannot be read.
  public func partners(_ basis: AnswerBasis) throws -> [PartnerDocument] {
    let reader = basis.models.reader
    var span = PartnerSpan(since: since, until: until)
    if let since { span.after = try reader.lastPosition(recordedBy: since.adding(milliseconds: -1)) }
    var end = basis.asOf
    if let until {
      guard let last = try reader.lastPosition(recordedBy: until) else { return [] }
      end = min(end ?? last, last)
    }
    return try PartnerQuestions(basis.models, asOf: end).answers(partner: partner, span: span, byOperation: byOperation).map {
      PartnerDocument($0, until: until)
    }
  }

  /// The columns of CSV, in their order.
  public var columns: [String] { byOperation ? PartnerDocument.operationColumns : PartnerDocument.partnerColumns }
}
