internal import JournalFormat

/// What an index says of itself, in one row that every commit of its builder replaces (`Schemas/journal-format.md`, "Index tables").
struct IndexState: Hashable, Sendable {
  /// Which file's entries are indexed.
  struct Owner: Hashable, Sendable {
    let journalId: String
    let ordinal: UInt32
    let generation: UInt32

    init(_ header: SegmentHeader) {
      journalId = header.journalId
      ordinal = header.ordinal
      generation = header.generation
    }

    fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
      journalId = try reader.string()
      ordinal = try reader.littleEndian(UInt32.self)
      generation = try reader.littleEndian(UInt32.self)
    }
  }

  let owner: Owner
  /// Entries that a run of level 0 covers.
  let runEntryCount: UInt32
  /// The entries before this one have their rows in the runs.
  var indexedThrough: UInt32 = 0
  /// The runs, ascending by number.
  var runs: [IndexRun] = []

  static let key: StaticString = "state"
  private static let version: UInt8 = 1
  private static let maximumRuns = 1_024

  init(owner: Owner, runEntryCount: UInt32) {
    self.owner = owner
    self.runEntryCount = runEntryCount
  }

  var nextRunNumber: UInt32 { (runs.last?.number ?? 0) + 1 }

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [Self.version]
    bytes.appendCounted(owner.journalId.utf8)
    bytes.appendLittleEndian(owner.ordinal)
    bytes.appendLittleEndian(owner.generation)
    bytes.appendLittleEndian(runEntryCount)
    bytes.appendLittleEndian(indexedThrough)
    bytes.appendVarint(runs.count)
    for run in runs { run.append(to: &bytes) }
    return withChecksum(bytes)
  }

  /// Reads a state.
  /// - Throws: `FormatError` for bytes that are none, damaged or of another version.
  init(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    guard let content = checked(bytes) else { throw FormatError("the checksum of its state does not fit") }
    var reader = ByteReader(content)
    guard try reader.byte() == Self.version else { throw FormatError("it has a format that this version does not know") }
    owner = try Owner(&reader)
    runEntryCount = try reader.littleEndian(UInt32.self)
    indexedThrough = try reader.littleEndian(UInt32.self)
    guard runEntryCount >= TimeBlock.countInRun, runEntryCount % TimeBlock.countInRun == 0 else {
      throw FormatError("its runs have an impossible size")
    }
    for _ in 0..<(try reader.count(atMost: Self.maximumRuns)) { runs.append(try IndexRun(&reader)) }
    guard reader.isAtEnd else { throw FormatError("its state is too long") }
  }
}
