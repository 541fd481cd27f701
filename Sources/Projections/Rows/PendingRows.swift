internal import Glibc

/// A row whose value may change many times before it is needed.
protocol ChangingRow: AnyObject {
  var key: [UInt8] { get }
  /// Whether a transaction has it, which takes what it says in the end.
  var isPending: Bool { get set }
  func encoded() -> [UInt8]
}

/// Rows that wait for their table.
struct PendingRows {
  private enum Value {
    case bytes([UInt8])
    case changing(any ChangingRow)
    case removed

    /// Nil for what was removed.
    var bytes: [UInt8]? {
      switch self {
      case .bytes(let bytes): bytes
      case .changing(let row): row.encoded()
      case .removed: nil
      }
    }
  }

  private var rows: [(key: [UInt8], value: Value)] = []
  private var places: [[UInt8]: Int] = [:]

  var isEmpty: Bool { rows.isEmpty }

  /// Nil for what does not wait, nil within for what was removed.
  subscript(key: [UInt8]) -> [UInt8]?? {
    get { rows.isEmpty ? nil : places[key].map { rows[$0].value.bytes } }
    set { if let newValue { set(key, newValue.map(Value.bytes) ?? .removed) } }
  }

  mutating func put(_ row: some ChangingRow) { set(row.key, .changing(row)) }

  private mutating func set(_ key: [UInt8], _ value: Value) {
    guard let place = places[key] else {
      places[key] = rows.count
      rows.append((key, value))
      return
    }
    if case .changing(let row) = rows[place].value { row.isPending = false }
    rows[place].value = value
  }

  /// Shows all in the order of their keys.
  mutating func removeAll<Failure: Error>(_ body: (_ key: [UInt8], _ value: [UInt8]?) throws(Failure) -> Void) throws(Failure) {
    rows.sort { $0.key.precedes($1.key) }
    for row in rows {
      try body(row.key, row.value.bytes)
      if case .changing(let row) = row.value { row.isPending = false }
    }
    rows.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }
}

extension [UInt8] {
  /// In the order of the tables.
  func precedes(_ other: [UInt8]) -> Bool {
    withUnsafeBytes { own in
      other.withUnsafeBytes { other in
        let order = memcmp(own.baseAddress!, other.baseAddress!, Swift.min(own.count, other.count))
        return order == 0 ? own.count < other.count : order < 0
      }
    }
  }
}
