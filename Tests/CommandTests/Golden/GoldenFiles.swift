import Foundation

/// The files beside this one (`README.md`).
enum GoldenFiles {
  static func path(_ name: String) -> String { URL(filePath: #filePath).deletingLastPathComponent().appending(path: name).path }

  static func lines(_ name: String) throws -> [String] {
    try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map(String.init)
  }
}
