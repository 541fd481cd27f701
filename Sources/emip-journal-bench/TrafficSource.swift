import EMIP
import Glibc
import JournalFormat
import JournalStore
import Recording

/// A traffic file's exchanges as entries ready for the journal: read and parsed before the clock runs.
struct TrafficSource {
  private let lines: LineReader
  private let recorder = Recorder()

  /// - Parameter path: or - for standard input. The file stays open until the process ends.
  init(_ path: String) throws {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BenchError("\(path): \(String(cString: strerror(errno)))") }
    lines = LineReader(descriptor: descriptor, name: path)
  }

  /// The next exchanges, each a request and its answer, in groups; empty at the end.
  func groups(exchangeCount: Int, groupSize: Int) throws -> [[EntryDraft]] {
    var groups: [[EntryDraft]] = []
    var taken = 0
    while taken < exchangeCount, let drafts = try next() {
      if taken % groupSize == 0 { groups.append([]) }
      groups[groups.count - 1] += drafts
      taken += 1
    }
    return groups
  }

  private func next() throws -> [EntryDraft]? {
    guard let line = try lines.next({ line, _ in try TrafficLine(line) }) else { return nil }
    let peer = Peer(address: line.peer, certificateCommonName: line.clientCommonName)
    let request = recorder.request(
      ObservedMessage(line.request, observedAt: line.observedAt, direction: line.direction, peer: peer, operation: line.operation))
    let answeredAt = line.observedAt.adding(milliseconds: Int64(line.latencyMilliseconds ?? 0))
    let answer: EntryContent
    if line.isAnswerLost {
      answer = recorder.failure("No answer came.", at: answeredAt, latencyMilliseconds: line.latencyMilliseconds, to: request)
    } else {
      let http = HTTPFacts(status: line.httpStatus.map { UInt16(clamping: $0) })
      answer = recorder.response(
        ObservedMessage(
          line.response, observedAt: answeredAt, direction: line.direction, peer: peer, http: http, operation: line.operation),
        to: request)
    }
    return [
      EntryDraft(request, recordedAt: request.observedAt), EntryDraft(answer, request: .behind(1), recordedAt: answer.observedAt),
    ]
  }
}
