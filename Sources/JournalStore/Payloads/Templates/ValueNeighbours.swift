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
    for other in 0..<min(request.leaves.count, Self.reach) where request.text(other)?.equals(text) == true {
      body(ValueForm(.request, UInt64(other)))
    }
    for distance in 1..<max(1, min(leaf, Self.reach) + 1)
    where !message.leaves[leaf - distance].isDecoded && message.text(leaf - distance).equals(text) {
      body(ValueForm(.same, UInt64(distance)))
    }
  }
}
