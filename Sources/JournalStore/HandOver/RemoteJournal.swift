internal import Foundation
internal import Glibc
public import JournalFormat
internal import Synchronization

/// A journal that another process holds: work goes to it over the socket in the journal's directory.
public final class RemoteJournal: JournalAppender {
  private let descriptor: Int32
  private let worker = DispatchQueue(label: "journal-remote")
  /// How long the holder may take to let this process in.
  private static let greetingPatience = Duration.seconds(10)

  /// - Throws: ``JournalError`` `handover.failed` where nobody listens.
  public init(_ directory: JournalDirectory) throws(JournalError) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "socket", path: directory.socketPath) }
    self.descriptor = descriptor
    let silence = JournalError(.handOver, "the holder of the journal does not answer on its socket.", path: directory.socketPath)
    guard try HandOver.withAddress(directory, { connect(descriptor, $0, $1) }) == 0 else { throw silence }
    // Who is not let in finds the reason there, whether its hello was still taken or not.
    _ = HandOver.send(.hello, [HandOver.protocolVersion], to: descriptor)
    guard let (kind, version) = HandOver.receive(from: descriptor, until: .now + Self.greetingPatience) else { throw silence }
    if kind == .failure { throw Self.error(version) }
    guard kind == .hello, version == [HandOver.protocolVersion] else { throw silence }
  }

  deinit { Glibc.close(descriptor) }

  /// Sends entries to the holder, one call after the other; never blocks.
  public func submit(
    _ drafts: [EntryDraft], completion: @escaping @Sendable (Result<ClosedRange<JournalPosition>, JournalError>) -> Void
  ) {
    if let mistake = drafts.mistake { return completion(.failure(mistake)) }
    var body: [UInt8] = []
    body.appendVarint(drafts.count)
    for draft in drafts { draft.encode(to: &body) }
    guard body.count < HandOver.maximumFrameBytes else {
      return completion(
        .failure(
          JournalError(
            .invalidEntry, "one call hands over less than \(HandOver.maximumFrameBytes) bytes, and its entries have \(body.count).")))
    }
    worker.async { [self, body] in completion(exchange(.append, body)) }
  }

  /// Tells the holder to believe the system clock.
  /// - Throws: ``JournalError`` `handover.failed` where the holder went away, or what it answered.
  public func confirmClock() async throws(JournalError) {
    let result = await withCheckedContinuation { continuation in
      worker.async { [self] in continuation.resume(returning: exchange(.confirmClock, [])) }
    }
    _ = try result.get()
  }

  /// Tells the holder to record that somebody is about to see personal values.
  /// - Throws: ``JournalError`` `handover.failed` where the holder went away, or what it answered.
  public func recordAccess(_ reason: String) async throws(JournalError) {
    let result = await withCheckedContinuation { continuation in
      worker.async { [self] in continuation.resume(returning: exchange(.access, Array(reason.utf8))) }
    }
    _ = try result.get()
  }

  /// Asks the holder to seal, and waits until it has.
  /// - Throws: ``JournalError`` `handover.failed` where the holder went away, or what it answered.
  public func seal(endingNewest: Bool) async throws(JournalError) {
    let result = await withCheckedContinuation { continuation in
      worker.async { [self] in continuation.resume(returning: exchange(.seal, [endingNewest ? 1 : 0])) }
    }
    _ = try result.get()
  }

  func exchange(_ kind: HandOver.Message, _ body: [UInt8]) -> Result<ClosedRange<JournalPosition>, JournalError> {
    guard HandOver.send(kind, body, to: descriptor), let (answer, content) = HandOver.receive(from: descriptor) else {
      return .failure(JournalError(.handOver, "the holder of the journal went away before it answered."))
    }
    do {
      return try content.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        guard answer == kind else { return .failure(Self.error(content)) }
        let first = JournalPosition(try reader.littleEndian(UInt64.self))
        return .success(first...max(first, JournalPosition(try reader.littleEndian(UInt64.self))))
      }
    } catch {
      return .failure(JournalError(.handOver, "the holder's answer could not be read: \(error)."))
    }
  }

  /// What the holder says went wrong.
  private static func error(_ body: [UInt8]) -> JournalError {
    body.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      guard let name = try? reader.string(), let message = try? reader.string() else {
        return JournalError(.handOver, "the holder's answer could not be read.")
      }
      let code = JournalError.Code(rawValue: name)
      // The holder may be of another version.
      return JournalError(JournalError.Code.ofJournal.contains(code) ? code : .handOver, message)
    }
  }
}
