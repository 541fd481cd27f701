internal import JournalFormat

/// A leaf's place in a template: what is known of the leaf before its text is, and how its text is written as a rule.
struct TemplateHole {
  let outline: LeafOutline
  let form: ValueForm
  /// The form's pattern, where it has one.
  let pattern: TextPattern?

  init(outline: LeafOutline, form: ValueForm) {
    self.outline = outline
    self.form = form
    pattern = form.pattern
  }
}

/// What a template tells of a leaf, in one comparable number: path, traits, the kind of its mark, and its step in the lists.
struct LeafOutline: Hashable {
  let rawValue: UInt64

  init(path: LeafPath, traits: LeafTraits, markKind: UInt8, step: ListStep) {
    let place = UInt64(path.name) | UInt64(path.parent) << 16
    rawValue = place | UInt64(traits.rawValue) << 32 | UInt64(markKind) << 40 | UInt64(step.rawValue) << 48
  }

  var path: LeafPath { LeafPath(name: UInt16(truncatingIfNeeded: rawValue), parent: UInt16(truncatingIfNeeded: rawValue >> 16)) }
  var traits: LeafTraits { LeafTraits(rawValue: UInt8(truncatingIfNeeded: rawValue >> 32)) }
  /// A ``TermKind``, or 0 for no mark.
  var markKind: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 40) }
  var step: ListStep { ListStep(rawValue: UInt8(truncatingIfNeeded: rawValue >> 48)) }
  /// Whether the text may be a word: recurring, and not personal whatever else is said.
  var isRecurring: Bool { traits.contains(.recurring) && !traits.contains(.personal) }

  func encode(to output: inout [UInt8]) {
    output.appendVarint(UInt64(path.name))
    output.appendVarint(UInt64(path.parent))
    output.append(traits.rawValue)
    output.append(markKind)
    output.append(step.rawValue)
  }

  /// Reads an outline; `cursor` then stands behind it.
  /// - Throws: `FormatError` for traits or a step that do not exist.
  init(from cursor: inout ByteReader) throws(FormatError) {
    let path = LeafPath(name: UInt16(try cursor.count(atMost: 0xffff)), parent: UInt16(try cursor.count(atMost: 0xffff)))
    let traits = LeafTraits(rawValue: try cursor.byte())
    let markKind = try cursor.byte()
    let step = ListStep(rawValue: try cursor.byte())
    guard traits.isSubset(of: .all), step.isValid else { throw FormatError("a hole of a template is unknown") }
    self.init(path: path, traits: traits, markKind: markKind, step: step)
  }
}

/// How a leaf's item and subitem follow from those of the leaf before: item in bits 0 and 1, subitem in bits 2 and 3; each 0 outside any, 1 as before,
/// 2 the next.
struct ListStep: Hashable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  var isValid: Bool { rawValue < 16 && rawValue & 3 < 3 && rawValue >> 2 < 3 }
  var isNextItem: Bool { rawValue & 3 == 2 }
  var isNextSubitem: Bool { rawValue >> 2 == 2 }
}

/// Where a message's lists stand, leaf by leaf. Subitems are counted anew when the item changes.
struct ListPlace {
  private var item: UInt32 = 0
  private var subitem: UInt32 = 0
  private var itemCount: UInt32 = 0
  private var subitemCount: UInt32 = 0

  /// The step to a leaf; nil where items do not come one after the other.
  @inline(__always)
  mutating func step(toItem newItem: UInt32, subitem newSubitem: UInt32) -> ListStep? {
    if newItem == 0, newSubitem == 0 {
      if item != 0 { subitemCount = 0 }
      (item, subitem) = (0, 0)
      return ListStep(rawValue: 0)
    }
    var step: UInt8 = 0
    if newItem != item {
      subitem = 0
      subitemCount = 0
      if newItem != 0 {
        guard newItem == itemCount &+ 1 else { return nil }
        itemCount = newItem
        step = 2
      }
      item = newItem
    } else if newItem != 0 {
      step = 1
    }
    if newSubitem != 0 {
      if newSubitem == subitem {
        step |= 4
      } else {
        guard newSubitem == subitemCount &+ 1 else { return nil }
        subitemCount = newSubitem
        step |= 8
      }
    }
    subitem = newSubitem
    return ListStep(rawValue: step)
  }

  /// The item and subitem that a step leads to; nil where it repeats what is not there.
  @inline(__always)
  mutating func follow(_ step: ListStep) -> (item: UInt32, subitem: UInt32)? {
    switch step.rawValue & 3 {
    case 0:
      if item != 0 { (subitem, subitemCount) = (0, 0) }
      item = 0
    case 1: guard item != 0 else { return nil }
    default:
      itemCount &+= 1
      (item, subitem, subitemCount) = (itemCount, 0, 0)
    }
    switch step.rawValue >> 2 {
    case 0: subitem = 0
    case 1: guard subitem != 0 else { return nil }
    default:
      subitemCount &+= 1
      subitem = subitemCount
    }
    return (item, subitem)
  }
}
