internal import JournalFormat

/// Makes the rows of entries that are shown to it one after the other, from the first of a run on. The same entries give the same rows.
struct IndexRowMaker {
  private var keyMaker: IndexKeyMaker
  private let segmentStart: JournalPosition
  private let runEntryCount: UInt32
  private var next: UInt32
  /// Where the present run begins.
  private var runStart: UInt32
  /// The keys of the entries of the present run, one after the other: an answer leaves out what its request there has.
  private var keys: [IndexKey] = []
  /// The number of the first key of each of these entries, and whether it may stand for its answers.
  private var entries: [(firstKey: Int, isHead: Bool)] = []
  private var contexts = ContextKeys()

  /// - Parameter start: where a run begins; the next ones begin at the multiples of their size.
  init(_ header: SegmentHeader, from start: UInt32, runEntryCount: UInt32) {
    keyMaker = IndexKeyMaker(pseudonymKey: header.pseudonymKey)
    segmentStart = header.firstPosition
    self.runEntryCount = runEntryCount
    next = start
    runStart = start
  }

  /// Passes over an entry that cannot be read: it has no rows.
  mutating func skip() { begin(isHead: false) }

  /// Passes over an entry that cannot be read, and makes the row that says so: a search that finds nothing may have missed it.
  mutating func skip(to rows: inout [IndexRow]) {
    rows.append(IndexRow(keyMaker.key(of: .unreadableEntry), next))
    skip()
  }

  /// Shows the rows of the next entry, in the order of their keys.
  mutating func addRows(of entry: Entry, to rows: inout [IndexRow]) {
    let place = next
    begin(isHead: entry.requestPosition == nil)
    var known = keysOfRequest(of: entry, at: place)
    let first = keys.count
    contexts.append(entry.content.sharedContext, &keyMaker, to: &keys)
    entry.content.payload.withUnsafeBufferPointer { payload in
      for mark in entry.content.marks where mark.kind.comparison != .unindexed { keys.append(keyMaker.key(of: mark, in: payload)) }
    }
    // The answer's own: only it tells that it is an answer.
    var own: IndexKey?
    if let request = entry.requestPosition {
      if entry.position.rawValue - request.rawValue > 1 {
        own = keyMaker.key(of: .requestPosition(request))
        keys.append(own!)
      }
      if request < segmentStart { keys.append(keyMaker.key(of: .answerToEarlierSegment)) }
    }
    sortKeys(from: first)
    var end = first
    for number in first..<keys.count {
      let key = keys[number]
      if end > first && keys[end - 1] == key { continue }
      // What finds the request finds its answer: spare the second row. The keys of both are in order.
      while let next = known.first, keys[next] < key { known.removeFirst() }
      if let next = known.first, keys[next] == key, key != own { continue }
      keys[end] = key
      end += 1
      rows.append(IndexRow(key, place))
    }
    keys.removeLast(keys.count - end)
  }

  /// Sorts the keys from one on. They are few, but for long lists.
  private mutating func sortKeys(from first: Int) {
    guard keys.count - first <= 16 else { return keys[first...].sort() }
    for place in keys.indices.dropFirst(first + 1) {
      let key = keys[place]
      var hole = place
      while hole > first && keys[hole - 1] > key {
        keys[hole] = keys[hole - 1]
        hole -= 1
      }
      keys[hole] = key
    }
  }

  private mutating func begin(isHead: Bool) {
    if next % runEntryCount == 0 {
      runStart = next
      keys.removeAll(keepingCapacity: true)
      entries.removeAll(keepingCapacity: true)
    }
    entries.append((keys.count, isHead))
    next += 1
  }

  /// Where the keys of the request stand that an entry answers; empty where it stands in another run.
  private func keysOfRequest(of entry: Entry, at place: UInt32) -> Range<Int> {
    guard let position = entry.requestPosition, position >= segmentStart else { return 0..<0 }
    let request = position.rawValue - segmentStart.rawValue
    guard request >= UInt64(runStart), request < UInt64(place) else { return 0..<0 }
    let number = Int(request) - Int(runStart)
    guard entries[number].isHead else { return 0..<0 }
    return entries[number].firstKey..<entries[number + 1].firstKey
  }
}

/// The keys of contexts, by their objects, which entries share.
private struct ContextKeys {
  /// The objects are kept, so that no other takes their place in memory.
  private var known: [(context: SharedContext, keys: Range<Int>)] = []
  private var keys: [IndexKey] = []
  private var numbers: [ObjectIdentifier: Int] = [:]
  /// The latest by the bits of their addresses: numbers of `known`.
  private var latest = [UInt16](repeating: 0, count: 1 << latestBits)

  private static let latestBits = 10
  private static let maximumCount = 16_384

  mutating func append(_ context: SharedContext, _ maker: inout IndexKeyMaker, to output: inout [IndexKey]) {
    for key in keys[known[number(of: context, &maker)].keys] { output.append(key) }
  }

  private mutating func number(of context: SharedContext, _ maker: inout IndexKeyMaker) -> Int {
    let identifier = ObjectIdentifier(context)
    // Objects lie 16 bytes apart or more.
    let place = (Int(bitPattern: identifier) >> 4 ^ Int(bitPattern: identifier) >> 14) & (1 << Self.latestBits - 1)
    let guess = Int(latest[place])
    if guess < known.count, known[guess].context === context { return guess }
    let number = numbers[identifier] ?? insert(context, identifier, &maker)
    latest[place] = UInt16(number)
    return number
  }

  private mutating func insert(_ context: SharedContext, _ identifier: ObjectIdentifier, _ maker: inout IndexKeyMaker) -> Int {
    if known.count == Self.maximumCount { self = ContextKeys() }
    let first = keys.count
    keys += context.value.indexKeys(&maker)
    known.append((context, first..<keys.count))
    numbers[identifier] = known.count - 1
    return known.count - 1
  }
}
