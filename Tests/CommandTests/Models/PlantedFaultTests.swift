import Foundation
import JournalFormat
import Testing

/// Traffic with one planted fault for each rule, imported and read by the read models: each rule finds its own, and nothing else.
@Suite struct PlantedFaultTests {
  /// A line of the manifest.
  private struct Fault: Decodable {
    let rule: String
    let severity: String
    let subject: String
    /// Lines of the traffic, from 1: the finding's first.
    let exchanges: [Int]
    let transactionIds: [String]
    let evseId: String?
    let serviceSessionId: String?
    let operatorId: String?
    let partner: String?
    let notBefore: String?
  }

  /// A line of what `findings` tells.
  private struct Finding: Decodable {
    let rule: String
    let severity: String
    let subject: String
    let explanation: String
    let position: Int
    let resolvedAt: Int?

    /// In an import into an empty journal line n is the entries 2n - 1 and 2n.
    static func line(_ position: Int) -> Int { (position + 1) / 2 }
    var line: Int { Self.line(position) }
  }

  private static func objects<Object: Decodable>(_ type: Object.Type, in text: String) throws -> [Object] {
    try text.split(separator: "\n").map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
  }

  @Test func `each planted fault is found by its rule, once, where it is, and nothing else is found`() async throws {
    let sample = try await SampleJournal()
    let (traffic, manifest) = (sample.root + "/traffic.ndjson", sample.root + "/manifest.ndjson")
    let simulator = URL(filePath: Command.path).deletingLastPathComponent().appending(path: "emip-simulator").path
    let simulated = try Command.run(
      ["traffic", "--exchanges", "30000", "--seed", "5", "--days", "5", "--seed-faults", manifest, "-o", traffic], executable: simulator)
    try #require(simulated.status == 0, "\(simulated.errors)")
    let imported = try sample.run("import", traffic)
    try #require(imported.status == 0, "\(imported.errors)")
    let told = try sample.run("findings", "--all", "--format", "ndjson")
    try #require(told.status == 0, "\(told.errors)")

    let faults = try Self.objects(Fault.self, in: try String(contentsOfFile: manifest, encoding: .utf8))
    let findings = try Self.objects(Finding.self, in: told.text)
    #expect(faults.count > 25)
    #expect(findings.map(\.rule).sorted() == faults.map(\.rule).sorted())
    let times = try String(contentsOfFile: traffic, encoding: .utf8).split(separator: "\n").map(Self.recordedAt)
    for fault in faults {
      for finding in findings where finding.rule == fault.rule { Self.compare(finding, fault, times) }
    }
  }

  private static func compare(_ finding: Finding, _ fault: Fault, _ times: [Timestamp]) {
    let what: Comment = "\(fault.rule): \(finding.explanation)"
    #expect(finding.severity == fault.severity, what)
    #expect(isAbout(fault, finding.subject), what)
    if let notBefore = fault.notBefore.flatMap(Timestamp.init) {
      // With the first exchange behind the moment.
      #expect(times[finding.line - 1] >= notBefore && times[finding.line - 2] <= notBefore, what)
    } else {
      #expect(finding.line == fault.exchanges.first, what)
    }
    if ["list", "partner"].contains(fault.subject), fault.notBefore != nil {
      #expect(finding.resolvedAt.map(Finding.line) == fault.exchanges.last, what)
    }
  }

  private static func isAbout(_ fault: Fault, _ subject: String) -> Bool {
    switch fault.subject {
    case "session": subject == fault.serviceSessionId
    case "evse": subject.filter { $0 != "*" } == fault.evseId?.filter { $0 != "*" }
    case "transaction": fault.transactionIds.first == subject
    case "partner": subject == fault.partner
    case "message": fault.transactionIds.contains(subject)
    default: fault.operatorId.map(subject.contains) ?? false
    }
  }

  private static func recordedAt(_ line: Substring) -> Timestamp {
    // Sorted keys are no part of the format: wherever it stands.
    let start = line.range(of: "\"recordedAt\":\"")!.upperBound
    return Timestamp(String(line[start...].prefix { $0 != "\"" }))!
  }
}
