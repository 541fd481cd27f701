internal import JournalFormat

/// Contexts of late, each once: entries that say the same share one object, which is looked up and encoded by what it is and not by what
/// it says. Bounded: a place for each hash, and the newest has it.
struct ContextPool {
  private var contexts: [SharedContext?] = Array(repeating: nil, count: 1024)

  /// The object that all entries with this context have had, or a new one.
  mutating func shared(_ context: EntryContext) -> SharedContext {
    // What tells contexts apart most often; the rest is compared.
    var hasher = Hasher()
    hasher.combine(context.kind)
    hasher.combine(context.operation)
    hasher.combine(context.operator)
    hasher.combine(context.peer.address)
    hasher.combine(context.outcome.requestStatus)
    let place = hasher.finalize() & (contexts.count - 1)
    if let known = contexts[place], known.value == context { return known }
    let new = SharedContext(context)
    contexts[place] = new
    return new
  }
}
