/// A row of the indexes: a key and the index in the segment of an entry that has it.
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
  var runEntryCount: UInt32 = 8_192
  /// The writer waits where more entries than this would be without an index.
  var maximumUnindexedEntries = 16_384
  /// This many runs of a level become one of the next.
  var mergedRunCount = 4
  /// Where there are as many runs, those of the two lowest levels are merged, however few they are.
  var maximumRunCount = 12
  /// Rows that one step of a merge writes.
  var mergeStepRows = 65_536
}
