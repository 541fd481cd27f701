internal import JournalFormat
internal import LMDB

/// What `verify` found.
public struct Verification: Hashable, Sendable, Codable {
  /// One thing that is not as it should be.
  public struct Damage: Hashable, Sendable, Codable {
    /// The segment, by period and ordinal; nil where it is about none.
    public let segment: String?
    /// The position, where it is about an entry.
    public let position: UInt64?
    /// What is damaged.
    public let message: String

    /// A damage, with where it is as far as that is known.
    public init(segment: String?, position: UInt64? = nil, message: String) {
      self.segment = segment
      self.position = position
      self.message = message
    }
  }

  /// How many entries were read.
  public var entryCount: UInt64 = 0
  /// How many index rows were compared.
  public var indexRowCount: UInt64 = 0
  /// How many pages were looked at.
  public var pageCount: UInt64 = 0
  /// How many bytes the files have.
  public var sizeBytes: UInt64 = 0
  /// At most ``maximumDamages`` of them.
  public var damages: [Damage] = []
  /// All that were found.
  public var damageCount: UInt64 = 0

  /// How many damages are told one by one; the others are counted.
  public static let maximumDamages = 1_000

  /// A report on nothing so far.
  public init() {}

  /// Counts one more damage.
  public mutating func add(_ damage: Damage) {
    damageCount += 1
    if damages.count < Self.maximumDamages { damages.append(damage) }
  }

  /// Adds what another part of the journal gave.
  public mutating func add(_ other: Verification) {
    entryCount += other.entryCount
    indexRowCount += other.indexRowCount
    pageCount += other.pageCount
    sizeBytes += other.sizeBytes
    for damage in other.damages { add(damage) }
    damageCount += other.damageCount - UInt64(other.damages.count)
  }
}

extension JournalReader {
  /// Checks what stands between the segments: the manifest, the chain of positions, and that every file is there.
  /// - Throws: ``JournalError`` where the journal cannot be read.
  public func verifyManifest() throws(JournalError) -> Verification {
    try refresh()
    var report = Verification()
    var expected = manifest.segments.first?.firstPosition ?? manifest.nextPosition
    for segment in manifest.segments {
      if segment.firstPosition != expected {
        report.add(
          .init(
            segment: segment.name, message: "the segment begins at \(segment.firstPosition), and the one before ended before \(expected)"))
      }
      if let last = segment.lastPosition { expected = last.next }
      if try isMissing(segment) {
        report.add(.init(segment: segment.name, message: "the file \(segment.fileName) is missing"))
      }
    }
    return report
  }

  /// Whether a segment's file is not there though the manifest lists it: what has gone was perhaps sealed since the manifest was read.
  private func isMissing(_ segment: Manifest.Segment) throws(JournalError) -> Bool {
    guard !FileSystem.exists(directory.path(of: segment)) else { return false }
    try refresh()
    return manifest.segments.contains { $0.file == segment.file }
  }

  /// Walks a segment's pages without following them in memory, so that what would end the process is found before. Those of a file that is written to are
  /// walked in a snapshot.
  /// - Throws: ``JournalError`` where a file cannot be read.
  public func verifyPages(_ segment: Manifest.Segment) throws(JournalError) -> Verification {
    let path = directory.path(of: segment)
    var report = try verifyPages(of: path, segment, "")
    let indexPath = Manifest.Segment.indexPath(ofSegmentAt: path)
    if try !IndexEnvironment.isMissing(indexPath) { report.add(try verifyPages(of: indexPath, segment, "in the index file: ")) }
    return report
  }

  private func verifyPages(of path: String, _ segment: Manifest.Segment, _ place: String) throws(JournalError) -> Verification {
    var report = Verification()
    switch segment.state == .sealed ? try translating({ () throws(LMDBError) in try PageWalk.walk(path) }) : try walkGrowing(path) {
    case .success(let walked):
      report.pageCount = UInt64(walked.pageCount)
      report.sizeBytes = UInt64(walked.sizeBytes)
    case .failure(let damage):
      report.add(.init(segment: segment.name, message: "\(place)\(damage)"))
    }
    return report
  }

  private func walkGrowing(_ path: String) throws(JournalError) -> Result<PageWalk.Report, PageWalk.Damage> {
    func walk() throws(JournalError) -> Result<PageWalk.Report, PageWalk.Damage> {
      try translating { () throws(LMDBError) in try PageWalk.walk(path) }
    }
    // What is sound as it stands needs no snapshot; nor does what cannot be mapped.
    if case .success(let report) = try walk() { return .success(report) }
    if let damage = try translating({ () throws(LMDBError) in try PageWalk.lengthDamage(of: path) }) { return .failure(damage) }
    // Whoever has it open in this process holds it, and nobody else writes to it.
    guard let environment = try? Environment.reading(path, mapSizeBytes: SegmentEnvironment.mapSizeBytes, isPatient: false) else {
      return try walk()
    }
    let walked = try translating { () throws(LMDBError) in try environment.walk() }
    if let walked { return walked }
    return try walk()
  }

  /// Reads every record of a segment and compares its indexes with them. Damage to the tree of a segment may end the process: run this in
  /// one of its own.
  /// - Parameter progress: called now and then with the entries checked and how many there are.
  /// - Throws: ``JournalError`` where the segment cannot be opened; damage is told in what is returned.
  public func verifyEntries(
    _ segment: Manifest.Segment, progress: (_ checked: UInt64, _ count: UInt64) -> Void = { _, _ in }
  ) throws(JournalError) -> Verification {
    var check = EntryCheck(segment: segment, reader: try reader(segment))
    try check.run(progress)
    return check.report
  }
}

/// The comparison of a segment's records with its manifest row and its index.
private struct EntryCheck {
  let segment: Manifest.Segment
  let reader: SegmentReader
  var report = Verification()
  /// Nil where the segment is not sealed.
  private var leafCheck: LeafCheck?
  private var lastRecordedAt = Timestamp(rawValue: Int64.min)
  /// Nil where there is no index file, or no use in checking it further.
  private var indexCheck: IndexCheck?

  init(segment: Manifest.Segment, reader: SegmentReader) {
    self.segment = segment
    self.reader = reader
    leafCheck = segment.state == .sealed ? LeafCheck(segment, reader) : nil
  }

  mutating func run(_ progress: (UInt64, UInt64) -> Void) throws(JournalError) {
    // What is appended while this runs belongs to the next verification.
    let count = try reader.entryCount()
    checkHead(count)
    // First: a record that names what is damaged is damaged too, and there may be many.
    for (table, item) in reader.segment.tables.shared {
      for damage in try reader.damages(in: table, of: item) { report.add(.init(segment: segment.name, message: damage)) }
    }
    indexCheck = try IndexCheck(segment, reader, &report)
    var place: UInt32 = 0
    while place < count {
      let results = try reader.entries(from: place, limit: min(512, Int(count - place)))
      for result in results {
        switch result {
        case .success(let entry):
          report.entryCount += 1
          checkTime(entry)
        case .failure(let error):
          report.add(.init(segment: segment.name, position: error.position?.rawValue, message: error.message))
        }
        try addToIndexCheck(result, at: place)
        try leafCheck?.add(result)
        place += 1
      }
      progress(UInt64(place), UInt64(count))
      if results.isEmpty { break }
    }
    indexCheck?.finish()
    try leafCheck?.finish()
    if let leafCheck { report.add(leafCheck.report) }
    if let indexCheck { report.add(indexCheck.report) }
  }

  private mutating func addToIndexCheck(_ result: Result<Entry, JournalError>, at place: UInt32) throws(JournalError) {
    do throws(JournalError) {
      try indexCheck?.add(result, at: place)
    } catch {
      guard error.code == .segmentDamaged else { throw error }
      report.add(.init(segment: segment.name, message: error.message))
      indexCheck = nil
    }
  }

  private mutating func checkHead(_ count: UInt32) {
    if let last = segment.lastPosition, last.rawValue != segment.firstPosition.rawValue + UInt64(count) - 1 {
      let end = segment.firstPosition.rawValue + UInt64(count)
      report.add(.init(segment: segment.name, position: end, message: "the segment ends before this position, and should end at \(last)"))
    }
  }

  private mutating func checkTime(_ entry: Entry) {
    if entry.recordedAt < lastRecordedAt {
      report.add(.init(segment: segment.name, position: entry.position.rawValue, message: "it was recorded before the entry before it"))
    }
    lastRecordedAt = entry.recordedAt
  }
}
