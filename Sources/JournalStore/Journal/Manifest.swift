public import JournalFormat

/// The one file that says what the journal is made of (`Schemas/journal-format.md`, "Manifest"). What it does not list is garbage.
public struct Manifest: Hashable, Sendable {
  /// The newest format that this version writes and reads.
  public static let supportedVersion = 3
  /// The first that was released.
  static let oldestVersion = 2
  static let maximumBytes = 16 << 20

  /// 32 hexadecimal digits, drawn when the journal was made.
  public let journalId: String
  /// Ascending by position; only the last is written to.
  public var segments: [Segment]
  /// The position that follows the last closed segment.
  public var nextPosition: JournalPosition
  /// A segment whose file has grown to this size, in bytes, ends.
  public let segmentLimitBytes: Int
  /// Some two million exchanges.
  public static let standardSegmentLimitBytes = 256 << 20
  /// In bytes. Less would be all overhead; more would not fit the reserved map.
  public static let segmentLimits = 1 << 20...32 << 30

  /// One segment and the file that holds it.
  public struct Segment: Hashable, Sendable {
    /// The month of its entries, UTC.
    public let period: Period
    /// Counts all segments of the journal, from 1.
    public let ordinal: UInt32
    /// Counts the files that have held this segment, from 1. A file name is never used again.
    public let generation: UInt32
    /// The position of its first entry.
    public let firstPosition: JournalPosition
    /// Nil while the segment is written to.
    public var lastPosition: JournalPosition?
    /// How its file is laid out.
    public let state: SegmentState

    /// A segment as a manifest lists it.
    public init(
      period: Period, ordinal: UInt32, generation: UInt32, state: SegmentState = .hot, firstPosition: JournalPosition,
      lastPosition: JournalPosition? = nil
    ) {
      self.period = period
      self.ordinal = ordinal
      self.generation = generation
      self.firstPosition = firstPosition
      self.lastPosition = lastPosition
      self.state = state
    }

    /// The same segment in the file that takes this one's place. Only a segment that has ended is sealed.
    var sealed: Segment {
      Segment(
        period: period, ordinal: ordinal, generation: generation + 1, state: .sealed, firstPosition: firstPosition,
        lastPosition: lastPosition)
    }

    /// Which of a journal's files this is, told by two numbers instead of a name.
    struct File: Hashable {
      let ordinal: UInt32
      let generation: UInt32
    }

    var file: File { File(ordinal: ordinal, generation: generation) }

    /// For instance `2025-03-000001.g1.mdb`.
    public var fileName: String {
      let digits = String(ordinal)
      return "\(period)-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).g\(generation).mdb"
    }

    /// The file beside it that holds its index: `2025-03-000001.g1.index.mdb`.
    var indexFileName: String { Self.indexPath(ofSegmentAt: fileName) }

    /// The path of the index of the segment in a file.
    static func indexPath(ofSegmentAt path: String) -> String { path.dropLast(4) + indexSuffix }
    static let indexSuffix = ".index.mdb"

    /// How people call it: `2025-03-000001`.
    public var name: String { String(fileName.prefix { $0 != "." }) }
  }

  /// A manifest of these segments.
  public init(
    journalId: String, segments: [Segment] = [], nextPosition: JournalPosition = .first,
    segmentLimitBytes: Int = Self.standardSegmentLimitBytes
  ) {
    self.segmentLimitBytes = segmentLimitBytes
    self.journalId = journalId
    self.segments = segments
    self.nextPosition = nextPosition
  }

  /// The manifest as lines of text, closed by a checksum over all that comes before it.
  public func encoded() -> [UInt8] {
    var text = "emip-journal manifest \(Self.supportedVersion)\njournal \(journalId)\nlimit \(segmentLimitBytes)\nnext \(nextPosition)\n"
    for segment in segments {
      let last = segment.lastPosition.map(\.description) ?? "-"
      text += "segment \(segment.period) \(segment.ordinal) generation \(segment.generation)"
      text += " form \(segment.state) first \(segment.firstPosition) last \(last) file \(segment.fileName)\n"
    }
    let sum = String(CRC32C.of(Array(text.utf8)), radix: 16)
    text += "crc32c \(String(repeating: "0", count: 8 - sum.count))\(sum)\n"
    return Array(text.utf8)
  }

  /// Reads what ``encoded()`` wrote.
  /// - Throws: ``JournalError`` `format.newer` for a later version, `manifest.damaged` for anything that is not exactly a manifest.
  public init(_ bytes: [UInt8], path: String) throws(JournalError) {
    func damaged(_ what: String) -> JournalError {
      JournalError(.manifestDamaged, "the manifest is damaged: \(what). Restore it from a backup; the segments are untouched.", path: path)
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let head = lines.first?.split(separator: " "), head.count == 3, head[0] == "emip-journal", head[1] == "manifest",
      let version = Int(head[2])
    else { throw damaged("it does not begin as one") }
    guard version <= Self.supportedVersion else {
      throw JournalError(
        .formatNewer,
        "this journal has format \(version), and this version of emip-journal reads up to \(Self.supportedVersion). Use a newer emip-journal.",
        path: path)
    }
    guard version >= Self.oldestVersion else { throw damaged("format \(version) was never released") }
    guard lines.count >= 6, lines.removeLast().isEmpty else { throw damaged("it was cut short") }
    let sum = lines.removeLast()
    let covered = bytes.dropLast(sum.utf8.count + 1)
    guard sum.hasPrefix("crc32c "), UInt32(sum.dropFirst(7), radix: 16) == CRC32C.of(Array(covered)) else {
      throw damaged("its checksum does not fit")
    }
    let journal = lines[1].split(separator: " ")
    let limit = lines[2].split(separator: " ")
    let next = lines[3].split(separator: " ")
    guard journal.count == 2, journal[0] == "journal", limit.count == 2, limit[0] == "limit", let limitBytes = Int(limit[1]),
      Self.segmentLimits.contains(limitBytes), next.count == 2, next[0] == "next", let position = UInt64(next[1])
    else { throw damaged("its head is not readable") }
    self.init(journalId: String(journal[1]), nextPosition: JournalPosition(position), segmentLimitBytes: limitBytes)
    for line in lines.dropFirst(4) {
      guard let segment = Segment(line: line) else { throw damaged("the line «\(line)» is not readable") }
      segments.append(segment)
    }
  }
}

extension Manifest.Segment {
  fileprivate init?(line: String) {
    let words = line.split(separator: " ")
    guard words.count == 13, words[0] == "segment", words[3] == "generation", words[5] == "form", words[7] == "first", words[9] == "last",
      words[11] == "file", let period = Period(words[1]), let ordinal = UInt32(words[2]), let generation = UInt32(words[4]),
      let state = SegmentState.allCases.first(where: { "\($0)" == words[6] }), let first = UInt64(words[8]),
      words[10] == "-" && state == .hot || UInt64(words[10]) != nil
    else { return nil }
    self.init(
      period: period, ordinal: ordinal, generation: generation, state: state, firstPosition: JournalPosition(first),
      lastPosition: UInt64(words[10]).map { JournalPosition($0) })
    guard fileName == words[12] else { return nil }
  }
}
