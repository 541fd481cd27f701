internal import JournalFormat

/// A form that gives a leaf back, and the bytes of the value in it.
struct FormChoice {
  let form: ValueForm
  let bytes: Int

  /// The bytes that it takes as an exception, which names its form, too.
  var exceptionBytes: Int { bytes + form.byteCount }
}

/// Chooses the form that a value is written in: as an exception, and as the first rule of a template.
struct FormChooser {
  /// The forms that exceptions took lately, by the outline of their leaf.
  private var recent = RecentExceptions()
  // Memory for one leaf, used again for the next.
  private var value: [UInt8] = []
  private var found: [FormChoice] = []

  /// Every form that gives a leaf back, references to other leaves first; there is at least one.
  mutating func choices(_ leaf: Int, _ neighbours: ValueNeighbours) -> [FormChoice] {
    findChoices(leaf, neighbours)
    return found
  }

  /// The form that takes least for a value that does not follow its rule.
  mutating func exceptionForm(_ leaf: Int, _ neighbours: ValueNeighbours) -> ValueForm {
    let outline = neighbours.message.outlines[leaf]
    found.removeAll(keepingCapacity: true)
    // To look through all forms takes as long as all else that is done for a value. What took least the last time mostly does again.
    if let recent = recent[outline] {
      neighbours.forEachReference(leaf) { found.append(FormChoice(form: $0, bytes: 0)) }
      if found.isEmpty { tryForm(recent.form, leaf, neighbours) }
      if let choice = found.first, choice.exceptionBytes <= recent.exceptionBytes { return choice.form }
    }
    findChoices(leaf, neighbours)
    let best = found.min { $0.exceptionBytes < $1.exceptionBytes }!
    recent.note(best, outline)
    return best.form
  }

  /// Rules from one message: such as hold for others of its kind. A template that comes often learns better ones.
  mutating func firstForms(_ part: MessagePart, _ neighbours: ValueNeighbours, _ register: inout TemplateRegister) -> [ValueForm] {
    let message = neighbours.message
    return part.leaves.map { leaf in
      register.seeWord(message.recurringPart(leaf), atOnce: true)
      let text = message.text(leaf)
      findChoices(leaf, neighbours)
      if text.count >= 4, let first = found.first, first.form.isReference { return first.form }
      if message.outlines[leaf].isRecurring, register.words.number(of: text) != nil { return ValueForm(.word) }
      let lasting = found.filter(\.form.isLasting)
      return (lasting.isEmpty ? found : lasting).min { $0.bytes < $1.bytes }!.form
    }
  }

  private mutating func findChoices(_ leaf: Int, _ neighbours: ValueNeighbours) {
    found.removeAll(keepingCapacity: true)
    let message = neighbours.message
    guard !message.leaves[leaf].isDecoded else { return tryForm(ValueForm(.decoded), leaf, neighbours) }
    neighbours.forEachReference(leaf) { found.append(FormChoice(form: $0, bytes: 0)) }
    ValueForm.forEachForm(
      of: message.text(leaf), isRecurring: message.outlines[leaf].isRecurring, words: neighbours.surroundings.words
    ) { tryForm($0, leaf, neighbours) }
    ValueForm.forEachContinuation(of: message.text(leaf), previous: message.previousText(leaf)) { tryForm($0, leaf, neighbours) }
  }

  private mutating func tryForm(_ form: ValueForm, _ leaf: Int, _ neighbours: ValueNeighbours) {
    value.removeAll(keepingCapacity: true)
    guard neighbours.append(leaf, as: form, to: &value) else { return }
    found.append(FormChoice(form: form, bytes: value.count))
  }
}

/// The form that took least when all were looked at. Bounded; asked so often, it forgets, and all are looked at again.
private struct RecentExceptions {
  private var slots: [(outline: LeafOutline, choice: FormChoice, uses: Int)?] = Array(repeating: nil, count: 256)
  private static let maximumUses = 15

  subscript(outline: LeafOutline) -> FormChoice? {
    mutating get {
      guard let slot = slots[Self.slot(outline)], slot.outline == outline, slot.uses < Self.maximumUses else { return nil }
      slots[Self.slot(outline)]!.uses += 1
      return slot.choice
    }
  }

  /// Remembers a form, unless it gives back any text, or but one.
  mutating func note(_ choice: FormChoice, _ outline: LeafOutline) {
    switch choice.form.kind {
    case .uuid, .dateTime, .decimal, .hexadecimal, .packed, .numbered, .pattern, .continued:
      slots[Self.slot(outline)] = (outline, choice, 0)
    default: break
    }
  }

  private static func slot(_ outline: LeafOutline) -> Int {
    var hash = MarkupHash()
    hash.add(outline.rawValue)
    return Int(truncatingIfNeeded: hash.value) & 255
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
