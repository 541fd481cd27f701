internal import Foundation
internal import Glibc
public import JournalFormat
internal import Synchronization

/// A journal that another process holds: work goes to it over the socket in the journal's directory.
public final class RemoteJournal: JournalAppender {
  private let descriptor: Int32
  private let worker = DispatchQueue(label: "journal-remote")

  /// - Throws: ``JournalError`` `handover.failed` where nobody listens.
  public init(_ directory: JournalDirectory) throws(JournalError) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw JournalError(errno: errno, "socket", path: directory.socketPath) }
    self.descriptor = descriptor
    guard try HandOver.withAddress(directory, { connect(descriptor, $0, $1) }) == 0,
      HandOver.send(.hello, [HandOver.protocolVersion], to: descriptor),
      let (kind, version) = HandOver.receive(from: descriptor), kind == .hello, version == [HandOver.protocolVersion]
    else {
      throw JournalError(.handOver, "the holder of the journal does not answer on its socket.", path: directory.socketPath)
    }
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
    worker.async { [self, body] in completion(exchange(.append, body)) }
  }

  /// Tells the holder to believe a system clock that had leapt ahead.
  /// - Throws: ``JournalError`` `handover.failed` where the holder went away, or what it answered.
  public func confirmClock() async throws(JournalError) {
    let result = await withCheckedContinuation { continuation in
      worker.async { [self] in continuation.resume(returning: exchange(.confirmClock, [])) }
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
        guard answer == kind else {
          let code = JournalError.Code(rawValue: try reader.string())
          // The holder may be of another version.
          return .failure(JournalError(JournalError.Code.ofJournal.contains(code) ? code : .handOver, try reader.string()))
        }
        let first = JournalPosition(try reader.littleEndian(UInt64.self))
        return .success(first...max(first, JournalPosition(try reader.littleEndian(UInt64.self))))
      }
    } catch {
      return .failure(JournalError(.handOver, "the holder's answer could not be read: \(error)."))
    }
  }
}
