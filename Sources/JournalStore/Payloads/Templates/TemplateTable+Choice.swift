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
    if let decoded = message.leaves[leaf].decoded.map({ message.decodedTexts[$0] }) {
      guard form.kind == .decoded else { return false }
      output.appendVarint(UInt64(text.count))
      output.append(contentsOf: text)
      output.appendVarint(UInt64(decoded.count))
      output += decoded
      return true
    }
    switch form.kind {
    case .same:
      let other = leaf - Int(truncatingIfNeeded: form.argument)
      return other >= 0 && other < leaf && !message.leaves[other].isDecoded && message.text(other).equals(text)
    case .request: return request.text(Int(truncatingIfNeeded: form.argument))?.equals(text) ?? false
    case .continued:
      let count = form.continuedCount
      guard text.count > count, let pattern = form.pattern else { return false }
      if count > 0 {
        guard let previous = message.previousText(leaf), previous.count >= count,
          UnsafeBufferPointer(rebasing: previous[..<count]).equals(UnsafeBufferPointer(rebasing: text[..<count]))
        else { return false }
      }
      return pattern.append(UnsafeBufferPointer(rebasing: text[count...]), to: &output)
    default: return form.append(text, surroundings, to: &output)
    }
  }

  /// Shows the forms by which a leaf has the value of another, the nearest first.
  @inline(__always)
  func forEachReference(_ leaf: Int, _ body: (ValueForm) -> Void) {
    guard !message.leaves[leaf].isDecoded else { return }
    let text = message.text(leaf)
    for index in 0..<min(request.leaves.count, Self.reach) where request.text(index)?.equals(text) == true {
      body(ValueForm(.request, UInt64(index)))
    }
    for distance in 1..<max(1, min(leaf, Self.reach) + 1)
    where !message.leaves[leaf - distance].isDecoded && message.text(leaf - distance).equals(text) {
      body(ValueForm(.same, UInt64(distance)))
    }
  }
}

/// A form that gives a leaf back, and the bytes of the value in it.
struct FormChoice {
  let form: ValueForm
  let bytes: Int

  /// As an exception it names its form, too.
  var exceptionBytes: Int { bytes + form.byteCount }
}

/// The form that took least when all were looked at. Bounded; asked so often, it forgets, and all are looked at again.
struct RecentExceptions {
  private var slots: [(shape: LeafShape, choice: FormChoice, uses: Int)?] = Array(repeating: nil, count: 256)
  private static let maximumUses = 15

  subscript(shape: LeafShape) -> FormChoice? {
    mutating get {
      guard let slot = slots[Self.slot(shape)], slot.shape == shape, slot.uses < Self.maximumUses else { return nil }
      slots[Self.slot(shape)]!.uses += 1
      return slot.choice
    }
  }

  /// Remembers a form, unless it gives back any text, or but one.
  mutating func note(_ choice: FormChoice, _ shape: LeafShape) {
    switch choice.form.kind {
    case .uuid, .dateTime, .decimal, .hexadecimal, .packed, .numbered, .pattern, .continued: slots[Self.slot(shape)] = (shape, choice, 0)
    default: break
    }
  }

  private static func slot(_ shape: LeafShape) -> Int {
    var hash = MarkupHash()
    hash.add(shape.rawValue)
    return Int(truncatingIfNeeded: hash.value) & 255
  }
}

/// Which form a value is written in: as an exception, and as the first rule of a template.
extension TemplateTable {
  /// Leaves in the scratch every form that gives a leaf back; there is at least one.
  private mutating func findChoices(_ leaf: Int, _ neighbours: ValueNeighbours) {
    scratch.choices.removeAll(keepingCapacity: true)
    let message = neighbours.message
    guard !message.leaves[leaf].isDecoded else { return tryForm(ValueForm(.decoded), leaf, neighbours) }
    neighbours.forEachReference(leaf) { scratch.choices.append(FormChoice(form: $0, bytes: 0)) }
    ValueForm.forEachForm(of: message.text(leaf), isRecurring: message.shapes[leaf].isRecurring, words: words) {
      tryForm($0, leaf, neighbours)
    }
    ValueForm.forEachContinuation(of: message.text(leaf), previous: message.previousText(leaf)) { tryForm($0, leaf, neighbours) }
  }

  private mutating func tryForm(_ form: ValueForm, _ leaf: Int, _ neighbours: ValueNeighbours) {
    scratch.value.removeAll(keepingCapacity: true)
    guard neighbours.append(leaf, as: form, to: &scratch.value) else { return }
    scratch.choices.append(FormChoice(form: form, bytes: scratch.value.count))
  }

  /// Lets the text of a recurring leaf become a word.
  /// - Parameter atOnce: else when it is seen a second time.
  private mutating func seeWord(_ leaf: Int, of message: MessageView, atOnce: Bool) {
    guard message.shapes[leaf].isRecurring, !message.leaves[leaf].isDecoded,
      let part = ValueForm.recurringPart(of: message.text(leaf)), words.number(of: part) == nil,
      seenWords.insert(MarkupHash.hash(part)) || atOnce
    else { return }
    _ = word(part)
  }

  /// The form that takes least for a value that does not follow its rule.
  /// - Parameter isTrial: whether it is only to be seen what it takes.
  mutating func exceptionForm(_ leaf: Int, _ neighbours: ValueNeighbours, isTrial: Bool) -> ValueForm {
    if !isTrial { seeWord(leaf, of: neighbours.message, atOnce: false) }
    let shape = neighbours.message.shapes[leaf]
    scratch.choices.removeAll(keepingCapacity: true)
    // To look through all forms takes as long as all else that is done for a value. What took least the last time mostly does again.
    if let recent = recentExceptions[shape] {
      neighbours.forEachReference(leaf) { scratch.choices.append(FormChoice(form: $0, bytes: 0)) }
      if scratch.choices.isEmpty { tryForm(recent.form, leaf, neighbours) }
      if let choice = scratch.choices.first, choice.exceptionBytes <= recent.exceptionBytes { return choice.form }
    }
    findChoices(leaf, neighbours)
    let best = scratch.choices.min { $0.exceptionBytes < $1.exceptionBytes }!
    recentExceptions.note(best, shape)
    return best.form
  }

  /// What a template learns from one value.
  /// - Parameter weight: for how many values this one stands.
  mutating func vote(
    _ leaf: Int, _ hole: Int, _ learning: TemplateLearning, _ neighbours: ValueNeighbours, weight: Int
  ) {
    seeWord(leaf, of: neighbours.message, atOnce: false)
    findChoices(leaf, neighbours)
    // Its distance, and its share of the count.
    let exceptionBytes = 2 + scratch.choices.reduce(Int.max) { min($0, $1.exceptionBytes) }
    for choice in scratch.choices {
      learning.vote(choice.form, bytes: choice.bytes, exceptionBytes: exceptionBytes, hole: hole, weight: weight)
    }
  }

  /// Rules from one message: such as hold for others of its kind. A template that comes often learns better ones.
  mutating func firstForms(_ part: MessagePart, of message: MessageView, _ neighbours: ValueNeighbours) -> [ValueForm] {
    part.leaves.map { leaf in
      seeWord(leaf, of: message, atOnce: true)
      let text = message.text(leaf)
      findChoices(leaf, neighbours)
      if text.count >= 4, let first = scratch.choices.first, first.form.isReference { return first.form }
      if message.shapes[leaf].isRecurring, words.number(of: text) != nil { return ValueForm(.word) }
      let lasting = scratch.choices.filter(\.form.isLasting)
      return (lasting.isEmpty ? scratch.choices : lasting).min { $0.bytes < $1.bytes }!.form
    }
  }
}

extension ValueForm {
  fileprivate var isReference: Bool { kind == .same || kind == .request }

  /// Whether a form is likely to hold for the next message, too: it names no word, no other leaf and no length.
  fileprivate var isLasting: Bool {
    switch kind {
    case .fixed, .same, .request, .pattern, .continued: false
    case .uuid, .numbered: word == nil
    case .hexadecimal: argument >> 1 == 0
    case .packed: argument == 0
    default: true
    }
  }
}
