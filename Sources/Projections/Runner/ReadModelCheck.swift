internal import JournalFormat
internal import JournalStore
internal import LMDB

/// A look at every page and row of a read model's file, before anything in it is believed or followed: what a bit more or less would change is told.
struct ReadModelCheck {
  /// What the read model says of itself.
  let state: ReadModel.State
  private let sums: [String: RowSum]
  private let path: String

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
    let rows = RowCollector()
    let walked = try ofModel { () throws(LMDBError) in
      try environment.walk {
        rows.begin()
        return rows.take
      }
    }
    switch walked {
    case nil: return .failure(FormatError("it is written to faster than it can be read without a lock"))
    case .failure(let damage): return .failure(FormatError("\(damage)"))
    case .success: return Result { () throws(FormatError) in (try rows.state(), rows.sums) }
    }
  }

  /// Sums what a walk shows, and keeps what the read model says of itself.
  private final class RowCollector {
    private(set) var sums: [String: RowSum] = [:]
    private var table = ""
    private var sum = RowSum()
    private var bytes: [UInt8]?

    func begin() { (sums, table, sum, bytes) = ([:], "", RowSum(), nil) }

    func take(_ name: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
      if name != table {
        sums[table] = sum
        (table, sum) = (name, sums[name] ?? RowSum())
      }
      sum.add(key, value)
      if name == ReadModel.metaTable, key.elementsEqual(ReadModel.State.key) { bytes = Array(value) }
    }

    func state() throws(FormatError) -> ReadModel.State {
      sums[table] = sum
      guard let bytes else { throw FormatError("what it says of itself is missing") }
      return try ReadModel.State(bytes)
    }
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
