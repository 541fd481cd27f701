/// What somebody made of the contexts that entries share, found by the object alone: nothing of a context is compared or copied. It holds the
/// newest for each slot, at most ``slotCount`` of them.
public struct ContextMemory<Value> {
  /// Each context is kept, so that no other takes its place in memory. Empty until the first is.
  @usableFromInline var slots: [(context: SharedContext, value: Value)?] = []

  /// How many contexts it holds at most.
  @inlinable public static var slotCount: Int { 1_024 }

  /// A memory of nothing.
  @inlinable
  public init() {}

  /// What was kept for a context; nil where none was, or another took its slot.
  @inlinable
  public subscript(context: SharedContext) -> Value? {
    get {
      guard !slots.isEmpty, let known = slots[Self.slot(context)], known.context === context else { return nil }
      return known.value
    }
    set {
      if slots.isEmpty { slots = Array(repeating: nil, count: Self.slotCount) }
      slots[Self.slot(context)] = newValue.map { (context, $0) }
    }
  }

  /// By its address: objects lie 16 bytes apart at least.
  @inlinable
  static func slot(_ context: SharedContext) -> Int {
    let address = UInt(bitPattern: ObjectIdentifier(context))
    return Int((address >> 4 ^ address >> 14) % UInt(slotCount))
  }
}
