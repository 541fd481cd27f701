/// How one sender's software writes XML.
struct Dialect: Sendable {
  enum Declared: Sendable { case onEnvelope, onBodyChild, asDefault }

  /// What the software is called here.
  var name: String
  /// The XML declaration with what follows it; empty for none.
  var declaration = ""
  /// Between elements; empty for compact messages, which then have no indentation either.
  var lineBreak = ""
  var indentation = ""
  /// Whether the message ends with a line break.
  var endsWithLineBreak = false
  var soapPrefix = "soap"
  /// The body child's prefix; of no effect where its namespace is the default one.
  var bodyPrefix = "ns1"
  var declared = Declared.onEnvelope
  /// Whether the body child's children are in its namespace too.
  var qualifiesChildren = false
  /// `<soap:Header/>`, `<soap:Header></soap:Header>` or nothing, as written with the prefix `soap`.
  var header = ""
  var quote = "\""
  /// Between attribute name and value.
  var equals = "="
  /// Before an attribute.
  var attributeSpace = " "
  /// Before the `>` of a start tag.
  var tagSpace = ""
  /// Further attributes of the envelope, as written with double quotes.
  var envelopeExtras: [String] = []
  /// Further attributes of the body child.
  var bodyChildExtras: [String] = []
  var writesSchemaTypes = false
  /// What stands before the body child in one of 64 messages; empty for never.
  var comment = ""
  /// How many of a thousand messages have the SOAP 1.1 envelope.
  var soap11PerMille = 0
  var dates = DateStyle.milliseconds
  /// Whether `*` stands between country, operator and type of an eMI3 id.
  var separatesIds = true
  var lowercasesIds = false
  var rfid = RFIDStyle.canonical
  var heartBeat = "Heartbeat"
  var toIOP = "ToIOP"
  /// The tail of a session event request: `SetSessionEventReport` plus this.
  var eventRequest = "RequestRequest"
  /// The tail of a session action response: `SetSessionAction` plus this.
  var actionResponse = "RequestResponse"
}

/// How a sender writes the UID of a badge.
enum RFIDStyle: Sendable {
  /// Upper-case, with leading zeros.
  case canonical
  /// Lower-case, with leading zeros.
  case lower
  /// Upper-case without leading zeros.
  case short
  /// Lower-case without leading zeros.
  case lowerShort
}
