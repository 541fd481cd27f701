import EMIP
import JournalFormat
import JournalStore
import Projections
import Simulation

/// Questions as of positions all over a journal, always the same ones of a journal of that length.
struct QuestionSample {
  private let models: ReadModels
  private let sessions: SessionQuestions

  init(_ models: ReadModels) throws {
    self.models = models
    sessions = try SessionQuestions(models, asOf: nil)
  }

  /// How long each question took, ascending. Each is about what a message names, as of a position anywhere behind it.
  func microseconds(count: Int) throws -> [Double] {
    guard let first = models.reader.firstPosition?.rawValue, let last = try models.reader.lastPosition()?.rawValue else { return [] }
    var generator = SplitMix64(seed: 1)
    var durations: [Double] = []
    // Not every message names what can be asked for.
    for _ in 0..<(20 * count) where durations.count < count {
      let position = UInt64.random(in: first...last, using: &generator)
      let moment = JournalPosition(UInt64.random(in: position...last, using: &generator))
      guard let entry = try models.reader.entry(at: JournalPosition(position)) else { continue }
      for mark in entry.content.marks {
        guard let duration = try ask(mark, of: entry, asOf: moment) else { continue }
        durations.append(duration)
        break
      }
    }
    return durations.sorted()
  }

  /// Nil where a mark names nothing that is asked for.
  private func ask(_ mark: Mark, of entry: Entry, asOf moment: JournalPosition) throws -> Double? {
    let text = String(decoding: mark.text(in: entry.content.payload), as: UTF8.self)
    let start = ContinuousClock.now
    switch mark.kind {
    case .serviceSessionId:
      if moment.rawValue.isMultiple(of: 2) {
        _ = try sessions.asked(asOf: moment).sessions(withId: text)
      } else {
        _ = try CDRQuestions(models, asOf: moment).sessions(of: text)
      }
    case .evseId:
      _ = try EVSEQuestions(models, asOf: moment).statuses(of: text, StatusMoment(time: entry.content.observedAt))
    case .userRFID:
      _ = try WhiteListQuestions(models, asOf: moment).check(
        UserKey(type: UserIdType.rfidUID.rawValue, id: text), at: entry.content.observedAt)
    default: return nil
    }
    return (ContinuousClock.now - start) / .microseconds(1)
  }
}
