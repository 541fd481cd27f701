public import JournalFormat

/// Writes the few messages that are ours: in UTF-8, the operation's children unqualified, as on the reference platform.
public struct MessageWriter: Sendable {
  /// The version of the envelope.
  public let version: SOAPVersion

  /// - Parameter version: whoever wrote in SOAP 1.1 is answered in it.
  public init(_ version: SOAPVersion = .soap12) { self.version = version }

  /// A message of an operation.
  /// - Parameters:
  ///   - namespace: that of the body's child; nil for the catalogue's.
  ///   - fields: the numbers of ``WireName`` that have a spelling, and the texts, in the order in which they are to stand.
  public func message(
    _ operation: OperationFacts, _ direction: Direction, _ part: Operation.Part, namespace: String? = nil,
    _ fields: [(name: UInt16, text: String)]
  ) -> [UInt8] {
    let content = fields.map { Self.element(WireName.spelling(of: $0.name)!, XMLText.escaped($0.text)) }.joined()
    let name = operation.localName(direction, part)
    let namespace = namespace ?? operation.namespace ?? ""
    guard !namespace.isEmpty else { return envelope(body: Self.element(name, content)) }
    return envelope(body: "<emip:\(name) xmlns:emip=\"\(XMLText.escapedAttribute(namespace))\">\(content)</emip:\(name)>")
  }

  /// A fault (SOAP 1.2 part 1, 5.4; SOAP 1.1, 4.4).
  public func fault(_ fault: SOAPFault) -> [UInt8] {
    let reason = XMLText.escaped(fault.reason)
    let detail = Self.element(WireName.spelling(of: WireName.faultCode)!, XMLText.escaped(fault.name))
    let code = "soap:\(fault.code.spelling(version))"
    switch version {
    case .soap11:
      return envelope(
        header: "",
        body: "<soap:Fault><faultcode>\(code)</faultcode><faultstring>\(reason)</faultstring><detail>\(detail)</detail></soap:Fault>")
    case .soap12:
      return envelope(
        header: header(fault.code),
        body:
          "<soap:Fault><soap:Code><soap:Value>\(code)</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">\(reason)</soap:Text>"
          + "</soap:Reason><soap:Detail>\(detail)</soap:Detail></soap:Fault>")
    }
  }

  /// What a fault has in the header: which blocks were not understood (5.4.8), or which envelopes are (5.4.7).
  private func header(_ code: SOAPFault.Code) -> String {
    switch code {
    case .sender, .receiver: return ""
    case .mustUnderstand(let blocks):
      return blocks.map { block in
        let name = XMLText.escapedAttribute(block.localName)
        guard !block.namespace.isEmpty else { return "<soap:NotUnderstood qname=\"\(name)\"/>" }
        return "<soap:NotUnderstood qname=\"h:\(name)\" xmlns:h=\"\(XMLText.escapedAttribute(block.namespace))\"/>"
      }.joined()
    case .versionMismatch:
      let envelopes = [SOAPVersion.soap12, .soap11].map { version in
        "<soap:SupportedEnvelope qname=\"e:Envelope\" xmlns:e=\"\(version.namespace)\"/>"
      }
      return "<soap:Upgrade>\(envelopes.joined())</soap:Upgrade>"
    }
  }

  private func envelope(header: String = "", body: String) -> [UInt8] {
    let header = header.isEmpty ? "" : "<soap:Header>\(header)</soap:Header>"
    let content = "\(header)<soap:Body>\(body)</soap:Body>"
    return Array(
      #"<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="\#(version.namespace)">\#(content)</soap:Envelope>"#.utf8)
  }

  private static func element(_ name: String, _ content: String) -> String { "<\(name)>\(content)</\(name)>" }
}
