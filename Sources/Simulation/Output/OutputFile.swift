import Glibc

/// Where the lines go: a file, or standard output. Written in blocks, whatever `write` takes at a time.
struct OutputFile: ~Copyable {
  static let blockBytes = 1 << 20

  private let descriptor: Int32
  private let name: String
  private let ownsDescriptor: Bool

  static var standardOutput: OutputFile { OutputFile(STDOUT_FILENO, "standard output") }
  static var standardError: OutputFile { OutputFile(STDERR_FILENO, "standard error") }

  private init(_ descriptor: Int32, _ name: String) {
    self.descriptor = descriptor
    self.name = name
    ownsDescriptor = false
  }

  /// Creates or empties the file at `path`.
  init(path: String) throws(OutputError) {
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

  /// Without this a reader that goes away ends the process by a signal, and a full disk limit likewise.
  static func ignoreSignals() {
    _ = signal(SIGPIPE, SIG_IGN)
    _ = signal(SIGXFSZ, SIG_IGN)
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}

/// The output could not be written.
struct OutputError: Error, CustomStringConvertible {
  /// The C library's error number.
  let code: Int32
  private let message: String

  fileprivate init(doing what: String, _ name: String, _ code: Int32) {
    self.code = code
    message = "cannot \(what) \(name): \(String(cString: strerror(code)))"
  }

  /// The reader has gone, as `head` does when it has enough: no failure of ours.
  var isBrokenPipe: Bool { code == EPIPE }

  var description: String {
    code == ENOSPC ? message + ". Make room and run again with the same arguments: the traffic will be the same." : message
  }
}
