public import JournalFormat
import XML

/// How a ``MessageReader`` reads.
public struct MessageReaderConfiguration: Sendable {
  /// The partner's names.
  public var names: WireName.Table
  /// The elements all of which is personal, whatever stands in them. Free texts, what is not known, and what no header field of eMIP's is are personal
  /// without being named.
  public var personalNames: Set<UInt16>
  /// The same of elements and attributes by their local names, be they eMIP's or not.
  public var personalElements: Set<String>
  /// What messages are held against; nil for nothing. Validation takes several times as long as reading.
  public var schema: MessageSchema?

  /// Reads with these names, personal elements and checks.
  public init(
    names: WireName.Table = .standard, personalNames: Set<UInt16> = [WireName.userId, WireName.userContractIdAlias],
    personalElements: Set<String> = [], schema: MessageSchema? = nil
  ) {
    self.names = names
    self.personalNames = personalNames
    self.personalElements = personalElements
    self.schema = schema
  }
}

/// Reads a SOAP message's bytes: leaves and facts, or why it is none. One pass, no tree, no copy of the bytes.
///
/// Elements are told by namespace and local name in the envelope, by local name alone below the body: partners differ in what they qualify.
/// Unknown elements and headers are kept as leaves without a name. Never fails: what is refused is an answer.
///
/// Some 10 µs for 1 KB, 1 µs where the markup is that of an earlier message (``LearnedMarkup``). Not thread-safe: one per thread, to be
/// reused.
public final class MessageReader {
  private let reader = XMLReader()
  private let collector: LeafCollector
  private let schema: MessageSchema?
  let learned = LearnedMarkup()
  private var envelopes = RecentEnvelopes()

  /// Makes a reader; one for each thread.
  public init(configuration: MessageReaderConfiguration = .init()) {
    schema = configuration.schema
    collector = LeafCollector(configuration: configuration)
  }

  /// What a stored message says: told by its layout where it has one, else read from its bytes. The findings are those of its text; what a
  /// schema found stands in the entry.
  public func read(_ content: EntryContent) -> MessageReading {
    guard let layout = content.layout, let envelope = envelopes.envelope(of: layout) else { return read(content.payload) }
    return .message(MessageFacts(envelope: envelope, layout: layout, isKept: true, payload: content.payload))
  }

  /// Reads one message; at most ``XMLLimits/sizeBytes`` bytes, else it is refused.
  public func read(_ payload: [UInt8]) -> MessageReading {
    if let (ending, leaves) = payload.withUnsafeBufferPointer(learned.read) {
      return .message(facts(ending.envelope, MessageLayout(leaves: leaves, envelope: ending.encoded), isKept: true, payload))
    }
    var remark: String?
    switch parse(payload, &remark) {
    case .failure(let refusal): return .refused(refusal)
    case .success(let message):
      let encoded = message.envelope.encoded
      let loose = payload.withUnsafeBufferPointer { LooseText.ranges(in: $0, message.leaves) }
      // What is learnt says by its markup alone that there is nothing to remark, and what there is to hide: where a fault's code should stand, its text
      // tells, too.
      let isLearnable = remark == nil && loose.isEmpty && !message.leaves.contains { WireName.isFaultCode($0.path.name) }
      if let encoded, isLearnable { payload.withUnsafeBufferPointer { learned.learn($0, message, encoded) } }
      let layout = MessageLayout(leaves: message.leaves, decodedTexts: message.decodedTexts, envelope: encoded ?? [])
      var facts = facts(message.envelope, layout, isKept: encoded != nil, payload)
      facts.looseTexts = loose
      if let remark { facts.findings.append(Finding(line: 1, message: remark)) }
      return .message(facts)
    }
  }

  /// What is wrong with the XML declaration of a message that was read all the same: it declares another encoding than UTF-8, in which the message is, or
  /// white space stands before it. Nil where nothing is.
  public static func declarationRemark(_ payload: [UInt8]) -> String? { payload.withUnsafeBufferPointer(XMLReader.declarationRemark) }

  private func parse(_ payload: [UInt8], _ remark: inout String?) -> Result<CollectedMessage, MessageRefusal> {
    let failure: XMLError? = payload.withUnsafeBufferPointer { bytes in
      collector.begin(bytes)
      do throws(XMLError) {
        remark = try reader.read(bytes, handler: collector)
        return nil
      } catch {
        return error
      }
    }
    let result = collector.end()
    return failure.map { .failure(MessageRefusal($0)) } ?? result
  }

  private func facts(_ envelope: MessageEnvelope, _ layout: MessageLayout, isKept: Bool, _ payload: [UInt8]) -> MessageFacts {
    var facts = MessageFacts(envelope: envelope, layout: layout, isKept: isKept, payload: payload)
    if let schema { facts.findings += schema.findings(payload) }
    return facts
  }
}

/// The envelopes of the layouts that were read lately: all messages of a template share one. Bounded.
private struct RecentEnvelopes {
  private var slots: [(encoded: [UInt8], envelope: MessageEnvelope)?] = Array(repeating: nil, count: 256)

  /// Nil where the layout's envelope is none of eMIP's.
  mutating func envelope(of layout: MessageLayout) -> MessageEnvelope? {
    // The same bytes are mostly the same array: then it is by its address that they are found, and known to be equal.
    let address = layout.envelope.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    let slot = Int((address >> 4 ^ address >> 12) & 255)
    if let known = slots[slot], known.encoded == layout.envelope { return known.envelope }
    guard let envelope = try? MessageEnvelope(decoding: layout.envelope) else { return nil }
    slots[slot] = (layout.envelope, envelope)
    return envelope
  }
}
