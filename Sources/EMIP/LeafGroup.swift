import JournalFormat

/// Leaves that belong together, an item's or a message's, and their texts.
struct LeafGroup {
  let leaves: ArraySlice<Leaf>
  let texts: LeafTexts

  /// The first text of a name that is not empty; nil where there is none.
  func text(_ name: UInt16) -> String? { first { $0.path.name == name } }

  func field<Value>(_ name: UInt16, _ parse: (String) -> Value?) -> Field<Value>? {
    text(name).map { Field(text: $0, value: parse($0)) }
  }

  func code<Code: OpenCode>(_ name: UInt16) -> Field<Code>? { field(name) { Code($0) } }

  func date(_ name: UInt16) -> Field<Timestamp>? { field(name) { Timestamp($0) } }

  func first(where predicate: (Leaf) -> Bool) -> String? {
    leaves.first { predicate($0) && !texts.isEmpty($0) }.map(texts.text)
  }

  func last(where predicate: (Leaf) -> Bool) -> String? {
    leaves.last { predicate($0) && !texts.isEmpty($0) }.map(texts.text)
  }

  /// The runs of leaves with the same number, without those where it is 0.
  @inline(__always)
  func split(by number: (Leaf) -> UInt32) -> [LeafGroup] {
    var groups: [LeafGroup] = []
    var start = leaves.startIndex
    while start < leaves.endIndex {
      let current = number(leaves[start])
      let end = leaves[start...].firstIndex { number($0) != current } ?? leaves.endIndex
      if current > 0 { groups.append(LeafGroup(leaves: leaves[start..<end], texts: texts)) }
      start = end
    }
    return groups
  }
}

extension LeafGroup {
  /// An `xs:boolean`.
  func flag(_ name: UInt16) -> Field<Bool>? {
    field(name) { text in
      switch text {
      case "1", "true": true
      case "0", "false": false
      default: nil
      }
    }
  }
}
