import EMIP
import JournalFormat
import JournalStore
import Projections
import Simulation

/// Questions as of positions all over a journal, always the same ones of a journal of that length.
struct QuestionSample {
  private enum Question {
    case session(id: String, asOf: JournalPosition)
    case records(sessionId: String, asOf: JournalPosition)
    case status(evse: String, StatusMoment, asOf: JournalPosition)
    case authorisation(rfid: String, at: Timestamp, asOf: JournalPosition)
  }

  private let directory: JournalDirectory
  private let questions: [Question]

  /// Each is about what a message names, as of a position anywhere behind it.
  init(_ directory: JournalDirectory, count: Int) throws {
    self.directory = directory
    let reader = try JournalReader(directory)
    var questions: [Question] = []
    if let first = reader.firstPosition?.rawValue, let last = try reader.lastPosition()?.rawValue {
      var generator = SplitMix64(seed: 1)
      // Not every message names what can be asked for.
      for _ in 0..<(20 * count) where questions.count < count {
        let position = UInt64.random(in: first...last, using: &generator)
        let moment = JournalPosition(UInt64.random(in: position...last, using: &generator))
        guard let content = try reader.entry(at: JournalPosition(position))?.content else { continue }
        let asked = content.marks.lazy.compactMap { Self.question($0, of: content, asOf: moment) }.first
        if let asked { questions.append(asked) }
      }
    }
    self.questions = questions
  }

  /// Nil where a mark names nothing that is asked for.
  private static func question(_ mark: Mark, of content: EntryContent, asOf moment: JournalPosition) -> Question? {
    let text = String(decoding: mark.text(in: content.payload), as: UTF8.self)
    return switch mark.kind {
    case .serviceSessionId where moment.rawValue.isMultiple(of: 2): .session(id: text, asOf: moment)
    case .serviceSessionId: .records(sessionId: text, asOf: moment)
    case .evseId: .status(evse: text, StatusMoment(time: content.observedAt), asOf: moment)
    case .userRFID: .authorisation(rfid: text, at: content.observedAt, asOf: moment)
    default: nil
    }
  }

  /// How long each question took, ascending. What sessions find of records is not asked with the records: they are opened by themselves.
  func microseconds() throws -> [Double] {
    var durations = try answered([CDRProjection.self])
    durations += try answered(AllProjections.all)
    return durations.sorted()
  }

  /// How long each took of those that these read models answer: records alone, or all else.
  private func answered(_ projections: [any Projection.Type]) throws -> [Double] {
    let models = try ReadModels(directory, projections)
    let sessions = projections.count > 1 ? try SessionQuestions(models, asOf: nil) : nil
    return try questions.compactMap { question in
      let start = ContinuousClock.now
      switch (question, sessions) {
      case (.records(let id, let moment), nil): _ = try CDRQuestions(models, asOf: moment).sessions(of: id)
      case (.session(let id, let moment), let sessions?): _ = try sessions.asked(asOf: moment).sessions(withId: id)
      case (.status(let evse, let time, let moment), _?): _ = try EVSEQuestions(models, asOf: moment).statuses(of: evse, time)
      case (.authorisation(let rfid, let time, let moment), _?):
        _ = try WhiteListQuestions(models, asOf: moment).check(UserKey(type: UserIdType.rfidUID.rawValue, id: rfid), at: time)
      default: return nil
      }
      return (ContinuousClock.now - start) / .microseconds(1)
    }
  }
}
