internal import EMIP
public import Projections

/// Which statuses are wanted, by a name or a code.
public struct StatusFilter: Sendable {
  private enum Wanted {
    case unknown
    case status(availability: UInt32?, busy: UInt32?)
  }

  private let wanted: Wanted

  /// Reads `in-service`, `free`, `unknown` or another name, in any case, or a code of either part; nil where there is no such status.
  public init?(_ text: String) {
    let name = text.lowercased()
    if name == "unknown" {
      wanted = .unknown
      return
    }
    if let code = UInt32(text) {
      wanted = .status(availability: code, busy: code)
      return
    }
    let availability = AvailabilityStatus.names.first { $0.value == name }?.key
    let busy = BusyStatus.names.first { $0.value == name }?.key
    guard availability != nil || busy != nil else { return nil }
    wanted = .status(availability: availability, busy: busy)
  }

  /// Whether an element has such a status.
  public func includes(_ element: ElementStatus) -> Bool {
    let parts = [element.availability, element.busy]
    switch wanted {
    case .unknown:
      return parts.allSatisfy { $0 == nil }
        || parts.contains { part in part.map { $0.unknownSince != nil || $0.event.status == nil } ?? false }
    case .status(let availability, let busy):
      return zip(parts, [availability, busy]).contains { part, wanted in
        guard let part, let wanted else { return false }
        return part.event.status == wanted && part.unknownSince == nil
      }
    }
  }
}
