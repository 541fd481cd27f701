internal import JournalFormat

/// The index in memory of the entries that have none in the file yet: rows in the order of their entries, chained by their keys.
/// 20 bytes a row; a builder that keeps up leaves less than two runs of them.
struct IndexTail {
  /// The entries that it knows.
  private(set) var entries: Range<UInt32>
  private var rows: [IndexRow] = []
  /// The row before each row in the same chain; ``none`` ends it.
  private var previous: [UInt32] = []
  /// The last row of each chain, by the upper bits of a key.
  private var chains: [UInt32] = []
  private var chainShift: UInt32 = 32
  private var times: TimeBlockMaker
  private var maker: IndexRowMaker

  /// What is wrong with those of its entries that cannot be read: they may hold anything.
  private(set) var damages: [JournalError] = []
  private let firstPosition: JournalPosition

  private static let none = UInt32.max

  /// - Parameter start: the first entry that the file does not index: the first of a run, or the end of a closed segment.
  init(_ header: SegmentHeader, from start: UInt32, runEntryCount: UInt32) {
    entries = start..<start
    firstPosition = header.firstPosition
    times = TimeBlockMaker(header, runEntryCount: runEntryCount)
    maker = IndexRowMaker(header, from: start, runEntryCount: runEntryCount)
  }

  /// Takes the next entry; one that cannot be read has no rows.
  mutating func add(_ result: Result<Entry, JournalError>) {
    let first = rows.count
    switch result {
    case .failure(let damage):
      damages.append(damage)
      maker.skip()
      times.add(nil, at: entries.upperBound)
    case .success(let entry):
      maker.addRows(of: entry, to: &rows)
      times.add(entry.content.observedAt, at: entries.upperBound)
    }
    entries = entries.lowerBound..<entries.upperBound + 1
    if rows.count > chains.count { return chainAll() }
    for index in first..<rows.count { chain(index) }
  }

  /// The spans of time of its entries, in order.
  var timeBlocks: [TimeBlock] { times.blocks }
  /// Its rows, in order.
  var sortedRows: [IndexRow] { rows.sorted() }

  /// Adds the entries under a key, in no order.
  func appendEntries(under key: IndexKey, to found: inout [UInt32]) {
    guard !chains.isEmpty else { return }
    var index = chains[Int(UInt64(key.rawValue) >> UInt64(chainShift))]
    while index != Self.none {
      let row = rows[Int(index)]
      if row.key == key { found.append(row.entry) }
      index = previous[Int(index)]
    }
  }

  /// Forgets the entries before one, which have come to the file.
  mutating func drop(before start: UInt32) {
    guard start > entries.lowerBound else { return }
    entries = min(start, entries.upperBound)..<entries.upperBound
    rows.removeAll { $0.entry < start }
    times.drop(before: start)
    damages.removeAll { $0.position.map { $0 < firstPosition.advanced(by: Int(start)) } ?? true }
    chainAll()
  }

  private mutating func chainAll() {
    let bits = max(8, UInt32(Int.bitWidth - (2 * rows.count).leadingZeroBitCount))
    chainShift = 32 - min(bits, 32)
    chains = [UInt32](repeating: Self.none, count: 1 << Int(32 - chainShift))
    previous.removeAll(keepingCapacity: true)
    for index in rows.indices { chain(index) }
  }

  private mutating func chain(_ index: Int) {
    let chain = Int(UInt64(rows[index].key.rawValue) >> UInt64(chainShift))
    previous.append(chains[chain])
    chains[chain] = UInt32(index)
  }
}
