internal import JournalFormat

/// What of a message, or of one of its items, is there and cannot be read: the fields, as the wire names them, and what they say.
public struct UnreadableValues: Hashable, Sendable {
  /// A field and what it says.
  public struct Value: Hashable, Sendable {
    /// As the wire names it: `expiryDate`.
    public let name: String
    /// As written.
    public let text: String
  }

  /// In the order of the fields; a field that comes several times may stand there as often.
  public private(set) var values: [Value] = []

  /// None.
  public init() {}

  /// Whether all can be read.
  public var isEmpty: Bool { values.isEmpty }

  /// What a field says; nil where it is absent, or can be read.
  public subscript(name: String) -> String? { values.first { $0.name == name }?.text }

  /// Takes a field in where it cannot be read.
  public mutating func note<Value>(_ name: String, _ field: Field<Value>?) {
    if let field, field.isUnreadable { note(name, text: field.text) }
  }

  /// Takes a field in that cannot be read.
  public mutating func note(_ name: String, text: String) { values.append(Value(name: name, text: text)) }

  /// Takes in a field of a meter or limit where it cannot be read.
  /// - Parameter name: a number of ``WireName``; of others nothing is noted.
  mutating func noteMeter(_ name: UInt16, _ text: String) {
    switch name {
    case WireName.meterTypeId where MeterType(text) == nil: note("meterTypeId", text: text)
    case WireName.meterValue where MeterQuantity(text) == nil: note("meterValue", text: text)
    default: return
    }
  }

  /// Takes in those of a part.
  public mutating func note(_ part: UnreadableValues) { values += part.values }
}

extension ChargeDetailRecord {
  /// What of the record cannot be read, but for its ``meters``, each of which tells for itself. Its ``nature`` is a word, and any is kept.
  public var unreadable: UnreadableValues {
    var unreadable = UnreadableValues()
    unreadable.note("requestedServiceId", requestedServiceId)
    unreadable.note("startTime", startTime)
    unreadable.note("endTime", endTime)
    return unreadable
  }
}

extension MeterReading {
  /// What of the meter cannot be read.
  public var unreadable: UnreadableValues {
    var unreadable = UnreadableValues()
    unreadable.note("meterTypeId", type)
    if let value, quantity == nil { unreadable.note("meterValue", text: value) }
    return unreadable
  }
}

extension ServiceAuthorisation {
  /// What cannot be read, but for the ``meterLimits``, each of which tells for itself.
  public var unreadable: UnreadableValues {
    var unreadable = UnreadableValues()
    unreadable.note("requestedServiceId", requestedServiceId)
    unreadable.note("authorisationValue", authorisationValue)
    unreadable.note("intermediateCDRRequested", intermediateCDRRequested)
    return unreadable
  }
}

extension AuthenticationData {
  /// What of the entry cannot be read, but for its ``meterLimits``, each of which tells for itself.
  public var unreadable: UnreadableValues {
    var unreadable = UnreadableValues()
    unreadable.note("actionType", actionType)
    unreadable.note("requestedServiceId", requestedServiceId)
    unreadable.note("authorisationValue", authorisationValue)
    unreadable.note("intermediateCDRRequested", intermediateCDRRequested)
    unreadable.note("expiryDate", expiryDate)
    return unreadable
  }
}

extension SessionReport<SessionEventNature> {
  /// What of the event cannot be read.
  public var unreadable: UnreadableValues { unreadable(nature: "sessionEventNature", dateTime: "sessionEventDateTime") }
}

extension SessionReport<SessionActionNature> {
  /// What of the action cannot be read.
  public var unreadable: UnreadableValues { unreadable(nature: "sessionActionNature", dateTime: "sessionActionDateTime") }
}

extension SessionReport {
  fileprivate func unreadable(nature name: String, dateTime: String) -> UnreadableValues {
    var unreadable = UnreadableValues()
    unreadable.note(name, nature)
    unreadable.note(dateTime, self.dateTime)
    return unreadable
  }
}

extension SessionFields {
  /// What of an authorisation, an event or an action cannot be read: their codes, flags, dates and limits. A record's own are told by
  /// ``ChargeDetailRecord/unreadable``.
  public var unreadable: UnreadableValues {
    var unreadable = UnreadableValues()
    func note<Value>(_ name: String, _ text: String?, _ read: (String) -> Value?) {
      if let text, read(text) == nil { unreadable.note(name, text: text) }
    }
    note("requestedServiceId", requestedServiceId) { RequestedServiceId($0) }
    note("authorisationValue", authorisationValue) { AuthorisationValue($0) }
    note("intermediateCDRRequested", intermediateCDRRequested) { Bool(xml: $0.utf8) }
    note("sessionEventNature", sessionEventNature) { SessionEventNature($0) }
    note("sessionEventDateTime", sessionEventDateTime) { Timestamp($0) }
    note("sessionActionNature", sessionActionNature) { SessionActionNature($0) }
    note("sessionActionDateTime", sessionActionDateTime) { Timestamp($0) }
    unreadable.note(unreadableLimits)
    return unreadable
  }
}

extension Bool {
  /// Reads an `xs:boolean`; nil where it is none.
  init?(xml text: some Collection<UInt8>) {
    if text.elementsEqual("1".utf8) || text.elementsEqual("true".utf8) {
      self = true
    } else if text.elementsEqual("0".utf8) || text.elementsEqual("false".utf8) {
      self = false
    } else {
      return nil
    }
  }
}
