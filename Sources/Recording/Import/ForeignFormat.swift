internal import JournalFormat

/// What a file is that has no lines of traffic, told by how it begins: it is refused as a whole, and not line by line.
public enum ForeignFormat: Hashable, Sendable {
  /// Compressed otherwise than by Zstandard, or an archive.
  case packed(Packing)
  /// One JSON array.
  case array
  /// JSON objects over several lines.
  case objectOverLines
  /// Text in another encoding than UTF-8, by its name in iconv(1).
  case text(encoding: String)
  /// No text at all.
  case binary

  /// How a file is packed: by a program of that name, but for 7z(1).
  public enum Packing: String, Sendable, CaseIterable {
    /// One file, compressed.
    case gzip, bzip2, xz, lz4, compress
    /// An archive of files.
    case zip, sevenZip, tar

    fileprivate var beginning: [UInt8] {
      switch self {
      case .gzip: [0x1f, 0x8b]
      case .bzip2: Array("BZh".utf8)
      case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
      case .lz4: [0x04, 0x22, 0x4d, 0x18]
      case .compress: [0x1f, 0x9d]
      case .zip: [0x50, 0x4b, 0x03, 0x04]
      case .sevenZip: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]
      case .tar: Array("ustar".utf8)
      }
    }

    /// Where that stands: of an archive of tar(5) behind the name and numbers of its first file.
    fileprivate var offset: Int { self == .tar ? 257 : 0 }
  }

  /// So many bytes tell all that can be told.
  public static let beginningBytes = 4_096

  /// Nil where the file may have lines of traffic.
  /// - Parameter start: the first ``beginningBytes`` of a file, or all of it.
  public init?(start: some RandomAccessCollection<UInt8>) {
    let bytes = Array(start.prefix(Self.beginningBytes))
    if let packing = Packing.allCases.first(where: { bytes.dropFirst($0.offset).starts(with: $0.beginning) }) {
      self = .packed(packing)
    } else if let encoding = Self.encoding(bytes) {
      self = .text(encoding: encoding)
    } else if bytes.count(where: { $0 == 0 }) > bytes.count / 8, bytes.first != UInt8(ascii: "{") {
      // A few zeros are damage to a line.
      self = .binary
    } else {
      let text = bytes.dropFirst(bytes.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0).drop { $0.isXMLWhiteSpace }
      let rest = text.dropFirst().drop { $0.isXMLWhiteSpace }
      if text.first == UInt8(ascii: "["), rest.isEmpty || rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: "]") {
        self = .array
      } else if text.first == UInt8(ascii: "{"), text.dropFirst().first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) == 0x0a {
        self = .objectOverLines
      } else {
        return nil
      }
    }
  }

  /// What a file in UTF-8 may begin with, and is no part of its text.
  static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  /// Another encoding than UTF-8, by its byte order mark or by the zeros between ASCII characters.
  private static func encoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xff, 0xfe, 0x00, 0x00]) || bytes.starts(with: [0x00, 0x00, 0xfe, 0xff]) { return "UTF-32" }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) { return "UTF-16" }
    guard bytes.count >= 4 else { return nil }
    switch (bytes[0] == 0, bytes[1] == 0, bytes[2] == 0, bytes[3] == 0) {
    case (false, true, true, true): return "UTF-32LE"
    case (true, true, true, false): return "UTF-32BE"
    case (false, true, false, true): return "UTF-16LE"
    case (true, false, true, false): return "UTF-16BE"
    default: return nil
    }
  }
}
