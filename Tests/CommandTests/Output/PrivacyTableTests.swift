import Foundation
import JournalFormat
import Testing

@testable import JournalStore

/// What a segment keeps once for many messages outlives the erasure of any of them: no personal value may be in it.
@Suite struct PrivacyTableTests {
  /// The kinds of messages that the secret stands in, each in a place and a spelling of its own.
  private static let kinds = [
    "plain", "user", "reference", "attribute", "comment", "CDATA", "mixed", "malformed", "cut", "instruction", "unknown",
  ]

  /// One for each kind, so that what is found tells its place.
  private static func secret(_ kind: String) -> String { "5EC2E7\(10 + kinds.firstIndex(of: kind)!)" }

  /// Lines of one kind, the secret in one place; the same markup many times, so that it is learnt. Each message comes four times, as when a
  /// peer asks again: what cannot be read is all markup, and only the same again would be learnt.
  private func lines(_ kind: String, _ change: (String) -> String) throws -> [String] {
    try (0..<40).map { number in
      let sample = Sample(
        transactionId: "T-\(kind)-\(number / 4)", user: "04AA\(1000 + number / 4)", observedAt: "2025-03-\(10 + number / 4)T10:00:00Z")
      var fields = try #require(try JSONSerialization.jsonObject(with: Data(sample.line.utf8)) as? [String: Any])
      fields["request"] = change(sample.request)
      return String(decoding: try JSONSerialization.data(withJSONObject: fields, options: .sortedKeys), as: UTF8.self)
    }
  }

  private func traffic() throws -> FaultTraffic {
    func replacing(_ text: String, _ other: String) -> (String) -> String { { $0.replacing(text, with: other) } }
    let user = "<userId>[^<]*</userId>"
    func changingUser(_ other: String) -> (String) -> String {
      { $0.replacingOccurrences(of: user, with: other, options: .regularExpression) }
    }
    let change: (String, String) -> (String) -> String = { kind, secret in
      switch kind {
      case "user": changingUser("<userId>\(secret)</userId>")
      case "reference": changingUser("<userId>&#53;\(secret.dropFirst())</userId>")
      case "attribute": replacing("<comment>", "<comment note=\"\(secret)\">")
      case "comment": replacing("<partnerId>", "<!-- \(secret) --><partnerId>")
      case "CDATA": changingUser("<userId><![CDATA[\(secret)]]></userId>")
      case "mixed": replacing("<partnerId>", "\(secret)<partnerId>")
      case "malformed": replacing("</partnerId>", "</partner\(secret)>")
      case "cut": { String($0.prefix($0.count / 2)) + "<userId>\(secret)" }
      case "instruction": replacing("<partnerId>", "<?pi \(secret)?><partnerId>")
      case "unknown": replacing("<comment>-</comment>", "<badge>\(secret)</badge>")
      default: { $0 }
      }
    }
    // Mixed, as they come; in order of time.
    let all = try Self.kinds.map { try lines($0, change($0, Self.secret($0))) }
    return FaultTraffic(lines: (0..<40).flatMap { number in all.map { $0[number] } })
  }

  @Test func `a personal value is in no template, word or dictionary, wherever in a message it stood`() async throws {
    let sample = try await SampleJournal()
    let traffic = try traffic()
    let file = sample.root + "/traffic.ndjson"
    try traffic.write(0..<traffic.lines.count, to: file)
    let imported = try sample.run("import", file)
    #expect(imported.status == 0, "\(imported.errors)")
    // It is there to be found, or this would prove nothing.
    #expect(try sample.run("find", Self.secret("user")).status == 0)
    let payloads = try sample.entries().map { String(decoding: $0.content.payload, as: UTF8.self) }
    for kind in Self.kinds.dropFirst() {
      #expect(payloads.count { $0.contains(Self.secret(kind).dropFirst()) } >= 40, "\(kind)")
    }
    try expectNoSecret(sample, state: .hot)
    let sealed = try sample.run("seal", "--newest")
    #expect(sealed.status == 0, "\(sealed.errors)")
    try expectNoSecret(sample, state: .sealed)
  }

  private func expectNoSecret(_ sample: SampleJournal, state: SegmentState) throws {
    for segment in try sample.directory.readManifest().segments {
      #expect(segment.state == state)
      let environment = try SegmentEnvironment.reading(sample.directory.path(of: segment), state: state, isGrowing: false)
      let kept = try environment.keptForMany()
      #expect(kept.templates > 3 && kept.words > 3 && !kept.bytes.isEmpty, "\(state): \(kept.templates) templates, \(kept.words) words")
      let text = String(decoding: kept.bytes, as: UTF8.self)
      let found = Self.kinds.filter { text.contains(Self.secret($0).dropFirst()) }
      #expect(found == [], "\(state)")
      // The common part of all, in pieces, and of the other messages' users.
      for part in ["5EC2E7", "EC2E7", "04AA10"] { #expect(!text.contains(part), "\(state): \(part)") }
    }
  }
}

extension SegmentEnvironment {
  /// All that the segment keeps once for many messages, decoded: templates, words, dictionaries and shapes.
  func keptForMany() throws -> (bytes: [UInt8], templates: Int, words: Int) {
    let reader = try SegmentReader(self)
    let codec = try TemplateCodec()
    var bytes: [UInt8] = []
    let templates = try reader.rows(of: tables.templates, from: [0], limit: 100_000).rows
    for (number, row) in templates.enumerated() {
      bytes += try codec.content(of: Array(row.value.dropLast(4)), number: UInt32(number + 1), forWriting: false) {}
    }
    let words = try reader.rows(of: tables.words, from: [0], limit: 100_000).rows
    let others = try [tables.dictionaries, tables.shapes!].flatMap { try reader.rows(of: $0, from: [0], limit: 100_000).rows }
    for row in words + others { bytes += row.value.dropLast(4) + [0] }
    return (bytes, templates.count, words.count)
  }
}
