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
}

extension ArraySlice<Leaf> {
  /// Shows the runs of leaves with the same number, without those where it is 0, until `body` returns false.
  /// - Throws: what `body` throws.
  @inline(__always)
  func forEachRun<Failure: Error>(
    by number: (Leaf) -> UInt32, _ body: (ArraySlice<Leaf>) throws(Failure) -> Bool
  ) throws(Failure) {
    var start = startIndex
    while start < endIndex {
      let current = number(self[start])
      var end = start + 1
      while end < endIndex, number(self[end]) == current { end += 1 }
      if current > 0, try !body(self[start..<end]) { return }
      start = end
    }
  }

  /// Whether they are an item of a kind.
  func isItem(_ parent: UInt16) -> Bool { contains { $0.path.parent == parent } }
}

extension LeafGroup {
  /// An `xs:boolean`.
  func flag(_ name: UInt16) -> Field<Bool>? { field(name) { Bool(xml: $0.utf8) } }
}
