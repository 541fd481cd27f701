import Glibc

/// Where the lines go: a file, or standard output. Written in blocks, whatever `write` takes at a time.
public struct OutputFile: ~Copyable {
  static let blockBytes = 1 << 20

  private let descriptor: Int32
  private let name: String
  private let ownsDescriptor: Bool

  /// The process's standard output, which stays open.
  public static var standardOutput: OutputFile { OutputFile(STDOUT_FILENO, "standard output") }
  /// The process's standard error, which stays open.
  public static var standardError: OutputFile { OutputFile(STDERR_FILENO, "standard error") }

  private init(_ descriptor: Int32, _ name: String) {
    self.descriptor = descriptor
    self.name = name
    ownsDescriptor = false
  }

  /// Creates or empties the file at `path`.
  ///
  /// - Throws: ``OutputError`` where that cannot be done.
  public init(path: String) throws(OutputError) {
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    name = path
    ownsDescriptor = true
    guard descriptor >= 0 else { throw OutputError(doing: "create", path, errno) }
  }

  deinit { if ownsDescriptor { _ = close(descriptor) } }

  /// Writes all of `buffer` and empties it.
  ///
  /// - Throws: ``OutputError``; nothing says how much arrived.
  func write(_ buffer: inout ByteBuffer) throws(OutputError) {
    var rest = buffer.bytes[...]
    while !rest.isEmpty {
      let written = systemWrite(descriptor, UnsafeBufferPointer(rebasing: rest))
      if written < 0 {
        guard errno == EINTR else { throw OutputError(doing: "write to", name, errno) }
      } else {
        rest = rest.dropFirst(written)
      }
    }
    buffer.removeAll()
  }

  /// Writes a text.
  ///
  /// - Throws: ``OutputError``; nothing says how much arrived.
  public func write(_ text: String) throws(OutputError) {
    var buffer = ByteBuffer()
    for byte in text.utf8 { buffer.append(byte) }
    try write(&buffer)
  }

  /// Makes failed writes errors of their call. Without this a reader that goes away ends the process by a signal, and a full disk limit likewise.
  public static func ignoreSignals() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}

/// An output that could not be written.
public struct OutputError: Error, CustomStringConvertible {
  /// The C library's error number.
  public let code: Int32
  private let message: String

  fileprivate init(doing what: String, _ name: String, _ code: Int32) {
    self.code = code
    message = "cannot \(what) \(name): \(String(cString: strerror(code)))"
  }

  /// The reader has gone, as `head` does when it has enough: no failure of ours.
  public var isBrokenPipe: Bool { code == EPIPE }

  /// What could not be done to which file, why, and what to do about a full disk.
  public var description: String {
    code == ENOSPC ? message + ". Make room and run again with the same arguments: the traffic will be the same." : message
  }
}
