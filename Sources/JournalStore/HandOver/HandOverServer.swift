internal import Foundation
internal import Glibc
internal import JournalFormat
internal import Synchronization

/// Takes work from other processes for the holder. Only the journal's owner and root get in.
///
/// Whatever they do, the holder goes on: there are at most ``maximumConnectionCount`` of them, who comes when there are as many takes the place of
/// the one that has been idle for longest, what they send takes memory only as it comes, and who is slow is let go.
final class HandOverServer: Sendable {
  static let maximumConnectionCount = 64
  /// What all connections together may have sent and not yet been answered for; one message must fit.
  private static let sharedBytes = HandOver.maximumFrameBytes
  /// How long a client may take to say hello, or to take an answer.
  private static let greetingPatience = Duration.seconds(10)
  /// How long a message may take to come, from its first byte on.
  private static let messagePatience = Duration.seconds(30)
  /// How long entries wait for room in the queue.
  private static let queuePatience = Duration.seconds(10)
  /// How long the end of the holder waits for clients to take their answers, and then for their connections to end.
  private static let endPatience = Duration.seconds(3)
  /// Descriptors that connections leave to the recording, which needs them where a segment ends.
  private static let spareDescriptorCount = 32

  private let listener: Int32
  private let directory: JournalDirectory
  private let queue: WriteQueue
  private let sealer: Sealer
  private let clock: JournalClock.Source
  private let room = SharedRoom(sizeBytes: sharedBytes)
  private let connections = Mutex(Connections())

  private struct Connections {
    enum State {
      /// No message has come whole since.
      case idle(since: ContinuousClock.Instant)
      case busy
      /// It had to go before it asked for anything more.
      case dropped
    }

    var states: [Int32: State] = [:]
    var isStopped = false

    /// Those that may still ask.
    var count: Int {
      states.values.count { if case .dropped = $0 { false } else { true } }
    }

    var longestIdle: Int32? {
      var longest: (descriptor: Int32, since: ContinuousClock.Instant)?
      for (descriptor, state) in states {
        if case .idle(let since) = state, longest.map({ since < $0.since }) ?? true { longest = (descriptor, since) }
      }
      return longest?.descriptor
    }
  }

  /// Listens on the socket in the journal's directory.
  /// - Throws: ``JournalError`` where the socket cannot be made.
  init(_ directory: JournalDirectory, _ queue: WriteQueue, _ sealer: Sealer, _ clock: JournalClock.Source) throws(JournalError) {
    self.directory = directory
    self.queue = queue
    self.sealer = sealer
    self.clock = clock
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw JournalError(errno: errno, "socket", path: directory.socketPath) }
    self.listener = listener
    // The lock is ours, so a socket that is there belongs to a holder that died.
    unlink(directory.socketPath)
    do throws(JournalError) {
      let code = try HandOver.withAddress(directory) { address, size in
        let old = umask(0o177)
        defer { umask(old) }
        return bind(listener, address, size) == 0 && listen(listener, 64) == 0 ? 0 : errno
      }
      guard code == 0 else { throw JournalError(errno: code, "bind", path: directory.socketPath) }
    } catch {
      Glibc.close(listener)
      throw error
    }
    Thread.start("journal-hand-over") { [self] in accept() }
  }

  /// Lets nobody in any more, waits for the answers under way, and closes. A client that does not take its answer is not waited for.
  func stop() {
    let wasStopped = connections.withLock { connections in
      defer { connections.isStopped = true }
      return connections.isStopped
    }
    guard !wasStopped else { return }
    unlink(directory.socketPath)
    shutdown(listener, Int32(SHUT_RDWR))
    // A client that waits for an answer still gets it; its next request finds the end.
    for side in [SHUT_RD, SHUT_RDWR] {
      // Under the lock: who is in there has not closed its descriptor, which might be another's by now.
      connections.withLock { for descriptor in $0.states.keys { shutdown(descriptor, Int32(side)) } }
      let deadline = ContinuousClock.now + Self.endPatience
      while connections.withLock({ !$0.states.isEmpty }) && .now < deadline { usleep(1_000) }
    }
  }

  private var isStopped: Bool { connections.withLock { $0.isStopped } }

  // MARK: Connections

  private func accept() {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if descriptor >= 0 {
        admit(descriptor)
      } else if isStopped {
        break
      } else if errno != EINTR && errno != ECONNABORTED {
        // Out of descriptors or memory, which others may give back.
        usleep(100_000)
      }
    }
    Glibc.close(listener)
  }

  private func admit(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    limitSending(descriptor)
    guard belongs(descriptor) else {
      Glibc.close(descriptor)
      return
    }
    guard makeRoom(for: descriptor) else {
      _ = HandOver.send(JournalError(.handOver, "too many processes hand over at once. Try again.", path: directory.path), to: descriptor)
      Glibc.close(descriptor)
      return
    }
    Thread { [self] in serve(descriptor) }.start()
  }

  /// Takes a connection among those that may ask, in place of the one that has been idle for longest where there are too many; false where it has
  /// to try again.
  private func makeRoom(for descriptor: Int32) -> Bool {
    // A descriptor has the lowest number that is free: a high one says that few are left.
    let isLast = descriptor >= Self.descriptorLimit
    return connections.withLock { connections in
      guard !connections.isStopped else { return false }
      if isLast || connections.count >= Self.maximumConnectionCount {
        guard let longest = connections.longestIdle else { return false }
        connections.states[longest] = .dropped
        shutdown(longest, Int32(SHUT_RDWR))
      }
      // Who was dropped has not closed its own yet.
      guard !isLast else { return false }
      connections.states[descriptor] = .idle(since: .now)
      return true
    }
  }

  private static var descriptorLimit: Int32 {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    let count = Int32(clamping: limit.rlim_cur)
    return count - min(Int32(spareDescriptorCount), count / 2)
  }

  private func limitSending(_ descriptor: Int32) {
    var patience = timeval(tv_sec: Int(Self.greetingPatience.components.seconds), tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  private func belongs(_ descriptor: Int32) -> Bool {
    // `struct ucred` (unix(7)): process, user and group, four bytes each.
    var credentials: [UInt32] = [0, 0, 0]
    var size = socklen_t(12)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return false }
    return credentials[1] == 0 || credentials[1] == geteuid()
  }

  private func serve(_ descriptor: Int32) {
    if greet(descriptor) { while HandOver.waitForInput(descriptor, until: nil), serveOne(descriptor) {} }
    connections.withLock {
      $0.states[descriptor] = nil
      // Under the lock: whoever ends connections must not meet another's descriptor.
      Glibc.close(descriptor)
    }
  }

  /// The first message is a hello.
  private func greet(_ descriptor: Int32) -> Bool {
    guard let (kind, body) = HandOver.receive(from: descriptor, until: .now + Self.greetingPatience) else { return false }
    guard kind == .hello, body == [HandOver.protocolVersion] else {
      _ = HandOver.send(JournalError(.handOver, "the first message is not the hello of this version."), to: descriptor)
      return false
    }
    return HandOver.send(.hello, [HandOver.protocolVersion], to: descriptor)
  }

  /// Takes a message and answers it; false ends the connection. Until all of the message has come, its connection is as good as idle.
  private func serveOne(_ descriptor: Int32) -> Bool {
    let part = SharedRoom.Part(of: room)
    return withExtendedLifetime(part) {
      guard let (kind, body) = HandOver.receive(from: descriptor, until: .now + Self.messagePatience, into: part),
        change(descriptor, to: .busy)
      else { return false }
      return answer(kind, body, descriptor)
    } && change(descriptor, to: .idle(since: .now))
  }

  /// False where it was dropped meanwhile.
  private func change(_ descriptor: Int32, to state: Connections.State) -> Bool {
    connections.withLock {
      if case .dropped? = $0.states[descriptor] { return false }
      $0.states[descriptor] = state
      return true
    }
  }

  // MARK: Messages

  /// Answers a message; false ends the connection.
  private func answer(_ kind: HandOver.Message, _ body: [UInt8], _ descriptor: Int32) -> Bool {
    switch kind {
    case .append:
      let drafts: [EntryDraft]
      do { drafts = try decodeDrafts(body) } catch {
        return HandOver.send(JournalError(.invalidEntry, "the entries could not be read: \(error)."), to: descriptor)
      }
      return send(append(drafts), .append, descriptor)
    case .confirmClock:
      return send(perform(.confirmClock), .confirmClock, descriptor)
    case .seal:
      return send(seal(endingNewest: body == [1]), .seal, descriptor)
    case .access:
      return send(append([.access(String(decoding: body, as: UTF8.self), by: clock)], isOwn: true), .access, descriptor)
    case .hello, .failure:
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

  /// Appends entries once there is room for them in the queue.
  /// - Parameter isOwn: whether the journal states them itself.
  private func append(_ drafts: [EntryDraft], isOwn: Bool = false) -> Result<ClosedRange<JournalPosition>, JournalError> {
    if let mistake = drafts.mistake { return .failure(mistake) }
    if !isOwn, let reason = drafts.lazy.compactMap(\.content.reasonToStateItself).first {
      return .failure(JournalError(.invalidEntry, "\(reason)."))
    }
    let deadline = ContinuousClock.now + Self.queuePatience
    while true {
      let result = perform(.append(drafts))
      guard case .failure(let error) = result, error.code == .queueFull, .now < deadline, !isStopped else { return result }
      usleep(2_000)
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
    case .failure(let error): return HandOver.send(error, to: descriptor)
    }
  }
}
