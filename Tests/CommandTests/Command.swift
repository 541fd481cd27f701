import Foundation
import Testing

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

  static func process(_ arguments: [String], executable: String = path, environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"].merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs it to its end.
  static func run(_ arguments: [String], executable: String = path, environment: [String: String] = [:]) throws -> CommandResult {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "emip-journal-run-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files, so that neither output can fill up while the other is read.
    let files = try ["out", "err"].map { name in
      let path = scratch.appending(path: name).path
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      return try FileHandle(forUpdating: URL(filePath: path))
    }
    let process = process(arguments, executable: executable, environment: environment)
    process.standardOutput = files[0]
    process.standardError = files[1]
    try process.run()
    process.waitUntilExit()
    let contents = try files.map { file in
      try file.seek(toOffset: 0)
      return try file.readToEnd() ?? Data()
    }
    let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return CommandResult(status: status, output: Array(contents[0]), errors: String(decoding: contents[1], as: UTF8.self))
  }
}
