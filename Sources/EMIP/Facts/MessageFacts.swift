public import JournalFormat

/// What an eMIP message says. Made of its layout and the texts of its leaves alone, whether those come from the XML reader or from storage.
public struct MessageFacts: Sendable {
  /// What stands around the fields.
  public let envelope: MessageEnvelope
  /// Every element without child elements, in document order.
  public let leaves: [Leaf]
  /// What the leaves point into.
  public var payload: [UInt8] { leafTexts.payload }
  let leafTexts: LeafTexts
  /// ``leaves`` and the attributes among them; nil where there are none.
  private let leavesAndAttributes: [Leaf]?
  /// How the payload divides, its attributes included; nil where the envelope's names are too long to be kept.
  public let layout: MessageLayout?
  /// What is odd about it and does not stop it from being read.
  public internal(set) var findings: [Finding]
  /// What stands beside its leaves; of a stored message the marks of its entry tell.
  var looseTexts: [Range<Int>] = []

  /// Nil where it is absent or no number.
  public let requestStatus: RequestStatus?
  /// Nil where the message is no fault.
  public let fault: MessageFault?
  private let header: HeaderFields

  /// The facts of a stored message, without a look at its markup.
  /// - Parameters:
  ///   - layout: as ``layout`` gave it. A leaf that is decoded does not need its bytes in `payload`.
  ///   - payload: what the ranges of the other leaves point into. They must lie within it.
  /// - Throws: `FormatError` where the layout's envelope is none of eMIP's.
  public init(layout: MessageLayout, payload: [UInt8]) throws(FormatError) {
    self.init(envelope: try MessageEnvelope(decoding: layout.envelope), layout: layout, isKept: true, payload: payload)
  }

  /// - Parameter isKept: whether the layout is stored with the message.
  init(envelope: MessageEnvelope, layout: MessageLayout, isKept: Bool, payload: [UInt8]) {
    self.envelope = envelope
    self.layout = isKept ? layout : nil
    let texts = LeafTexts(payload: payload, decoded: layout.decodedTexts)
    leafTexts = texts
    // Attributes say nothing of what eMIP knows.
    let all = layout.leaves
    let hasAttributes = all.contains(where: \.isAttribute)
    let leaves = hasAttributes ? all.filter { !$0.isAttribute } : all
    self.leaves = leaves
    leavesAndAttributes = hasAttributes ? all : nil
    header = HeaderFields(leaves, texts)
    requestStatus = header.requestStatus.flatMap { index in texts.withText(leaves[index]) { RequestStatus(utf8: $0) } }
    fault = envelope.isFault ? MessageFault(LeafGroup(leaves: leaves[...], texts: texts)) : nil
    findings = MessageFacts.findings(envelope, hasStatus: header.requestStatus != nil, requestStatus)
  }

  /// The version of its SOAP envelope.
  public var soapVersion: SOAPVersion { envelope.soapVersion }
  /// The namespace of the SOAP body's child; empty where it has none.
  public var namespace: String { envelope.namespace }
  /// Nil for a fault, which does not say what it answers.
  public var operation: Operation? { envelope.operation }
  /// Whether it is a SOAP fault.
  public var isFault: Bool { envelope.isFault }

  /// The transaction id among the message's header fields, not of any item; nil where it is absent or empty.
  public var transactionId: String? { text(at: header.transactionId) }
  /// Lends the bytes of ``transactionId``; nil where there is none.
  public func withTransactionId<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
    header.transactionId.map { leafTexts.withText(leaves[$0], body) }
  }

  /// The partner who sent it, or whom it is for.
  public var partnerId: String? { text(at: header.partnerId) }
  /// The operator for whom the partner speaks.
  public var operatorId: String? { text(at: header.operatorId) }
  /// The operator whom it is for.
  public var targetOperatorId: String? { text(at: header.targetOperatorId) }

  /// What the indexes find the message by, and what is masked in it. The same text may stand there several times: each has its range. Told anew
  /// whenever it is asked for.
  public var marks: [Mark] {
    let marks = MessageMarks.marks(of: leavesAndAttributes ?? leaves, leafTexts)
    guard !looseTexts.isEmpty else { return marks }
    return (marks + looseTexts.map { Mark(kind: .personalText, range: $0) }).sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The first text of an element, wherever it stands, that is not empty.
  /// - Parameter name: a number of ``WireName``.
  public func text(of name: UInt16) -> String? { all.text(name) }

  /// All texts of an element that are not empty, in document order.
  /// - Parameter name: a number of ``WireName``.
  public func texts(of name: UInt16) -> [String] {
    leaves.filter { $0.path.name == name && !leafTexts.isEmpty($0) }.map(leafTexts.text)
  }

  var all: LeafGroup { LeafGroup(leaves: leaves[...], texts: leafTexts) }

  private func text(at index: Int?) -> String? { index.map { leafTexts.text(leaves[$0]) } }

  /// What is found of a message whose `requestStatus` is there and cannot be read. It stands with the entry, which tells it from one without.
  public static let unreadableStatus = Finding(message: "The requestStatus is no number.")

  private static func findings(_ envelope: MessageEnvelope, hasStatus: Bool, _ requestStatus: RequestStatus?) -> [Finding] {
    var findings: [Finding] = []
    if envelope.soapVersion == .soap11 { findings.append(Finding(message: "The envelope is SOAP 1.1; eMIP uses SOAP 1.2.")) }
    if hasStatus && requestStatus == nil { findings.append(unreadableStatus) }
    return findings
  }
}

extension EntryContent {
  /// Whether its `requestStatus` is there and cannot be read, as was found when it was recorded.
  public var hasUnreadableStatus: Bool { findings.contains(MessageFacts.unreadableStatus) }
}

/// Where the header fields stand among the leaves: the first of each name outside any item that is not empty.
private struct HeaderFields: Sendable {
  private(set) var transactionId: Int?
  private(set) var partnerId: Int?
  private(set) var operatorId: Int?
  private(set) var targetOperatorId: Int?
  private(set) var requestStatus: Int?

  init(_ leaves: [Leaf], _ texts: LeafTexts) {
    for (index, leaf) in leaves.enumerated() where leaf.item == 0 && leaf.path.name != 0 && !texts.isEmpty(leaf) {
      switch leaf.path.name {
      case WireName.transactionId: transactionId = transactionId ?? index
      case WireName.partnerId: partnerId = partnerId ?? index
      case WireName.operatorId: operatorId = operatorId ?? index
      case WireName.targetOperatorId: targetOperatorId = targetOperatorId ?? index
      case WireName.requestStatus: requestStatus = requestStatus ?? index
      default: continue
      }
    }
  }
}
