internal import JournalFormat

extension TrafficLine {
  /// The line's request as a message. A traffic file is the platform's leg.
  var requestMessage: ObservedMessage {
    ObservedMessage(
      request, observedAt: observedAt, direction: direction,
      peer: Peer(address: peer, certificateCommonName: clientCommonName), operation: operation)
  }

  /// When the answer came, or was given up.
  var answeredAt: Timestamp { observedAt.adding(milliseconds: Int64(latencyMilliseconds ?? 0)) }
}

extension Recorder {
  /// The entry of a line's answer: its response, or the failure that stands for it.
  func answer(_ line: TrafficLine, to request: EntryContent) -> EntryContent {
    let http = HTTPFacts(status: line.httpStatus.map { UInt16(clamping: $0) })
    guard !line.isAnswerLost else {
      return failure("No answer came.", at: line.answeredAt, latencyMilliseconds: line.latencyMilliseconds, http: http, to: request)
    }
    let message = ObservedMessage(
      line.response, observedAt: line.answeredAt, direction: line.direction, peer: request.context.peer, http: http,
      operation: line.operation)
    var content = response(message, to: request)
    content.latencyMilliseconds = line.latencyMilliseconds
    return content
  }
}
