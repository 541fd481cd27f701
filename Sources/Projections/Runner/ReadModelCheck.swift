internal import JournalFormat
internal import JournalStore
internal import LMDB

/// A look at every page and row of a read model's file, before anything in it is believed or followed: what a bit more or less would change is told.
struct ReadModelCheck {
  /// What the read model says of itself.
  let state: ReadModel.State
  private let sums: [String: RowSum]
  private let path: String

  /// How often a file is looked at again that was written to meanwhile.
  private static let attemptCount = 20

  /// - Throws: ``JournalError`` `model.damaged` where the pages are not sound, or what it says of itself is not.
  init(_ environment: Environment) throws(JournalError) {
    path = environment.path
    switch try Self.look(environment) {
    case .success(let found): (state, sums) = found
    case .failure(let damage): throw .damagedModel(damage.message, environment.path)
    }
  }

  private typealias Found = Result<(ReadModel.State, [String: RowSum]), FormatError>

  private static func look(_ environment: Environment) throws(JournalError) -> Found {
    var found = Found.failure(FormatError("it was never looked at"))
    for _ in 0..<attemptCount {
      // The snapshot keeps the pages from being written to.
      let snapshot = try ofModel { () throws(LMDBError) in try environment.beginRead() }
      found = try look(environment.path, snapshot.identifier)
      if case .success = found { return found }
      // Where there was no lock, it has kept nothing.
      guard environment.lastTransactionIdentifier != snapshot.identifier else { return found }
    }
    return found
  }

  private static func look(_ path: String, _ transaction: Int) throws(JournalError) -> Found {
    var sums: [String: RowSum] = [:]
    var table = ""
    var sum = RowSum()
    var state: [UInt8]?
    let walked = try ofModel { () throws(LMDBError) in
      try PageWalk.walk(path, transaction: transaction) { name, key, value in
        if name != table {
          sums[table] = sum
          (table, sum) = (name, sums[name] ?? RowSum())
        }
        sum.add(key, value)
        if name == ReadModel.metaTable, key.elementsEqual(ReadModel.State.key) { state = Array(value) }
      }
    }
    sums[table] = sum
    if case .failure(let damage) = walked { return .failure(FormatError("\(damage)")) }
    do throws(FormatError) {
      guard let state else { throw FormatError("what it says of itself is missing") }
      return .success((try ReadModel.State(state), sums))
    } catch { return .failure(error) }
  }

  /// Holds the rows against what the read model says of them.
  /// - Throws: ``JournalError`` `model.damaged` where they are not those that were written.
  func compare(with projection: any Projection.Type) throws(JournalError) {
    let tables = projection.tables.map(\.name) + [ReadModel.skippedTable]
    guard state.sums.count == tables.count else { throw .damagedModel("it has other tables than it says", path) }
    for (table, wanted) in zip(tables, state.sums) where sums[table] ?? RowSum() != wanted {
      throw .damagedModel("the rows of its table \(table) are not those that were written", path)
    }
  }
}
