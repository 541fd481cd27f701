internal import JournalFormat
internal import LMDB

/// Decides what is written, and where: owned by the one writer thread. An error is final: the journal must be opened anew.
///
/// What it appends is committed by ``GroupCommitter``, or by itself where there is nothing to do meanwhile.
struct JournalWriter {
  private let directory: JournalDirectory
  private var manifest: Manifest
  private var segment: SegmentWriter?
  /// The templates of a segment that was ended with no other after it yet.
  private var endedTemplates: TemplateRegister?
  private var clock: JournalClock
  private var lastRecordedAt: Timestamp
  private var nextPosition: JournalPosition
  private var readersChecked = ContinuousClock.now
  private var random = BufferedRandomGenerator()
  private let indexBuilder: IndexBuilder
  private let committer: GroupCommitter

  /// Slots of readers that died keep pages from being used again.
  private static let readerCheckInterval = Duration.seconds(60)

  /// How far ahead of the system clock a time may lie that an entry brings: clocks differ.
  private static let futureLimitMilliseconds: Int64 = 86_400_000

  /// Takes up the journal where it ends, after removing what the manifest does not list.
  /// - Parameter newestChange: when a file of the journal was changed last, as far as that counts for whether the clock is believed.
  /// - Throws: ``JournalError`` where the journal is damaged, of a later version, or cannot be written to.
  init(
    _ directory: JournalDirectory, clock: JournalClock, newestChange: Timestamp? = nil, indexBuilder: IndexBuilder,
    committer: GroupCommitter
  ) throws(JournalError) {
    self.directory = directory
    self.indexBuilder = indexBuilder
    self.committer = committer
    self.clock = clock
    manifest = try directory.readManifest()
    try directory.removeGarbage(manifest, isManifestDurable: false)
    nextPosition = manifest.nextPosition
    lastRecordedAt = Timestamp(rawValue: Int64.min)
    // Last, when it is known when the last entry was recorded.
    defer { if let newestChange { self.clock.distrust(after: max(lastRecordedAt, newestChange)) } }
    guard let newest = manifest.segments.last else { return }
    guard newest.lastPosition == nil else {
      lastRecordedAt = try lastRecordedAt(in: newest) ?? lastRecordedAt
      return
    }
    let environment = try SegmentEnvironment.writing(directory.path(of: newest))
    try environment.requireHolds(newest, of: manifest)
    let writer = try SegmentWriter(environment)
    try translating { () throws(LMDBError) in _ = try environment.environment.clearDeadReaders() }
    segment = writer
    nextPosition = writer.nextPosition
    if let last = writer.lastRecordedAt {
      lastRecordedAt = last
    } else {
      // The newest segment is empty: a crash came between making it and its first entry. So, perhaps, is the one before.
      for previous in manifest.segments.dropLast().reversed() {
        guard let last = try lastRecordedAt(in: previous) else { continue }
        lastRecordedAt = last
        break
      }
    }
  }

  /// When the last entry of a segment that has ended was recorded; nil where it is empty.
  private func lastRecordedAt(in segment: Manifest.Segment) throws(JournalError) -> Timestamp? {
    let environment = try SegmentEnvironment.reading(directory.path(of: segment), state: segment.state, isGrowing: false)
    try environment.requireHolds(segment, of: manifest)
    let reader = try SegmentReader(environment)
    let count = try reader.entryCount()
    return count == 0 ? nil : try reader.entry(at: count - 1)?.recordedAt
  }

  /// Whether nothing is written before somebody has confirmed the system clock.
  var awaitsConfirmation: Bool { clock.unconfirmedSince != nil }
  /// Why nothing is written now; nil where it is.
  private var refusal: JournalError? {
    clock.unconfirmedSince.map { .unconfirmedClock(clock.peek(), since: $0, path: directory.path) }
  }
  /// How many segments have ended.
  var endedSegmentCount: Int { manifest.segments.count { $0.lastPosition != nil } }
  /// Has the indexes built from now on.
  func startIndexing() { indexBuilder.start(manifest.segments, entryCount: segment?.nextPlace ?? 0) }

  /// The last position that was given, durable once its batch is; nil in an empty journal.
  var lastPosition: JournalPosition? { nextPosition == .first ? nil : JournalPosition(nextPosition.rawValue - 1) }
  /// When the last entry was recorded; nil in an empty journal.
  var newestRecordedAt: Timestamp? { lastRecordedAt.rawValue == Int64.min ? nil : lastRecordedAt }

  /// What became of a group of jobs.
  struct Performed {
    /// The positions of each job's entries, or what is wrong with the job.
    let results: [Result<ClosedRange<JournalPosition>, JournalError>]
    /// What must be committed before the results are told, after all batches before it; nil where there is nothing.
    let batch: WriteBatch?
  }

  /// Does what a group of jobs asks for, all but the commit of what it appended last: whatever comes before the end of a segment is durable on
  /// return.
  /// - Throws: ``JournalError``, the end of all writing.
  mutating func perform(_ works: [WriteQueue.Work]) throws(JournalError) -> Performed {
    try indexBuilder.waitForRoom(for: works.reduce(0) { $0 + $1.entryCount }, written: segment?.nextPlace ?? 0)
    var results: [Result<ClosedRange<JournalPosition>, JournalError>] = []
    for work in works {
      switch work {
      case .append, .endSegment, .replaceBySealed:
        // Not even a file is changed: when that was is what tells a wrong clock from a long absence.
        if let refusal {
          results.append(.failure(refusal))
          continue
        }
      case .confirmClock: break
      }
      switch work {
      case .append(let drafts):
        let latest = max(lastRecordedAt, clock.peek().adding(milliseconds: Self.futureLimitMilliseconds))
        if let mistake = drafts.mistake(atPosition: nextPosition, latest: latest) {
          results.append(.failure(mistake))
        } else {
          results.append(.success(try append(drafts)))
        }
      case .confirmClock:
        let first = nextPosition
        if awaitsConfirmation { try confirmAbsence() }
        if let event = clock.confirm() { try append([EntryDraft(note(event))], at: clock.now().0) }
        results.append(.success(first...max(first, JournalPosition(nextPosition.rawValue - 1))))
      case .endSegment:
        try settle()
        try endSegment()
        results.append(.success(nextPosition...nextPosition))
      case .replaceBySealed(let segment):
        let refusal = try replaceBySealed(segment)
        results.append(refusal.map { .failure($0) } ?? .success(nextPosition...nextPosition))
      }
    }
    try checkReaders()
    return Performed(results: results, batch: segment?.takeBatch())
  }

  /// Has the manifest written anew: from then on the journal shows a trace of work by this clock.
  private mutating func confirmAbsence() throws(JournalError) {
    try directory.write(manifest)
    _ = clock.confirm()
  }

  /// Waits until everything that was appended is durable.
  private mutating func settle() throws(JournalError) {
    if let batch = segment?.takeBatch() { try committer.commit(batch) } else { try committer.drain() }
  }

  private mutating func checkReaders() throws(JournalError) {
    guard let segment, ContinuousClock.now - readersChecked >= Self.readerCheckInterval else { return }
    readersChecked = .now
    try translating { () throws(LMDBError) in _ = try segment.segment.environment.clearDeadReaders() }
  }

  private mutating func append(_ drafts: [EntryDraft]) throws(JournalError) -> ClosedRange<JournalPosition> {
    // The time is read once for all: entries that come together are recorded together.
    let (now, event) = clock.now()
    if let event { try append([EntryDraft(note(event))], at: now) }
    let first = nextPosition
    var index = 0
    while index < drafts.count {
      // A request and the answer right behind it share a row.
      let isPair = drafts[index].request == .none && index + 1 < drafts.count && drafts[index + 1].request == .behind(1)
      let count = isPair && fitsOneRow(drafts[index], drafts[index + 1], now) ? 2 : 1
      try append(drafts[index..<index + count], at: now)
      index += count
    }
    return first...JournalPosition(nextPosition.rawValue - 1)
  }

  /// Whether two entries may share a row: they fall in one segment and are no long lists.
  private func fitsOneRow(_ request: EntryDraft, _ answer: EntryDraft, _ now: Timestamp) -> Bool {
    let start = max(lastRecordedAt, request.recordedAt(now))
    return start.period == max(start, answer.recordedAt(now)).period
      && request.content.payload.count + answer.content.payload.count <= Self.maximumRowPayloadBytes
  }

  /// Reading one entry of a row decompresses both.
  private static let maximumRowPayloadBytes = 65_536

  /// Appends the entries of one row.
  private mutating func append(_ drafts: ArraySlice<EntryDraft>, at now: Timestamp) throws(JournalError) {
    var recordedAt = max(lastRecordedAt, drafts.first!.recordedAt(now))
    if try needsNewSegment(recordedAt) {
      try settle()
      try roll(recordedAt)
    }
    var entries: [Entry] = []
    entries.reserveCapacity(drafts.count)
    for draft in drafts {
      recordedAt = max(recordedAt, draft.recordedAt(now))
      let position = nextPosition.advanced(by: entries.count)
      let requestPosition: JournalPosition? =
        switch draft.request {
        case .none: nil
        case .behind(let distance): JournalPosition(position.rawValue - UInt64(distance))
        case .position(let position): position
        }
      let seed = draft.content.hasPersonalValues ? LeafSeed(using: &random) : nil
      entries.append(
        Entry(position: position, recordedAt: recordedAt, requestPosition: requestPosition, content: draft.content, seed: seed))
    }
    try segment!.append(entries)
    lastRecordedAt = recordedAt
    nextPosition = nextPosition.advanced(by: entries.count)
  }

  // MARK: Segments

  private func needsNewSegment(_ time: Timestamp) throws(JournalError) -> Bool {
    guard let segment else { return true }
    if time.period > segment.segment.header.period { return true }
    // How far the file has grown is known after a commit; what is on its way is small against what is kept free.
    return segment.hasRows ? false : try segment.isFull(limitBytes: manifest.segmentLimitBytes)
  }

  /// Ends the newest segment: the next entry begins another. Nothing where it is empty.
  private mutating func endSegment() throws(JournalError) {
    guard let writer = segment, writer.nextPlace > 0 else { return }
    manifest.segments[manifest.segments.count - 1].lastPosition = JournalPosition(nextPosition.rawValue - 1)
    manifest.nextPosition = nextPosition
    // Before the sealer can see it: that must not read the index while it is written.
    indexBuilder.end(manifest.segments[manifest.segments.count - 1])
    try directory.write(manifest)
    endedTemplates = writer.templates
    segment = nil
  }

  /// Names a segment's sealed file in place of its old one, which goes once its readers have: they keep it open.
  /// - Returns: why it could not be, where the manifest in force is the old one for certain: nothing is lost then, and writing goes on.
  /// - Throws: an error after which either manifest may be in force: both files stay, and the next opening takes the one it finds.
  private mutating func replaceBySealed(_ old: Manifest.Segment) throws(JournalError) -> JournalError? {
    guard let index = manifest.segments.firstIndex(of: old) else { return nil }
    var next = manifest
    next.segments[index] = old.sealed
    do throws(JournalError) {
      try directory.prepare(next)
    } catch {
      // No manifest ever listed it, so it is garbage: the space goes back to recording now, not at the next opening.
      try? SegmentSealer.removeFile(of: old, in: directory)
      return error
    }
    try directory.putPreparedInForce()
    manifest = next
    indexBuilder.forget(old)
    try directory.removeGarbage(manifest)
    return nil
  }

  /// Begins a segment: its file first, then the directory's name for it, then the manifest that makes it count.
  private mutating func roll(_ time: Timestamp) throws(JournalError) {
    var generator = SystemRandomNumberGenerator()
    let descriptor = Manifest.Segment(
      period: time.period, ordinal: (manifest.segments.last?.ordinal ?? 0) + 1, generation: 1, firstPosition: nextPosition)
    let header = SegmentHeader(
      state: .hot, journalId: manifest.journalId, period: descriptor.period, ordinal: descriptor.ordinal, generation: descriptor.generation,
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

extension EntryDraft {
  /// When it counts as recorded, as far as it alone decides.
  fileprivate func recordedAt(_ now: Timestamp) -> Timestamp { min(recordedAt ?? now, now) }
}

extension JournalDirectory {
  /// Removes the files that a crash left and the manifest does not list. Only names that the journal gives are touched.
  /// - Parameter isManifestDurable: whether its name has been synced. Else it is, before anything goes: a process that ended between the
  ///   rename and the sync leaves a manifest that a power cut may still take back, and that one's files must be there then.
  /// - Throws: ``JournalError`` where the file system fails.
  func removeGarbage(_ manifest: Manifest, isManifestDurable: Bool = true) throws(JournalError) {
    try FileSystem.remove(manifestPath + ".new")
    let listed = Set(manifest.segments.flatMap { $0.state == .hot ? [$0.fileName, $0.indexFileName] : [$0.fileName] })
    let sealed = Set(manifest.segments.filter { $0.state == .sealed }.map(\.fileName))
    let garbage = try FileSystem.names(in: segmentsPath).filter { name in
      let file = name.hasSuffix("-lock") ? String(name.dropLast(5)) : name
      // Nobody locks a sealed file; its writer's lock file is of no use any more.
      let isLeft = name.hasSuffix("-lock") && sealed.contains(file)
      return isLeft || (file.hasSuffix(".mdb") && !listed.contains(file))
    }
    if !garbage.isEmpty && !isManifestDurable { try FileSystem.synchronizeDirectory(path) }
    for name in garbage { try FileSystem.remove(segmentsPath + "/" + name) }
  }
}
