import Foundation
import LMDB
import TestSupport
import Testing

@Suite struct PageWalkTests {
  @Test func `files of every shape are walked from end to end`() throws {
    for shape in Shape.all {
      let store = try shape.store()
      let walked = try PageWalk.walk(store.path)
      guard case .success(let report) = walked else {
        Issue.record("\(shape.name): \(walked)")
        continue
      }
      #expect(report.pageCount >= shape.leastPages, "\(shape.name)")
      #expect(report.sizeBytes == (try Data(contentsOf: URL(fileURLWithPath: store.path)).count))
      #expect(try PageWalk.lengthDamage(of: store.path) == nil)
    }
  }

  @Test func `a file cut short is noticed before it is mapped`() throws {
    let store = try Shape.all[2].store()
    store.close()
    let whole = try Data(contentsOf: URL(fileURLWithPath: store.path))
    // Pages that are free may be missing at the end.
    let lastUsed = try (2..<whole.count / 4096).last { try store.damage(Array(whole).zeroing($0)) != nil }
    let needed = (try #require(lastUsed) + 1) * 4096
    for size in Array(stride(from: 0, to: needed, by: needed / 40)) + [1, 151, 4095, 4096, 8191, 8192, needed - 1] {
      try whole.prefix(size).write(to: URL(fileURLWithPath: store.path))
      guard case .failure(let damage) = try PageWalk.walk(store.path) else {
        Issue.record("cut to \(size) of \(whole.count)")
        continue
      }
      #expect(try PageWalk.lengthDamage(of: store.path) == damage)
    }
  }

  @Test func `a page that is another's copy, is zeroed or points in circles is noticed`() throws {
    let store = try Shape.all[2].store()
    store.close()
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: store.path)))
    var used = 0
    for page in 2..<whole.count / 4096 {
      var zeroed = whole
      zeroed.replaceSubrange(page * 4096..<(page + 1) * 4096, with: [UInt8](repeating: 0, count: 4096))
      guard try store.damage(zeroed) != nil else { continue }
      used += 1
      var swapped = whole
      let other = page == 2 ? 3 : 2
      swapped.replaceSubrange(page * 4096..<(page + 1) * 4096, with: whole[other * 4096..<(other + 1) * 4096])
      #expect(try store.damage(swapped) != nil, "page \(page)")
    }
    #expect(used * 2 > whole.count / 4096)
  }

  @Test func `damage in any header or row is found or harmless, and never a trap`() throws {
    var generator = SeededGenerator()
    var found = 0
    for shape in Shape.all {
      let store = try shape.store()
      store.close()
      let whole = Array(try Data(contentsOf: URL(fileURLWithPath: store.path)))
      for _ in 0..<60 {
        var damaged = whole
        let page = generator.below(whole.count / 4096)
        for _ in 0...generator.below(8) {
          damaged[page * 4096 + generator.below(generator.chance(2) ? 200 : 4096)] =
            generator.chance(3) ? 0xff : UInt8(generator.below(256))
        }
        if try store.damage(damaged) != nil { found += 1 }
      }
    }
    // Many pages are free, and much of a page is nobody's.
    #expect(found > 40)
  }

  @Test func `what LMDB would stop the process for is named`() throws {
    let store = try Shape.all[1].store()
    store.close()
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: store.path)))
    for page in 2..<whole.count / 4096 where whole[page * 4096 + 10] & 3 != 0 && whole[page * 4096 + 12] > 20 {
      // Its lower bound says that it has no rows.
      var damaged = whole
      damaged[page * 4096 + 12] = 16
      damaged[page * 4096 + 13] = 0
      guard try store.damage(whole.zeroing(page)) != nil else { continue }
      #expect(try store.damage(damaged) != nil, "page \(page)")
    }
  }

  @Test func `a file that is not there or none of LMDB's is told apart`() throws {
    let temporary = TemporaryDirectory()
    let path = temporary.path + "/none.mdb"
    let error = #expect(throws: LMDBError.self) { try PageWalk.walk(path) }
    #expect(error?.code == .noSuchFile)
    try Data(repeating: 0, count: 100_000).write(to: URL(fileURLWithPath: path))
    guard case .failure(let damage) = try PageWalk.walk(path) else {
      Issue.record("zeros are no journal")
      return
    }
    #expect("\(damage)" == "page 0: it is no meta page of LMDB's")
  }
}

extension [UInt8] {
  fileprivate func zeroing(_ page: Int) -> [UInt8] {
    var copy = self
    copy.replaceSubrange(page * 4096..<(page + 1) * 4096, with: [UInt8](repeating: 0, count: 4096))
    return copy
  }
}

extension Store {
  /// What a walk finds when the file holds these bytes.
  fileprivate func damage(_ bytes: [UInt8]) throws -> PageWalk.Damage? {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    guard case .failure(let damage) = try PageWalk.walk(path) else { return nil }
    return damage
  }
}

/// What a file may look like inside.
private struct Shape: Sendable {
  let name: String
  let leastPages: Int
  let fill: @Sendable (Store) throws -> Void

  func store() throws -> Store {
    let store = try Store()
    try fill(store)
    return store
  }

  static let all = [
    Shape(name: "nothing", leastPages: 0) { _ in },
    Shape(name: "rows on several levels", leastPages: 100) { store in
      try store.write("table", .plain, (0..<5_000).map { ("key \($0 * 7_919 % 5_000)", String(repeating: "v", count: 60)) })
    },
    Shape(name: "tables, rewritten", leastPages: 20) { store in
      for round in 0..<4 {
        for name in ["a", "b", "c"] { try store.write(name, .plain, (0..<400).map { ("key \($0)", "value \(round) \($0)") }) }
      }
    },
    Shape(name: "values over a page", leastPages: 30) { store in
      let sizes = [2_000, 2_022, 2_023, 4_080, 4_081, 40_000, 4_096 * 20 - 16]
      try store.write("table", .plain, sizes.map { ("\($0)", String(repeating: "v", count: $0)) })
    },
    Shape(name: "few duplicates, on a page of their row", leastPages: 2) { store in
      try store.write("table", .fixedSizeDuplicates, (0..<60).map { ("key \($0 % 3)", "val\(100 + $0)") })
    },
    Shape(name: "many duplicates, in trees of their own", leastPages: 20) { store in
      try store.write("table", .fixedSizeDuplicates, (0..<9_000).map { ("key \($0 % 3)", "value\(10_000 + $0)") })
    },
    Shape(name: "free pages", leastPages: 3) { store in
      try store.write("table", .plain, (0..<3_000).map { ("key \($0)", "value \($0)") })
      let transaction = try store.environment.beginWrite()
      try transaction.empty(transaction.database("table", .plain))
      try transaction.commit()
      try store.write("table", .plain, [("a", "1")])
    },
  ]
}
