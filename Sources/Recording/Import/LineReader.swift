internal import Glibc
internal import JournalFormat
internal import Zstandard

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

/// Reads a text line by line from a file or a pipe, plain or Zstandard by its magic number. Memory is bounded by the longest line allowed.
public final class LineReader: LineSource {
  /// A longer line is cut, and said to be.
  public static let maximumLineBytes = 32 << 20
  private static let chunkBytes = 1 << 20

  private let descriptor: Int32
  private let name: String
  private var decompressor: StreamDecompressor?
  /// Whether the beginning has been looked at.
  private var isBegun = false
  private var chunk = [UInt8](repeating: 0, count: chunkBytes)
  private var buffer: [UInt8] = []
  private var start = 0
  /// How far the buffer was searched for a line end.
  private var searched = 0
  private var isAtEnd = false
  private var isSkipping = false
  /// Bytes taken from the file so far, as they stand there.
  public private(set) var bytesRead = 0
  /// From 1, of the line last shown.
  public private(set) var lineNumber = 0

  /// A reader from where a file stands.
  ///
  /// - Parameters:
  ///   - descriptor: of the file; it stays the caller's to close.
  ///   - name: what errors call the file.
  public init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Looks whether a file may have lines, and leaves it where it stood.
  /// - Throws: ``LineReaderError`` where it is something else.
  public static func recognize(_ descriptor: Int32, name: String) throws(LineReaderError) {
    var start = [UInt8](repeating: 0, count: 1 << 16)
    start.removeLast(start.count - max(0, pread(descriptor, &start, start.count, 0)))
    guard StreamDecompressor.recognizes(start) else {
      if let format = ForeignFormat(start: start) { throw LineReaderError(name, format, isCompressed: false) }
      return
    }
    var text: [UInt8] = []
    // What is wrong with it is told when it is read.
    guard let decompressor = try? StreamDecompressor(), (try? start.withUnsafeBytes { try decompressor.append($0, to: &text) }) != nil
    else { return }
    if let format = ForeignFormat(start: text) { throw LineReaderError(name, format, isCompressed: true) }
  }

  /// Shows the next line without its line end; nil at the end of the text.
  /// - Parameter body: `isCut` says that the line is longer than ``maximumLineBytes`` and only its beginning is shown.
  /// - Throws: ``LineReaderError`` where the file cannot be read, is a damaged or truncated Zstandard file, or is something else than lines.
  public func next<Result>(
    _ body: (_ line: UnsafeBufferPointer<UInt8>, _ isCut: Bool) throws -> Result
  ) throws -> Result? {
    if !isBegun { try begin() }
    while true {
      if let end = lineEnd() {
        let line = start..<end
        start = end + 1
        searched = start
        if isSkipping {
          isSkipping = false
          continue
        }
        lineNumber += 1
        return try show(line, isCut: false, body)
      }
      if !isSkipping, buffer.count - start > Self.maximumLineBytes {
        lineNumber += 1
        isSkipping = true
        return try show(start..<start + 256, isCut: true, body)
      }
      if isAtEnd {
        guard start < buffer.count, !isSkipping else { return nil }
        let line = start..<buffer.count
        start = buffer.count
        lineNumber += 1
        return try show(line, isCut: false, body)
      }
      try fill()
    }
  }

  private func show<Result>(
    _ line: Range<Int>, isCut: Bool, _ body: (UnsafeBufferPointer<UInt8>, Bool) throws -> Result
  ) rethrows -> Result {
    try buffer.withUnsafeBufferPointer { bytes in
      var line = UnsafeBufferPointer(rebasing: bytes[line])
      if line.last == 0x0d { line = UnsafeBufferPointer(rebasing: line.dropLast()) }
      return try body(line, isCut)
    }
  }

  private func lineEnd() -> Int? {
    guard searched < buffer.count else { return nil }
    let found = buffer.withUnsafeBytes { bytes in
      memchr(bytes.baseAddress! + searched, 0x0a, bytes.count - searched).map { $0 - UnsafeMutableRawPointer(mutating: bytes.baseAddress!) }
    }
    searched = found ?? buffer.count
    return found
  }

  /// Reads on until it is known what the file is.
  private func begin() throws {
    while buffer.count < ForeignFormat.beginningBytes && !isAtEnd && !buffer.drop(while: \.isXMLWhiteSpace).contains(0x0a) { try fill() }
    isBegun = true
    if let format = ForeignFormat(start: buffer) { throw LineReaderError(name, format, isCompressed: decompressor != nil) }
    if buffer.starts(with: ForeignFormat.byteOrderMark) { start = ForeignFormat.byteOrderMark.count }
  }

  private func fill() throws {
    buffer.removeFirst(isSkipping ? buffer.count : start)
    searched = max(0, isSkipping ? 0 : searched - start)
    start = 0
    var count: Int
    repeat { count = read(descriptor, &chunk, chunk.count) } while count < 0 && errno == EINTR
    guard count >= 0 else { throw LineReaderError(name, "read: \(String(cString: strerror(errno)))", isDamage: false) }
    if bytesRead == 0, StreamDecompressor.recognizes(chunk[..<count]) { decompressor = try StreamDecompressor() }
    bytesRead += count
    isAtEnd = count == 0
    guard let decompressor else {
      buffer.append(contentsOf: chunk[..<count])
      return
    }
    if isAtEnd {
      guard decompressor.isAtFrameEnd else { throw LineReaderError(name, "the Zstandard file was cut short", isDamage: true) }
      return
    }
    do {
      try chunk[..<count].withUnsafeBytes { try decompressor.append($0, to: &buffer) }
    } catch {
      throw LineReaderError(name, "the Zstandard file is damaged: \(error)", isDamage: true)
    }
  }
}

/// A file that cannot be read line by line.
public struct LineReaderError: Error, Sendable, CustomStringConvertible {
  /// What the file was called.
  public let file: String
  /// What went wrong.
  public let message: String
  /// Whether the content is at fault, and not the reading.
  public let isDamage: Bool
  /// What the file is, where it has no lines at all; nothing of it was shown then.
  public let foreignFormat: ForeignFormat?
  /// Whether that was found in a Zstandard file.
  public let isCompressed: Bool

  init(_ file: String, _ message: String, isDamage: Bool) {
    (self.file, self.message, self.isDamage) = (file, message, isDamage)
    (foreignFormat, isCompressed) = (nil, false)
  }

  init(_ file: String, _ format: ForeignFormat, isCompressed: Bool) {
    (self.file, message, isDamage) = (file, "it has no lines of traffic", true)
    (foreignFormat, self.isCompressed) = (format, isCompressed)
  }

  /// The file and what went wrong.
  public var description: String { "\(file): \(message)" }
}
