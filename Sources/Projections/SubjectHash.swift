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
  public func callAsFunction(_ tag: UInt8, _ texts: [UInt8]...) -> [UInt8] { Array(code(tag, texts).prefix(8)) }

  /// As ``callAsFunction(_:_:)``, with the four bytes that follow: as secret as the key is, for who hides another text of the same thing.
  func withMask(_ tag: UInt8, _ texts: [UInt8]...) -> (key: [UInt8], mask: UInt32) {
    let code = Array(code(tag, texts))
    return (Array(code[..<8]), code[8..<12].reduce(0) { $0 << 8 | UInt32($1) })
  }

  private func code(_ tag: UInt8, _ texts: [[UInt8]]) -> HashedAuthenticationCode<SHA256> {
    var code = code
    var head: [UInt8] = [tag]
    for text in texts {
      head.appendVarint(text.count)
      head += text
    }
    code.update(data: head)
    return code.finalize()
  }
}
