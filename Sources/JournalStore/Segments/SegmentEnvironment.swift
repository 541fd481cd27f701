internal import JournalFormat
internal import LMDB

/// Whether a segment was made to be written to or is sealed. The numbers are on disk.
public enum SegmentState: UInt8, Sendable, CaseIterable {
  /// Made to be written to: small blocks, and its index in a file beside it.
  case hot = 1
  /// Written once, whole: full pages, its index and its tree within.
  case sealed = 2
}

/// What a segment says of itself, written when it is made and never changed.
struct SegmentHeader: Hashable, Sendable {
  /// The version of the format of its rows. Never changed either: the sealed file of a segment has its rows as they were.
  var version = Manifest.supportedVersion
  var state: SegmentState
  var journalId: String
  var period: Period
  var ordinal: UInt32
  var generation: UInt32
  var firstPosition: JournalPosition
  /// What the times of its records count from.
  var baseTime: Timestamp
  /// Turns personal values into the pseudonyms of its index. 32 bytes.
  var pseudonymKey: [UInt8]

  static let tableName = "meta"
  static let key: StaticString = "header"
  static let pseudonymKeyBytes = 32

  /// Whether its rows name shapes; in format 2 they say all themselves.
  var hasShapes: Bool { version >= 3 }
  /// Whether the time of a row counts from the row before; in format 2 from the first of the block.
  var countsTimesFromRowBefore: Bool { version >= 3 }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt32(version))
    bytes.append(state.rawValue)
    bytes.appendCounted(journalId.utf8)
    bytes.appendCounted(period.description.utf8)
    bytes.appendLittleEndian(ordinal)
    bytes.appendLittleEndian(generation)
    bytes.appendLittleEndian(firstPosition.rawValue)
    bytes.appendLittleEndian(baseTime.rawValue)
    bytes.appendCounted(pseudonymKey)
    bytes.appendLittleEndian(CRC32C.of(bytes))
    return bytes
  }

  init(
    state: SegmentState, journalId: String, period: Period, ordinal: UInt32, generation: UInt32, firstPosition: JournalPosition,
    baseTime: Timestamp,
    pseudonymKey: [UInt8]
  ) {
    self.state = state
    self.journalId = journalId
    self.period = period
    self.ordinal = ordinal
    self.generation = generation
    self.firstPosition = firstPosition
    self.baseTime = baseTime
    self.pseudonymKey = pseudonymKey
  }

  /// Reads a header.
  /// - Throws: ``JournalError`` `segment.damaged` for bytes that are none, `format.newer` for those of a later version.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(JournalError) {
    do {
      var reader = ByteReader(bytes)
      let version = try reader.littleEndian(UInt32.self)
      self.version = Int(version)
      guard version <= UInt32(Manifest.supportedVersion) else {
        throw JournalError(
          .formatNewer, "the segment has format \(version), and this version of emip-journal reads up to \(Manifest.supportedVersion).",
          path: path)
      }
      guard version >= Manifest.oldestVersion else { throw FormatError("format \(version) was never released") }
      guard let state = SegmentState(rawValue: try reader.byte()) else { throw FormatError("its state is unknown") }
      self.state = state
      journalId = try reader.string()
      let period = try reader.string()
      ordinal = try reader.littleEndian(UInt32.self)
      generation = try reader.littleEndian(UInt32.self)
      firstPosition = JournalPosition(try reader.littleEndian(UInt64.self))
      baseTime = Timestamp(rawValue: try reader.littleEndian(Int64.self))
      pseudonymKey = Array(try reader.counted())
      var crc = CRC32C()
      crc.update(UnsafeRawBufferPointer(rebasing: bytes[..<reader.offset]))
      guard try reader.littleEndian(UInt32.self) == crc.value, reader.isAtEnd, let readPeriod = Period(period) else {
        throw FormatError("its checksum does not fit")
      }
      self.period = readPeriod
    } catch {
      if let error = error as? JournalError { throw error }
      throw JournalError(.segmentDamaged, "the segment's header is damaged: \(error).", path: path)
    }
  }
}

/// The open environment of a segment and its tables, shared by all that reads or writes it in this process: LMDB allows one open each.
final class SegmentEnvironment: Sendable {
  let environment: Environment
  /// Written when the segment was made.
  let header: SegmentHeader
  let tables: Tables
  /// Which of the journal's files it is.
  var file: Manifest.Segment.File { Manifest.Segment.File(ordinal: header.ordinal, generation: header.generation) }
  /// Whether nobody writes to the file, now or later. A snapshot of it costs nobody anything, however long it lives.
  var isImmutable: Bool { header.state == .sealed && !isWritable }
  /// The file of its index.
  var indexPath: String { Manifest.Segment.indexPath(ofSegmentAt: environment.path) }

  /// The tables of a segment (`Schemas/journal-format.md`, "Segment").
  struct Tables: Sendable {
    let meta: Database
    let entries: Database
    let contexts: Database
    let dictionaries: Database
    let templates: Database
    let words: Database
    let tree: Database
    /// What rows say alike; nil in format 2, whose rows say all themselves.
    var shapes: Database?
    /// A sealed segment's own index; a hot one's is in a file beside it.
    var index: IndexTables?

    /// What rows refer to, with what one of each is called.
    var shared: [(table: Database, item: String)] {
      let all = [(contexts, "context"), (dictionaries, "dictionary"), (templates, "template"), (words, "word")]
      return all + (shapes.map { [($0, "shape")] } ?? [])
    }

    /// Opens the tables that a segment of this header has.
    /// - Parameter table: opens a table by its name, or makes it.
    /// - Throws: What `table` throws.
    init(_ header: SegmentHeader, _ table: (String) throws(LMDBError) -> Database) throws(LMDBError) {
      meta = try table(SegmentHeader.tableName)
      entries = try table("entries")
      contexts = try table("contexts")
      dictionaries = try table("dictionaries")
      templates = try table("templates")
      words = try table("words")
      tree = try table("tree")
      if header.hasShapes { shapes = try table("shapes") }
    }
  }

  /// Address space for a segment that grows; its file stays as large as what it holds.
  static let mapSizeBytes = 64 << 30

  private let isWritable: Bool

  private init(environment: Environment, isWritable: Bool, header: SegmentHeader, tables: Tables) {
    self.environment = environment
    self.isWritable = isWritable
    self.header = header
    self.tables = tables
  }

  private static let open = OpenFiles<SegmentEnvironment>()

  /// Opens a segment to read; a file that somebody here holds open already is shared.
  /// - Parameter isGrowing: whether a writer may be at it.
  /// - Throws: ``JournalError`` where the file is missing, damaged or of a later version.
  static func reading(_ path: String, state: SegmentState, isGrowing: Bool) throws(JournalError) -> SegmentEnvironment {
    // This process may become the writer while somebody in it still reads, and LMDB allows one open: so open it for both where that is
    // permitted. Reading never writes to the file all the same.
    return try shared(path) { () throws(JournalError) in
      try checkLength(path)
      // Nobody writes to a sealed file any more: no lock, no slot for each reader.
      if state == .sealed { return (try Environment.opening(path, .readOnlyWithoutLock, mapSizeBytes: 0), false) }
      let size = isGrowing ? mapSizeBytes : 0
      guard isGrowing, let environment = try Environment.writing(path, mapSizeBytes: size) else {
        return (try Environment.reading(path, mapSizeBytes: size), false)
      }
      return (environment, true)
    }
  }

  /// Opens the newest segment to write.
  /// - Throws: ``JournalError`` where the file is missing, damaged or of a later version.
  static func writing(_ path: String) throws(JournalError) -> SegmentEnvironment {
    try shared(path, mustWrite: true) { () throws(JournalError) in
      guard FileSystem.exists(path) else {
        throw JournalError(.segmentMissing, "the manifest names this file, and it is gone. Restore it from a backup.", path: path)
      }
      try checkPages(path)
      return (try Environment.opening(path, .readWrite, mapSizeBytes: mapSizeBytes), true)
    }
  }

  /// Makes the file of a new segment, durable but for its name in the directory.
  /// - Throws: ``JournalError`` where the file system fails or is full.
  static func create(_ path: String, _ header: SegmentHeader) throws(JournalError) -> SegmentEnvironment {
    try open.withLock { open throws(JournalError) in
      let environment = try Environment.opening(path, .readWrite, mapSizeBytes: mapSizeBytes)
      let segment = try translating { () throws(LMDBError) -> SegmentEnvironment in
        let transaction = try environment.beginWrite()
        var tables = try Tables(header) { (name) throws(LMDBError) in try transaction.database(name, .plain) }
        if header.state == .sealed { tables.index = try IndexTables(in: transaction) }
        try transaction.put(header.encoded(), for: Array(SegmentHeader.key.description.utf8), in: tables.meta)
        try transaction.commit()
        return SegmentEnvironment(environment: environment, isWritable: true, header: header, tables: tables)
      }
      open[path] = segment
      return segment
    }
  }

  private static func shared(
    _ path: String, mustWrite: Bool = false, _ openEnvironment: () throws(JournalError) -> (environment: Environment, isWritable: Bool)
  ) throws(JournalError) -> SegmentEnvironment {
    try open.withLock { open throws(JournalError) in
      if let segment = open[path] {
        guard segment.isWritable || !mustWrite else {
          throw JournalError(.inputOutput, "this process has the segment open to read only: its file cannot be written to.", path: path)
        }
        return segment
      }
      let (environment, isWritable) = try openEnvironment()
      let (tables, header) = try readTables(environment)
      let segment = SegmentEnvironment(environment: environment, isWritable: isWritable, header: header, tables: tables)
      open[path] = segment
      return segment
    }
  }

  private static func readTables(_ environment: Environment) throws(JournalError) -> (Tables, SegmentHeader) {
    let path = environment.path
    do {
      let transaction = try environment.beginRead()
      let meta = try transaction.database(SegmentHeader.tableName, .plain)
      let header = try Array(SegmentHeader.key.description.utf8).withRawBytes { (key) throws(LMDBError) in
        try transaction.withValue(of: key, in: meta) { value in Result { try SegmentHeader(value, path: path) } }
      }
      guard let header = try header?.get() else { throw JournalError(.segmentDamaged, "the segment has no header.", path: path) }
      var tables = try Tables(header) { (name) throws(LMDBError) in try transaction.database(name, .plain) }
      if header.state == .sealed { tables.index = try IndexTables(in: transaction) }
      try transaction.endKeepingDatabases()
      return (tables, header)
    } catch let error as JournalError {
      throw error
    } catch {
      throw JournalError(.segmentDamaged, "the segment cannot be read: \(error). Restore it from a backup.", path: path)
    }
  }

  /// Refuses a file that holds something else than its name says: it may be of another journal.
  /// - Throws: ``JournalError`` `segment.damaged`.
  func requireHolds(_ segment: Manifest.Segment, of manifest: Manifest) throws(JournalError) {
    guard header.journalId != manifest.journalId || header.firstPosition != segment.firstPosition || file != segment.file else { return }
    throw JournalError(
      .segmentDamaged, "the file holds another segment than the manifest says, or is of another journal. Restore it from a backup.",
      path: environment.path)
  }

  /// Who writes to a file, and serves others with it, looks at all pages before: a flipped bit in one must not end it at any later moment.
  private static func checkPages(_ path: String) throws(JournalError) {
    let walked = try translating { () throws(LMDBError) in try PageWalk.walk(path) }
    if case .failure(let damage) = walked {
      throw JournalError(
        .segmentDamaged, "\(damage). Nothing is written to it. Run `emip-journal verify`; restore the file from a backup.", path: path)
    }
  }

  /// A file that was cut short would end the process with SIGBUS when its map is touched: look before mapping.
  private static func checkLength(_ path: String) throws(JournalError) {
    let damage: PageWalk.Damage? = try translating { () throws(LMDBError) in try PageWalk.lengthDamage(of: path) }
    if let damage {
      throw JournalError(.segmentDamaged, "\(damage). Restore the file from a backup.", path: path)
    }
  }
}
