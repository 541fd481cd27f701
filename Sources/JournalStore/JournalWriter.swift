internal import JournalFormat
internal import LMDB

/// Does the writing: owned by the one writer thread. An error is final: the journal must be opened anew.
struct JournalWriter {
  private let directory: JournalDirectory
  private var manifest: Manifest
  private var segment: SegmentWriter?
  /// Of a segment that was ended with no other after it yet.
  private var endedTemplates: TemplateTable?
  private var clock: JournalClock
  private var lastRecordedAt: Timestamp
  private var nextPosition: JournalPosition
  private var readersChecked = ContinuousClock.now
  private var random = BufferedRandomGenerator()
  private let indexBuilder: IndexBuilder

  /// Slots of readers that died keep pages from being used again.
  private static let readerCheckInterval = Duration.seconds(60)

  /// Takes up the journal where it ends, after removing what the manifest does not list.
  init(_ directory: JournalDirectory, clock: JournalClock, indexBuilder: IndexBuilder) throws(JournalError) {
    self.directory = directory
    self.indexBuilder = indexBuilder
    self.clock = clock
    manifest = try directory.readManifest()
    try directory.removeGarbage(manifest)
    nextPosition = manifest.nextPosition
    lastRecordedAt = Timestamp(rawValue: Int64.min)
    guard let newest = manifest.segments.last else { return }
    guard newest.lastPosition == nil else {
      let reader = try SegmentReader(SegmentEnvironment.reading(directory.path(of: newest), form: newest.form, isGrowing: false))
      let count = try reader.entryCount()
      lastRecordedAt = try count == 0 ? lastRecordedAt : reader.entry(at: count - 1)?.recordedAt ?? lastRecordedAt
      return
    }
    let environment = try SegmentEnvironment.writing(directory.path(of: newest))
    let writer = try SegmentWriter(environment)
    try translating { () throws(LMDBError) in _ = try environment.environment.clearDeadReaders() }
    segment = writer
    nextPosition = writer.nextPosition
    if let last = writer.lastRecordedAt {
      lastRecordedAt = last
    } else if manifest.segments.count > 1 {
      // The newest segment is empty: a crash came between making it and its first entry.
      let previous = manifest.segments[manifest.segments.count - 2]
      let reader = try SegmentReader(SegmentEnvironment.reading(directory.path(of: previous), form: previous.form, isGrowing: false))
      let count = try reader.entryCount()
      lastRecordedAt = try count == 0 ? lastRecordedAt : reader.entry(at: count - 1)?.recordedAt ?? lastRecordedAt
    }
  }

  /// How many segments have ended.
  var endedSegmentCount: Int { manifest.segments.count { $0.lastPosition != nil } }
  /// Has the indexes built from now on.
  func startIndexing() { indexBuilder.start(manifest.segments, entryCount: segment?.nextIndex ?? 0) }

  /// The last position that is durable; nil in an empty journal.
  var lastPosition: JournalPosition? { nextPosition == .first ? nil : JournalPosition(nextPosition.rawValue - 1) }
  /// Nil in an empty journal.
  var newestRecordedAt: Timestamp? { lastRecordedAt.rawValue == Int64.min ? nil : lastRecordedAt }

  /// Writes what a group of jobs asks for and commits it: one commit, or one more for each segment that begins within.
  /// - Returns: the positions of each job's entries, durable on return, or what is wrong with the job.
  mutating func perform(_ works: [WriteQueue.Work]) throws(JournalError) -> [Result<ClosedRange<JournalPosition>, JournalError>] {
    try indexBuilder.waitForRoom(for: works.reduce(0) { $0 + $1.entryCount })
    var results: [Result<ClosedRange<JournalPosition>, JournalError>] = []
    var group = OpenGroup()
    for work in works {
      switch work {
      case .append(let drafts):
        if let mistake = drafts.mistake(atPosition: nextPosition) {
          results.append(.failure(mistake))
        } else {
          results.append(.success(try append(drafts, &group)))
        }
      case .confirmClock:
        let first = nextPosition
        if let event = clock.confirm() { try append([EntryDraft(note(event))], at: clock.now().0, &group) }
        results.append(.success(first...max(first, JournalPosition(nextPosition.rawValue - 1))))
      case .endSegment:
        try commit(&group)
        try endSegment()
        results.append(.success(nextPosition...nextPosition))
      case .replaceBySealed(let segment):
        try replaceBySealed(segment)
        results.append(.success(nextPosition...nextPosition))
      }
    }
    try commit(&group)
    try checkReaders()
    return results
  }

  private mutating func checkReaders() throws(JournalError) {
    guard let segment, ContinuousClock.now - readersChecked >= Self.readerCheckInterval else { return }
    readersChecked = .now
    try translating { () throws(LMDBError) in _ = try segment.segment.environment.clearDeadReaders() }
  }

  /// The write transaction of the group at hand, once there is one.
  private struct OpenGroup: ~Copyable {
    var transaction: WriteTransaction?
    /// What it wrote, for the index builder once it has committed.
    var entries: [Entry] = []
  }

  private mutating func append(_ drafts: [EntryDraft], _ group: inout OpenGroup) throws(JournalError) -> ClosedRange<JournalPosition> {
    // The time is read once for all: entries that come together are recorded together.
    let (now, event) = clock.now()
    if let event { try append([EntryDraft(note(event))], at: now, &group) }
    let first = nextPosition
    var index = 0
    while index < drafts.count {
      // A request and the answer right behind it share a row.
      let isPair = drafts[index].exchange == .none && index + 1 < drafts.count && drafts[index + 1].exchange == .behind(1)
      let count = isPair && fitsOneRow(drafts[index], drafts[index + 1], now) ? 2 : 1
      try append(drafts[index..<index + count], at: now, &group)
      index += count
    }
    return first...JournalPosition(nextPosition.rawValue - 1)
  }

  /// Whether two entries may share a row: they fall in one segment and are no long lists.
  private func fitsOneRow(_ request: EntryDraft, _ answer: EntryDraft, _ now: Timestamp) -> Bool {
    let end = max(lastRecordedAt, request.recordedAt ?? now, answer.recordedAt ?? now)
    return max(lastRecordedAt, request.recordedAt ?? now).period == end.period
      && request.content.payload.count + answer.content.payload.count <= Self.maximumRowPayloadBytes
  }

  /// Reading one entry of a row decompresses both.
  private static let maximumRowPayloadBytes = 65_536

  /// Appends the entries of one row.
  private mutating func append(_ drafts: ArraySlice<EntryDraft>, at now: Timestamp, _ group: inout OpenGroup) throws(JournalError) {
    var recordedAt = max(lastRecordedAt, drafts.first!.recordedAt ?? now)
    if try needsNewSegment(recordedAt, isBetweenGroups: group.transaction == nil) {
      try commit(&group)
      try roll(recordedAt)
    }
    if group.transaction == nil {
      let environment = segment!.segment.environment
      group.transaction = try translating { () throws(LMDBError) in try environment.beginWrite() }
    }
    var entries: [Entry] = []
    for draft in drafts {
      recordedAt = max(recordedAt, draft.recordedAt ?? now)
      let position = nextPosition.advanced(by: entries.count)
      let exchange: JournalPosition? =
        switch draft.exchange {
        case .none: nil
        case .behind(let distance): JournalPosition(position.rawValue - UInt64(distance))
        case .position(let position): position
        }
      var entry = Entry(position: position, recordedAt: recordedAt, exchange: exchange, content: draft.content)
      if draft.content.hasPersonalValues { entry.seed = LeafSeed(using: &random) }
      entries.append(entry)
    }
    try segment!.append(entries, in: group.transaction!)
    for var entry in entries {
      entry.content.layout = nil
      group.entries.append(entry)
    }
    lastRecordedAt = recordedAt
    nextPosition = nextPosition.advanced(by: entries.count)
  }

  private mutating func commit(_ group: inout OpenGroup) throws(JournalError) {
    guard group.transaction != nil else { return }
    try segment!.flush(in: group.transaction!)
    guard let transaction = group.transaction.take() else { return }
    do throws(LMDBError) { try transaction.commit() } catch { throw JournalError(error) }
    indexBuilder.note(group.entries, entryCount: segment!.nextIndex)
    group.entries = []
  }

  // MARK: Segments

  private func needsNewSegment(_ time: Timestamp, isBetweenGroups: Bool) throws(JournalError) -> Bool {
    guard let segment else { return true }
    if time.period > segment.segment.header.period { return true }
    // How far the file has grown is known after a commit; a group is small against what is kept free.
    return isBetweenGroups ? try segment.isFull(limitBytes: manifest.segmentLimitBytes) : false
  }

  /// Ends the newest segment: the next entry begins another. Nothing where it is empty.
  private mutating func endSegment() throws(JournalError) {
    guard let writer = segment, writer.nextIndex > 0 else { return }
    manifest.segments[manifest.segments.count - 1].lastPosition = JournalPosition(nextPosition.rawValue - 1)
    manifest.nextPosition = nextPosition
    try directory.write(manifest)
    endedTemplates = writer.templates
    segment = nil
    indexBuilder.end(manifest.segments[manifest.segments.count - 1])
  }

  /// Names a segment's sealed file in place of its old one, which goes once its readers have: they keep it open.
  private mutating func replaceBySealed(_ old: Manifest.Segment) throws(JournalError) {
    guard let index = manifest.segments.firstIndex(of: old) else { return }
    indexBuilder.forget(old)
    manifest.segments[index] = old.sealed
    try directory.write(manifest)
    try directory.removeGarbage(manifest)
  }

  /// Begins a segment: its file first, then the directory's name for it, then the manifest that makes it count.
  private mutating func roll(_ time: Timestamp) throws(JournalError) {
    var generator = SystemRandomNumberGenerator()
    let descriptor = Manifest.Segment(
      period: time.period, ordinal: (manifest.segments.last?.ordinal ?? 0) + 1, generation: 1, firstPosition: nextPosition)
    let header = SegmentHeader(
      form: .hot, journalId: manifest.journalId, period: descriptor.period, ordinal: descriptor.ordinal, generation: descriptor.generation,
      firstPosition: nextPosition, baseTime: time,
      pseudonymKey: (0..<SegmentHeader.pseudonymKeyBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    let path = directory.path(of: descriptor)
    // A crash may have left files of this name that the manifest never listed.
    for path in [path, Manifest.Segment.indexPath(ofSegmentAt: path)] {
      try FileSystem.remove(path)
      try FileSystem.remove(path + "-lock")
    }
    let writer = try SegmentWriter(try SegmentEnvironment.create(path, header), after: segment?.templates ?? endedTemplates)
    try FileSystem.synchronizeDirectory(directory.segmentsPath)
    if let newest = manifest.segments.last, newest.lastPosition == nil {
      manifest.segments[manifest.segments.count - 1].lastPosition = JournalPosition(nextPosition.rawValue - 1)
      indexBuilder.end(manifest.segments[manifest.segments.count - 1])
    }
    manifest.segments.append(descriptor)
    manifest.nextPosition = nextPosition
    try directory.write(manifest)
    segment = writer
    endedTemplates = nil
    indexBuilder.begin(descriptor)
  }

  private func note(_ event: JournalClock.Event) -> EntryContent {
    var context = EntryContext(kind: .note, author: .gateway)
    context.reason = event.message
    return EntryContent(observedAt: clock.peek(), context: context)
  }
}

extension JournalDirectory {
  /// Removes the files that a crash left and the manifest does not list. Only names that the journal gives are touched.
  func removeGarbage(_ manifest: Manifest) throws(JournalError) {
    try FileSystem.remove(manifestPath + ".new")
    let listed = Set(manifest.segments.flatMap { $0.form == .hot ? [$0.fileName, $0.indexFileName] : [$0.fileName] })
    let sealed = Set(manifest.segments.filter { $0.form == .sealed }.map(\.fileName))
    for name in try FileSystem.names(in: segmentsPath) {
      let file = name.hasSuffix("-lock") ? String(name.dropLast(5)) : name
      // Nobody locks a sealed file; its writer's lock file is of no use any more.
      let isLeft = name.hasSuffix("-lock") && sealed.contains(file)
      guard isLeft || (file.hasSuffix(".mdb") && !listed.contains(file)) else { continue }
      try FileSystem.remove(segmentsPath + "/" + name)
    }
  }
}
