// swift-tools-version:6.2
import PackageDescription

let language: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  // Overlapping access to memory is looked for where tests run, in debug builds.
  .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

// Set by `Tools/check`: a warning in our own targets is an error. Not otherwise, so that a newer compiler's new warning stops nobody.
let strict: [SwiftSetting] = Context.environment["EMIP_JOURNAL_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
let settings = language + strict

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// A target of ours with the settings that all of them share.
func house(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func command(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

// The floors and who may import whom: Sources/README.md has the table.
let package = Package(
  name: "emip-journal",
  products: [
    .executable(name: "emip-journal", targets: ["emip-journal"]),
    .executable(name: "emip-simulator", targets: ["emip-simulator"]),
    .executable(name: "emip-journal-bench", targets: ["emip-journal-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),

    house("JournalFormat", []),
    house("LMDB", ["CLMDB"]),
    house("Zstandard", ["CZstd"]),
    house("XML", ["CLibXML2"]),
    house("EMIP", ["XML", "JournalFormat"]),
    house("MerkleTree", [crypto]),
    house("JournalStore", ["LMDB", "Zstandard", "MerkleTree", "JournalFormat", crypto]),
    house("Recording", ["EMIP", "JournalStore", "Zstandard", "JournalFormat"]),
    house("Projections", ["EMIP", "JournalStore", "LMDB", "JournalFormat", crypto]),

    house("Answers", ["Recording", "Projections", "JournalStore", "EMIP", "JournalFormat"]),
    house("Simulation", []),

    command(
      "emip-journal",
      ["Answers", "Recording", "Projections", "JournalStore", "EMIP", "JournalFormat", argumentParser, logging]),
    command("emip-journal-bench", ["Simulation", "Recording", "Projections", "JournalStore", "EMIP", "JournalFormat", argumentParser]),
    command("emip-simulator", ["Simulation", "JournalFormat", argumentParser]),

    .target(name: "TestSupport", dependencies: ["JournalStore", "JournalFormat"], path: "Tests/TestSupport", swiftSettings: settings),
    tests("JournalFormat", ["TestSupport", "JournalFormat"]),
    tests("LMDB", ["TestSupport", "LMDB"]),
    tests("MerkleTree", ["MerkleTree"]),
    tests("Zstandard", ["TestSupport", "Zstandard"]),
    tests("XML", ["TestSupport", "XML"]),
    tests("EMIP", ["TestSupport", "Simulation", "EMIP", "XML", "JournalFormat"]),
    tests("JournalStore", ["TestSupport", "JournalStore", "LMDB", "Zstandard", "EMIP", "Simulation", "JournalFormat"]),
    tests("Projections", ["TestSupport", "Projections", "Recording", "JournalStore", "EMIP", "JournalFormat"]),
    tests("Answers", ["TestSupport", "Answers", "Projections", "Recording", "JournalStore", "EMIP", "JournalFormat"]),
    tests("Recording", ["TestSupport", "Recording", "JournalStore", "EMIP", "JournalFormat"]),
    tests(
      "Command",
      [
        "TestSupport", "emip-journal", "Answers", "emip-simulator", "Recording", "Projections", "JournalStore", "MerkleTree", "EMIP",
        "JournalFormat",
      ],
      exclude: ["README.md", "format-2", "format-3", "read-models"].map { "Golden/" + $0 }),
    tests("Simulation", ["emip-simulator", "Simulation", "JournalFormat"]),
    tests("Tidy", []),
  ]
)
