import EMIP
import JournalFormat

@testable import JournalStore

/// A segment's templates and words in memory, and what was encoded with them.
final class TemplateShelf: TemplateStorage {
  private var encoder: MessageEncoder
  var templates: [UInt32: [UInt8]] = [:]
  var words: [UInt32: [UInt8]] = [:]

  struct Missing: Error {}

  init(after predecessor: TemplateShelf? = nil) throws {
    encoder = MessageEncoder(try TemplateRegister(after: predecessor?.encoder.register))
  }

  /// The shelf of a segment that was opened again.
  init(reopening other: TemplateShelf) throws {
    var register = try TemplateRegister()
    for number in other.templates.keys.sorted() { try register.load(template: other.templates[number]!, number: number) }
    for number in other.words.keys.sorted() { try register.load(word: other.words[number]!, number: number) }
    encoder = MessageEncoder(register)
    (templates, words) = (other.templates, other.words)
  }

  func template(_ number: UInt32) throws -> [UInt8] {
    guard let template = templates[number] else { throw Missing() }
    return template
  }

  func word(_ number: UInt32) throws -> [UInt8] {
    guard let word = words[number] else { throw Missing() }
    return word
  }

  /// A payload, and whether it tells the marks; nil where the content is not for a template.
  func encode(_ content: EntryContent, request: EntryContent? = nil) -> (bytes: [UInt8], tellsMarks: Bool)? {
    var bytes: [UInt8] = []
    let outcome = encoder.encode(content, request: request, to: &bytes)
    if let new = encoder.takeNew() {
      for (number, encoding) in new.templates { templates[number] = encoding }
      for (number, word) in new.words { words[number] = word }
    }
    guard let outcome else { return nil }
    // With its head, as a row of format 2 has it.
    var payload: [UInt8] = []
    payload.appendVarint(UInt64(outcome.head.code))
    return (payload + bytes, outcome.tellsMarks)
  }

  /// The payload at the second sight of its markup.
  func encodeTwice(_ content: EntryContent, request: EntryContent? = nil) -> (bytes: [UInt8], tellsMarks: Bool)? {
    encode(content, request: request) ?? encode(content, request: request)
  }

  func decode(_ bytes: [UInt8], request: EntryContent? = nil, observedAt: Timestamp) throws -> TemplateMessage {
    try TemplateDecoder().decode(bytes, request: request, observedAt: observedAt, self)
  }

  /// Everything that is kept once for many messages, as one text.
  func kept() throws -> [UInt8] {
    let codec = try TemplateCodec()
    var all: [UInt8] = []
    for number in templates.keys.sorted() { all += try codec.content(of: templates[number]!, number: number, forWriting: false) {} }
    for number in words.keys.sorted() { all += words[number]! + [0] }
    return all
  }
}

extension TemplateDecoder {
  func decode(_ bytes: [UInt8], request: EntryContent? = nil, observedAt: Timestamp, _ storage: TemplateShelf) throws -> TemplateMessage {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      let head = TemplateHead(code: UInt32(try reader.count(atMost: Int(UInt32.max))))
      let message = try decode(head, &reader, request: request, observedAt: observedAt, storage: storage)
      guard reader.isAtEnd else { throw FormatError("bytes are left") }
      return message
    }
  }
}

/// A content as the recorder makes it: with a layout and marks where it can be read.
func readContent(_ payload: [UInt8], reader: MessageReader, observedAt: Timestamp = .init(rawValue: 1_740_787_200_123)) -> EntryContent {
  var content = EntryContent(observedAt: observedAt, context: EntryContext(kind: .request), payload: payload)
  if case .message(let facts) = reader.read(payload) {
    content.layout = facts.layout
    content.marks = facts.marks
  }
  return content
}

func readContent(_ text: String, observedAt: Timestamp = .init(rawValue: 1_740_787_200_123)) -> EntryContent {
  readContent(Array(text.utf8), reader: MessageReader(), observedAt: observedAt)
}

/// An envelope around the children of an operation.
func soapMessage(_ children: String, prolog: String = "") -> String {
  prolog + "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><e:eMIP_ToIOP_HeartbeatRequest xmlns:e=\"urn:e\">"
    + children + "</e:eMIP_ToIOP_HeartbeatRequest></s:Body></s:Envelope>"
}
