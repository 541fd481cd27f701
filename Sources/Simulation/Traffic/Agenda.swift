/// What is still to come: a binary heap by due time. Of two that are due together the one entered first comes first, so that the order
/// never depends on the shape of the heap.
struct Agenda: ~Copyable {
  struct Item {
    /// Milliseconds since 1970.
    var due: Int
    fileprivate(set) var sequence: UInt64 = 0
    var task: Task
    /// Which session or report.
    var index: Int32
    /// What the task needs to know besides: an event's nature, the minutes that an intermediate record covers, a provider.
    var detail: Int32 = 0
    /// 0 first attempt, 1 the retry after a lost answer.
    var attempt: UInt8 = 0

    fileprivate func precedes(_ other: Item) -> Bool { due != other.due ? due < other.due : sequence < other.sequence }
  }

  private var items: [Item] = []
  private var sequence: UInt64 = 0

  var count: Int { items.count }

  /// `Int.max` where nothing is planned.
  var nextDue: Int { items.isEmpty ? .max : items[0].due }

  mutating func add(_ item: Item) {
    var added = item
    added.sequence = sequence
    sequence += 1
    var child = items.count
    items.append(added)
    while child > 0 {
      let parent = (child - 1) / 2
      guard added.precedes(items[parent]) else { break }
      items[child] = items[parent]
      child = parent
    }
    items[child] = added
  }

  /// Takes out the item that is due first. The agenda must not be empty.
  mutating func removeFirst() -> Item {
    let first = items[0]
    let last = items.removeLast()
    if !items.isEmpty { sink(last) }
    return first
  }

  private mutating func sink(_ item: Item) {
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1].precedes(items[child]) { child += 1 }
      guard items[child].precedes(item) else { break }
      items[parent] = items[child]
      parent = child
    }
    items[parent] = item
  }
}

/// The kinds of things on the agenda.
enum Task: UInt8 {
  case managedQuestion, authorisationLeg, remoteStartLeg
  case reserved, busy, free
  case event, eventLeg
  case stopAction, stopActionLeg
  case record, recordLeg, recordRepeated
  case statusReport
  case beat, upload, download, planted
}
