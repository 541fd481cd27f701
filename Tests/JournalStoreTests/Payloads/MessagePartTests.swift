import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

@Suite struct MessagePartTests {
  /// A message with any bytes for markup, lists of any length, and values anywhere.
  private struct RandomMessage {
    var content: EntryContent
    let layout: MessageLayout

    init(_ random: inout SeededGenerator) {
      var payload = random.bytes(random.below(90))
      var leaves: [Leaf] = []
      var decodedTexts: [[UInt8]] = []
      var marks: [Mark] = []
      func add(item: UInt32, subitem: UInt32, _ random: inout SeededGenerator) {
        for _ in 0...random.below(3) {
          let range = payload.count..<payload.count + random.below(20)
          let isDecoded = random.chance(9)
          leaves.append(
            Leaf(
              path: LeafPath(name: UInt16(random.below(300)), parent: UInt16(random.below(300))), item: item, subitem: subitem,
              range: range,
              traits: LeafTraits(rawValue: UInt8(random.below(8))), decoded: isDecoded ? decodedTexts.count : nil))
          if isDecoded { decodedTexts.append(random.bytes(random.below(9))) }
          if !isDecoded, !range.isEmpty, random.chance(3) {
            marks.append(Mark(kind: TermKind(rawValue: UInt8(1 + random.below(25))), range: range))
          }
          payload += random.bytes(range.count + random.below(70))
        }
      }
      if random.chance(2) { add(item: 0, subitem: 0, &random) }
      let hasSubitems = random.chance(2)
      for item in 0..<random.below(random.chance(3) ? 3 : 12) {
        add(item: UInt32(item + 1), subitem: 0, &random)
        for subitem in 0..<(hasSubitems ? random.below(12) : 0) { add(item: UInt32(item + 1), subitem: UInt32(subitem + 1), &random) }
      }
      if random.chance(2) { add(item: 0, subitem: 0, &random) }
      layout = MessageLayout(leaves: leaves, decodedTexts: decodedTexts, envelope: random.bytes(random.below(40)))
      content = EntryContent(observedAt: Timestamp(rawValue: 0), context: EntryContext(kind: .request), payload: payload)
      content.layout = layout
      content.marks = marks
    }
  }

  @Test func `a part's hash and sketch are those of its template, and of no other markup's`() throws {
    let seed = SeededGenerator.newSeed()
    var random = SeededGenerator(seed: seed)
    var items = 0
    for _ in 0..<1_000 {
      let message = RandomMessage(&random)
      var outlines: [LeafOutline] = []
      #expect(LeafOutline.outlines(of: message.content, message.layout, to: &outlines) == true, "seed \(seed)")
      try MessageView.with(message.content, message.layout, outlines) { view in
        var parts = MessageParts()
        parts.cut(view)
        for part in parts.all {
          if part.role.isEmpty { items += 1 }
          let forms = part.leaves.map { _ in ValueForm(.packed, UInt64(random.below(9))) }
          let made = view.template(part, forms: forms)
          // As a segment has it when it is opened again.
          var content: [UInt8] = []
          made.encode(base: nil, to: &content)
          let read = try content.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try Template(from: &reader) { _ in made }
          }
          for template in [made, read, Template(made, forms: forms.map { _ in ValueForm(.bytes) })] {
            #expect(view.matches(part, template), "seed \(seed)")
            #expect(view.hash(part) == template.hash && view.sketch(part) == template.sketch, "seed \(seed)")
          }
          guard let other = Self.changed(made, &random) else { continue }
          #expect(!view.matches(part, other) && view.hash(part) != other.hash, "seed \(seed)")
        }
      }
    }
    #expect(items > 500, "seed \(seed)")
  }

  /// A template that differs in a bit of its markup; nil where it has no markup.
  private static func changed(_ template: Template, _ random: inout SeededGenerator) -> Template? {
    var markup = Array(template.markup)
    guard !markup.isEmpty else { return nil }
    markup[random.below(markup.count)] ^= 1 << UInt8(random.below(8))
    return Template(
      role: template.role, envelope: template.envelope, holes: Array(template.holes), markup: markup, pieceEnds: Array(template.pieceEnds))
  }
}
