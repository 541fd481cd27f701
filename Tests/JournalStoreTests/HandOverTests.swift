import Foundation
import Glibc
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// The socket of a journal's holder, and clients that do not do as they should.
@Suite struct HandOverTests {
  let temporary = TemporaryDirectory()

  /// A connection that does what the test wants.
  private final class Client: Sendable {
    let descriptor: Int32

    init(_ directory: JournalDirectory) throws {
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      let result = try HandOver.withAddress(directory) { connect(descriptor, $0, $1) }
      try #require(result == 0, "connect: \(errno)")
    }

    deinit { close(descriptor) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool { Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count }

    @discardableResult
    func hello() -> Bool {
      HandOver.send(.hello, [HandOver.protocolVersion], to: descriptor)
        && HandOver.receive(from: descriptor, until: .now + .seconds(20))?.0 == .hello
    }

    /// What the holder answers; nil where it ends the connection.
    func answer(_ kind: HandOver.Message, _ body: [UInt8] = []) -> HandOver.Message? {
      guard HandOver.send(kind, body, to: descriptor) else { return nil }
      return HandOver.receive(from: descriptor, until: .now + .seconds(20))?.0
    }

    /// Whether the holder has closed the connection, and nothing that it sent is left.
    var isEnded: Bool {
      var byte: UInt8 = 0
      return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) == 0
    }

    static func body(_ drafts: [EntryDraft]) -> [UInt8] {
      var body: [UInt8] = []
      body.appendVarint(drafts.count)
      for draft in drafts { draft.encode(to: &body) }
      return body
    }
  }

  @Test func `nothing is taken before a hello of this version`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let body = Client.body([draft(id: "A")])
    #expect(try Client(directory).answer(.append, body) == .failure)
    #expect(try Client(directory).answer(.confirmClock) == .failure)
    #expect(try Client(directory).answer(.hello, [HandOver.protocolVersion - 1]) == .failure)
    #expect(try JournalReader(directory).lastPosition() == nil)
    let client = try Client(directory)
    #expect(client.hello() && client.answer(.append, body) == .append)
    journal.close()
  }

  @Test func `acts of the journal's own life, and what its gateway says, do not come by the socket`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let remote = try RemoteJournal(directory)
    func entry(_ kind: EntryKind, _ author: Author, payload: String = "") -> EntryDraft {
      EntryDraft(
        EntryContent(
          observedAt: Timestamp("2025-03-01T00:00:00Z")!, context: EntryContext(kind: kind, author: author), payload: Array(payload.utf8)))
    }
    for kind in EntryKind.allCases where !kind.isMessage && kind != .note {
      for author in Author.allCases {
        // One in a call spoils the call.
        let error = await #expect(throws: JournalError.self, "\(kind)") { try await remote.append([draft(id: "A"), entry(kind, author)]) }
        #expect(error?.code == .invalidEntry && error?.message.contains("«\(kind)»") == true)
      }
    }
    for kind in [EntryKind.request, .response, .refusal] {
      await #expect(throws: JournalError.self, "\(kind)") { try await remote.append(entry(kind, .gateway, payload: "x")) }
      _ = try await remote.append(entry(kind, .peer, payload: "x"))
    }
    await #expect(throws: JournalError.self) { try await remote.append(entry(.failure, .gateway, payload: "x")) }
    _ = try await remote.append([entry(.failure, .gateway), entry(.note, .gateway)])
    // That somebody looks at personal values is stated by the holder.
    try await remote.recordAccess("who looks, and why")
    let entries = try JournalReader(directory).allEntries()
    #expect(entries.map(\.kind) == [.request, .response, .refusal, .failure, .note, .access])
    #expect(entries.last?.content.context.reason == "who looks, and why" && entries.last?.content.context.author == .gateway)
    journal.close()
  }

  @Test func `more connections than may be take the place of those that are idle`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var idle: [Client] = []
    for number in 0..<300 {
      let client = try Client(directory)
      if number % 2 == 0 { client.hello() }
      idle.append(client)
    }
    _ = try await journal.append(draft(id: "own"))
    #expect(try await RemoteJournal(directory).append(draft(id: "handed over")) == JournalPosition(2))
    try await waitUntil("connections that were dropped are closed") {
      idle.count { !$0.isEnded } <= HandOverServer.maximumConnectionCount
    }
    // The last that said hello.
    #expect(idle[298].answer(.confirmClock) == .confirmClock)
    journal.close()
  }

  @Test func `a length that is claimed takes no memory, and one that is too long ends the connection`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    var clients: [Client] = []
    // So many that some have to go before their message has come.
    for _ in 0..<80 {
      let client = try Client(directory)
      client.hello()
      var head: [UInt8] = []
      head.appendLittleEndian(UInt32(HandOver.maximumFrameBytes))
      client.send(head + [HandOver.Message.append.rawValue])
      clients.append(client)
    }
    // All of them together have claimed eighty times what connections share, and there is room.
    #expect(try await RemoteJournal(directory).append(draft(id: "A")) == .first)
    let client = try Client(directory)
    client.hello()
    var head: [UInt8] = []
    head.appendLittleEndian(UInt32(HandOver.maximumFrameBytes + 1))
    client.send(head + [HandOver.Message.append.rawValue])
    #expect(HandOver.receive(from: client.descriptor, until: .now + .seconds(20)) == nil)
    journal.close()
  }

  @Test func `a client that does not read its answers does not keep the holder from ending`() throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    let client = try Client(directory)
    client.hello()
    let ended = DispatchSemaphore(value: 0)
    Thread {
      // Until the holder can answer no more, and reads no more either.
      while HandOver.send(.confirmClock, [], to: client.descriptor) {}
      ended.signal()
    }.start()
    letPass(microseconds: 1_500_000)
    let start = ContinuousClock.now
    journal.close()
    #expect(ContinuousClock.now - start < .seconds(10))
    ended.wait()
  }

  @Test func `what many hand over at once waits for room instead of failing`() async throws {
    let directory = try temporary.journal()
    let journal = try Journal(directory, purpose: "test")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for client in 0..<8 {
        group.addTask {
          let remote = try RemoteJournal(directory)
          for round in 0..<3 { _ = try await remote.append((0..<2_000).map { draft(id: "\(client)-\(round)-\($0)") }) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try JournalReader(directory).lastPosition() == JournalPosition(48_000))
    journal.close()
  }
}

@Suite struct SharedRoomTests {
  @Test func `room that is taken is waited for, and comes back with its holder`() {
    let room = SharedRoom(sizeBytes: 100)
    var first: SharedRoom.Part? = SharedRoom.Part(of: room)
    let second = SharedRoom.Part(of: room)
    #expect(first!.grow(to: 60, until: .now) && first!.grow(to: 50, until: .now) && second.grow(to: 40, until: .now))
    #expect(!second.grow(to: 41, until: .now + .milliseconds(10)))
    first = nil
    #expect(second.grow(to: 100, until: .now))
  }
}
