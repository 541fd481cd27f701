import Foundation
import Testing

/// The common language of the house, and what comes with the toolchain.
let forEveryone = toolchain.union(["JournalFormat"])
let toolchain: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]

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
    #expect(try SourceTree.directories(below: "Sources") == House.read().floors.keys.sorted())
  }

  @Test func `the table itself points down`() throws {
    let house = try House.read()
    for (name, floor) in house.floors {
      for lower in floor.modules {
        let below = try #require(house.floors[lower], "\(name) may import \(lower), which has no row")
        #expect(below.number < floor.number, "\(name) and \(lower)")
      }
    }
  }

  @Test func `modules import only what lies below them`() throws {
    let house = try House.read()
    for file in try SourceTree.swiftFiles(below: "Sources") {
      let allowed = try #require(house.floors[file.module], "\(file) is in a module without a floor").allowed.union(forEveryone)
      for found in file.lines.compactMap(Import.parse) {
        #expect(allowed.contains(found.module), "\(file) imports \(found.module)")
        #expect(found.attributes.isEmpty, "\(file) imports \(found.module) with \(found.attributes)")
      }
    }
  }

  @Test func `the package declares what a module imports, and nothing else`() throws {
    let house = try House.read()
    let declared = try Manifest.read()
    for (name, floor) in house.floors where !floor.isSystemLibrary {
      let dependencies = try #require(declared.dependencies[name], "Package.swift has no target \(name)")
      let imported = Set(
        try SourceTree.swiftFiles(below: "Sources/\(name)").flatMap { $0.lines.compactMap(Import.parse) }.map(\.module))
      #expect(dependencies == imported.subtracting(toolchain), "\(name)")
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
    let known = Set(try House.read().floors.keys.map { $0.replacing("-", with: "_") })
      .union(forEveryone).union(["Testing", "XCTest", "FoundationXML", "TestSupport", "Crypto", "ArgumentParser", "Logging"])
    for file in try SourceTree.swiftFiles(below: "Tests") {
      for found in file.lines.compactMap(Import.parse) {
        #expect(known.contains(found.module), "\(file) imports \(found.module)")
      }
    }
  }
}
