import Foundation
import Testing

/// The floors of the house: which of our modules and which packages each module may import. Imports point down.
let floors: [String: Set<String>] = [
  "CLMDB": [],
  "CZstd": [],
  "CLibXML2": [],
  "JournalFormat": [],
  "LMDB": ["CLMDB"],
  "Zstandard": ["CZstd"],
  "XML": ["CLibXML2"],
  "EMIP": ["XML"],
  "MerkleTree": ["Crypto"],
  "JournalStore": ["LMDB", "Zstandard", "MerkleTree", "Crypto"],
  "Recording": ["EMIP", "JournalStore"],
  // Crypto for the digests by which read models are compared.
  "Projections": ["EMIP", "JournalStore", "LMDB", "Crypto"],
  "emip-journal": ["LMDB", "Zstandard", "XML", "EMIP", "JournalStore", "Recording", "Projections", "ArgumentParser", "Logging"],
  "emip-simulator": ["EMIP", "XML", "ArgumentParser"],
]

/// The common language of the house, and what comes with the toolchain.
let forEveryone: Set<String> = ["JournalFormat", "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]

/// The C modules, each with the only module that may import it.
let wrappers = ["CLMDB": "LMDB", "CZstd": "Zstandard", "CLibXML2": "XML"]

/// One import declaration.
struct Import: Equatable {
  var module: String
  var attributes: [String] = []
  var access: String?

  /// The import that a line declares, if any: `@testable import A`, `public import struct A.B`. The formatter allows one a line.
  static func parse(_ line: String) -> Import? {
    var words = line.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    var found = Import(module: "")
    while let word = words.first, word.hasPrefix("@") { found.attributes.append(words.removeFirst()) }
    if let word = words.first, ["public", "package", "internal", "fileprivate", "private"].contains(word) {
      found.access = words.removeFirst()
    }
    guard words.popFirst() == "import" else { return nil }
    if let word = words.first, ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func"].contains(word) {
      words.removeFirst()
    }
    guard let module = words.first?.split(separator: ".").first else { return nil }
    found.module = String(module)
    return found
  }
}

@Suite struct ImportTests {
  @Test(arguments: [
    ("import A", Import(module: "A")),
    ("  internal import A.Sub // why", Import(module: "A", access: "internal")),
    ("public import struct A.B", Import(module: "A", access: "public")),
    ("@testable import A", Import(module: "A", attributes: ["@testable"])),
    ("@_exported public import A", Import(module: "A", attributes: ["@_exported"], access: "public")),
    ("importer.run()", nil), ("// import A", nil), ("#if canImport(Glibc)", nil),
  ])
  func `every form of import is read`(line: String, expected: Import?) {
    #expect(Import.parse(line) == expected)
  }

  @Test func `every module stands on a floor, and every floor is a module`() throws {
    #expect(try SourceTree.directories(below: "Sources") == floors.keys.sorted())
  }

  @Test func `the table itself points down`() {
    // A module that could reach itself through what it may import would make the floors meaningless.
    func reach(_ module: String) -> Set<String> {
      (floors[module] ?? []).reduce(into: []) { all, next in all.formUnion(reach(next).union([next])) }
    }
    for module in floors.keys { #expect(!reach(module).contains(module)) }
  }

  @Test func `modules import only what lies below them`() throws {
    for file in try SourceTree.swiftFiles(below: "Sources") {
      let allowed = try #require(floors[file.module], "\(file) is in a module without a floor").union(forEveryone)
      for found in file.lines.compactMap(Import.parse) {
        #expect(allowed.contains(found.module), "\(file) imports \(found.module)")
        #expect(found.attributes.isEmpty, "\(file) imports \(found.module) with \(found.attributes)")
      }
    }
  }

  @Test func `a C module is imported by its wrapper alone, and stays inside it`() throws {
    for file in try SourceTree.swiftFiles(below: "Sources") + SourceTree.swiftFiles(below: "Tests") {
      for found in file.lines.compactMap(Import.parse) {
        guard let wrapper = wrappers[found.module] else { continue }
        #expect(file.path.hasPrefix("Sources/\(wrapper)/"), "\(file) imports \(found.module)")
        #expect(found.access != "public" && found.access != "package", "\(file) shows \(found.module) to others")
      }
    }
  }

  @Test func `tests import no module that the package does not have`() throws {
    let known = Set(floors.keys.map { $0.replacing("-", with: "_") })
      .union(forEveryone).union(["Testing", "XCTest", "FoundationXML", "TestSupport", "Crypto", "ArgumentParser", "Logging"])
    for file in try SourceTree.swiftFiles(below: "Tests") {
      for found in file.lines.compactMap(Import.parse) {
        #expect(known.contains(found.module), "\(file) imports \(found.module)")
      }
    }
  }
}
