internal import Foundation
internal import Glibc
internal import JournalFormat
internal import Synchronization

/// The messages of the hand-over socket (`Schemas/journal-format.md`, "Hand-over"): a four-byte little-endian length, then a byte that says
/// what it is, then its body.
enum HandOver {
  static let protocolVersion: UInt8 = 2
  static let maximumFrameBytes = 512 << 20

  enum Message: UInt8 {
    /// Client: protocol version. Server: the same.
    case hello = 1
    /// Client: a count of drafts, then the drafts. Server: first and last position, eight bytes each.
    case append = 2
    /// Client: nothing. Server: as for `append`.
    case confirmClock = 3
    /// Client: 1 to end the newest segment first, else 0. Server: two zeros, once all that has ended is sealed.
    case seal = 4
    /// Server: code and message of a ``JournalError``.
    case failure = 0x7f
  }

  static func send(_ kind: Message, _ body: [UInt8], to descriptor: Int32) -> Bool {
    var frame: [UInt8] = []
    frame.reserveCapacity(body.count + 5)
    frame.appendLittleEndian(UInt32(body.count + 1))
    frame.append(kind.rawValue)
    frame += body
    var sent = 0
    while sent < frame.count {
      let count = frame.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL)) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// The next frame; nil where the other side went away or does not speak this protocol.
  static func receive(from descriptor: Int32) -> (Message, [UInt8])? {
    guard let head = receive(4, from: descriptor) else { return nil }
    let length = Int(UInt32(littleEndian: head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
    guard length >= 1, length <= maximumFrameBytes, var body = receive(length, from: descriptor), let kind = Message(rawValue: body[0])
    else { return nil }
    body.removeFirst()
    return (kind, body)
  }

  private static func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let result = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + filled, count - filled, 0) }
      if result < 0 && errno == EINTR { continue }
      guard result > 0 else { return nil }
      filled += result
    }
    return bytes
  }

  /// Opens a stream socket and its address. Paths longer than the address takes are reached through the directory's descriptor.
  /// - Throws: ``JournalError`` where the directory cannot be opened.
  static func withAddress<Result>(
    _ directory: JournalDirectory, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) throws(JournalError) -> Result {
    let folder = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw JournalError(errno: errno, "open", path: directory.path) }
    defer { close(folder) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = "/proc/self/fd/\(folder)/socket"
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}

/// Takes work from other processes for the holder. Only the journal's owner and root get in.
final class HandOverServer: Sendable {
  private let listener: Int32
  private let directory: JournalDirectory
  private let queue: WriteQueue
  private let sealer: Sealer
  private let connections = Mutex<Connections>(Connections())

  private struct Connections {
    var descriptors: Set<Int32> = []
    var isStopped = false
  }

  /// Listens on the socket in the journal's directory.
  /// - Throws: ``JournalError`` where the socket cannot be made.
  init(_ directory: JournalDirectory, _ queue: WriteQueue, _ sealer: Sealer) throws(JournalError) {
    self.directory = directory
    self.queue = queue
    self.sealer = sealer
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw JournalError(errno: errno, "socket", path: directory.socketPath) }
    self.listener = listener
    // The lock is ours, so a socket that is there belongs to a holder that died.
    unlink(directory.socketPath)
    let old = umask(0o177)
    let bound = try HandOver.withAddress(directory) { bind(listener, $0, $1) }
    umask(old)
    guard bound == 0, listen(listener, 64) == 0 else {
      let code = errno
      Glibc.close(listener)
      throw JournalError(errno: code, "bind", path: directory.socketPath)
    }
    Thread.start("journal-hand-over") { [self] in accept() }
  }

  /// Lets nobody in any more, waits for the answers under way, and closes.
  func stop() {
    let descriptors: Set<Int32> = connections.withLock {
      guard !$0.isStopped else { return [] }
      $0.isStopped = true
      unlink(directory.socketPath)
      shutdown(listener, Int32(SHUT_RDWR))
      return $0.descriptors
    }
    // A client that waits for an answer still gets it; its next request finds the end.
    for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RD)) }
    while connections.withLock({ !$0.descriptors.isEmpty }) { usleep(1_000) }
  }

  private func accept() {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if descriptor < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
      if descriptor < 0 && (errno == EMFILE || errno == ENFILE) {
        usleep(100_000)
        continue
      }
      guard descriptor >= 0 else { break }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      let isWelcome = belongs(descriptor) && connections.withLock { $0.isStopped ? false : $0.descriptors.insert(descriptor).inserted }
      guard isWelcome else {
        Glibc.close(descriptor)
        continue
      }
      Thread { [self] in serve(descriptor) }.start()
    }
    Glibc.close(listener)
  }

  private func belongs(_ descriptor: Int32) -> Bool {
    // `struct ucred` (unix(7)): process, user and group, four bytes each.
    var credentials: [UInt32] = [0, 0, 0]
    var size = socklen_t(12)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return false }
    return credentials[1] == 0 || credentials[1] == geteuid()
  }

  private func serve(_ descriptor: Int32) {
    while let (kind, body) = HandOver.receive(from: descriptor), answer(kind, body, descriptor) {}
    connections.withLock { _ = $0.descriptors.remove(descriptor) }
    Glibc.close(descriptor)
  }

  /// Answers a message; false ends the connection.
  private func answer(_ kind: HandOver.Message, _ body: [UInt8], _ descriptor: Int32) -> Bool {
    switch kind {
    case .hello:
      guard body == [HandOver.protocolVersion] else { return false }
      return HandOver.send(.hello, [HandOver.protocolVersion], to: descriptor)
    case .append:
      let drafts: [EntryDraft]
      do { drafts = try decodeDrafts(body) } catch {
        return send(JournalError(.invalidEntry, "the entries could not be read: \(error)."), descriptor)
      }
      if let mistake = drafts.mistake { return send(mistake, descriptor) }
      return send(perform(.append(drafts)), .append, descriptor)
    case .confirmClock:
      return send(perform(.confirmClock), .confirmClock, descriptor)
    case .seal:
      return send(seal(endingNewest: body == [1]), .seal, descriptor)
    case .failure:
      return false
    }
  }

  private func seal(endingNewest: Bool) -> Result<ClosedRange<JournalPosition>, JournalError> {
    if endingNewest, case .failure(let error) = perform(.endSegment) { return .failure(error) }
    return waiting { completion in
      sealer.whenDone { completion($0.map { JournalPosition(0)...JournalPosition(0) }) }
    }
  }

  private func decodeDrafts(_ body: [UInt8]) throws -> [EntryDraft] {
    try body.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var drafts: [EntryDraft] = []
      for _ in 0..<(try reader.count(atMost: WriteQueue.maximumEntryCount)) { drafts.append(try EntryDraft(from: &reader)) }
      guard reader.isAtEnd, !drafts.isEmpty else { throw FormatError("the frame does not end with its last entry") }
      return drafts
    }
  }

  private func perform(_ work: WriteQueue.Work) -> Result<ClosedRange<JournalPosition>, JournalError> {
    waiting { queue.add(.init(work: work, completion: $0)) }
  }

  /// Starts something and waits until it calls back.
  private func waiting(
    _ start: (@escaping @Sendable (Result<ClosedRange<JournalPosition>, JournalError>) -> Void) -> Void
  ) -> Result<ClosedRange<JournalPosition>, JournalError> {
    let done = DispatchSemaphore(value: 0)
    let box = Mutex<Result<ClosedRange<JournalPosition>, JournalError>?>(nil)
    start { result in
      box.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return box.withLock { $0! }
  }

  private func send(
    _ result: Result<ClosedRange<JournalPosition>, JournalError>, _ kind: HandOver.Message, _ descriptor: Int32
  ) -> Bool {
    switch result {
    case .success(let positions):
      var body: [UInt8] = []
      body.appendLittleEndian(positions.lowerBound.rawValue)
      body.appendLittleEndian(positions.upperBound.rawValue)
      return HandOver.send(kind, body, to: descriptor)
    case .failure(let error): return send(error, descriptor)
    }
  }

  private func send(_ error: JournalError, _ descriptor: Int32) -> Bool {
    var body: [UInt8] = []
    body.appendCounted(error.code.rawValue.utf8)
    body.appendCounted(error.description.utf8)
    return HandOver.send(.failure, body, to: descriptor)
  }
}
