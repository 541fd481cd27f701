/// What was made of the contexts that entries share, found by the object alone: nothing of a context is compared or copied. Bounded: there is a slot
/// for each address, and the newest context has it.
public struct ContextMemory<Value> {
  /// Each context is kept, so that no other takes its place in memory. Empty until the first is remembered.
  @usableFromInline var slots: [(context: SharedContext, value: Value)?] = []
  @usableFromInline let slotCount: Int

  /// Makes a memory that is empty, and takes no room yet.
  /// - Parameter slotCount: how many contexts are remembered at most; a power of two.
  public init(slotCount: Int = 1_024) {
    precondition(slotCount.nonzeroBitCount == 1, "the number of slots is a power of two")
    self.slotCount = slotCount
  }

  /// What was made of a context; nil where it was not seen, or another took its slot.
  // Inlinable: it is asked for every entry.
  @inlinable public subscript(context: SharedContext) -> Value? {
    get {
      guard !slots.isEmpty, let known = slots[slot(context)], known.context === context else { return nil }
      return known.value
    }
    set {
      if slots.isEmpty { slots = Array(repeating: nil, count: slotCount) }
      slots[slot(context)] = newValue.map { (context, $0) }
    }
  }

  /// The slot of a context, by its address: objects lie 16 bytes apart at least.
  @inlinable func slot(_ context: SharedContext) -> Int {
    let address = UInt(bitPattern: ObjectIdentifier(context))
    return Int((address >> 4 ^ address >> 14) & UInt(slotCount - 1))
  }
}
