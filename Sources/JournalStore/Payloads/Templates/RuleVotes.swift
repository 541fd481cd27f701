internal import JournalFormat

/// What the first messages of a template say about its rules: for each hole, what each form would have saved.
struct RuleVotes {
  /// How many messages are looked at. More would tell little, and each takes some ten times as long as one afterwards.
  private static let messageCount = 16
  /// How many items of one message are looked at, which are alike.
  static let itemsPerMessage = 4
  /// What better rules must save, in bytes over these messages, to be worth a template of their own.
  static let worthwhileBytes = 16
  private static let maximumForms = 48

  private var messages = 0
  /// The bytes that each form would have saved, for each hole.
  private var votes: [[ValueForm: Int]]

  init(holeCount: Int) { votes = Array(repeating: [:], count: holeCount) }

  /// A form would have taken so many bytes; at most `exceptionBytes` are taken without it.
  /// - Parameter weight: for how many values this one stands.
  mutating func vote(_ form: ValueForm, bytes: Int, exceptionBytes: Int, hole: Int, weight: Int) {
    guard votes[hole][form] != nil || votes[hole].count < Self.maximumForms else { return }
    votes[hole][form, default: 0] += (exceptionBytes - bytes) * weight
  }

  /// Counts a message; true with the last.
  mutating func countMessage() -> Bool {
    messages += 1
    return messages == Self.messageCount
  }

  /// The forms that would have saved most; nil where they would not have saved so much more than those of `template`.
  func betterForms(than template: Template, savingAtLeast minimumBytes: Int = worthwhileBytes) -> [ValueForm]? {
    var saved = 0
    let forms = template.holes.indices.map { hole in
      let current = template.holes[hole].form
      var best = (form: current, saving: votes[hole][current] ?? 0)
      let before = best.saving
      // In a fixed order, so that the same messages make the same rules.
      for (form, saving) in votes[hole]
      where saving > best.saving || (saving == best.saving && form.precedes(best.form) && best.form != current) {
        best = (form, saving)
      }
      saved += best.saving - before
      return best.form
    }
    return saved >= minimumBytes ? forms : nil
  }
}

extension ValueForm {
  fileprivate func precedes(_ other: ValueForm) -> Bool {
    (kind.rawValue, argument) < (other.kind.rawValue, other.argument)
  }
}
