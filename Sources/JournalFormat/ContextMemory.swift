internal import JournalFormat

/// What a projection made of the contexts that entries share, found by the object alone: nothing of a context is compared or copied.
struct ContextMemory<Value> {
  /// Each context is kept, so that no other takes its place in memory.
  private var slots: [(context: SharedContext, value: Value)?] = Array(repeating: nil, count: slotCount)

  private static var slotCount: Int { 1_024 }

  /// Nil where it was not seen, or another took its slot.
  subscript(context: SharedContext) -> Value? {
    get {
      guard let known = slots[Self.slot(context)], known.context === context else { return nil }
      return known.value
    }
    set { slots[Self.slot(context)] = newValue.map { (context, $0) } }
  }

  /// By its address: objects lie 16 bytes apart at least.
  private static func slot(_ context: SharedContext) -> Int {
    let address = UInt(bitPattern: ObjectIdentifier(context))
    return Int((address >> 4 ^ address >> 14) % UInt(slotCount))
  }
}
