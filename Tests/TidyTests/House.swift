import Foundation
import Testing

/// The floors of the house as the table of `Sources/README.md` has them: a row a target.
struct House {
  /// A target's row.
  struct Floor {
    let number: Int
    /// Those of our own targets that it may import.
    let modules: Set<String>
    /// The packages' modules that it may import.
    let packages: Set<String>
    let isSystemLibrary: Bool

    var allowed: Set<String> { modules.union(packages) }
  }

  let floors: [String: Floor]

  /// Reads rows of the form ``| floor | `target` | what it is for | own targets; packages |``.
  static func read() throws -> House {
    var floors: [String: Floor] = [:]
    let row = /\| (\d) \| `([\w-]+)` \| [^|]+ \| ([^|;]*)(?:; ([^|]*))?\|/
    for match in try SourceTree.file("Sources/README.md").lines.compactMap({ try row.wholeMatch(in: $0) }) {
      let (_, number, name, modules, packages) = match.output
      #expect(floors[String(name)] == nil, "\(name) has two rows")
      floors[String(name)] = Floor(
        number: try #require(Int(number)), modules: names(modules), packages: names(packages ?? ""),
        isSystemLibrary: name.wholeMatch(of: /C[A-Z]\w+/) != nil && modules.allSatisfy(\.isWhitespace))
    }
    try #require(floors.count >= 10, "the table of Sources/README.md cannot be read")
    return House(floors: floors)
  }

  private static func names(_ list: Substring) -> Set<String> {
    Set(list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
  }
}

/// What `Package.swift` says of our targets' dependencies.
struct Manifest {
  let dependencies: [String: Set<String>]

  /// Reads `house("Target", ["Other", product])` and `command(…)`, and `let product = Target.Dependency.product(name: "Product", …)`.
  static func read() throws -> Manifest {
    let text = try SourceTree.file("Package.swift").lines.joined(separator: "\n")
    let products = Dictionary(
      text.matches(of: /let (\w+) = Target\.Dependency\.product\(name: "(\w+)"/).map { (String($0.output.1), String($0.output.2)) },
      uniquingKeysWith: { first, _ in first })
    var dependencies: [String: Set<String>] = [:]
    for match in text.matches(of: /\b(?:house|command)\(\s*"([\w-]+)",\s*\[([^\]]*)\]/) {
      let names = match.output.2.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      dependencies[String(match.output.1)] = Set(
        try names.map { $0.hasPrefix("\"") ? $0.replacing("\"", with: "") : try #require(products[$0], "\($0) is no product") })
    }
    return Manifest(dependencies: dependencies)
  }
}
