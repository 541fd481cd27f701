internal import Glibc
internal import JournalFormat
internal import JournalStore

/// Where the read models of a journal are: `read-models` within it. A small manifest names the generation of each that is in force; a new generation
/// is made beside it, under a name of its own.
struct ReadModelDirectory {
  let path: String

  init(_ journal: JournalDirectory) { path = journal.path + "/read-models" }

  var lockPath: String { path + "/lock" }
  private var manifestPath: String { path + "/manifest" }

  func path(_ name: String, generation: UInt32) -> String { "\(path)/\(name)-\(generation).mdb" }
  func openingStatePath(_ name: String) -> String { "\(path)/\(name)-opening" }
  /// The file of a read model that is made only to be looked at.
  func scratchPath(_ name: String) -> String { "\(path)/\(name)-scratch.mdb" }

  var isWritable: Bool { FileSystem.isWritable(FileSystem.exists(path) ? path : String(path.dropLast("/read-models".count))) }

  func make() throws(JournalError) { try FileSystem.makeDirectory(path) }

  /// The generation in force of each read model. Empty where the manifest is missing: all is made anew then.
  /// - Throws: ``JournalError`` `model.damaged` where the manifest is not what was written.
  func generations() throws(JournalError) -> [String: UInt32] {
    guard let bytes = try FileSystem.read(manifestPath, atMost: 65_536) else { return [:] }
    let damaged = JournalError(
      .modelDamaged, "what says which read models there are is damaged. `emip-journal projection rebuild`, without a name, makes all anew.",
      path: manifestPath)
    let text = bytes.dropLast(Self.sumBytes)
    guard bytes.count > Self.sumBytes, Array(bytes.suffix(Self.sumBytes)) == Self.sum(Array(text)) else { throw damaged }
    var generations: [String: UInt32] = [:]
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ")
      guard words.count == 2, let generation = UInt32(words[1]) else { throw damaged }
      generations[String(words[0])] = generation
    }
    return generations
  }

  /// Puts generations in force.
  func write(_ generations: [String: UInt32]) throws(JournalError) {
    var text = Array("emip-journal read models 1\n".utf8)
    for (name, generation) in generations.sorted(by: { $0.key < $1.key }) { text += Array("\(name) \(generation)\n".utf8) }
    try FileSystem.replace(manifestPath, with: text + Self.sum(text), in: path)
  }

  /// A generation that no file has yet.
  func freeGeneration(_ name: String) throws(JournalError) -> UInt32 { (try fileGenerations(name).max() ?? 0) + 1 }

  /// Later than the one in force: somebody began to build it.
  func begunGeneration(_ name: String, after current: UInt32) throws(JournalError) -> UInt32? {
    try fileGenerations(name).filter { $0 > current }.max()
  }

  private func fileGenerations(_ name: String) throws(JournalError) -> [UInt32] {
    guard FileSystem.exists(path) else { return [] }
    return try FileSystem.names(in: path).compactMap { file in
      guard file.hasPrefix(name + "-"), file.hasSuffix(".mdb") else { return nil }
      return UInt32(file.dropFirst(name.count + 1).dropLast(4))
    }
  }

  /// Removes the files of all generations but those in force.
  func removeGarbage(_ generations: [String: UInt32]) throws(JournalError) {
    let listed = Set(generations.map { "\($0.key)-\($0.value).mdb" })
    for file in try FileSystem.names(in: path) {
      let data = file.hasSuffix("-lock") ? String(file.dropLast(5)) : file
      if data.hasSuffix(".mdb") && !listed.contains(data) { try FileSystem.remove(path + "/" + file) }
    }
  }

  private static let sumBytes = 16

  /// The last line: `crc32c` and eight digits.
  private static func sum(_ text: [UInt8]) -> [UInt8] {
    let digits = String(CRC32C.of(text), radix: 16)
    return Array("crc32c \(String(repeating: "0", count: 8 - digits.count))\(digits)\n".utf8)
  }
}
