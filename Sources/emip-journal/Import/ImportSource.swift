import Answers
import Foundation
import Glibc
import JournalFormat
import JournalStore
import Recording

/// A file to import, or standard input.
final class ImportSource {
  let name: String
  /// What it is, where it has no lines of traffic: known beforehand of a file, and of what comes by a pipe when its turn comes.
  private(set) var foreignFormat: ForeignFormat?
  /// Whether that was found in a Zstandard file.
  private(set) var isCompressed = false
  private let path: String
  /// Negative where it is opened when its turn comes.
  private var descriptor: Int32 = -1
  /// Nil where it has no end that is known, as a pipe.
  private let sizeBytes: Int?
  private var lines: LineReader?

  /// - Throws: ``CommandFailure`` where it cannot be opened.
  init(_ path: String) throws {
    self.path = path
    name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? dup(0) : Glibc.open(path, O_RDONLY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw CommandFailure(.usage, "\(path): it is a directory.")
    }
    let isFile = status.st_mode & S_IFMT == S_IFREG
    sizeBytes = isFile ? Int(status.st_size) : nil
    guard isFile, path != "-" else {
      self.descriptor = descriptor
      return
    }
    // Of many files only one is open at a time.
    defer { close(descriptor) }
    do throws(LineReaderError) { try LineReader.recognize(descriptor, name: name) } catch {
      (foreignFormat, isCompressed) = (error.foreignFormat, error.isCompressed)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Its lines, from the first.
  /// - Throws: ``CommandFailure`` where it cannot be opened any more.
  func open() throws -> LineReader {
    if descriptor < 0 { descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw Self.failure(path) }
    let lines = LineReader(descriptor: descriptor, name: name)
    self.lines = lines
    return lines
  }

  private static func failure(_ path: String) -> CommandFailure {
    CommandFailure(errno == ENOENT ? .usage : .inputOutput, "\(path): \(String(cString: strerror(errno))).")
  }

  /// Where its rejected lines go, unless the caller says otherwise.
  var rejectsName: String {
    let last = name == "standard input" ? "stdin" : URL(fileURLWithPath: name).lastPathComponent
    return "\(last).rejects.ndjson"
  }

  func progressText(_ report: TrafficImporter.Report, since start: ContinuousClock.Instant) -> String {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var text = "importing \(name)  \(Figure.count(UInt64(report.lines), "line", "lines"))"
    guard seconds > 0.2 else { return text }
    text += "  \(Figure.count(UInt64(Double(report.lines) / seconds)))/s"
    if let sizeBytes, sizeBytes > 0, let bytesRead = lines?.bytesRead, bytesRead > 0 {
      let share = min(1, Double(bytesRead) / Double(sizeBytes))
      text += "  \(Int(share * 100)) %  \(Self.duration(seconds * (1 - share) / share)) left"
    }
    return text
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }
}

/// The file of lines that were not taken. Made with the first of them; only its owner can read it, for lines hold personal values.
final class RejectFile {
  let path: String
  /// The first line that was rejected, with its reason.
  private(set) var first: String?
  private let source: String
  private var descriptor: Int32 = -1
  private var output: ByteOutput?

  private struct Row: Encodable {
    let file: String
    let line: Int
    let reason: String
    let text: String
  }

  init(_ path: String, source: String) {
    self.path = path
    self.source = source
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  var isUsed: Bool { output != nil }

  func write(_ rejection: TrafficImporter.Rejection) throws {
    if rejection.act == nil { first = first ?? "line \(rejection.lineNumber): \(rejection.reason)" }
    if output == nil {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
      guard descriptor >= 0 else {
        throw CommandFailure(
          .inputOutput, "\(path): rejected lines cannot be kept there: \(String(cString: strerror(errno))). Use --rejects.")
      }
      output = ByteOutput(descriptor: descriptor, name: path)
    }
    let row = Row(
      file: source, line: rejection.lineNumber, reason: rejection.reason, text: String(decoding: rejection.line, as: UTF8.self))
    try output?.write(try JSONOutput.bytes(row, isPretty: false))
    try output?.writeLine("")
  }

  func complete() throws { try output?.flush() }
}

extension JournalDirectory {
  /// A way to append, whoever holds the journal. A holder that is on its way out neither answers nor has let go: that is waited for.
  func openAppenderPatiently(
    purpose: String, onSealingFailure: @escaping @Sendable (JournalError) -> Void
  ) throws(JournalError) -> any JournalAppender {
    var attempts = 0
    while true {
      do throws(JournalError) {
        return try openAppender(purpose: purpose, onSealingFailure: onSealingFailure)
      } catch {
        guard error.code == .handOver, attempts < 100 else { throw error }
        attempts += 1
        usleep(100_000)
      }
    }
  }
}
