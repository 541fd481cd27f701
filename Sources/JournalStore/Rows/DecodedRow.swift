internal import JournalFormat

/// What a row holds: one entry, or a request and the answer that was appended with it, which are mostly read together
/// (`Schemas/journal-format.md`, "Row").
struct DecodedRow {
  var first: Entry
  /// Stands right behind the first.
  var second: Entry?

  func entry(at position: JournalPosition) -> Entry? {
    if first.position == position { return first }
    return second?.position == position ? second : nil
  }
}
