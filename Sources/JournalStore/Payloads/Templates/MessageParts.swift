internal import JournalFormat

/// A part of a message that is, or becomes, a template: the bytes from its first piece or leaf up to the next part.
struct MessagePart {
  let leaves: Range<Int>
  let bytes: Range<Int>
  let role: Template.Role

  var leafCount: Int { leaves.count }
}

/// A message cut into parts, and the number of each part's template. Used again for the next message.
struct MessageParts {
  /// The fewest items that are worth parts of their own: a message of one part takes a byte or two less.
  static let minimumItems = 3
  /// The fewest subitems, those of a list within an item, that are: such lists have few lengths, and with a part for each subitem, what is the
  /// same in all messages would be said by none.
  private static let minimumSubitems = 8

  private(set) var all: [MessagePart] = []
  /// The number of each part's template; 0 where it has none yet.
  private(set) var numbers: [UInt32] = []

  /// Cuts a message before each item of a list that is long enough, else before each subitem. No part has a template afterwards.
  mutating func cut(_ message: MessageView) {
    all.removeAll(keepingCapacity: true)
    numbers.removeAll(keepingCapacity: true)
    var items = 0
    var subitems = 0
    for outline in message.outlines {
      if outline.step.isNextItem { items += 1 }
      if outline.step.isNextSubitem { subitems += 1 }
    }
    let cutsItems = items >= Self.minimumItems
    let cutsSubitems = !cutsItems && subitems >= Self.minimumSubitems
    var role: Template.Role = .first
    var start = 0
    var startByte = 0
    if cutsItems || cutsSubitems {
      for (leaf, outline) in message.outlines.enumerated() {
        guard cutsItems ? outline.step.isNextItem : outline.step.isNextSubitem else { continue }
        let byte = message.leaves[leaf].range.lowerBound
        all.append(MessagePart(leaves: start..<leaf, bytes: startByte..<byte, role: role))
        (start, startByte, role) = (leaf, byte, [])
      }
    }
    all.append(
      MessagePart(leaves: start..<message.leaves.count, bytes: startByte..<message.payload.count, role: role.union(.last)))
  }

  /// Names the template of the first part that has none; 0 where it is to be told later.
  mutating func append(number: UInt32) { numbers.append(number) }

  /// Names the template of a part.
  mutating func set(_ number: UInt32, at place: Int) { numbers[place] = number }

  /// The places of the parts that have a template, for each template, in the order in which they come first.
  func placesByTemplate() -> [(number: UInt32, places: [Int])] {
    var kinds: [(number: UInt32, places: [Int])] = []
    var kindsByNumber: [UInt32: Int] = [:]
    var kind = -1
    for (place, number) in numbers.enumerated() {
      // Items are mostly like the one before.
      if kind < 0 || kinds[kind].number != number {
        kind = kindsByNumber[number] ?? kinds.count
        kindsByNumber[number] = kind
        if kind == kinds.count { kinds.append((number, [])) }
      }
      kinds[kind].places.append(place)
    }
    return kinds
  }

  /// Appends which templates the message is made of beside the first, and how many equal items follow each other.
  func appendNumbers(to output: inout [UInt8]) {
    var place = 0
    while place < numbers.count {
      let number = numbers[place]
      if place > 0 { output.appendVarint(UInt64(number)) }
      var end = place + 1
      if all[place].role.isEmpty {
        while end < numbers.count, numbers[end] == number { end += 1 }
        output.appendVarint(UInt64(end - place))
      }
      place = end
    }
  }
}

extension LeafOutline {
  /// Leaves in `outlines` what a template must know of each leaf. Answers whether it tells the marks, too; nil where the leaves are not in order.
  static func outlines(of content: EntryContent, _ layout: MessageLayout, to outlines: inout [LeafOutline]) -> Bool? {
    if append(layout, content.marks, payloadCount: content.payload.count, to: &outlines) == content.marks.count { return true }
    return append(layout, [], payloadCount: content.payload.count, to: &outlines) == 0 ? false : nil
  }

  /// Leaves in `outlines` the outline of each leaf. The number of marks that are leaves, in order; nil where the leaves are not in order.
  private static func append(
    _ layout: MessageLayout, _ marks: [Mark], payloadCount: Int, to outlines: inout [LeafOutline]
  ) -> Int? {
    outlines.removeAll(keepingCapacity: true)
    var lists = ListPlace()
    var mark = 0
    var end = 0
    for leaf in layout.leaves {
      guard leaf.range.lowerBound >= end, leaf.range.upperBound <= payloadCount,
        let step = lists.step(toItem: leaf.item, subitem: leaf.subitem)
      else { return nil }
      end = leaf.range.upperBound
      var markKind: UInt8 = 0
      if mark < marks.count, marks[mark].range == leaf.range, isText(marks[mark].inlineText, of: leaf, layout) {
        markKind = marks[mark].kind.rawValue
        if markKind != 0 { mark += 1 }
      }
      outlines.append(LeafOutline(path: leaf.path, traits: leaf.traits, markKind: markKind, step: step))
    }
    return mark
  }

  /// Whether a mark's inline text is that of a leaf, which is not empty.
  @inline(__always)
  private static func isText(_ inlineText: [UInt8]?, of leaf: Leaf, _ layout: MessageLayout) -> Bool {
    guard let decoded = layout.decodedText(of: leaf) else { return inlineText == nil && !leaf.range.isEmpty }
    return inlineText == decoded && !decoded.isEmpty
  }
}
