/// Where the files of a journal are.
public struct JournalDirectory: Hashable, Sendable {
  /// The path of the directory.
  public let path: String

  /// The journal in a directory, whether it is there or not.
  public init(_ path: String) { self.path = path }

  var manifestPath: String { path + "/manifest" }
  var lockPath: String { path + "/lock" }
  var socketPath: String { path + "/socket" }
  var segmentsPath: String { path + "/segments" }

  func path(of segment: Manifest.Segment) -> String { segmentsPath + "/" + segment.fileName }

  /// Reads the manifest.
  /// - Throws: ``JournalError`` `journal.missing` where there is none.
  public func readManifest() throws(JournalError) -> Manifest {
    guard let bytes = try FileSystem.read(manifestPath, atMost: Manifest.maximumBytes) else {
      throw JournalError(
        .journalMissing, "there is no journal here. Make one with `emip-journal init`, or name another with --journal.", path: path)
    }
    return try Manifest(bytes, path: manifestPath)
  }

  func write(_ manifest: Manifest) throws(JournalError) {
    try FileSystem.replace(manifestPath, with: manifest.encoded(), in: path)
  }

  /// Makes a manifest durable that does not count yet. Where this fails, the one that is in force stays so, as if nothing had been tried.
  /// - Throws: ``JournalError``: the manifest in force is the old one.
  func prepare(_ manifest: Manifest) throws(JournalError) {
    try FileSystem.prepare(manifest.encoded(), toReplace: manifestPath)
  }

  /// Makes the manifest count that was prepared. Where this fails, either may be in force: the files of both must stay.
  /// - Throws: ``JournalError``, after which either manifest may be in force.
  func putPreparedInForce() throws(JournalError) {
    try FileSystem.replaceByPrepared(manifestPath, in: path)
  }

  /// Makes an empty journal. The directory may exist, if it holds nothing.
  /// - Parameter segmentLimitBytes: a segment ends when its file has grown to this size; within ``Manifest/segmentLimits``.
  /// - Throws: ``JournalError`` `journal.exists` where there is a journal or anything else already.
  public func initialize(segmentLimitBytes: Int = Manifest.standardSegmentLimitBytes) throws(JournalError) {
    precondition(Manifest.segmentLimits.contains(segmentLimitBytes), "the caller checks what a person asks for")
    try FileSystem.makeDirectory(path)
    try FileSystem.refuseNetworkFileSystem(path)
    // What an interrupted `init` may have left is no obstacle.
    let leftovers: Set<String> = ["segments", "manifest.new"]
    let others = try FileSystem.names(in: path).filter { !leftovers.contains($0) }
    guard others.isEmpty else {
      throw JournalError(
        .journalExists, others.contains("manifest") ? "there is a journal here already." : "the directory is not empty.", path: path)
    }
    try FileSystem.makeDirectory(segmentsPath)
    var generator = SystemRandomNumberGenerator()
    let id = (0..<2).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    try write(Manifest(journalId: id, segmentLimitBytes: segmentLimitBytes))
    try FileSystem.synchronizeDirectory(parent)
  }

  /// The directory that it stands in.
  var parent: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
