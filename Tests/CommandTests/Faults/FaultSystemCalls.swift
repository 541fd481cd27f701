import Foundation
import Testing

/// One system call as strace writes it, or one half of it where another thread's came between (strace(1), "unfinished").
struct SystemCall {
  let name: String
  let arguments: String
  /// Whether this line says that the call began, or that it ended; mostly it says both.
  let begins: Bool
  let ends: Bool

  static let durability = [
    "openat", "pwrite64", "pwritev", "writev", "write", "sendto", "fdatasync", "fsync", "?rename", "?renameat", "?renameat2", "?unlink",
    "?unlinkat",
  ]

  /// The command that traces another one.
  static func tracing(_ names: [String], to file: String, _ more: [String] = []) -> [String] {
    ["/usr/bin/strace", "-f", "-qq", "-y", "-s", "0", "-o", file, "-e", "trace=" + names.joined(separator: ",")] + more
  }

  /// Reads a trace, in its order.
  static func parse(_ text: String) -> [SystemCall] {
    // The arguments of what each thread left unfinished.
    var unfinished: [Substring: String] = [:]
    return text.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
      guard words.count == 2 else { return nil }
      let (thread, call) = (words[0], words[1].drop { $0 == " " })
      if call.hasPrefix("<... ") {
        let name = String(call.dropFirst(5).prefix { $0 != " " })
        return SystemCall(name: name, arguments: (unfinished.removeValue(forKey: thread) ?? "") + call, begins: false, ends: true)
      }
      guard let open = call.firstIndex(of: "(") else { return nil }
      let arguments = String(call[call.index(after: open)...])
      let isWhole = !call.hasSuffix("<unfinished ...>")
      if !isWhole { unfinished[thread] = arguments }
      return SystemCall(name: String(call[..<open]), arguments: arguments, begins: true, ends: isWhole)
    }
  }

  var failed: Bool { arguments.contains(" = -1 ") }

  /// The descriptor that the call is about, and its file, by `-y`: `8</path>`.
  var descriptor: (number: Int, path: String)? {
    guard let open = arguments.firstIndex(of: "<"), let number = Int(arguments[..<open]) else { return nil }
    return (number, String(arguments[arguments.index(after: open)...].prefix { $0 != ">" }))
  }

  /// The descriptor that `openat` returned, and its file.
  var opened: (number: Int, path: String)? {
    guard let result = arguments.range(of: " = ", options: .backwards) else { return nil }
    let text = arguments[result.upperBound...]
    guard let open = text.firstIndex(of: "<"), let number = Int(text[..<open]) else { return nil }
    return (number, String(text[text.index(after: open)...].prefix { $0 != ">" }))
  }

  /// What stands between double quotes: names of files.
  var names: [String] {
    arguments.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.0 % 2 == 1 }.map { String($0.1) }
  }
}

/// Follows a trace and tells where something was acknowledged, or made to count, before it was durable; or a file removed before what
/// takes its place was. Files of indexes do not count: they can be made anew.
struct DurabilityAudit {
  private let root: String
  private var knownFiles: Set<String>
  /// Descriptors whose writes are synced by themselves: LMDB's for meta pages.
  private var syncedDescriptors: Set<Int> = []
  /// Files with data that no sync has covered.
  private var unsyncedFiles: Set<String> = []
  /// Segments with synced data that no meta page points to yet.
  private var uncommitted: Set<String> = []
  /// Files whose names no sync of their directory has covered.
  private var unsyncedNames: Set<String> = []
  private(set) var problems: [String] = []
  private(set) var acknowledgements = 0
  private(set) var commits = 0
  private(set) var manifests = 0
  /// Segments whose old file went.
  private(set) var replacements = 0

  /// - Parameter knownFiles: those that were there before the trace.
  init(root: String, knownFiles: Set<String>) {
    self.root = root
    self.knownFiles = knownFiles
  }

  mutating func run(_ calls: [SystemCall], isAcknowledgement: (SystemCall) -> Bool) {
    for call in calls where !call.failed {
      if call.begins { begin(call, isAcknowledgement) }
      if call.ends { end(call) }
    }
  }

  private mutating func begin(_ call: SystemCall, _ isAcknowledgement: (SystemCall) -> Bool) {
    if isAcknowledgement(call) {
      acknowledgements += 1
      demandClean("acknowledgement \(acknowledgements)") { !Self.isSealed($0) }
    }
    switch call.name {
    case "rename", "renameat", "renameat2":
      manifests += 1
      demandClean("the rename of manifest \(manifests)") { !Self.isSealed($0) }
    case "unlink", "unlinkat":
      guard let path = call.names.last, isData(path), path.hasSuffix(".g1.mdb"), knownFiles.contains(path) else { return }
      replacements += 1
      let successor = path.replacing(".g1.mdb", with: ".g2.mdb")
      if !knownFiles.contains(successor) { problems.append("\(path) was removed, and nothing takes its place") }
      if manifests < replacements { problems.append("\(path) was removed before a manifest could name what takes its place") }
      demandClean("the removal of \(path)") { $0 == successor || $0.hasSuffix("/manifest") }
    case "pwrite64", "pwritev", "writev", "write":
      guard let (number, path) = call.descriptor, isData(path) else { return }
      if syncedDescriptors.contains(number) {
        if unsyncedFiles.contains(path) { problems.append("a meta page of \(path) was written before its data was synced") }
      } else {
        unsyncedFiles.insert(path)
      }
    default: break
    }
  }

  private mutating func end(_ call: SystemCall) {
    switch call.name {
    case "openat": noteOpen(call)
    case "pwrite64":
      guard let (number, path) = call.descriptor, syncedDescriptors.contains(number) else { return }
      uncommitted.remove(path)
      commits += 1
    case "fdatasync", "fsync":
      guard let path = call.descriptor?.path else { return }
      if unsyncedFiles.remove(path) != nil, path.hasSuffix(".mdb") { uncommitted.insert(path) }
      unsyncedNames = unsyncedNames.filter { parent($0) != path }
    case "rename", "renameat", "renameat2":
      if let name = call.names.last { unsyncedNames.insert(name) }
    default: break
    }
  }

  private mutating func noteOpen(_ call: SystemCall) {
    guard let (number, path) = call.opened else { return }
    syncedDescriptors.remove(number)
    guard isData(path) else { return }
    if call.arguments.contains("O_DSYNC") { syncedDescriptors.insert(number) }
    if call.arguments.contains("O_CREAT"), knownFiles.insert(path).inserted, path.hasSuffix(".mdb") { unsyncedNames.insert(path) }
  }

  private mutating func demandClean(_ what: String, concerning isConcerned: (String) -> Bool) {
    for path in unsyncedFiles where isConcerned(path) { problems.append("\(what) began before \(path) was synced") }
    for path in uncommitted where isConcerned(path) { problems.append("\(what) began before a meta page of \(path) was written") }
    for path in unsyncedNames where isConcerned(path) { problems.append("\(what) began before the name \(path) was synced") }
  }

  /// What must survive: segments and manifests, not locks and indexes.
  private func isData(_ path: String) -> Bool {
    let isSegment = path.hasSuffix(".mdb") && !path.hasSuffix(".index.mdb")
    return path.hasPrefix(root) && (isSegment || path.hasSuffix("/manifest.new") || path.hasSuffix("/manifest"))
  }

  /// The file that will take another's place, and counts only then.
  private static func isSealed(_ path: String) -> Bool { path.hasSuffix(".g2.mdb") }

  private func parent(_ path: String) -> String { URL(filePath: path).deletingLastPathComponent().path }
}
