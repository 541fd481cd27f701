/// Where an import's lines come from.
public protocol LineSource: AnyObject {
  /// From 1, of the line last shown.
  var lineNumber: Int { get }

  /// Shows the next line without its line end to `body`; nil at the end.
  ///
  /// `isCut` says that the line is too long to be taken, and only its beginning is shown.
  /// - Throws: what `body` throws, or where the source cannot be read.
  func next<Result>(_ body: (_ line: UnsafeBufferPointer<UInt8>, _ isCut: Bool) throws -> Result) throws -> Result?
}
