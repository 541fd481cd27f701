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
  public func callAsFunction(_ tag: UInt8, _ texts: [UInt8]...) -> [UInt8] { code(tag, texts).withUnsafeBytes { Array($0[..<8]) } }

  /// As ``callAsFunction(_:_:)``, as a number.
  func number(_ tag: UInt8, _ texts: [UInt8]...) -> UInt64 {
    code(tag, texts).withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// As ``callAsFunction(_:_:)``, with the four bytes that follow: as secret as the key is, for who hides another text of the same thing.
  func withMask(_ tag: UInt8, _ texts: [UInt8]...) -> (key: [UInt8], mask: UInt32) {
    code(tag, texts).withUnsafeBytes { code in
      (Array(code[..<8]), UInt32(bigEndian: code.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    }
  }

  private func code(_ tag: UInt8, _ texts: [[UInt8]]) -> HashedAuthenticationCode<SHA256> {
    var code = code
    var head: [UInt8] = []
    head.reserveCapacity(texts.reduce(1) { $0 + 5 + $1.count })
    head.append(tag)
    for text in texts {
      head.appendVarint(text.count)
      head += text
    }
    code.update(data: head)
    return code.finalize()
  }
}
