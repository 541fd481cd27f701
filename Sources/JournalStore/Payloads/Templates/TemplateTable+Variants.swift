internal import JournalFormat

// Two senders may write one markup and other values: one dates in UTC, the other with an offset. Where that makes every item of a long list an
// exception, its items get a template of the same markup with rules of their own.
extension TemplateTable {
  /// Fewer items get no rules of their own; they may have those that longer lists got.
  private static let minimumItemsOfVariant = 16
  /// What other rules must save in one list to be worth a template.
  private static let worthwhileBytes = 64
  private static let maximumVariants = 8

  /// Gives each list of equal items the best rules that its markup has, or gets.
  mutating func chooseVariants(_ neighbours: ValueNeighbours) {
    guard scratch.parts.count > Self.minimumItems else { return }
    for (number, parts) in partsByTemplate() where parts.count >= Self.minimumItems {
      guard let better = betterVariant(parts, number, neighbours) else { continue }
      for index in parts { scratch.numbers[index] = better }
    }
  }

  /// The number of a template that takes less for some items than their own; nil where there is none.
  private mutating func betterVariant(_ parts: [Int], _ number: UInt32, _ neighbours: ValueNeighbours) -> UInt32? {
    // One that still learns gets better rules of its own.
    guard known[Int(number) - 1].learning == nil else { return nil }
    let base = known[Int(number) - 1].base
    let others = ([base] + known[Int(base) - 1].variants).filter { $0 != number }
    let mayLearn = parts.count >= Self.minimumItemsOfVariant && others.count < Self.maximumVariants
    guard mayLearn || !others.isEmpty else { return nil }
    var best = (number: number, cost: cost(parts, number, neighbours))
    guard best.cost.exceptions > 0 else { return nil }
    for other in others {
      let cost = cost(parts, other, neighbours)
      if cost.bytes < best.cost.bytes { best = (other, cost) }
    }
    guard best.cost.exceptions > 0, mayLearn else { return best.number }
    let learning = TemplateLearning(holeCount: known[Int(number) - 1].template.holes.count)
    learn(parts, learning, neighbours)
    let forms = learning.betterForms(than: known[Int(best.number) - 1].template, savingAtLeast: Self.worthwhileBytes)
    return forms.flatMap { variant(of: number, forms: $0) } ?? best.number
  }

  /// What a few items take with a template.
  private mutating func cost(_ parts: [Int], _ number: UInt32, _ neighbours: ValueNeighbours) -> (bytes: Int, exceptions: Int) {
    scratch.values.removeAll(keepingCapacity: true)
    scratch.exceptions.removeAll(keepingCapacity: true)
    for index in Self.sample(of: parts).parts {
      appendValues(scratch.parts[index], known[Int(number) - 1].template, neighbours, isTrial: true)
    }
    // Each has its distance, too.
    return (scratch.values.count + scratch.exceptions.count, scratch.exceptions.count)
  }
}
