import Foundation
import Testing

/// A file of the project as the tests of this target read it: text, by line.
struct SourceFile: CustomStringConvertible {
  /// The path inside the project, such as `Sources/EMIP/Operation.swift`.
  let path: String
  let lines: [String]

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  var description: String { path }

  /// The directory that it stands in.
  var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

  /// The directory below `Sources` or `Tests`.
  var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  /// The number and the text of each line that matches, as `path:number: text`.
  func places(of pattern: String, unless skipped: (String) -> Bool = { _ in false }) throws -> [String] {
    let pattern = try Regex(pattern)
    return lines.enumerated().compactMap { number, line in
      guard !skipped(line), line.contains(pattern) else { return nil }
      return "\(path):\(number + 1): \(line.trimmingCharacters(in: .whitespaces))"
    }
  }
}

/// The project's own files, found from where this one stood when it was compiled.
enum SourceTree {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func url(_ path: String) -> URL { root.appending(path: path) }

  static func file(_ path: String) throws -> SourceFile {
    let text = try String(contentsOf: url(path), encoding: .utf8)
    return SourceFile(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }

  /// Every text file below a directory, in a stable order; without an extension given, every one whose content is UTF-8.
  static func files(below directory: String, withExtension wanted: String? = nil) throws -> [SourceFile] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: url(directory).path).sorted()
    try #require(!paths.isEmpty, "\(directory) is empty: a test of its files would hold by itself")
    return paths.compactMap { path in
      guard wanted == nil || path.hasSuffix("." + wanted!) else { return nil }
      return try? file(directory + "/" + path)
    }
  }

  static func swiftFiles(below directory: String) throws -> [SourceFile] { try files(below: directory, withExtension: "swift") }

  static func directories(below directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(at: url(directory), includingPropertiesForKeys: [.isDirectoryKey])
      .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
      .map(\.lastPathComponent).sorted()
  }
}
