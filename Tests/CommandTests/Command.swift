import Foundation
import TestSupport
import Testing

@testable import emip_journal

/// How a run of the command ended.
struct CommandResult {
  let status: Int32
  let output: [UInt8]
  let errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }

  /// The output as one JSON object.
  func object() throws -> [String: Any] { try Self.object(text) }

  /// The output as a JSON object a line.
  func objects() throws -> [[String: Any]] { try lines.map(Self.object) }

  private static func object(_ text: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any], "\(text.prefix(80)) is no object")
  }
}

/// The built binary, run as a user runs it.
enum Command {
  /// Beside the test bundle.
  static let path: String = {
    var directory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let candidate = directory.appending(path: "emip-journal").path
      if FileManager.default.isExecutableFile(atPath: candidate), !FileManager.default.fileExists(atPath: candidate + "/Package.swift") {
        return candidate
      }
    }
    fatalError("emip-journal is not built")
  }()

  /// What a run is given of this process's environment, and what more is said.
  static func environment(_ more: [String: String]) -> [String: String] {
    ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"].merging(more) { $1 }
  }

  /// Runs it to its end.
  static func run(_ arguments: [String], executable: String = path, environment: [String: String] = [:]) throws -> CommandResult {
    let scratch = TemporaryDirectory()
    // Files, so that neither output can fill up while the other is read.
    let (output, errors) = (scratch.path + "/out", scratch.path + "/err")
    let process = try ChildProcess(
      executable, arguments, environment: self.environment(environment), output: .file(output), errors: .file(errors))
    let patience = Duration.seconds(600)
    guard let ending = process.wait(atMost: patience) else {
      throw WaitedInVain("\(executable) \(arguments.joined(separator: " ")) ended", patience)
    }
    let contents = try [output, errors].map { try Data(contentsOf: URL(filePath: $0)) }
    return CommandResult(status: ending.status, output: Array(contents[0]), errors: String(decoding: contents[1], as: UTF8.self))
  }
}
