import Foundation
import JournalFormat
import LMDB
import TestSupport

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
    let segment = try SegmentEnvironment.reading(segmentPath, state: .hot, isGrowing: true)
    var state: IndexState?
    try waitUntil("there is an index") {
      state = try IndexEnvironment.reading(path, IndexState.Owner(segment.header))?.state()
      return state != nil
    }
    return state!
  }

  /// Builds the index as far as it goes, and says what there was to do.
  @discardableResult
  func build(limits: IndexLimits, isClosed: Bool = false) throws -> Int {
    let segment = try SegmentEnvironment.reading(segmentPath, state: .hot, isGrowing: true)
    let count = try SegmentReader(segment).entryCount()
    var writer = try IndexWriter(segment, limits: limits)
    var steps = 0
    while try writer.step(entryCount: count, isClosed: isClosed) { steps += 1 }
    return steps
  }

  /// Changes rows behind everybody's back.
  func change(_ body: (borrowing WriteTransaction) throws(LMDBError) -> Void) throws {
    try Environment.opening(path, .readWrite, mapSizeBytes: 1 << 30).change(body)
  }
}
