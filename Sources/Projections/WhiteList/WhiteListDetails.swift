public import EMIP
internal import JournalFormat

/// What a message said of one entry of a white list, as written. Personal.
public struct WhiteListDetails: Hashable, Sendable {
  /// A meter that the user may not exceed.
  public struct Limit: Hashable, Sendable {
    /// What is metered; empty where it is missing.
    public let meterTypeId: String
    /// The most that it may show; empty where it is missing.
    public let meterValue: String
    /// The unit of ``meterValue``; empty where it is missing.
    public let meterUnit: String

    /// What of it cannot be read.
    public var unreadable: UnreadableValues {
      var unreadable = UnreadableValues()
      if !meterTypeId.isEmpty && MeterType(meterTypeId) == nil { unreadable.note("meterTypeId", text: meterTypeId) }
      if !meterValue.isEmpty && MeterQuantity(meterValue) == nil { unreadable.note("meterValue", text: meterValue) }
      return unreadable
    }
  }

  /// What kind of id ``userId`` is, for instance `RFID-UID`; nil where it is missing.
  public let userIdType: String?
  /// The user's id; nil where it is missing.
  public let userId: String?
  /// Another name of the user's contract; nil where it is missing.
  public let userContractIdAlias: String?
  /// The number of the service; nil where it is missing.
  public let requestedServiceId: String?
  /// From when the entry does not count any more; nil where it is missing.
  public let expiryDate: String?
  /// Whether records are wanted while a session lasts; nil where it is missing.
  public let intermediateCDRRequested: String?
  /// Free text; nil where it is missing.
  public let parameter: String?
  /// What the user's sessions may not exceed, in the order of the message.
  public let meterLimits: [Limit]
  /// What of the entry is there and cannot be read, but for its limits.
  public let unreadable: UnreadableValues

  init(_ data: AuthenticationData) {
    userIdType = data.user.userIdType?.rawValue
    userId = data.user.userId
    userContractIdAlias = data.user.userContractIdAlias
    requestedServiceId = data.requestedServiceId?.text
    expiryDate = data.expiryDate?.text
    intermediateCDRRequested = data.intermediateCDRRequested?.text
    parameter = data.parameter
    unreadable = data.unreadable
    meterLimits = data.meterLimits.map {
      Limit(meterTypeId: $0.type?.text ?? "", meterValue: $0.value ?? "", meterUnit: $0.unit ?? "")
    }
  }

  private var texts: [String?] {
    [userIdType, userId, userContractIdAlias, requestedServiceId, expiryDate, intermediateCDRRequested, parameter]
  }

  /// Each text with 1 before it, or 0 in place of one that is missing; then the limits, then names and texts of what cannot be read.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    for text in texts {
      bytes.append(text == nil ? 0 : 1)
      if let text { bytes.appendCounted(text.utf8) }
    }
    bytes.appendVarint(meterLimits.count)
    for limit in meterLimits { for text in [limit.meterTypeId, limit.meterValue, limit.meterUnit] { bytes.appendCounted(text.utf8) } }
    for value in unreadable.values { for text in [value.name, value.text] { bytes.appendCounted(text.utf8) } }
    return bytes
  }

  init(_ bytes: [UInt8]) throws(FormatError) {
    var texts: [String?] = []
    var limits: [Limit] = []
    var unreadable = UnreadableValues()
    try bytes.reading { (reader) throws(FormatError) in
      for _ in 0..<7 { texts.append(try reader.byte() == 0 ? nil : try reader.string()) }
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
        limits.append(Limit(meterTypeId: try reader.string(), meterValue: try reader.string(), meterUnit: try reader.string()))
      }
      while !reader.isAtEnd { unreadable.note(try reader.string(), text: try reader.string()) }
    }
    userIdType = texts[0]
    userId = texts[1]
    userContractIdAlias = texts[2]
    requestedServiceId = texts[3]
    expiryDate = texts[4]
    intermediateCDRRequested = texts[5]
    parameter = texts[6]
    meterLimits = limits
    self.unreadable = unreadable
  }
}
