/// The values that were asked for lately, by their keys: at most twice as many as its limit. They go where ``trim()`` is called, so that whoever holds
/// one may be sure of it meanwhile.
struct CDRRecent<Key: Hashable, Value> {
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// What was asked for, or put there, since the last but one of the great clearances.
  subscript(key: Key) -> Value? {
    mutating get {
      if let value = young[key] { return value }
      guard let value = old[key] else { return nil }
      young[key] = value
      return value
    }
    set {
      young[key] = newValue
      if newValue == nil { old[key] = nil }
    }
  }

  /// Lets those go that were not asked for since many others were.
  mutating func trim() {
    guard young.count > limit else { return }
    old = young
    young = [:]
  }
}
