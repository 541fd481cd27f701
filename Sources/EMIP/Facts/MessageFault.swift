import JournalFormat

/// A SOAP fault.
public struct MessageFault: Hashable, Sendable {
  /// The most telling of the codes that the fault has: that of the platform in its detail, else the innermost subcode, else SOAP's own.
  public let code: String?
  /// SOAP's own code without its prefix: `Receiver`, `Sender`; of SOAP 1.1 `Server`, `Client`.
  public let soapCode: String?
  /// In the first of its languages.
  public let reason: String?

  init(_ facts: LeafGroup) {
    let outer = facts.first { $0.path == LeafPath(name: WireName.value, parent: WireName.code) }
    let inner = facts.last { $0.path == LeafPath(name: WireName.value, parent: WireName.subcode) }
    soapCode = (outer ?? facts.text(WireName.soap11FaultCode)).map(MessageFault.withoutPrefix)
    code = facts.text(WireName.faultCode) ?? inner.map(MessageFault.withoutPrefix) ?? soapCode
    reason = facts.text(WireName.text) ?? facts.text(WireName.soap11FaultString) ?? facts.text(WireName.faultMessage)
  }

  private static func withoutPrefix(_ name: String) -> String {
    name.firstIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name
  }
}
