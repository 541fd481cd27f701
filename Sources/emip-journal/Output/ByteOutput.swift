import Foundation
import Glibc
import JournalFormat

/// Nobody reads standard output any more.
struct OutputClosed: Error {}

/// Writes bytes to a descriptor, 64 KiB at a time.
final class ByteOutput {
  private static let bufferBytes = 65_536
  private static let patience = Duration.milliseconds(200)

  private let descriptor: Int32
  private let name: String
  private var buffer: [UInt8] = []
  private var lastFlush = ContinuousClock.now
  let isTerminal: Bool

  /// - Parameter name: what messages call it.
  init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    isTerminal = isatty(descriptor) == 1
    buffer.reserveCapacity(Self.bufferBytes)
  }

  /// How many columns the terminal has; nil for what is none, or does not say (ioctl_tty(2)).
  var terminalWidth: Int? {
    var size = winsize()
    guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  static func standard() -> ByteOutput { ByteOutput(descriptor: STDOUT_FILENO, name: "standard output") }

  func write(_ text: String) throws { try write(Array(text.utf8)) }

  func write(_ bytes: some Collection<UInt8>) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.bufferBytes { try flush() }
  }

  /// Writes something that a reader may be waiting for: what has lain here for a while goes out.
  func writeLine(_ line: String) throws {
    try write(line)
    try write([UInt8(ascii: "\n")])
    if isTerminal || ContinuousClock.now - lastFlush > Self.patience { try flush() }
  }

  /// - Throws: ``OutputClosed`` where nobody reads any more, ``CommandFailure`` where it cannot be written.
  func flush() throws {
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count >= 0 {
        written += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: waitUntilWritable()
      case EPIPE: throw OutputClosed()
      case let code: throw CommandFailure(.inputOutput, "writing \(name): \(String(cString: strerror(code))).")
      }
    }
    buffer.removeAll(keepingCapacity: true)
    lastFlush = .now
  }

  private func waitUntilWritable() {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&entry, 1, -1)
  }
}

/// What is said beside the output.
enum StandardError {
  static let isTerminal = isatty(STDERR_FILENO) == 1

  static func write(_ text: String) {
    let output = ByteOutput(descriptor: STDERR_FILENO, name: "standard error")
    // There is nowhere left to complain.
    try? output.write(text)
    try? output.flush()
  }

  /// A remark with the program's name.
  static func note(_ text: String) { write("emip-journal: \(SafeText.line(text))\n") }
}
