import Answers
import EMIP
import Foundation
import JournalFormat
import MerkleTree
import Recording
import Testing

@testable import JournalStore
@testable import emip_journal

/// What a journal holds, whatever files it is in.
struct JournalContent {
  let entries: [Entry]
  let leaves: [MerkleHash]

  init(_ sample: SampleJournal) throws {
    entries = try sample.entries()
    leaves = entries.map(\.leafHash)
  }

  /// What a journal does not have as it was here. What was appended since is no difference.
  func differences(in sample: SampleJournal) throws -> [String] {
    let found = try JournalContent(sample)
    var differences: [String] = []
    if found.entries.count < entries.count { differences.append("\(found.entries.count) entries of \(entries.count)") }
    for (index, entry) in entries.enumerated() where index < found.entries.count {
      if found.entries[index] != entry { differences.append("the entry at \(entry.position) is another") }
      if found.leaves[index] != leaves[index] { differences.append("the leaf at \(entry.position) is another") }
    }
    return Array(differences.prefix(3))
  }
}

extension Entry {
  /// What it should be found by.
  var searchTerms: Set<IndexTerm> {
    var terms = Set(content.marks.filter { $0.kind.comparison != .unindexed }.map { $0.term(in: content.payload) })
    for id in [content.context.operator, content.context.targetOperator] {
      if let id { terms.insert(IndexTerm(.operatorId, id)) }
    }
    return terms
  }
}

extension SampleJournal {
  /// Imports as the command does. Segments that end stay as they are.
  func importUnsealed(_ traffic: FaultTraffic) throws {
    let file = root + "/unsealed.ndjson"
    try traffic.write(0..<traffic.lines.count, to: file)
    let importer = try TrafficImporter(JournalReader(directory), configuration: .init(), now: .now) { try self.unsealingJournal() }
    let source = try ImportSource(file)
    // It closes its file when it goes.
    try withExtendedLifetime(source) {
      try importer.run(try source.open()) { rejection in
        Issue.record("line \(rejection.lineNumber): \(rejection.reason)")
      } progress: { _ in
      }
    }
    importer.close()
  }

  /// A journal with the same files, made in a place of its own.
  func copied() throws -> SampleJournal {
    let copy = SampleJournal(at: root + "/" + UUID().uuidString, within: self)
    try FileManager.default.createDirectory(atPath: copy.root, withIntermediateDirectories: true)
    let result = try Command.run(["-a", directory.path, copy.directory.path], executable: "/bin/cp")
    try #require(result.status == 0, "\(result.errors)")
    return copy
  }

  /// How many segments are sealed, and how many have ended and are not.
  var states: (sealed: Int, ended: Int) {
    get throws {
      let segments = try directory.readManifest().segments
      return (segments.count { $0.state == .sealed }, segments.count { $0.state == .hot && $0.lastPosition != nil })
    }
  }

  /// What the index finds otherwise than a look at every entry, over all terms of all entries.
  func searchProblems() throws -> [String] {
    var expected: [IndexTerm: Set<JournalPosition>] = [:]
    for entry in try entries() {
      for term in entry.searchTerms { expected[term, default: []].insert(entry.requestPosition ?? entry.position) }
    }
    let reader = try JournalReader(directory)
    var problems: [String] = []
    for (term, positions) in expected {
      let found = try reader.exchanges(holding: [term]).map { $0.head.requestPosition ?? $0.head.position }
      if Set(found) != positions || found.count != positions.count {
        problems.append("\(String(decoding: term.value, as: UTF8.self)): \(found) instead of \(positions.sorted())")
      }
    }
    return Array(problems.prefix(3))
  }

  /// All that must be so of a journal, whatever was done to it.
  func expectWhole(_ content: JournalContent, _ context: String) throws {
    #expect(try damages() == [], "\(context)")
    #expect(try content.differences(in: self) == [], "\(context)")
    #expect(try searchProblems() == [], "\(context)")
  }

  /// Seals all that has ended, and checks that the journal is what it was.
  func expectSeals(_ content: JournalContent, _ context: String) throws {
    let result = try run("seal")
    #expect(result.status == 0, "\(context): \(result.errors)")
    #expect(try states.ended == 0, "\(context)")
    try expectWhole(content, context + ", sealed")
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/segments")
    let listed = try directory.readManifest().segments.map(\.fileName)
    #expect(names.filter { name in !listed.contains { name.hasPrefix($0.dropLast(4)) } } == [], "\(context): what was replaced is gone")
  }
}
