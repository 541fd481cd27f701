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
    soapCode = MessageFault.code(outer ?? facts.text(WireName.soap11FaultCode))
    code = MessageFault.code(facts.text(WireName.faultCode)) ?? MessageFault.code(inner) ?? soapCode
    reason = facts.text(WireName.text) ?? facts.text(WireName.soap11FaultString) ?? facts.text(WireName.faultMessage)
  }

  /// A code without its prefix; nil for what is none.
  private static func code(_ text: String?) -> String? {
    guard let text, isCode(text.utf8) else { return nil }
    return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) } ?? text
  }

  /// Whether a text can be a fault's code: a name or a number, with a prefix perhaps. Whatever else stands in its place is written for people, and may
  /// tell of one.
  public static func isCode(_ text: some Collection<UInt8>) -> Bool {
    text.count <= 128
      && text.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._-:/#".utf8.contains(byte)
        }
      }
  }
}
