internal import JournalFormat

/// Learns the rules of templates: better ones from the first messages of each, and for long lists such as suit one sender.
///
/// What it learns becomes a template of the same markup in the register. Two senders may write one markup and other values, one dates in
/// UTC, the other with an offset. Where that makes every item of a long list an exception, its items get a *variant*: a template of the same
/// markup with rules of their own.
struct TemplateLearner {
  /// Shorter lists get no variant; they may have those that longer lists got.
  private static let minimumItemsOfVariant = 16
  /// What a variant must save in one list to be worth a template.
  private static let worthwhileBytes = 64
  private static let maximumVariants = 8

  /// What the first messages of each template said, by its number less one; nil where its rules are settled.
  private var votes: [RuleVotes?] = []
  private var trial = EncodedValues()

  /// Takes up the templates that are new in the register. A markup's rules are learnt once: not with its first variant there.
  mutating func takeUp(_ register: inout TemplateRegister) {
    while votes.count < register.count {
      let number = UInt32(votes.count + 1)
      let base = register.base(of: number)
      votes.append(base == number ? RuleVotes(holeCount: register.template(numbered: number).holes.count) : nil)
      if base != number { votes[Int(base) - 1] = nil }
    }
  }

  // MARK: First messages

  /// Shows a message's values to the templates that are still learning.
  mutating func learn(
    _ parts: MessageParts, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser, _ register: inout TemplateRegister
  ) {
    guard parts.numbers.contains(where: isLearning) else { return }
    for (number, places) in parts.placesByTemplate() where isLearning(number) {
      Self.show(places, of: parts, to: &votes[Int(number) - 1]!, neighbours, &chooser, &register)
    }
  }

  /// Counts a message for its templates, and settles those that have learnt enough.
  mutating func countMessage(_ parts: MessageParts, _ register: inout TemplateRegister) {
    for (place, number) in parts.numbers.enumerated() where isLearning(number) && parts.numbers.firstIndex(of: number) == place {
      if votes[Int(number) - 1]!.countMessage() { settle(number, &register) }
    }
  }

  /// Whether a template's rules are still to be learnt. One that was not taken up yet is a variant that was made for the message at hand.
  private func isLearning(_ number: UInt32) -> Bool { number <= votes.count && votes[Int(number) - 1] != nil }

  /// Ends the learning of a template; from then on its markup is written with better rules, where there are any.
  private mutating func settle(_ number: UInt32, _ register: inout TemplateRegister) {
    guard let votes = votes[Int(number) - 1] else { return }
    self.votes[Int(number) - 1] = nil
    let template = register.template(numbered: number)
    guard let forms = votes.betterForms(than: template), register.hasRoom(for: template) else { return }
    // Where there is no room the rules stay as they are.
    _ = try? register.add(Template(template, forms: forms), base: number)
  }

  /// Shows some of the equal items of a list, or what is no item. An item stands for those that are not looked at.
  private static func show(
    _ places: [Int], of parts: MessageParts, to votes: inout RuleVotes, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser,
    _ register: inout TemplateRegister
  ) {
    let (places, weight) = sample(of: places)
    for place in places {
      for (hole, leaf) in parts.all[place].leaves.enumerated() {
        register.seeWord(neighbours.message.recurringPart(leaf))
        let choices = chooser.choices(leaf, neighbours)
        // Its distance, and its share of the count.
        let exceptionBytes = 2 + choices.reduce(Int.max) { min($0, $1.exceptionBytes) }
        for choice in choices {
          votes.vote(choice.form, bytes: choice.bytes, exceptionBytes: exceptionBytes, hole: hole, weight: weight)
        }
      }
    }
  }

  /// A few parts that stand for all, and for how many each does.
  private static func sample(of places: [Int]) -> (places: [Int], weight: Int) {
    guard places.count > RuleVotes.itemsPerMessage else { return (places, 1) }
    // The first of a list cannot continue one before.
    let weight = (places.count - 1) / RuleVotes.itemsPerMessage
    return ((0..<RuleVotes.itemsPerMessage).map { places[1 + $0 * weight] }, weight)
  }

  // MARK: Variants

  /// Gives each list of equal items the best rules that its markup has, or gets.
  mutating func chooseVariants(
    _ parts: inout MessageParts, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser, _ register: inout TemplateRegister
  ) {
    guard parts.all.count > MessageParts.minimumItems else { return }
    for (number, places) in parts.placesByTemplate() where places.count >= MessageParts.minimumItems {
      guard let better = betterVariant(places, of: parts, number, neighbours, &chooser, &register) else { continue }
      for place in places { parts.set(better, at: place) }
    }
  }

  /// The number of a template that takes less for some items than their own; nil where there is none.
  private mutating func betterVariant(
    _ places: [Int], of parts: MessageParts, _ number: UInt32, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser,
    _ register: inout TemplateRegister
  ) -> UInt32? {
    // One that still learns gets better rules of its own.
    guard !isLearning(number) else { return nil }
    let others = register.family(of: number).filter { $0 != number }
    let mayLearn = places.count >= Self.minimumItemsOfVariant && others.count < Self.maximumVariants
    guard mayLearn || !others.isEmpty else { return nil }
    var best = (number: number, cost: cost(places, of: parts, number, neighbours, &chooser, &register))
    guard best.cost.exceptions > 0 else { return nil }
    for other in others {
      let cost = cost(places, of: parts, other, neighbours, &chooser, &register)
      if cost.bytes < best.cost.bytes { best = (other, cost) }
    }
    guard best.cost.exceptions > 0, mayLearn else { return best.number }
    let template = register.template(numbered: number)
    var votes = RuleVotes(holeCount: template.holes.count)
    Self.show(places, of: parts, to: &votes, neighbours, &chooser, &register)
    guard
      let forms = votes.betterForms(than: register.template(numbered: best.number), savingAtLeast: Self.worthwhileBytes),
      register.hasRoom(for: template),
      let variant = try? register.add(Template(template, forms: forms), base: register.base(of: number))
    else { return best.number }
    return variant
  }

  /// What a few items take with a template.
  private mutating func cost(
    _ places: [Int], of parts: MessageParts, _ number: UInt32, _ neighbours: ValueNeighbours, _ chooser: inout FormChooser,
    _ register: inout TemplateRegister
  ) -> (bytes: Int, exceptions: Int) {
    trial.removeAll()
    let template = register.template(numbered: number)
    for place in Self.sample(of: places).places {
      trial.append(parts.all[place], template, neighbours, &chooser, &register, isTrial: true)
    }
    // Each has its distance, too.
    return (trial.bytes.count + trial.exceptions.count, trial.exceptions.count)
  }
}
