import Foundation
public import JournalStore

/// A directory of its own for a test, gone when the value is.
public final class TemporaryDirectory: Sendable {
  public let path: String

  public init() {
    path = NSTemporaryDirectory() + "emip-journal-test-" + UUID().uuidString
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// An empty journal in it.
  public func journal(_ name: String = "journal") throws -> JournalDirectory {
    let directory = JournalDirectory(path + "/" + name)
    try directory.initialize()
    return directory
  }
}
