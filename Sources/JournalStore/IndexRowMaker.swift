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
  /// For each of these entries the number of its first key, and whether it may stand for its answers.
  private var entries: [(firstKey: Int, isHead: Bool)] = []
  private var contextKeys: [ObjectIdentifier: (context: SharedContext, keys: [IndexKey])] = [:]
  private static let maximumContexts = 16_384

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

  /// Shows the rows of the next entry, in the order of their keys.
  mutating func addRows(of entry: Entry, to rows: inout [IndexRow]) {
    let index = next
    begin(isHead: entry.exchange == nil)
    let own = entry.exchange.map { keyMaker.key(of: .exchange($0)) }
    let known = keysOfRequest(of: entry, at: index)
    let contextKeys = contextKeys(of: entry.content.sharedContext)
    for key in entry.indexKeys(&keyMaker, contextKeys: contextKeys, segmentStart: segmentStart) {
      // What finds the request finds its answer: spare the second row. But only the answer's own row tells that it is an answer.
      guard key == own || !keys[known].contains(key) else { continue }
      keys.append(key)
      rows.append(IndexRow(key, index))
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
  private func keysOfRequest(of entry: Entry, at index: UInt32) -> Range<Int> {
    guard let exchange = entry.exchange, exchange >= segmentStart else { return 0..<0 }
    let request = exchange.rawValue - segmentStart.rawValue
    guard request >= UInt64(runStart), request < UInt64(index) else { return 0..<0 }
    let number = Int(request) - Int(runStart)
    guard entries[number].isHead else { return 0..<0 }
    return entries[number].firstKey..<entries[number + 1].firstKey
  }

  private mutating func contextKeys(of context: SharedContext) -> [IndexKey] {
    // The object is kept with its keys, so that no other takes its place in memory.
    if let known = contextKeys[ObjectIdentifier(context)] { return known.keys }
    if contextKeys.count == Self.maximumContexts { contextKeys.removeAll(keepingCapacity: true) }
    let keys = context.value.indexKeys(&keyMaker)
    contextKeys[ObjectIdentifier(context)] = (context, keys)
    return keys
  }
}
