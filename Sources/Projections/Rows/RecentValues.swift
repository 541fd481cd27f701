/// Values that were used lately, by their keys: never more than twice the limit.
struct RecentValues<Key: Hashable, Value> {
  private let limit: Int
  private var recent: [Key: Value] = [:]
  /// What was recent until there was too much of it: what is not asked for again goes with the next change.
  private var older: [Key: Value] = [:]

  init(limit: Int) { self.limit = limit }

  subscript(key: Key) -> Value? {
    mutating get {
      if let value = recent[key] { return value }
      guard let value = older.removeValue(forKey: key) else { return nil }
      keep(value, key)
      return value
    }
    set {
      older[key] = nil
      if let newValue { keep(newValue, key) } else { recent[key] = nil }
    }
  }

  mutating func removeAll() {
    recent = [:]
    older = [:]
  }

  private mutating func keep(_ value: Value, _ key: Key) {
    if recent.count >= limit {
      older = recent
      recent = [:]
    }
    recent[key] = value
  }
}
