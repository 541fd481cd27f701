import Foundation
import JournalFormat
import LMDB

@testable import JournalStore

/// The index file of a segment, to be looked into and to be damaged.
struct IndexFile {
  let path: String
  let segmentPath: String

  init(_ directory: JournalDirectory, _ segment: Manifest.Segment) {
    segmentPath = directory.path(of: segment)
    path = Manifest.Segment.indexPath(ofSegmentAt: segmentPath)
  }

  /// Waits for the file, which the builder makes when it comes to it.
  func state() throws -> IndexState {
    let segment = try SegmentEnvironment.reading(segmentPath, form: .hot, isGrowing: true)
    for _ in 0..<5_000 {
      if let index = try IndexEnvironment.reading(path, IndexState.Owner(segment.header)) { return try index.state() }
      usleep(1_000)
    }
    throw JournalError(.segmentMissing, "there is no index", path: path)
  }

  /// Builds the index as far as it goes, and says what there was to do.
  @discardableResult
  func build(limits: IndexLimits, isClosed: Bool = false) throws -> Int {
    let segment = try SegmentEnvironment.reading(segmentPath, form: .hot, isGrowing: true)
    let count = try SegmentReader(segment).entryCount()
    var writer = try IndexWriter(segment, limits: limits)
    var steps = 0
    while try writer.step(entryCount: count, isClosed: isClosed) { steps += 1 }
    return steps
  }

  /// Changes rows behind everybody's back. Who held the file last may still be closing it.
  func change(_ body: (borrowing WriteTransaction) throws(LMDBError) -> Void) throws {
    for attempt in 0... {
      do {
        let environment = try Environment(path: path, access: .readWrite, mapSizeBytes: 1 << 30)
        let transaction = try environment.beginWrite()
        try body(transaction)
        return try transaction.commit()
      } catch {
        guard error.code == .alreadyOpen, attempt < 1_000 else { throw error }
        usleep(1_000)
      }
    }
  }
}
