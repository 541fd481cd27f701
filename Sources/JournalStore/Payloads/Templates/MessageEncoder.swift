internal import JournalFormat

/// Encodes messages as `template` payloads of the segment that is written to. Belongs to the writer's thread.
///
///      message      its bytes, and where its leaves stand in them
///         │         ``MessageParts`` cuts it before each item of a long list: equal items are one template and a count
///       parts       head | item | item | … | last item
///         │         ``TemplateRegister`` finds the template that has a part's markup; seen a second time, markup becomes one
///       holes       <id>▢</id><since>▢</since>
///         │         a hole's rule is a form, which ``TemplateLearner`` learnt from the template's first messages
///       forms       each value as its hole's rule says: a date, packed, a word, as the leaf before, …
///         │         ``FormChooser`` finds the form that takes least for a value that its hole's rule would not give back
///     exceptions    which leaves these are; each names its form before its value
///
/// What was appended is read back before it counts: a message that a reader would not get byte for byte is stored otherwise.
struct MessageEncoder {
  /// The segment's templates and words.
  private(set) var register: TemplateRegister
  private var learner = TemplateLearner()
  private var chooser = FormChooser()
  private let replay = TemplateReplay()
  // Memory for one message, used again for the next.
  private var outlines: [LeafOutline] = []
  private var parts = MessageParts()
  private var values = EncodedValues()

  /// What the row's shape says of a message that was encoded.
  struct Outcome {
    let head: TemplateHead
    /// Whether the payload tells the content's marks, so that they need not be stored beside it.
    let tellsMarks: Bool
  }

  init(_ register: TemplateRegister) { self.register = register }

  /// The templates and words that were made since the last call, to be stored in the transaction of the message that needed them; nil where
  /// there are none.
  mutating func takeNew() -> TemplateRegister.New? { register.takeNew() }

  /// Appends a message's `template` payload to `output`; nil, and nothing appended, where it is to be stored otherwise.
  /// - Parameter request: the request that a reader will have at hand when it reads this answer, if its own payload is a template.
  mutating func encode(_ content: EntryContent, request: EntryContent?, to output: inout [UInt8]) -> Outcome? {
    guard let layout = content.layout, content.payload.count <= TemplateReplay.maximumPayloadBytes,
      layout.leaves.count <= TemplateReplay.maximumLeaves, layout.envelope.count <= 255
    else { return nil }
    // Taken out, so that the encoder can change while they are lent.
    var outlines = self.outlines
    self.outlines = []
    defer { self.outlines = outlines }
    guard let tellsMarks = LeafOutline.outlines(of: content, layout, to: &outlines) else { return nil }
    let start = output.count
    do {
      let head = try RequestText.with(request) { request in
        try MessageView.with(content, layout, outlines) { message in
          let surroundings = ValueForm.Surroundings(observedAt: content.observedAt.rawValue, words: register.words)
          let neighbours = ValueNeighbours(message: message, request: request, surroundings: surroundings)
          guard let head = try encode(neighbours, to: &output) else { return nil as TemplateHead? }
          return try isRead(from: output, start, head, as: content, tellsMarks, request) ? head : nil
        }
      }
      if let head {
        learner.countMessage(parts, &register)
        return Outcome(head: head, tellsMarks: tellsMarks)
      }
    } catch {
      // What cannot be a template is stored otherwise.
    }
    output.removeLast(output.count - start)
    return nil
  }

  /// Appends a message's payload but for its head; nil where a part has no template.
  private mutating func encode(_ neighbours: ValueNeighbours, to output: inout [UInt8]) throws -> TemplateHead? {
    parts.cut(neighbours.message)
    guard try findTemplates(neighbours) else { return nil }
    learner.takeUp(&register)
    learner.chooseVariants(&parts, neighbours, &chooser, &register)
    values.removeAll()
    for (part, number) in zip(parts.all, parts.numbers) {
      values.append(part, register.template(numbered: number), neighbours, &chooser, &register)
    }
    parts.appendNumbers(to: &output)
    values.appendExceptions(to: &output)
    output.append(contentsOf: values.bytes)
    learner.learn(parts, neighbours, &chooser, &register)
    return TemplateHead(template: parts.numbers[0], hasExceptions: !values.exceptions.isEmpty)
  }

  /// Finds or makes the template of each part; false where one has none.
  private mutating func findTemplates(_ neighbours: ValueNeighbours) throws -> Bool {
    let message = neighbours.message
    var again: [(part: Int, hash: UInt64)] = []
    var isRefused = false
    for (place, part) in parts.all.enumerated() {
      // Items are mostly like the one before.
      if place > 1, part.role.isEmpty, case let number = parts.numbers[place - 1], number != 0,
        message.matches(part, register.template(numbered: number))
      {
        parts.append(number: number)
        continue
      }
      switch register.sight(part, of: message) {
      case .known(let number): parts.append(number: number)
      case .again(let hash):
        again.append((place, hash))
        parts.append(number: 0)
      case .refused:
        // The others are looked at all the same: next time they are known.
        isRefused = true
        parts.append(number: 0)
      }
    }
    if isRefused { return false }
    for (place, hash) in again { parts.set(try makeTemplate(parts.all[place], hash: hash, neighbours), at: place) }
    return true
  }

  /// Makes a template of a part whose markup was seen again.
  private mutating func makeTemplate(_ part: MessagePart, hash: UInt64, _ neighbours: ValueNeighbours) throws -> UInt32 {
    let message = neighbours.message
    // Another part of the same message may have made it.
    if let number = register.number(of: part, hash: hash, message) { return number }
    let forms = register.familiarForms(part, hash, message) ?? chooser.firstForms(part, neighbours, &register)
    return try register.add(message.template(part, forms: forms))
  }

  /// Whether a reader gets the content's payload, layout and marks from what was appended.
  private mutating func isRead(
    from output: [UInt8], _ start: Int, _ head: TemplateHead, as content: EntryContent, _ tellsMarks: Bool, _ request: RequestText
  ) throws -> Bool {
    try output.withUnsafeBytes { bytes in
      var cursor = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
      return try replay.reproduces(content, tellsMarks: tellsMarks, head, from: &cursor, source: &register, request: request)
    }
  }
}

/// The values of a message as they are encoded, and which leaves do not follow their hole's rule.
struct EncodedValues {
  private(set) var bytes: [UInt8] = []
  /// The numbers of the leaves, counted over the whole message from 0, ascending.
  private(set) var exceptions: [Int] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    exceptions.removeAll(keepingCapacity: true)
  }

  /// Appends the values of a part.
  /// - Parameter isTrial: whether it is only to be seen what they take: nothing becomes a word.
  mutating func append(
    _ part: MessagePart, _ template: Template, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser,
    _ register: inout TemplateRegister, isTrial: Bool = false
  ) {
    var leaf = part.leaves.lowerBound
    for hole in template.holes {
      if !neighbours.append(leaf, as: hole.form, to: &bytes) {
        exceptions.append(leaf)
        if !isTrial { register.seeWord(neighbours.message.recurringPart(leaf)) }
        let form = chooser.exceptionForm(leaf, neighbours)
        form.encode(to: &bytes)
        _ = neighbours.append(leaf, as: form, to: &bytes)
      }
      leaf += 1
    }
  }

  /// Appends which leaves are exceptions; nothing where none is.
  func appendExceptions(to output: inout [UInt8]) {
    guard !exceptions.isEmpty else { return }
    output.appendVarint(UInt64(exceptions.count))
    var next = 0
    for leaf in exceptions {
      output.appendVarint(UInt64(leaf - next))
      next = leaf + 1
    }
  }
}
