/// A row of the indexes: a key and the place in the segment of an entry that has it.
struct IndexRow: Hashable, Comparable, Sendable {
  /// Key above, entry below: the order of rows is that of this number.
  let rawValue: UInt64

  init(_ key: IndexKey, _ entry: UInt32) { rawValue = UInt64(key.rawValue) << 32 | UInt64(entry) }
  init(rawValue: UInt64) { self.rawValue = rawValue }

  var key: IndexKey { IndexKey(rawValue: UInt32(rawValue >> 32)) }
  var entry: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  static func < (left: IndexRow, right: IndexRow) -> Bool { left.rawValue < right.rawValue }
}

/// When the rows of an index are written and merged; tests put smaller numbers.
struct IndexLimits: Hashable, Sendable {
  /// Entries that a run of level 0 covers. A multiple of 32: a span of time covers one 32nd.
  var runEntryCount: UInt32 = 4_096
  /// The writer waits where more entries than this would be without an index.
  var maximumUnindexedEntries = 8_192
  /// This many runs of a level become one of the next.
  var mergedRunCount = 4
  /// Where there are as many runs, those of the two lowest levels are merged, however few they are.
  var maximumRunCount = 12
  /// Rows that one step of a merge writes.
  var mergeStepRows = 65_536
}

extension [IndexRow] {
  private static let digitBits: UInt64 = 11
  private static let digitCount = 3

  /// Sorts by key; rows of one key keep their order. A radix sort (Knuth, volume 3, algorithm 5.2.5R, with counted digits).
  mutating func sortByKey() {
    guard count >= 256 else { return sort { $0.key < $1.key } }
    let radix = 1 << Int(Self.digitBits)
    func digit(_ row: IndexRow, _ number: Int) -> Int {
      Int(row.rawValue >> (32 + UInt64(number) * Self.digitBits) & (1 << Self.digitBits - 1))
    }
    var places = [Int](repeating: 0, count: Self.digitCount * radix)
    withUnsafeBufferPointer { rows in
      places.withUnsafeMutableBufferPointer { places in
        for row in rows { for number in 0..<Self.digitCount { places[number * radix + digit(row, number)] += 1 } }
        for number in 0..<Self.digitCount {
          var start = 0
          for place in number * radix..<(number + 1) * radix { (places[place], start) = (start, start + places[place]) }
        }
      }
    }
    for number in 0..<Self.digitCount {
      self = [IndexRow](unsafeUninitializedCapacity: count) { output, outputCount in
        withUnsafeBufferPointer { rows in
          places.withUnsafeMutableBufferPointer { places in
            for row in rows {
              let place = number * radix + digit(row, number)
              output.initializeElement(at: places[place], to: row)
              places[place] += 1
            }
          }
        }
        outputCount = count
      }
    }
  }
}
