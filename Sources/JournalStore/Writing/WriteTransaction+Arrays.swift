package import LMDB

extension WriteTransaction {
  /// Writes a row from arrays.
  /// - Throws: `LMDBError` where the file is full or fails.
  package func put(_ value: [UInt8], for key: [UInt8], in database: Database, _ placement: Placement = .anywhere) throws(LMDBError) {
    try key.withRawBytes { (key) throws(LMDBError) in
      try value.withRawBytes { (value) throws(LMDBError) in try put(value, for: key, in: database, placement) }
    }
  }
}
