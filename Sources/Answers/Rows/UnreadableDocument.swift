internal import EMIP

/// What of an object is there and cannot be read, by the object's keys: the texts as they were sent. The keys themselves are null.
struct UnreadableDocument: Encodable {
  private let texts: [String: String]

  /// Nil where all can be read.
  /// - Parameter keys: those of the object, by the names on the wire, where the two differ.
  init?(_ values: UnreadableValues, keys: [String: String] = [:]) {
    guard !values.isEmpty else { return nil }
    texts = Dictionary(values.values.map { (keys[$0.name] ?? $0.name, $0.text) }) { first, _ in first }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(texts)
  }
}

extension Field {
  /// As written, where it can be read.
  var readableText: String? { isUnreadable ? nil : text }
}
