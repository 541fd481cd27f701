internal import Crypto
internal import JournalFormat

/// Makes short keys of values that are long or personal: eight bytes of an HMAC-SHA-256 under a key of the journal's own, so that nobody can choose
/// values with the same key, and every rebuild makes the same ones.
public struct SubjectHash: Sendable {
  /// With its key hashed already: copied for each value.
  private let code: HMAC<SHA256>

  init(journalId: String) { code = HMAC(key: SymmetricKey(data: Array("emip-journal read models ".utf8) + Array(journalId.utf8))) }

  /// - Parameters:
  ///   - tag: what kind of thing it is.
  ///   - texts: what names it; two different lists are two things.
  /// - Returns: eight bytes.
  public func callAsFunction(_ tag: UInt8, _ texts: [UInt8]...) -> [UInt8] {
    var code = code
    var head: [UInt8] = [tag]
    for text in texts {
      head.appendVarint(text.count)
      head += text
    }
    code.update(data: head)
    return Array(code.finalize().prefix(8))
  }
}
