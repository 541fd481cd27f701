public import JournalFormat

/// Reads a journal beside its writer, in any process. Not for several threads at a time; make one for each.
///
/// It holds no snapshot between calls: every call sees what is durable when it begins.
public final class JournalReader {
  /// Where the journal stands.
  public let directory: JournalDirectory
  /// The manifest as it was last read.
  public private(set) var manifest: Manifest
  private var manifestFile: WatchedFile
  /// The entries that could not be read of those that were asked for.
  public let damage = DamageLog()
  private var readers: [Manifest.Segment.File: SegmentReader] = [:]

  /// - Throws: ``JournalError``: `journal.missing`, `format.newer`, `manifest.damaged`.
  public init(_ directory: JournalDirectory) throws(JournalError) {
    self.directory = directory
    // Watched before it is read: what replaces it in between is noticed.
    manifestFile = WatchedFile(directory.manifestPath)
    manifest = try directory.readManifest()
  }

  /// Reads the manifest again where it was replaced.
  /// - Throws: ``JournalError`` where the manifest cannot be read.
  public func refresh() throws(JournalError) {
    guard manifestFile.wasReplaced else { return }
    let watched = WatchedFile(directory.manifestPath)
    manifest = try directory.readManifest()
    manifestFile = watched
    let listed = Set(manifest.segments.map(\.file))
    // A reader of what was the newest segment keeps its large map; that does no harm.
    readers = readers.filter { listed.contains($0.key) }
  }

  // MARK: Positions

  /// The first position that there is; nil in an empty journal.
  public var firstPosition: JournalPosition? { manifest.segments.first?.firstPosition }

  /// The last position that is durable now; nil in an empty journal.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func lastPosition() throws(JournalError) -> JournalPosition? {
    try refresh()
    for segment in manifest.segments.reversed() {
      let count = try reader(segment).entryCount()
      if count > 0 { return segment.firstPosition.advanced(by: Int(count) - 1) }
    }
    return nil
  }

  /// The last durable entry; nil in an empty journal.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func lastEntry() throws(JournalError) -> Entry? {
    guard let last = try lastPosition() else { return nil }
    return try entry(at: last)
  }

  /// The entry at a position; nil where the journal does not have it.
  /// - Throws: ``JournalError`` `record.damaged`, `segment.missing`, `segment.damaged`.
  public func entry(at position: JournalPosition) throws(JournalError) -> Entry? {
    if segment(holding: position).map({ $0.lastPosition == nil }) ?? true { try refresh() }
    return try presentEntry(at: position)
  }

  /// The entry at a position; nil where the journal does not have it, or it is damaged: ``damage`` tells that.
  /// - Throws: ``JournalError`` `segment.missing`, `segment.damaged`.
  public func readableEntry(at position: JournalPosition) throws(JournalError) -> Entry? {
    try passingOver { () throws(JournalError) in try entry(at: position) }
  }

  /// As ``entry(at:)``, by the manifest as it was read last.
  private func presentEntry(at position: JournalPosition) throws(JournalError) -> Entry? {
    guard let segment = segment(holding: position) else { return nil }
    return try reader(segment).entry(at: place(of: position, in: segment))
  }

  /// Up to `limit` entries from a position on, over the bounds of segments, each its own result: damage does not hide what is behind it.
  /// Empty at the journal's end; the same call later goes on there.
  /// - Parameter limit: 1 to 1,000: it bounds the life of a snapshot.
  /// - Throws: ``JournalError`` where a segment cannot be read at all; damage to an entry is that entry's own result.
  public func entries(from position: JournalPosition, limit: Int = 512) throws(JournalError) -> [Result<Entry, JournalError>] {
    precondition((1...1_000).contains(limit), "a snapshot is kept short")
    let start = max(position, firstPosition ?? position)
    if segment(holding: start).map({ $0.lastPosition == nil }) ?? true { try refresh() }
    guard let first = segment(holding: start) else { return [] }
    let found = try reader(first).entries(from: place(of: start, in: first), limit: limit)
    guard found.isEmpty, let last = first.lastPosition, let next = segment(holding: last.next) else { return found }
    return try reader(next).entries(from: 0, limit: limit)
  }

  // MARK: Finding

  /// All exchanges with an entry that holds any of the terms, in the order of their positions. One that cannot be read may hold them too: ``damage``
  /// tells of all that were met.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func exchanges(holding terms: [IndexTerm]) throws(JournalError) -> [Exchange] {
    try refresh()
    var found: [(head: JournalPosition, request: Entry?)] = []
    // Of many segments most have nothing of what is looked for: their filters are asked before anything else is done with them.
    let sharedKeys = terms.map { IndexKeyMaker.sharedKey(of: $0) }
    for segment in manifest.segments {
      let reader = try self.reader(segment)
      guard try reader.mayHold(terms, sharedKeys: sharedKeys) else { continue }
      found += try reader.snapshot { () throws(JournalError) in
        var found: [(head: JournalPosition, request: Entry?)] = []
        for term in terms {
          for place in try reader.candidates(for: term) {
            guard let entry = try passingOver({ () throws(JournalError) in try reader.entry(at: place) }), try isRow(of: entry, for: term)
            else { continue }
            found.append(entry.requestPosition.map { ($0, nil) } ?? (entry.position, entry))
          }
        }
        return found
      }
    }
    // The request itself before the answers that only name it.
    found.sort { ($0.head, $0.request == nil ? 1 : 0) < ($1.head, $1.request == nil ? 1 : 0) }
    var exchanges: [Exchange] = []
    for (index, (head, request)) in found.enumerated() where index == 0 || head != found[index - 1].head {
      let exchange = try presentExchange(at: head, known: request)
      if !exchange.entries.isEmpty { exchanges.append(exchange) }
    }
    return exchanges
  }

  /// Nil for an entry that is damaged, which ``damage`` then tells of.
  private func passingOver(_ body: () throws(JournalError) -> Entry?) throws(JournalError) -> Entry? {
    do throws(JournalError) { return try body() } catch {
      guard error.code == .recordDamaged else { throw error }
      return nil
    }
  }

  /// Whether a row leads to an entry for good reason. A row of a request stands for its answer too: the answer may hold the term, and the
  /// request another one of the same key.
  private func isRow(of entry: Entry, for term: IndexTerm) throws(JournalError) -> Bool {
    if entry.holds(term) { return true }
    guard entry.requestPosition == nil else { return false }
    return try presentExchange(at: entry.position, known: entry).entries.contains { $0.holds(term) }
  }

  /// The exchange whose request stands (or stood) at a position, as far as it can be read: ``Exchange/unreadable`` tells of the rest.
  /// - Parameter known: the request, where the caller has it already.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func exchange(at head: JournalPosition, known: Entry? = nil) throws(JournalError) -> Exchange {
    try refresh()
    return try presentExchange(at: head, known: known)
  }

  private func presentExchange(at head: JournalPosition, known: Entry?) throws(JournalError) -> Exchange {
    let mark = damage.mark
    let request = known == nil ? try passingOver { () throws(JournalError) in try presentEntry(at: head) } : known
    var exchange = Exchange(request: request, answers: try presentAnswers(to: head))
    exchange.unreadable = damage.positions(since: mark)
    return exchange
  }

  /// All answers to the request at a position, in order; an exchange names the last failure and the last response only.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func answers(to head: JournalPosition) throws(JournalError) -> [Entry] {
    try refresh()
    return try presentAnswers(to: head)
  }

  private func presentAnswers(to head: JournalPosition) throws(JournalError) -> [Entry] {
    var answers: [Entry] = []
    // Mostly the answer stands right behind; what does not is indexed.
    if let next = try passingOver({ () throws(JournalError) in try presentEntry(at: head.next) }), next.requestPosition == head {
      answers.append(next)
      // After a response nothing more comes; after a failure a late one may.
      if next.kind != .failure { return answers }
    }
    let term = IndexTerm.requestPosition(head)
    for segment in manifest.segments where segment.lastPosition.map({ $0 > head }) ?? true {
      let reader = try self.reader(segment)
      for place in try reader.candidates(for: term) {
        let entry = try passingOver { () throws(JournalError) in try reader.entry(at: place) }
        if let entry, entry.requestPosition == head { answers.append(entry) }
      }
    }
    return answers
  }

  /// Refuses to be sure that nothing more is there: a flipped bit in a page of a segment that is not sealed, or of its index where that was searched, may hide
  /// it. To be asked behind an answer, as all pages are looked at.
  /// - Throws: ``JournalError`` `segment.damaged`, and where the journal cannot be read.
  public func requireSoundPages() throws(JournalError) {
    for segment in manifest.segments where segment.state == .hot {
      if let damage = try reader(segment).pageDamage() { throw damage }
    }
  }

  /// How many entries of a segment its index does not know yet: a search looks through them.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func unindexedEntryCount(_ segment: Manifest.Segment) throws(JournalError) -> Int { try reader(segment).unindexedCount() }

  // MARK: Times

  /// The latest observedAt of any entry; nil in an empty journal.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func latestObservedAt() throws(JournalError) -> Timestamp? {
    try refresh()
    var latest: Timestamp?
    for segment in manifest.segments {
      for block in try reader(segment).timeBlocks() { latest = max(latest ?? block.latest, block.latest) }
    }
    return latest
  }

  /// The entries that were observed at one moment, in order; ``damage`` tells of those that may have been.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func entries(observedAt time: Timestamp) throws(JournalError) -> [Entry] {
    try refresh()
    var found: [Entry] = []
    for segment in manifest.segments {
      let reader = try self.reader(segment)
      for block in try reader.timeBlocks() where block.earliest <= time && time <= block.latest {
        for case .success(let entry) in try reader.entries(from: block.entries.lowerBound, limit: block.entries.count)
        where entry.content.observedAt == time { found.append(entry) }
      }
    }
    return found
  }

  // MARK: Segments

  func segment(holding position: JournalPosition) -> Manifest.Segment? {
    let segments = manifest.segments
    // The last segment that begins at or before the position.
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].firstPosition <= position { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let segment = segments[low - 1]
    return segment.lastPosition.map { $0 < position } ?? false ? nil : segment
  }

  func place(of position: JournalPosition, in segment: Manifest.Segment) -> UInt32 {
    UInt32(clamping: position.rawValue - segment.firstPosition.rawValue)
  }

  /// The reader of a segment. A file that went away between manifest and opening, or while it was opened, means that the manifest was replaced:
  /// look again.
  /// - Throws: ``JournalError`` where the segment cannot be opened.
  func reader(_ segment: Manifest.Segment) throws(JournalError) -> SegmentReader {
    if let known = readers[segment.file] { return known }
    do throws(JournalError) {
      let environment = try SegmentEnvironment.reading(
        directory.path(of: segment), state: segment.state, isGrowing: segment.lastPosition == nil)
      try environment.requireHolds(segment, of: manifest)
      let reader = try SegmentReader(environment)
      reader.damageLog = damage
      reader.endedCount = segment.lastPosition.map { Int(truncatingIfNeeded: $0.rawValue &- segment.firstPosition.rawValue) + 1 }
      readers[segment.file] = reader
      return reader
    } catch {
      try refresh()
      if let other = manifest.segments.first(where: { $0.ordinal == segment.ordinal && $0.generation != segment.generation }) {
        return try reader(other)
      }
      guard error.code == .segmentMissing else { throw error }
      throw JournalError(
        .segmentMissing, "the manifest names this file, and it is gone. Restore it from a backup.", path: directory.path(of: segment))
    }
  }
}

extension JournalReader {
  /// When the entry at a position was recorded, or the last before it that can be read: damage is no obstacle, and ``damage`` is not told of it.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func recordedAt(_ position: JournalPosition) throws(JournalError) -> Timestamp? {
    let start = position.rawValue > 512 ? JournalPosition(position.rawValue - 511) : .first
    return try damage.quietly { () throws(JournalError) in
      if let entry = try readableEntry(at: position) { return entry.recordedAt }
      let before = try entries(from: start, limit: 512).prefix(Int(position.rawValue - start.rawValue))
      return before.compactMap { try? $0.get() }.last?.recordedAt
    }
  }

  /// The last position that had been recorded by a moment; nil where there was none yet. `recordedAt` never decreases with position.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func lastPosition(recordedBy time: Timestamp) throws(JournalError) -> JournalPosition? {
    guard let last = try lastPosition(), let first = firstPosition else { return nil }
    // The first position that was recorded later.
    var low = first.rawValue
    var high = last.rawValue + 1
    while low < high {
      let middle = low + (high - low) / 2
      if let recordedAt = try recordedAt(from: JournalPosition(middle), before: high), recordedAt <= time {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low == first.rawValue ? nil : JournalPosition(low - 1)
  }

  /// The recordedAt of the first readable entry from a position on; nil where none is before `end`.
  private func recordedAt(from position: JournalPosition, before end: UInt64) throws(JournalError) -> Timestamp? {
    var position = position
    while position.rawValue < end {
      let entry = try damage.quietly { () throws(JournalError) in try readableEntry(at: position) }
      if let entry { return entry.recordedAt }
      position = position.next
    }
    return nil
  }
}
