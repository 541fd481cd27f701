import Answers
import Recording

/// Says what a file is that has no lines of traffic, and which command makes some of it.
struct ForeignFile {
  private let name: String
  private let format: ForeignFormat
  private let isCompressed: Bool
  private let journal: String?

  /// - Parameters:
  ///   - name: as it was given, or `standard input`.
  ///   - isCompressed: whether all of it is in a Zstandard file.
  ///   - journal: as it was given.
  init(_ name: String, _ format: ForeignFormat, isCompressed: Bool, _ journal: String?) {
    (self.name, self.format, self.isCompressed, self.journal) = (name, format, isCompressed, journal)
  }

  /// What it is, that nothing was done, and what to do: last, so that it can be copied.
  var sentence: String {
    let what = "\(name): this is \(kind), and not one JSON object a line. Nothing of it was imported."
    return command.map { "\(what) Use: \($0)" } ?? what
  }

  private var kind: String {
    switch format {
    case .packed(.tar): "an archive (tar)"
    case .packed(.zip): "an archive (zip)"
    case .packed(.sevenZip): "an archive (7z)"
    case .packed(let packing): "compressed with \(packing.rawValue)"
    case .array: "one JSON array"
    case .objectOverLines: "JSON over several lines"
    case .text(let encoding): "text in \(encoding)"
    case .binary: "no text"
    }
  }

  private var command: String? {
    guard let converter else { return nil }
    var steps = ["emip-journal import -" + (journal.map { " --journal \(Self.quoted($0))" } ?? "")]
    let file = name == "standard input" ? "" : " \(Self.quoted(name))"
    steps.insert(isCompressed ? converter : converter + file, at: 0)
    if isCompressed { steps.insert("zstdcat" + file, at: 0) }
    return steps.joined(separator: " | ")
  }

  private var converter: String? {
    switch format {
    case .packed(.gzip), .packed(.compress): "zcat"
    case .packed(.bzip2): "bzcat"
    case .packed(.xz): "xzcat"
    case .packed(.lz4): "lz4cat"
    case .packed(.zip): "unzip -p"
    case .packed(.sevenZip): "7z x -so"
    case .packed(.tar): "tar -xOf"
    case .array: "jq -c '.[]'"
    case .objectOverLines: "jq -c ."
    case .text(let encoding): "iconv -f \(encoding) -t UTF-8"
    case .binary: nil
    }
  }

  /// A word that a shell takes as it is.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    let quoted = text.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    return isPlain && !text.isEmpty ? text : "'\(quoted.joined(separator: "'\\''"))'"
  }
}
