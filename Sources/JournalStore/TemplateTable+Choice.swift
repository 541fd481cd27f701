internal import JournalFormat

/// A message's values as they may refer to each other and to the request's.
struct ValueNeighbours {
  let message: MessageView
  let request: RequestText
  let surroundings: ValueForm.Surroundings

  /// How many leaves before, and how many of the request, are looked at for an equal value.
  private static let reach = 48

  /// Appends the value of a leaf in a form; false, and nothing appended, where the form would not give it back.
  @inline(__always)
  func append(_ leaf: Int, as form: ValueForm, to output: inout [UInt8]) -> Bool {
    let text = message.text(leaf)
    if message.leaves[leaf].decodedText != nil {
      guard form.kind == .decoded, let decoded = message.leaves[leaf].decodedText else { return false }
      output.appendVarint(UInt64(text.count))
      output.append(contentsOf: text)
      output.appendVarint(UInt64(decoded.count))
      output += decoded
      return true
    }
    switch form.kind {
    case .same:
      let other = leaf - Int(truncatingIfNeeded: form.argument)
      return other >= 0 && other < leaf && message.leaves[other].decodedText == nil && message.text(other).equals(text)
    case .request: return request.text(Int(truncatingIfNeeded: form.argument))?.equals(text) ?? false
    default: return form.append(text, surroundings, to: &output)
    }
  }

  /// The forms by which a leaf has the value of another, the nearest first.
  func references(_ leaf: Int) -> [ValueForm] {
    guard message.leaves[leaf].decodedText == nil else { return [] }
    let text = message.text(leaf)
    var forms: [ValueForm] = []
    for index in 0..<min(request.leaves.count, Self.reach) where request.text(index)?.equals(text) == true {
      forms.append(ValueForm(.request, UInt64(index)))
    }
    for distance in 1..<max(1, min(leaf, Self.reach) + 1)
    where message.leaves[leaf - distance].decodedText == nil && message.text(leaf - distance).equals(text) {
      forms.append(ValueForm(.same, UInt64(distance)))
    }
    return forms
  }
}

/// Which form a value is written in: as an exception, and as the first rule of a template.
extension TemplateTable {
  /// Every form that gives a leaf back and the bytes of the value in it.
  private mutating func choices(
    _ leaf: Int, _ neighbours: ValueNeighbours
  ) -> [(form: ValueForm, bytes: Int)] {
    let message = neighbours.message
    guard message.leaves[leaf].decodedText == nil else {
      scratch.value.removeAll(keepingCapacity: true)
      _ = neighbours.append(leaf, as: ValueForm(.decoded), to: &scratch.value)
      return [(ValueForm(.decoded), scratch.value.count)]
    }
    let text = message.text(leaf)
    let forms = neighbours.references(leaf) + ValueForm.forms(of: text, isRecurring: message.shapes[leaf].isRecurring, words: words)
    return forms.compactMap { form in
      scratch.value.removeAll(keepingCapacity: true)
      return neighbours.append(leaf, as: form, to: &scratch.value) ? (form, scratch.value.count) : nil
    }
  }

  /// Lets the text of a recurring leaf become a word.
  /// - Parameter atOnce: else when it is seen a second time.
  private mutating func seeWord(_ leaf: Int, of message: MessageView, atOnce: Bool) {
    guard message.shapes[leaf].isRecurring, message.leaves[leaf].decodedText == nil,
      let part = ValueForm.recurringPart(of: message.text(leaf)), words.number(of: part) == nil,
      seenWords.insert(MarkupHash.hash(part)) || atOnce
    else { return }
    _ = word(part)
  }

  /// The form that takes least for a value that does not follow its rule.
  mutating func exceptionForm(_ leaf: Int, _ neighbours: ValueNeighbours) -> ValueForm {
    seeWord(leaf, of: neighbours.message, atOnce: false)
    let choices = choices(leaf, neighbours)
    return choices.min { $0.bytes + $0.form.byteCount < $1.bytes + $1.form.byteCount }!.form
  }

  /// What a template learns from one value.
  mutating func vote(
    _ leaf: Int, _ hole: Int, _ learning: TemplateLearning, _ neighbours: ValueNeighbours
  ) {
    seeWord(leaf, of: neighbours.message, atOnce: false)
    let choices = choices(leaf, neighbours)
    // Its distance, and its share of the count.
    let exceptionBytes = 2 + choices.reduce(Int.max) { min($0, $1.bytes + $1.form.byteCount) }
    for choice in choices { learning.vote(choice.form, bytes: choice.bytes, exceptionBytes: exceptionBytes, hole: hole) }
  }

  /// Rules from one message: such as hold for others of its kind. A template that comes often learns better ones.
  mutating func firstForms(_ part: MessagePart, of message: MessageView, _ neighbours: ValueNeighbours) -> [ValueForm] {
    part.leaves.map { leaf in
      seeWord(leaf, of: message, atOnce: true)
      let text = message.text(leaf)
      if text.count >= 4, let reference = neighbours.references(leaf).first { return reference }
      if message.shapes[leaf].isRecurring, words.number(of: text) != nil { return ValueForm(.word) }
      let choices = choices(leaf, neighbours)
      let lasting = choices.filter { $0.form.isLasting }
      return (lasting.isEmpty ? choices : lasting).min { $0.bytes < $1.bytes }!.form
    }
  }
}

extension ValueForm {
  /// Whether a form is likely to hold for the next message, too: it names no word, no other leaf and no length.
  fileprivate var isLasting: Bool {
    switch kind {
    case .fixed, .same, .request, .pattern: false
    case .uuid, .numbered: word == nil
    case .hexadecimal: argument >> 1 == 0
    case .packed: argument == 0
    default: true
    }
  }
}
