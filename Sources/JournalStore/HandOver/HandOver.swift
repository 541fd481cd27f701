internal import Glibc
internal import JournalFormat

/// The messages of the hand-over socket (`Schemas/journal-format.md`, "Hand-over"): a four-byte little-endian length, then a byte that says
/// what it is, then its body.
enum HandOver {
  static let protocolVersion: UInt8 = 3
  /// A white list of half a million users, which is handed over in one call.
  static let maximumFrameBytes = 128 << 20
  /// What one call of recv(2) asks for at most: memory grows with what has come, not with what a length claims.
  private static let chunkBytes = 256 << 10
  /// So much of a frame needs no room that connections share.
  private static let ownBytes = 64 << 10

  enum Message: UInt8 {
    /// Client: protocol version. Server: the same.
    case hello = 1
    /// Client: a count of drafts, then the drafts. Server: first and last position, eight bytes each.
    case append = 2
    /// Client: nothing. Server: as for `append`.
    case confirmClock = 3
    /// Client: 1 to end the newest segment first, else 0. Server: two zeros, once all that has ended is sealed.
    case seal = 4
    /// Client: the reason of an access to personal values. Server: as for `append`.
    case access = 5
    /// Server: code and message of a ``JournalError``.
    case failure = 0x7f
  }

  /// Sends a frame; false where the other side does not take it.
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

  /// Sends why something was not done; false where the other side does not take it.
  static func send(_ error: JournalError, to descriptor: Int32) -> Bool {
    var body: [UInt8] = []
    body.appendCounted(error.code.rawValue.utf8)
    body.appendCounted(error.description.utf8)
    return send(.failure, body, to: descriptor)
  }

  /// The next frame; nil where the other side went away, took too long or does not speak this protocol.
  /// - Parameters:
  ///   - deadline: when all of it must be there; nil where there is no hurry.
  ///   - room: what a longer frame takes of what all share, as it comes.
  static func receive(
    from descriptor: Int32, until deadline: ContinuousClock.Instant? = nil, into room: SharedRoom.Part? = nil
  ) -> (Message, [UInt8])? {
    guard let head = receive(4, from: descriptor, deadline, nil) else { return nil }
    let length = Int(UInt32(littleEndian: head.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }))
    guard length >= 1, length <= maximumFrameBytes, var body = receive(length, from: descriptor, deadline, room),
      let kind = Message(rawValue: body[0])
    else { return nil }
    body.removeFirst()
    return (kind, body)
  }

  /// Waits until something can be read, be it the end; false where nothing came in time.
  static func waitForInput(_ descriptor: Int32, until deadline: ContinuousClock.Instant?) -> Bool {
    while true {
      let milliseconds = deadline.map { Int32(clamping: Int(((.now - $0) / .milliseconds(-1)).rounded(.up))) }
      var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = poll(&waited, 1, milliseconds.map { max(0, $0) } ?? -1)
      if count < 0 && errno == EINTR { continue }
      return count > 0
    }
  }

  private static func receive(
    _ count: Int, from descriptor: Int32, _ deadline: ContinuousClock.Instant?, _ room: SharedRoom.Part?
  ) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if deadline != nil, !waitForInput(descriptor, until: deadline) { return nil }
      let (start, size) = (bytes.count, min(chunkBytes, count - bytes.count))
      if let room, start + size > ownBytes, !room.grow(to: start + size, until: deadline) { return nil }
      bytes.append(contentsOf: repeatElement(0, count: size))
      let result = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + start, size, 0) }
      if result < 0 && errno == EINTR {
        bytes.removeLast(size)
        continue
      }
      guard result > 0 else { return nil }
      bytes.removeLast(size - result)
    }
    return bytes
  }

  /// Gives the address of the socket. A path longer than the address takes is reached through the directory's descriptor, which needs /proc.
  /// - Throws: ``JournalError`` where the directory cannot be opened, or its path is too long and there is no /proc.
  static func withAddress<Result>(
    _ directory: JournalDirectory, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) throws(JournalError) -> Result {
    let folder = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw JournalError(errno: errno, "open", path: directory.path) }
    defer { close(folder) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // A null behind it, as unix(7) wants it.
    let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
    var path = directory.socketPath
    if path.utf8.count > capacity {
      let alias = "/proc/self/fd/\(folder)"
      guard access(alias, F_OK) == 0 else {
        throw JournalError(
          .inputOutput,
          "a socket's path has at most \(capacity) bytes, and there is no /proc here to reach it by a shorter one. Mount it "
            + "(mount -t proc proc /proc), or name the journal by a shorter path.", path: path)
      }
      path = alias + "/socket"
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
