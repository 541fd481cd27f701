internal import EMIP
public import JournalFormat

/// A list as it is known to be, from a file: it stands in the journal as notes, whose payload is the message that would have uploaded it, so that every
/// rebuild sees it. Nothing of it was on the wire.
public struct WhiteListBaseline: Sendable {
  /// `IOP`, or the CPO whose list it is.
  public let holder: String
  /// The eMSP whose users they are; empty where that is not known of a CPO's list.
  public let provider: String

  /// Entries in one note.
  public static let partEntryCount = 1_000
  private static let reason = "white list baseline"

  public init(holder: String, provider: String) {
    self.holder = holder
    self.provider = provider
  }

  /// The context of a note.
  /// - Parameters:
  ///   - part: from 1.
  ///   - count: all parts; they are appended in one call, in their order.
  public func context(part: Int, of count: Int) -> EntryContext {
    var context = EntryContext(kind: .note, author: .gateway)
    context.operator = provider
    context.targetOperator = holder
    context.reason = "\(Self.reason), part \(part) of \(count)"
    return context
  }

  /// What a note of the journal says of a baseline.
  struct Part {
    let list: WhiteListIdentity
    let count: Int
    let isLast: Bool

    /// Nil where it is another note.
    init?(_ entry: ProjectedEntry) {
      guard entry.context.author == .gateway, let reason = entry.context.reason, reason.hasPrefix(WhiteListBaseline.reason) else { return nil }
      let words = reason.split(separator: " ")
      guard words.count == 7, let part = Int(words[4]), let count = Int(words[6]), part >= 1, part <= count,
        entry.position.rawValue >= UInt64(count)
      else { return nil }
      self.count = count
      isLast = part == count
      list = WhiteListIdentity(
        holder: WhiteListIdentity.compact(entry.context.targetOperator), provider: WhiteListIdentity.compact(entry.context.operator))
    }
  }
}
