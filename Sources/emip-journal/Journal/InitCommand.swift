import Answers
import ArgumentParser
import Foundation
import JournalFormat
import JournalStore

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make an empty journal.",
    discussion: """
      The directory may exist, if it is empty. It must be on a local disk.

      A journal is kept in segments, each a file: one ends with its month, or when its file has grown to --segment-size. What has ended can be \
      sealed, and is small and quick to search then; more and smaller segments make searches over long times a little slower.

      EXAMPLES
        emip-journal init
        emip-journal init --journal ./journal-2025 --segment-size 1G
      """)

  @Option(
    help: ArgumentHelp("Where a segment ends: bytes, or with K, M or G behind the number; 1M to 32G.", valueName: "size"),
    transform: SegmentSize.parse)
  var segmentSize: Int = Manifest.standardSegmentLimitBytes
  @OptionGroup var journal: JournalOptions

  func run() throws {
    let directory = journal.directory
    try directory.initialize(segmentLimitBytes: segmentSize)
    let output = ByteOutput.standard()
    try output.write("made an empty journal in \(SafeText.line(directory.path))\n")
    try output.flush()
  }
}

/// Reads a size as people give it.
enum SegmentSize {
  /// For an option's `transform`.
  static func parse(_ text: String) throws -> Int {
    guard let bytes = bytes(text), Manifest.segmentLimits.contains(bytes) else {
      throw ValidationError("'\(text)' is no size of a segment: use 1M to 32G.")
    }
    return bytes
  }

  /// Nil where the text is none. K, M and G are powers of 1,024.
  static func bytes(_ text: String) -> Int? {
    let shifts: [String: Int] = ["K": 10, "M": 20, "G": 30]
    guard let parts = text.wholeMatch(of: /(\d{1,12})([KMG]?)/.ignoresCase()), let number = Int(parts.output.1),
      case let shift = shifts[parts.output.2.uppercased()] ?? 0, number <= Int.max >> shift
    else { return nil }
    return number << shift
  }
}
