internal import JournalFormat

/// What became of a message.
enum TemplateOutcome: Hashable {
  /// It is to be stored otherwise.
  case none
  /// It was appended as a `template` payload.
  /// - head: what the row's shape says of it.
  /// - tellsMarks: whether the payload tells the content's marks, so that they need not be stored beside it.
  case encoded(head: TemplateHead, tellsMarks: Bool)
}

/// Memory for one message, used again for the next.
struct EncodingScratch {
  fileprivate var shapes: [LeafShape] = []
  var parts: [MessagePart] = []
  var numbers: [UInt32] = []
  var values: [UInt8] = []
  var exceptions: [Int] = []
  fileprivate var head = TemplateHead(code: 0)
  var value: [UInt8] = []
  var choices: [FormChoice] = []
}

extension TemplateTable {
  /// Appends a message's `template` payload to `output`; nothing where it is to be stored otherwise.
  /// - Parameter request: the request that a reader will have at hand when it reads this answer, if its own payload is a template.
  mutating func encode(_ content: EntryContent, request: EntryContent?, to output: inout [UInt8]) -> TemplateOutcome {
    guard let layout = content.layout, content.payload.count <= TemplateReplay.maximumPayloadBytes,
      layout.leaves.count <= TemplateReplay.maximumLeaves, layout.envelope.count <= 255
    else { return .none }
    // Taken out, so that the table can change while they are lent.
    var shapes = scratch.shapes
    scratch.shapes = []
    defer { scratch.shapes = shapes }
    guard let tellsMarks = Self.readShapes(content, layout, to: &shapes) else { return .none }
    let start = output.count
    do {
      let isEncoded = try RequestText.with(request) { request in
        try content.payload.withUnsafeBufferPointer { payload in
          try layout.leaves.withUnsafeBufferPointer { leaves in
            try layout.envelope.withUnsafeBufferPointer { envelope in
              try shapes.withUnsafeBufferPointer { shapes in
                let message = MessageView(
                  payload: payload, leaves: leaves, decodedTexts: layout.decodedTexts, shapes: shapes, envelope: envelope)
                let surroundings = ValueForm.Surroundings(observedAt: content.observedAt.rawValue, words: words)
                let neighbours = ValueNeighbours(message: message, request: request, surroundings: surroundings)
                return try encode(message, neighbours, to: &output)
                  && isRead(from: output, start, as: content, tellsMarks, request)
              }
            }
          }
        }
      }
      if isEncoded {
        try countLearning()
        return .encoded(head: scratch.head, tellsMarks: tellsMarks)
      }
    } catch {
      // What cannot be a template is stored otherwise.
    }
    output.removeLast(output.count - start)
    return .none
  }

  /// Whether a reader gets the content's payload, layout and marks from what was appended.
  private mutating func isRead(
    from output: [UInt8], _ start: Int, as content: EntryContent, _ tellsMarks: Bool, _ request: RequestText
  ) throws -> Bool {
    try output.withUnsafeBytes { bytes in
      var cursor = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
      return try replay.reproduces(content, tellsMarks: tellsMarks, scratch.head, from: &cursor, source: &self, request: request)
    }
  }

  // MARK: Shapes and parts

  /// What a template must know of each leaf, and whether it tells the marks; nil where the leaves are not in order.
  private static func readShapes(_ content: EntryContent, _ layout: MessageLayout, to shapes: inout [LeafShape]) -> Bool? {
    if appendShapes(of: layout, content.marks, payloadCount: content.payload.count, to: &shapes) == content.marks.count { return true }
    return appendShapes(of: layout, [], payloadCount: content.payload.count, to: &shapes) == 0 ? false : nil
  }

  /// Appends the shape of each leaf. The number of marks that are leaves, in order; nil where the leaves are not in order.
  private static func appendShapes(of layout: MessageLayout, _ marks: [Mark], payloadCount: Int, to shapes: inout [LeafShape]) -> Int? {
    shapes.removeAll(keepingCapacity: true)
    var place = ListPlace()
    var mark = 0
    var end = 0
    for leaf in layout.leaves {
      guard leaf.range.lowerBound >= end, leaf.range.upperBound <= payloadCount,
        let step = place.step(toItem: leaf.item, subitem: leaf.subitem)
      else { return nil }
      end = leaf.range.upperBound
      var markKind: UInt8 = 0
      if mark < marks.count, marks[mark].range == leaf.range, isText(marks[mark].inlineText, of: leaf, layout) {
        markKind = marks[mark].kind.rawValue
        if markKind != 0 { mark += 1 }
      }
      shapes.append(LeafShape(path: leaf.path, traits: leaf.traits, markKind: markKind, step: step))
    }
    return mark
  }

  /// Whether a mark's inline text is that of a leaf, which is not empty.
  @inline(__always)
  private static func isText(_ inlineText: [UInt8]?, of leaf: Leaf, _ layout: MessageLayout) -> Bool {
    guard let decoded = layout.decodedText(of: leaf) else { return inlineText == nil && !leaf.range.isEmpty }
    return inlineText == decoded && !decoded.isEmpty
  }

  /// Cuts a message before each item of a list that is long enough, else before each subitem.
  private mutating func cut(_ message: MessageView) {
    scratch.parts.removeAll(keepingCapacity: true)
    var items = 0
    var subitems = 0
    for shape in message.shapes {
      if shape.step.isNextItem { items += 1 }
      if shape.step.isNextSubitem { subitems += 1 }
    }
    let cutsItems = items >= Self.minimumItems
    let cutsSubitems = !cutsItems && subitems >= Self.minimumSubitems
    var role: Template.Role = .first
    var start = 0
    var startByte = 0
    if cutsItems || cutsSubitems {
      for (index, shape) in message.shapes.enumerated() {
        guard cutsItems ? shape.step.isNextItem : shape.step.isNextSubitem else { continue }
        let byte = message.leaves[index].range.lowerBound
        scratch.parts.append(MessagePart(leaves: start..<index, bytes: startByte..<byte, role: role))
        (start, startByte, role) = (index, byte, [])
      }
    }
    let last = MessagePart(
      leaves: start..<message.leaves.count, bytes: startByte..<message.payload.count, role: role.union(.last))
    scratch.parts.append(last)
  }

  /// Finds the template of each part; false where one has none.
  private mutating func findTemplates(_ message: MessageView, _ neighbours: ValueNeighbours) throws -> Bool {
    scratch.numbers.removeAll(keepingCapacity: true)
    var again: [(part: Int, hash: UInt64)] = []
    var isRefused = false
    for index in scratch.parts.indices {
      let part = scratch.parts[index]
      // Items are mostly like the one before.
      if index > 1, part.role.isEmpty, case let number = scratch.numbers[index - 1], number != 0,
        message.matches(part, known[Int(number) - 1].template)
      {
        scratch.numbers.append(number)
        continue
      }
      switch sight(part, of: message) {
      case .known(let number): scratch.numbers.append(number)
      case .again(let hash):
        again.append((index, hash))
        scratch.numbers.append(0)
      case .refused:
        // The others are looked at all the same: next time they are known.
        isRefused = true
        scratch.numbers.append(0)
      }
    }
    if isRefused { return false }
    for (part, hash) in again {
      scratch.numbers[part] = try makeTemplate(scratch.parts[part], hash: hash, of: message, neighbours)
    }
    return true
  }

  // MARK: Values

  private mutating func encode(
    _ message: MessageView, _ neighbours: ValueNeighbours, to output: inout [UInt8]
  ) throws -> Bool {
    cut(message)
    guard try findTemplates(message, neighbours) else { return false }
    chooseVariants(neighbours)
    scratch.values.removeAll(keepingCapacity: true)
    scratch.exceptions.removeAll(keepingCapacity: true)
    for (part, number) in zip(scratch.parts, scratch.numbers) {
      appendValues(part, known[Int(number) - 1].template, neighbours)
    }
    appendParts(to: &output)
    output.append(contentsOf: scratch.values)
    learn(neighbours)
    return true
  }

  /// - Parameter isTrial: whether it is only to be seen what they take.
  mutating func appendValues(_ part: MessagePart, _ template: Template, _ neighbours: ValueNeighbours, isTrial: Bool = false) {
    var leaf = part.leaves.lowerBound
    for hole in template.holes {
      if !neighbours.append(leaf, as: hole.form, to: &scratch.values) {
        scratch.exceptions.append(leaf)
        let form = exceptionForm(leaf, neighbours, isTrial: isTrial)
        form.encode(to: &scratch.values)
        _ = neighbours.append(leaf, as: form, to: &scratch.values)
      }
      leaf += 1
    }
  }

  /// Appends which templates the message is made of beside the first, and which leaves do not follow their rule.
  private mutating func appendParts(to output: inout [UInt8]) {
    scratch.head = TemplateHead(template: scratch.numbers[0], hasExceptions: !scratch.exceptions.isEmpty)
    var index = 0
    while index < scratch.numbers.count {
      let number = scratch.numbers[index]
      if index > 0 { output.appendVarint(UInt64(number)) }
      var end = index + 1
      if scratch.parts[index].role.isEmpty {
        while end < scratch.numbers.count, scratch.numbers[end] == number { end += 1 }
        output.appendVarint(UInt64(end - index))
      }
      index = end
    }
    guard !scratch.exceptions.isEmpty else { return }
    output.appendVarint(UInt64(scratch.exceptions.count))
    var next = 0
    for leaf in scratch.exceptions {
      output.appendVarint(UInt64(leaf - next))
      next = leaf + 1
    }
  }

  // MARK: Learning

  /// Lets the templates that are still learning see the values.
  private mutating func learn(_ neighbours: ValueNeighbours) {
    guard scratch.numbers.contains(where: { known[Int($0) - 1].learning != nil }) else { return }
    for (number, parts) in partsByTemplate() {
      guard let learning = known[Int(number) - 1].learning else { continue }
      learn(parts, learning, neighbours)
    }
  }

  /// Shows some of the equal items of a list, or what is no item, to what learns. An item stands for those that are not looked at.
  mutating func learn(_ parts: [Int], _ learning: TemplateLearning, _ neighbours: ValueNeighbours) {
    let (indices, weight) = Self.sample(of: parts)
    for index in indices {
      for (hole, leaf) in scratch.parts[index].leaves.enumerated() { vote(leaf, hole, learning, neighbours, weight: weight) }
    }
  }

  /// A few parts that stand for all, and for how many each does.
  static func sample(of parts: [Int]) -> (parts: [Int], weight: Int) {
    guard parts.count > TemplateLearning.itemsPerMessage else { return (parts, 1) }
    // The first of a list cannot continue one before.
    let weight = (parts.count - 1) / TemplateLearning.itemsPerMessage
    return ((0..<TemplateLearning.itemsPerMessage).map { parts[1 + $0 * weight] }, weight)
  }

  /// The parts of the message that have a template, for each template, in the order in which they come first.
  func partsByTemplate() -> [(number: UInt32, parts: [Int])] {
    var kinds: [(number: UInt32, parts: [Int])] = []
    var places: [UInt32: Int] = [:]
    var place = -1
    for (index, number) in scratch.numbers.enumerated() {
      // Items are mostly like the one before.
      if place < 0 || kinds[place].number != number {
        place = places[number] ?? kinds.count
        places[number] = place
        if place == kinds.count { kinds.append((number, [])) }
      }
      kinds[place].parts.append(index)
    }
    return kinds
  }

  /// Counts the message for its templates, and settles those that have learnt enough.
  private mutating func countLearning() throws {
    for index in scratch.numbers.indices {
      let number = scratch.numbers[index]
      guard let learning = known[Int(number) - 1].learning, scratch.numbers.firstIndex(of: number) == index else { continue }
      if learning.countMessage() { settle(number) }
    }
  }
}
