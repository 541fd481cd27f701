public import JournalFormat

/// An operation and the part of it that a message is, told by the local name of the SOAP body's child.
///
///     ["eMIP_"] [("ToIOP" / "FromIOP") "_"] stem ["Request"] ("Request" / "Response")
///
/// matched without regard to case. The word `Request` may stand twice in the names of some operations, and `SetSessionActionRequest` has
/// it in its stem: `…SetSessionActionRequest`, `…RequestRequest`, `…SetSessionActionResponse` and `…RequestResponse` are all of that
/// operation. An operation that is not in ``OperationFacts/all`` is kept as it is spelt.
public struct Operation: Hashable, Sendable {
  /// Which half of an exchange a message is.
  public enum Part: UInt8, Sendable {
    /// The message that asks.
    case request = 1
    /// The message that answers.
    case response = 2
  }

  /// The stem in its one canonical spelling, for instance `GetServiceAuthorisation`; of an unknown operation as spelt.
  public let name: String
  /// Told by the name; nil where it does not say.
  public let direction: Direction?
  /// Nil where the name ends in neither word.
  public let part: Part?
  /// Whether ``OperationFacts`` knows it.
  public let isKnown: Bool

  /// - Parameters:
  ///   - localName: UTF-8, of any length. Never fails. A known operation allocates nothing.
  ///   - table: the partner's names, where they differ.
  public init(localName: UnsafeBufferPointer<UInt8>, in table: WireName.Table = .standard) {
    self = table.operations.operation(of: localName) ?? Operation(unknown: localName)
  }

  /// See ``init(localName:in:)``.
  public init(localName: String, in table: WireName.Table = .standard) {
    var localName = localName
    self = localName.withUTF8 { Operation(localName: $0, in: table) }
  }

  /// What is known of the operation; nil where it is unknown.
  public var facts: OperationFacts? { isKnown ? OperationFacts.named(name) : nil }

  /// Takes its parts as they are.
  init(name: String, direction: Direction?, part: Part?, isKnown: Bool) {
    self.name = name
    self.direction = direction
    self.part = part
    self.isKnown = isKnown
  }

  private init(unknown localName: UnsafeBufferPointer<UInt8>) {
    var rest = localName[...]
    rest.dropPrefix("emip_")
    direction = rest.dropPrefix("toiop_") ? .toIOP : rest.dropPrefix("fromiop_") ? .fromIOP : nil
    part = rest.dropSuffix("request") ? .request : rest.dropSuffix("response") ? .response : nil
    name = String(decoding: rest, as: UTF8.self)
    isKnown = false
  }
}

extension Operation {
  /// Every spelling of every known operation, ready made: some 720.
  struct Table: Sendable {
    private let index: SpellingTable
    private let operations: [Operation]

    /// - Parameter aliases: other stems of known operations.
    init(aliases: [(theirs: String, ours: String)]) {
      var spellings: [(spelling: String, number: UInt16)] = []
      var operations: [Operation] = []
      let stems = OperationFacts.all.map { (theirs: $0.name, ours: $0.name) } + aliases
      for (stem, name) in stems {
        for (prefix, direction) in Table.prefixes {
          for part in [Part.request, .response] {
            operations.append(Operation(name: name, direction: direction, part: part, isKnown: true))
            for suffix in Table.suffixes(part) {
              spellings.append((prefix + Table.withoutRequest(stem) + suffix, UInt16(operations.count)))
            }
          }
        }
      }
      index = SpellingTable(spellings, ignoringCase: true)
      self.operations = operations
    }

    func operation(of localName: UnsafeBufferPointer<UInt8>) -> Operation? {
      let number = index.number(of: localName)
      return number == 0 ? nil : operations[Int(number) - 1]
    }

    private static let prefixes: [(spelling: String, direction: Direction?)] = [
      ("eMIP_ToIOP_", .toIOP), ("eMIP_FromIOP_", .fromIOP), ("ToIOP_", .toIOP), ("FromIOP_", .fromIOP), ("eMIP_", nil),
      ("", nil),
    ]

    private static func suffixes(_ part: Part) -> [String] {
      switch part {
      case .request: ["Request", "RequestRequest"]
      case .response: ["Response", "RequestResponse"]
      }
    }

    /// The word is optional before the last one, whether the stem ends in it or not.
    private static func withoutRequest(_ stem: String) -> String {
      stem.hasSuffix("Request") ? String(stem.dropLast("Request".count)) : stem
    }
  }
}

extension Slice<UnsafeBufferPointer<UInt8>> {
  /// - Parameter word: in lower case.
  @discardableResult
  fileprivate mutating func dropPrefix(_ word: StaticString) -> Bool {
    guard count > word.utf8CodeUnitCount, isEqual(prefix(word.utf8CodeUnitCount), word) else { return false }
    removeFirst(word.utf8CodeUnitCount)
    return true
  }

  @discardableResult
  fileprivate mutating func dropSuffix(_ word: StaticString) -> Bool {
    guard count > word.utf8CodeUnitCount, isEqual(suffix(word.utf8CodeUnitCount), word) else { return false }
    removeLast(word.utf8CodeUnitCount)
    return true
  }

  private func isEqual(_ slice: Self, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in slice.elementsEqual(word) { $0.asciiUppercased == $1.asciiUppercased } }
  }
}
