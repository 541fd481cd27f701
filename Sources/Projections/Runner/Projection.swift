public import EMIP
public import JournalFormat
public import JournalStore

/// What builds a read model from the journal: its tables, and how each entry changes them.
///
/// Everything that a projection knows stands in its rows; two runs over the same entries leave the same rows, whatever the batches and however
/// often it was stopped in between. So it must not ask for the time, for a configuration or for anything else that is not in the entry.
///
/// A value may live through many transactions and remember what it has made of the rows, within bounds; it goes when one fails, and its place takes a
/// new one, which must find all in the rows. One thread at a time.
public protocol Projection: SendableMetatype {
  /// In file names and commands: lower-case words joined by hyphens.
  static var name: String { get }
  /// Rises whenever the same entries would leave other rows: the read model is rebuilt then.
  static var version: UInt32 { get }
  /// In the order of their numbers (``ModelTable``).
  static var tables: [ModelTable] { get }
  /// The rules that it holds what it sees against, in the order of their numbers; none where it judges nothing.
  static var rules: [FindingRule] { get }

  init()

  /// Whether an entry of this context can change anything: it is not shown others, as most entries are nothing to most projections. Told of a
  /// context once for many entries.
  static func isConcerned(by context: EntryContext) -> Bool

  /// Told of an entry that could not be read: what is waited for may have come with it.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  func passGap(in rows: ModelTransaction) throws(JournalError)

  /// Told of every request, whether it is shown or not and before it is: the rows' clock may have moved.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError)

  /// Takes the next entry that concerns it. Entries come in the order of their positions, each once.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged.
  func apply(_ entry: ProjectedEntry, to rows: ModelTransaction) throws(JournalError)

  /// Leaves in the rows, which hold the journal up to a purge horizon, only what must outlive the purge of the messages that it came from: what
  /// a row refers to by its position must stand in the row itself from then on, and so must what is read from the messages for display.
  ///
  /// Waits for retention, as ``ProjectionRunner/moveHorizon(to:_:)`` does.
  /// - Parameters:
  ///   - horizon: the first position that stays.
  ///   - journal: still has the messages.
  /// - Throws: ``JournalError`` where the file cannot be read or written, `model.damaged` where a row is damaged. Also what reading the journal
  ///   throws.
  func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError)

  /// What it found wrong or odd, as it was known as of a position, in the order in which it became known.
  /// - Parameters:
  ///   - models: its own, and those that it tells its findings with.
  ///   - position: nil for now.
  /// - Throws: ``JournalError`` `model.damaged` where a row is damaged, and what reading rows and messages throws.
  static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding]

  /// Brings the rows of an opening state that an earlier version wrote up to what this one writes. Waits for retention, too.
  /// - Throws: `FormatError` for a version that was never written.
  func convert(_ state: OpeningState) throws(FormatError) -> OpeningState
}

extension Projection {
  /// None: it judges nothing.
  public static var rules: [FindingRule] { [] }

  /// None: it judges nothing.
  /// - Throws: Nothing; what a projection that judges reads may throw.
  public static func findings(_ models: ReadModels, asOf position: JournalPosition?) throws -> [ReportedFinding] { [] }

  /// The rule of a number on disk; nil for one of a later version.
  static func rule(_ number: UInt8) -> FindingRule? { rules.first { $0.number == number } }

  /// All are shown.
  public static func isConcerned(by context: EntryContext) -> Bool { true }

  /// Nothing waits for an entry.
  /// - Throws: Nothing.
  public func passGap(in rows: ModelTransaction) throws(JournalError) {}

  /// Nothing waits for a time.
  /// - Throws: Nothing.
  public func passTime(at position: JournalPosition, in rows: ModelTransaction) throws(JournalError) {}

  /// Everything stays.
  /// - Throws: Nothing.
  public func condense(_ rows: ModelTransaction, horizon: JournalPosition, from journal: JournalReader) throws(JournalError) {}

  /// There was no earlier version.
  /// - Throws: `FormatError`, whatever the state.
  public func convert(_ state: OpeningState) throws(FormatError) -> OpeningState {
    throw FormatError("an opening state of version \(state.version) was never written")
  }
}

/// The projections that there are: their one list.
public enum AllProjections {
  /// All of them, in the order of their names.
  public static let all: [any Projection.Type] = [
    CDRProjection.self,
    EVSEProjection.self,
    MessageProjection.self,
    PartnerProjection.self,
    SessionProjection.self,
    WhiteListProjection.self,
  ]

  /// The projection of a name; nil where there is none.
  public static func named(_ name: String) -> (any Projection.Type)? { all.first { $0.name == name } }
}

/// A message and its entry. Several read models share it: what they ask of it is lent, not copied.
public final class ProjectedMessage: Sendable {
  /// What the journal holds of it.
  public let entry: Entry
  /// Nil where there is no payload, or none that could be read.
  public let facts: MessageFacts?
  /// What kind of entry it is.
  public let kind: EntryKind

  /// Joins an entry and what its message says.
  public init(entry: Entry, facts: MessageFacts?) {
    self.entry = entry
    self.facts = facts
    kind = entry.kind
  }

  /// Where it stands in the journal.
  public var position: JournalPosition { entry.position }
  /// What is known of the entry beside its message: parties, operation, leg, outcome.
  public var context: EntryContext { _read { yield entry.content.context } }
}

/// An entry as projections see it.
public struct ProjectedEntry: Sendable {
  /// The entry with its message.
  public let message: ProjectedMessage
  /// The request that an answer answers; nil where that is gone or damaged, and of anything but an answer.
  public let request: ProjectedMessage?

  /// Joins a message and the request that it answers.
  public init(message: ProjectedMessage, request: ProjectedMessage?) {
    self.message = message
    self.request = request
  }

  /// What the journal holds of it.
  public var entry: Entry { _read { yield message.entry } }
  /// What its message says; nil where there is no payload, or none that could be read.
  public var facts: MessageFacts? { _read { yield message.facts } }
  /// Where it stands in the journal.
  public var position: JournalPosition { message.position }
  /// What is known of it beside its message: parties, operation, leg, outcome.
  public var context: EntryContext { _read { yield message.entry.content.context } }
  /// What kind of entry it is.
  public var kind: EntryKind { message.kind }
}
