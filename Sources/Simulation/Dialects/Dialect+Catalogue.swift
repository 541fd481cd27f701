extension Dialect {
  /// The platform's own messages.
  static let platform = Dialect(
    name: "platform", bodyPrefix: "ns3", declared: .onBodyChild, heartBeat: "HeartBeat", actionResponse: "Response")

  /// An operator's charge management back end.
  static let operatorBackEnd = Dialect(
    name: "operator back end", declaration: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", lineBreak: "\n", indentation: "  ",
    endsWithLineBreak: true, bodyPrefix: "eMIP", header: "<soap:Header/>", equals: " = ")

  /// The operator's monitoring, bought elsewhere: compact, qualified children, namespaces that nobody uses.
  static let operatorMonitoring = Dialect(
    name: "operator monitoring", declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", soapPrefix: "env",
    bodyPrefix: "ns2", qualifiesChildren: true, header: "<soap:Header/>",
    envelopeExtras: [
      "xmlns:ns4=\"https://api-iop.gireve.com/schemas/EVCIDataDownloadV1/\"", "xmlns:ns5=\"https://api-iop.gireve.com/schemas/Common/\"",
    ],
    dates: .localMilliseconds, heartBeat: "HeartBeat", eventRequest: "Request")

  /// Made with a SOAP testing tool's templates.
  static let templates = Dialect(
    name: "templates", lineBreak: "\r\n", indentation: "   ", soapPrefix: "soapenv", bodyPrefix: "aut", header: "<soap:Header/>",
    dates: .seconds)

  /// A generated C++ client.
  static let generatedC = Dialect(
    name: "generated C++", declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", soapPrefix: "SOAP-ENV",
    envelopeExtras: [
      "xmlns:SOAP-ENC=\"http://www.w3.org/2003/05/soap-encoding\"", "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
      "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"",
    ])

  /// A .NET client: default namespace, local time.
  static let defaultNamespace = Dialect(
    name: "default namespace", soapPrefix: "s", declared: .asDefault, qualifiesChildren: true, dates: .localMilliseconds)

  /// A Python client: single quotes, tabs, badge numbers as read from an integer column.
  static let tabs = Dialect(
    name: "tabs", declaration: "<?xml version='1.0' encoding='utf-8'?>\n", lineBreak: "\n", indentation: "\t", endsWithLineBreak: true,
    bodyPrefix: "aut", header: "<soap:Header></soap:Header>", quote: "'", rfid: .short)

  /// A PHP client that falls back to SOAP 1.1 now and then.
  static let fallsBack = Dialect(
    name: "falls back", declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", endsWithLineBreak: true, soapPrefix: "SOAP-ENV",
    qualifiesChildren: true, soap11PerMille: 120, dates: .localSeconds, rfid: .lower, eventRequest: "Request")

  /// A Java client of another age: types on every child, ids without separators.
  static let typed = Dialect(
    name: "typed", declaration: "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n", soapPrefix: "soapenv", bodyPrefix: "p",
    declared: .onBodyChild,
    envelopeExtras: ["xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"", "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""],
    writesSchemaTypes: true, dates: .bare, separatesIds: false, rfid: .lowerShort, heartBeat: "HeartBeat", toIOP: "ToIoP",
    actionResponse: "Response")

  /// Written by hand: an attribute a line, blanks in tags, ids in lower case, ticks.
  static let handWritten = Dialect(
    name: "hand-written", declaration: "<?xml version=\"1.0\"?>\n", lineBreak: "\n", indentation: "    ", soapPrefix: "e",
    bodyPrefix: "gireve", attributeSpace: "\n    ", tagSpace: " ",
    bodyChildExtras: [
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
      "xsi:schemaLocation=\"https://api-iop.gireve.com/schemas/ eMIP.xsd\"",
    ],
    comment: "<!-- eMIP connector 2.7 -->", dates: .ticks, lowercasesIds: true)

  /// All of them, in the order in which partners refer to them.
  static let all: [Dialect] = [
    platform, operatorBackEnd, operatorMonitoring, templates, generatedC, defaultNamespace, tabs, fallsBack, typed, handWritten,
  ]
}
