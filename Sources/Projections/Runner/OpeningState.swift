public import JournalFormat
public import JournalStore

/// What a read model knew at a purge horizon, as far as it must outlive the messages that it came from: a rebuild begins with it.
public struct OpeningState: Hashable, Sendable {
  /// The version of the projection that wrote it.
  public var version: UInt32
  /// The id of the journal that it was made from.
  public var journalId: String
  /// The first position that it does not cover.
  public var horizon: JournalPosition
  /// The read model's clock there (``ModelTransaction/clock``); nil where nothing was requested before.
  public var clock: Timestamp?
  /// What was known, table by table, in the order of the keys.
  public var rows: [Row]

  /// A row of one of the tables.
  public struct Row: Hashable, Sendable {
    /// The number of its table.
    public var table: Int
    /// Its key and its value.
    public var row: ModelRow

    /// Makes a row of a table.
    public init(table: Int, row: ModelRow) {
      self.table = table
      self.row = row
    }
  }

  static let maximumBytes = 4 << 30
  private static let mark = Array("emip-journal opening state 1\n".utf8)

  init(version: UInt32, journalId: String, horizon: JournalPosition, clock: Timestamp?, rows: [Row]) {
    self.version = version
    self.journalId = journalId
    self.horizon = horizon
    self.clock = clock
    self.rows = rows
  }

  /// All rows of a read model.
  init(_ model: ReadModel) throws(JournalError) {
    let state = try model.state()
    let snapshot = try model.snapshot()
    var rows: [Row] = []
    for table in model.projection.tables {
      var key: [UInt8] = []
      while let row = try snapshot.first(from: key, beginningWith: [], in: table) {
        rows.append(Row(table: table.number, row: row))
        key = row.key + [0]
      }
    }
    self.init(version: model.projection.version, journalId: state.journalId, horizon: state.next, clock: state.clock, rows: rows)
  }

  func encoded() -> [UInt8] {
    var bytes = Self.mark
    bytes.appendLittleEndian(version)
    bytes.appendCounted(journalId.utf8)
    bytes.appendVarint(horizon.rawValue)
    bytes.appendOptional(clock)
    bytes.appendVarint(rows.count)
    for row in rows {
      bytes.appendVarint(row.table)
      bytes.appendCounted(row.row.key)
      bytes.appendCounted(row.row.value)
    }
    bytes.appendLittleEndian(CRC32C.of(bytes))
    return bytes
  }

  init(_ bytes: [UInt8]) throws(FormatError) {
    guard bytes.starts(with: Self.mark), bytes.count >= Self.mark.count + 4 else { throw FormatError("it is no opening state") }
    let body = Array(bytes.dropLast(4))
    guard Array(bytes.suffix(4)) == withUnsafeBytes(of: CRC32C.of(body).littleEndian, Array.init) else {
      throw FormatError("its checksum does not fit")
    }
    self = try body.reading { (reader) throws(FormatError) in
      _ = try reader.take(Self.mark.count)
      let version = try reader.littleEndian(UInt32.self)
      let journalId = try reader.string()
      let horizon = JournalPosition(try reader.varint())
      let clock = try reader.optionalTimestamp()
      var rows: [Row] = []
      for _ in 0..<(try reader.count(atMost: reader.remainingCount)) {
        let table = try reader.count(atMost: 255)
        rows.append(Row(table: table, row: ModelRow(key: Array(try reader.counted()), value: Array(try reader.counted()))))
      }
      return OpeningState(version: version, journalId: journalId, horizon: horizon, clock: clock, rows: rows)
    }
  }
}

extension ReadModelDirectory {
  /// The opening state of a read model, as this version writes it; nil where there is none.
  /// - Throws: ``JournalError`` `opening.damaged` where it cannot be read: it holds what the journal no longer has, so that nobody may pass over it.
  func openingState(_ projection: any Projection.Type, journalId: String) throws(JournalError) -> OpeningState? {
    let path = openingStatePath(projection.name)
    guard let bytes = try FileSystem.read(path, atMost: OpeningState.maximumBytes) else { return nil }
    do throws(FormatError) {
      let state = try OpeningState(bytes)
      guard state.journalId == journalId else { throw FormatError("it is of another journal") }
      guard state.version <= projection.version else { throw FormatError("it is of version \(state.version), and newer than this program") }
      return state.version == projection.version ? state : try projection.init().convert(state)
    } catch {
      throw JournalError(
        .openingDamaged, "the opening state cannot be used: \(error.message). Restore it from a backup.", path: path)
    }
  }
}

extension ReadModels {
  /// Copies the opening states of a journal's read models to a backup of it, which was made before: all else in them comes from the journal.
  /// - Throws: ``JournalError`` where a file cannot be read or written.
  /// - Returns: how many bytes.
  public static func backUpOpeningStates(of journal: JournalDirectory, to copy: JournalDirectory) throws(JournalError) -> Int {
    let (source, destination) = (ReadModelDirectory(journal), ReadModelDirectory(copy))
    var size = 0
    for projection in AllProjections.all {
      guard let bytes = try FileSystem.read(source.openingStatePath(projection.name), atMost: OpeningState.maximumBytes) else { continue }
      try destination.make()
      try FileSystem.replace(destination.openingStatePath(projection.name), with: bytes, in: destination.path)
      size += bytes.count
    }
    return size
  }
}
