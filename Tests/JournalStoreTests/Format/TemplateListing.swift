import JournalFormat
import Zstandard

/// A template taken apart: what of it a message is put together of.
struct TemplateListing {
  var holeCount = 0
  var pieces: [[UInt8]] = []
  var rules: [UInt64] = []
  /// What the frame holds.
  private(set) var content: [UInt8]
  private(set) var lines: [String] = []

  /// - Parameters:
  ///   - record: its record in the segment.
  ///   - first: the content of template 1.
  ///   - base: the template of a number, for one that is made of another.
  ///   - word: the word of a number.
  init(
    _ record: [UInt8], first: [UInt8], base: (UInt64) throws -> TemplateListing, word: (UInt64) throws -> [UInt8]
  ) throws {
    var stored = ByteListing(record)
    let compressions = ["none", "a frame", "a frame with the content of template 1 as raw dictionary"]
    let compression = try stored.take(1) { "compression \($0[0]): \(compressions[Int($0[0])])" }[0]
    let frame = try stored.take(record.count - 5) { "\(compression == 0 ? "the content" : "the frame"), \($0.count) bytes" }
    try stored.checksum()
    content = compression == 0 ? frame : try Self.content(of: frame, dictionary: compression == 2 ? first : [])
    var listing = ByteListing(content)
    let flags = try listing.take(1) { "flags: \(Self.names(of: $0[0]))" }[0]
    if flags & 4 != 0 {
      let base = try base(try listing.varint { "has the holes and pieces of template \($0)" })
      (holeCount, pieces) = (base.holeCount, base.pieces)
    } else {
      try readMarkup(&listing)
    }
    for hole in 0..<holeCount { rules.append(try listing.varint { "hole \(hole): \(try ValueListing.name(of: $0, word))" }) }
    guard listing.isAtEnd else { throw FormatError("a template has bytes behind it") }
    lines = stored.lines + [""] + listing.lines
  }

  private static func names(of flags: UInt8) -> String {
    let names = [(1, "first part"), (2, "last part"), (4, "made of another")].filter { Int(flags) & $0.0 != 0 }
    return names.map(\.1).joined(separator: ", ")
  }

  private mutating func readMarkup(_ listing: inout ByteListing) throws {
    try listing.text { "envelope, \($0.utf8.count) bytes" }
    holeCount = Int(try listing.varint { "holes: \($0)" })
    for hole in 0..<holeCount {
      try listing.take(5) { "hole \(hole): name \($0[0]), parent \($0[1]), traits \($0[2]), kind \($0[3]), step \($0[4])" }
    }
    var lengths: [Int] = []
    for piece in 0...holeCount { lengths.append(Int(try listing.varint { "piece \(piece): \($0) bytes" })) }
    for length in lengths { pieces.append(try listing.take(length) { "«\(Self.line($0))»" }) }
  }

  private static func content(of frame: [UInt8], dictionary: [UInt8]) throws -> [UInt8] {
    let dictionary = dictionary.isEmpty ? nil : try CompressionDictionary(dictionary, compressionLevel: nil)
    let decompressor = try FrameDecompressor()
    return try frame.withUnsafeBytes { try decompressor.content(of: $0, dictionary: dictionary, maximumBytes: 262_144) }
  }

  /// A text as one short line.
  private static func line(_ text: [UInt8]) -> String {
    let line = String(decoding: text, as: UTF8.self).replacing("\n", with: "\\n")
    return line.count <= 64 ? line : line.prefix(31) + "…" + line.suffix(32)
  }
}
