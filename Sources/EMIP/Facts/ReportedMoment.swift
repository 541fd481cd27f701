public import JournalFormat

/// When that happened which a request reports: a record's end, an event, an action, or a status.
public struct ReportedMoment: Hashable, Sendable {
  /// The latest of its dates.
  public let time: Timestamp
  /// The CRC-32C of the dates, and of what they are dates of: equal where the same is reported again.
  public let checksum: UInt32
}

extension MessageFacts {
  /// When that happened which it reports; nil where it reports nothing, or no date that can be read.
  public var reportedMoment: ReportedMoment? {
    var latest: Timestamp?
    var code = CRC32C()
    for leaf in leaves where !leafTexts.isEmpty(leaf) {
      switch leaf.path.name {
      case WireName.statusEventDate, WireName.availabilityStatusEventDate, WireName.busyStatusEventDate, WireName.sessionEventDateTime,
        WireName.sessionActionDateTime, WireName.endTime:
        leafTexts.withText(leaf) { text in
          code.update(UnsafeRawBufferPointer(text))
          guard let time = Timestamp(utf8: text) else { return }
          latest = latest.map { max($0, time) } ?? time
        }
      case WireName.serviceSessionId, WireName.execPartnerSessionId, WireName.salePartnerSessionId, WireName.evseId,
        WireName.chargingPoolId, WireName.chargingStationId, WireName.chargingConnectorId, WireName.busyStatus, WireName.availabilityStatus,
        WireName.sessionEventNature, WireName.sessionActionNature:
        leafTexts.withText(leaf) { code.update(UnsafeRawBufferPointer($0)) }
      default: continue
      }
    }
    return latest.map { ReportedMoment(time: $0, checksum: code.value) }
  }
}
