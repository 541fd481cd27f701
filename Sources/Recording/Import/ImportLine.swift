internal import EMIP
internal import Foundation
internal import JournalFormat

/// A line that can be imported: an exchange of a traffic file, or an entry of an export.
enum ImportLine {
  case exchange(TrafficLine)
  case entry(EntryDocument)

  /// How an export's line begins: its keys are sorted.
  private static let entryPrefix = Array("{\"attempt\":".utf8)

  /// Whether nothing stands in a line.
  static func isBlank(_ line: UnsafeBufferPointer<UInt8>) -> Bool { line.allSatisfy(\.isXMLWhiteSpace) }

  /// Reads a line that is not blank.
  /// - Throws: an error of which ``reason(of:)`` tells the reason.
  init(_ line: UnsafeBufferPointer<UInt8>) throws {
    if line.starts(with: Self.entryPrefix) {
      self = .entry(try JSONDecoder().decode(EntryDocument.self, from: Data(line)))
      return
    }
    do {
      self = .exchange(try TrafficLine(line))
    } catch {
      // An export's line whose keys somebody else put in another order.
      guard let document = try? JSONDecoder().decode(EntryDocument.self, from: Data(line)) else { throw error }
      self = .entry(document)
    }
  }

  /// Why a line cannot be taken, without its content; nil where the error is not the line's.
  static func reason(of error: any Error) -> String? {
    switch error {
    case let error as TrafficLineError: error.message
    case let error as EntryDocumentError: error.message
    case let error as DecodingError: error.sentence
    case let error as ActLeftOut: error.reason
    default: nil
    }
  }
}

extension DecodingError {
  /// What JSONDecoder found, without the content.
  fileprivate var sentence: String {
    switch self {
    case .keyNotFound(let key, _): "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      // Keys further in may be anybody's.
      "\(context.codingPath.first?.stringValue ?? "the line") has a value of the wrong type"
    default: "the line is not valid JSON"
    }
  }
}
