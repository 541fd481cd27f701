import Foundation
import Glibc
import TestSupport
import Testing

@testable import Recording

@Suite struct ForeignFormatTests {
  private static let object = Line().text
  private static let wide: [UInt8] = object.utf8.flatMap { [$0, 0] as [UInt8] }

  private static let foreign: [(String, [UInt8], ForeignFormat)] = [
    ("gzip", [0x1f, 0x8b, 8, 0], .packed(.gzip)), ("bzip2", Array("BZh91AY".utf8), .packed(.bzip2)),
    ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4], .packed(.xz)), ("zip", [0x50, 0x4b, 3, 4, 20, 0], .packed(.zip)),
    ("tar", Array("traffic.ndjson".utf8) + [UInt8](repeating: 0, count: 243) + Array("ustar".utf8), .packed(.tar)),
    ("array", Array("[\(object),\n\(object)]".utf8), .array), ("array of no more", Array("[]".utf8), .array),
    ("array over lines", Array("\n [\n  {\n \"recordedAt\"".utf8), .array),
    ("array behind a byte order mark", [0xef, 0xbb, 0xbf] + Array("[{".utf8), .array),
    ("object over lines", Array("{\r\n  \"recordedAt\": 1\n}".utf8), .objectOverLines),
    ("UTF-16 with a mark", [0xff, 0xfe] + wide, .text(encoding: "UTF-16")),
    ("UTF-16, the other way", [0xfe, 0xff, 0, 0x7b, 0, 0x22], .text(encoding: "UTF-16")),
    ("UTF-16 without a mark", wide, .text(encoding: "UTF-16LE")),
    ("UTF-16 without a mark, the other way", [0, 0x7b, 0, 0x22], .text(encoding: "UTF-16BE")),
    ("UTF-32", [0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0], .text(encoding: "UTF-32")), ("zeros", [UInt8](repeating: 0, count: 9_000), .binary),
  ]

  @Test func `a file that is something else is told by how it begins`() {
    for (name, bytes, format) in Self.foreign { #expect(ForeignFormat(start: bytes) == format, "\(name)") }
  }

  @Test(arguments: [
    "", "\n", object, "\n\n" + object, "nonsense", "[2025-03-01] started", "{", "{\"a\":\n", "{\"request\":\"\u{0}\"}\n" + object,
    "\u{feff}" + object,
  ])
  func `what may have lines is read line by line`(text: String) { #expect(ForeignFormat(start: Array(text.utf8)) == nil) }

  /// Shows lines that come by a pipe.
  private func lines(of bytes: [UInt8]) throws -> [String] {
    let temporary = TemporaryDirectory()
    try Data(bytes).write(to: URL(filePath: temporary.path + "/file"))
    let descriptor = open(temporary.path + "/file", O_RDONLY)
    defer { close(descriptor) }
    let reader = LineReader(descriptor: descriptor, name: "file")
    var lines: [String] = []
    while let line = try reader.next({ line, _ in String(decoding: line, as: UTF8.self) }) { lines.append(line) }
    return lines
  }

  @Test func `no line of such a file is shown`() {
    for (name, bytes, format) in Self.foreign {
      #expect(#expect(throws: LineReaderError.self, "\(name)") { try lines(of: bytes) }?.foreignFormat == format, "\(name)")
    }
  }

  @Test func `a byte order mark before the first line is no part of it`() throws {
    #expect(try lines(of: [0xef, 0xbb, 0xbf] + Array("\(Self.object)\nnext".utf8)) == [Self.object, "next"])
    #expect(try lines(of: [0xef, 0xbb, 0xbf]) == [])
  }
}
