internal import CZstd

/// What went wrong in libzstd.
public struct ZstandardError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call that failed, for instance `ZSTD_compress2`.
  public let call: String
  /// libzstd's own words.
  public let message: String

  public var description: String { "\(call): \(message)" }
}

/// Turns a return value of libzstd into a size or an error.
/// - Throws: ``ZstandardError`` where the result is an error.
@discardableResult
func check(_ result: Int, _ call: StaticString) throws(ZstandardError) -> Int {
  guard ZSTD_isError(result) != 0 else { return result }
  throw ZstandardError(call: "\(call)", message: String(cString: ZSTD_getErrorName(result)))
}
