/// The two SOAP versions by their envelope namespaces.
enum SOAPVersion: String, CaseIterable {
  case soap12 = "http://www.w3.org/2003/05/soap-envelope"
  case soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
}

/// Spells out all markup of a dialect, once. Runs before the first message, so plain strings will do.
struct MarkupCompiler {
  private let dialect: Dialect
  private let version: SOAPVersion

  init(_ dialect: Dialect, _ version: SOAPVersion) {
    self.dialect = dialect
    self.version = version
  }

  /// The pieces in the order that ``Markup`` looks them up.
  func compile() -> [String] {
    var texts: [String] = []
    for field in Field.allCases {
      for depth in 0..<Markup.depths { texts += tags(field, depth) }
    }
    for operation in Operation.allCases {
      for direction in Direction.allCases {
        for part in Part.allCases { texts += frame(operation, direction, part) }
      }
    }
    texts.append(place(3) + dialect.comment)
    texts += FaultKind.allCases.map(fault)
    return texts
  }

  // MARK: Elements

  private func place(_ depth: Int) -> String {
    dialect.lineBreak.isEmpty ? "" : dialect.lineBreak + String(repeating: dialect.indentation, count: depth)
  }

  private func tags(_ field: Field, _ depth: Int) -> [String] {
    let isPrefixed = dialect.qualifiesChildren && dialect.declared != .asDefault
    let name = (isPrefixed ? dialect.bodyPrefix + ":" : "") + field.localName
    let type = dialect.writesSchemaTypes ? field.schemaType.map { attribute("xsi:type", $0) } ?? "" : ""
    let start = place(depth + 3) + "<" + name + type + dialect.tagSpace + ">"
    return [start, start, "</" + name + ">", place(depth + 3) + "</" + name + ">"]
  }

  private func attribute(_ name: String, _ value: String) -> String {
    dialect.attributeSpace + name + dialect.equals + dialect.quote + value + dialect.quote
  }

  /// An attribute given as `name="value"`, in this dialect's spelling.
  private func respelled(_ text: String) -> String {
    let parts = text.split(separator: "\"")
    return attribute(String(parts[0].dropLast()), String(parts[1]))
  }

  // MARK: Frames

  private func frame(_ operation: Operation, _ direction: Direction, _ part: Part) -> [String] {
    let name = (dialect.declared == .asDefault ? "" : dialect.bodyPrefix + ":") + wireName(operation, direction, part)
    let declaration = attribute(dialect.declared == .asDefault ? "xmlns" : "xmlns:" + dialect.bodyPrefix, operation.namespace)
    let own = (dialect.declared == .onEnvelope ? "" : declaration) + dialect.bodyChildExtras.map(respelled).joined()
    let start = open(dialect.declared == .onEnvelope ? declaration : "") + place(2) + "<" + name + own + dialect.tagSpace + ">"
    return [start, place(2) + "</" + name + ">" + close]
  }

  private func open(_ declaration: String) -> String {
    let soap = dialect.soapPrefix
    let header = dialect.header.isEmpty ? "" : place(1) + dialect.header.replacing("soap:", with: soap + ":")
    let extras = dialect.envelopeExtras.map(respelled).joined()
    return dialect.declaration + "<" + soap + ":Envelope" + attribute("xmlns:" + soap, version.rawValue) + extras + declaration
      + dialect.tagSpace + ">" + header + place(1) + "<" + soap + ":Body>"
  }

  private var close: String {
    let soap = dialect.soapPrefix
    let end = dialect.endsWithLineBreak ? (dialect.lineBreak.isEmpty ? "\n" : dialect.lineBreak) : ""
    return place(1) + "</" + soap + ":Body>" + place(0) + "</" + soap + ":Envelope>" + end
  }

  private func wireName(_ operation: Operation, _ direction: Direction, _ part: Part) -> String {
    let stem =
      switch (operation, part) {
      case (.heartBeat, .request): dialect.heartBeat + "Request"
      case (.setSessionEventReport, .request): operation.name + dialect.eventRequest
      case (.setSessionActionRequest, .response): "SetSessionAction" + dialect.actionResponse
      case (_, .request): operation.name + "Request"
      case (_, .response): operation.name + "Response"
      }
    return "eMIP_" + (direction == .toIOP ? dialect.toIOP : "FromIOP") + "_" + stem
  }

  // MARK: Faults

  private func fault(_ kind: FaultKind) -> String {
    let soap = dialect.soapPrefix
    let content =
      switch version {
      case .soap12:
        place(3) + "<\(soap):Code><\(soap):Value>\(soap):\(kind.code)</\(soap):Value></\(soap):Code>"
          + place(3) + "<\(soap):Reason><\(soap):Text\(attribute("xml:lang", "en"))>\(kind.reason)</\(soap):Text></\(soap):Reason>"
          + place(3) + "<\(soap):Detail><faultCode>\(kind.detail)</faultCode></\(soap):Detail>"
      case .soap11:
        place(3) + "<faultcode>\(soap):\(kind.code11)</faultcode>" + place(3) + "<faultstring>\(kind.reason)</faultstring>"
          + place(3) + "<detail><faultCode>\(kind.detail)</faultCode></detail>"
      }
    return open("") + place(2) + "<" + soap + ":Fault>" + content + place(2) + "</" + soap + ":Fault>" + close
  }
}
