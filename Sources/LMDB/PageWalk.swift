internal import Glibc

/// Looks at the pages of a data file with `pread`, before anybody maps it: LMDB has no page checksums, and a file cut short or a page
/// that points outside it would end the process.
///
/// It checks what LMDB relies on when it walks its trees (mdb.c, "Page header", "Node"): numbers, kinds, bounds, depth, and that no page
/// is used twice. What the pages hold is for their owner to check. Damage that leaves all of this intact is not found here.
public struct PageWalk {
  /// A page that is not what LMDB needs it to be.
  public struct Damage: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the page, from 0.
    public let page: UInt64
    /// What is wrong with it.
    public let message: String
    public var description: String { "page \(page): \(message)" }
  }

  /// What a walk counted.
  public struct Report: Hashable, Sendable {
    /// How many pages are in use.
    public var pageCount = 0
    /// How long the file is.
    public var sizeBytes = 0
  }

  private let descriptor: Int32
  private let path: String
  private let sizeBytes: UInt64
  private var pageSize = 4096
  private var lastPage: UInt64 = 0
  private var seen: Set<UInt64> = []
  private var leastBranchRows = 2

  /// Walks every page that the newest transaction can reach. The file must not be written to meanwhile.
  /// - Returns: the first damage, or what was counted.
  /// - Throws: where the file cannot be read.
  public static func walk(_ path: String) throws(LMDBError) -> Result<Report, Damage> {
    try look(at: path) { walk in
      try walk.run()
      return Report(pageCount: walk.seen.count, sizeBytes: Int(walk.sizeBytes))
    }
  }

  /// Whether the file is too short to map. Cheap, unless it is shorter than its last page: LMDB does not write pages that it took and
  /// gave back in one transaction, so then the walk decides.
  /// - Throws: ``LMDBError`` where the file cannot be read.
  public static func lengthDamage(of path: String) throws(LMDBError) -> Damage? {
    let isLongEnough = try look(at: path) { walk in
      _ = try walk.newestMeta()
      return walk.sizeBytes >= (walk.lastPage + 1) * UInt64(walk.pageSize)
    }
    switch isLongEnough {
    case .failure(let damage): return damage
    case .success(true): return nil
    case .success(false):
      guard case .failure(let damage) = try Self.walk(path) else { return nil }
      return damage
    }
  }

  /// Whether nothing was ever committed to a file: whoever began to make it was interrupted.
  /// - Throws: ``LMDBError`` where the file cannot be read.
  public static func hasNoCommit(_ path: String) throws(LMDBError) -> Bool {
    let found = try look(at: path) { walk in
      // LMDB writes both meta pages at once before anything else; a full disk may have taken one of them.
      try walk.sizeBytes < UInt64(2 * walk.pageSize) || walk.newestMeta().u64(Meta.transaction) == 0
    }
    return (try? found.get()) ?? false
  }

  private static func look<Found>(
    at path: String, _ body: (inout PageWalk) throws -> Found
  ) throws(LMDBError) -> Result<Found, Damage> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LMDBError(code: .init(rawValue: errno), call: "open", path: path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw LMDBError(code: .init(rawValue: errno), call: "fstat", path: path) }
    var walk = PageWalk(descriptor: descriptor, path: path, sizeBytes: UInt64(status.st_size))
    do {
      return .success(try body(&walk))
    } catch let damage as Damage {
      return .failure(damage)
    } catch let error as LMDBError {
      throw error
    } catch {
      fatalError("a walk throws nothing else")
    }
  }

  private init(descriptor: Int32, path: String, sizeBytes: UInt64) {
    self.descriptor = descriptor
    self.path = path
    self.sizeBytes = sizeBytes
  }

  private mutating func run() throws {
    let meta = try newestMeta()
    // LMDB tolerates a branch of one page in the tree of free pages only, and stops the process at any other (mdb_page_search_root).
    leastBranchRows = 1
    try walk(Tree(meta, at: Meta.freeTable), holder: 0)
    leastBranchRows = 2
    try walk(Tree(meta, at: Meta.mainTable), holder: 0)
  }

  // MARK: Meta pages

  private enum Meta {
    static let magic = 16
    static let version = 20
    static let freeTable = 40
    static let mainTable = 88
    static let lastPage = 136
    static let transaction = 144
    static let sizeBytes = 152
  }

  /// The meta page of the newest transaction; sets page size and last page.
  private mutating func newestMeta() throws -> [UInt8] {
    guard sizeBytes >= UInt64(2 * pageSize) else { throw Damage(page: 0, message: "the file was cut short: it has \(sizeBytes) bytes") }
    let first = try bytes(at: 0, count: Meta.sizeBytes)
    try checkMeta(first, 0)
    let size = Int(first.u32(Meta.freeTable))
    guard size >= 512, size <= 65_536, size & (size - 1) == 0 else { throw Damage(page: 0, message: "the page size \(size) is impossible") }
    pageSize = size
    let second = try bytes(at: UInt64(pageSize), count: Meta.sizeBytes)
    try checkMeta(second, 1)
    let newest = first.u64(Meta.transaction) > second.u64(Meta.transaction) ? first : second
    lastPage = newest.u64(Meta.lastPage)
    guard lastPage < 1 << 48 else { throw Damage(page: 0, message: "the last page's number is impossible") }
    return newest
  }

  private func checkMeta(_ meta: [UInt8], _ number: UInt64) throws {
    guard meta.u16(Page.flags) & Page.isMeta != 0, meta.u32(Meta.magic) == 0xbeef_c0de, meta.u32(Meta.version) == 1 else {
      throw Damage(page: number, message: "it is no meta page of LMDB's")
    }
  }

  // MARK: Trees

  /// `MDB_db`: where a tree begins and what it should hold.
  private struct Tree {
    let depth: Int
    let root: UInt64
    let isEmpty: Bool

    init(_ bytes: [UInt8], at offset: Int) {
      depth = Int(bytes.u16(offset + 6))
      root = bytes.u64(offset + 40)
      isEmpty = root == UInt64.max
    }
  }

  private mutating func walk(_ tree: Tree, holder: UInt64) throws {
    guard !tree.isEmpty else { return }
    guard (1...32).contains(tree.depth) else { throw Damage(page: holder, message: "it names a tree of depth \(tree.depth)") }
    try walkPage(tree.root, level: tree.depth, holder: holder)
  }

  private enum Page {
    static let flags = 10
    static let lower = 12
    static let upper = 14
    static let pages = 12
    static let header = 16
    static let isBranch: UInt16 = 0x01
    static let isLeaf: UInt16 = 0x02
    static let isOverflow: UInt16 = 0x04
    static let isMeta: UInt16 = 0x08
    static let isLeaf2: UInt16 = 0x20
  }

  private enum Node {
    static let header = 8
    static let isBig: UInt16 = 0x01
    static let isTable: UInt16 = 0x02
    static let isDuplicates: UInt16 = 0x04
    static let tableSize = 48
  }

  /// - Parameter level: how many levels are left, this one included: leaves have 1.
  private mutating func walkPage(_ number: UInt64, level: Int, holder: UInt64) throws {
    let page = try self.page(number, holder: holder)
    let flags = page.u16(Page.flags)
    let lower = Int(page.u16(Page.lower))
    let upper = Int(page.u16(Page.upper))
    guard lower >= Page.header, lower <= upper || flags & Page.isLeaf2 != 0, upper <= pageSize, lower % 2 == 0 else {
      throw Damage(page: number, message: "its bounds are impossible")
    }
    let count = (lower - Page.header) / 2
    if flags & Page.isLeaf2 != 0 {
      let size = Int(page.u16(8))
      guard level == 1, flags & Page.isLeaf != 0, size > 0, count > 0, Page.header + count * size <= pageSize else {
        throw Damage(page: number, message: "it is no page of duplicates")
      }
      return
    }
    guard flags & (level == 1 ? Page.isLeaf : Page.isBranch) != 0, flags & (level == 1 ? Page.isBranch : Page.isLeaf) == 0 else {
      throw Damage(page: number, message: "it is of the wrong kind for its level")
    }
    guard count >= (level == 1 ? 1 : leastBranchRows) else { throw Damage(page: number, message: "it has too few rows: \(count)") }
    for index in 0..<count {
      let offset = Int(page.u16(Page.header + 2 * index))
      guard offset >= upper, offset + Node.header <= pageSize else { throw Damage(page: number, message: "row \(index) lies outside it") }
      let keyEnd = offset + Node.header + Int(page.u16(offset + 6))
      guard keyEnd <= pageSize else { throw Damage(page: number, message: "the key of row \(index) lies outside it") }
      if level > 1 {
        let child = UInt64(page.u16(offset)) | UInt64(page.u16(offset + 2)) << 16 | UInt64(page.u16(offset + 4)) << 32
        try walkPage(child, level: level - 1, holder: number)
      } else {
        try walkRow(page, offset, keyEnd, number)
      }
    }
  }

  private mutating func walkRow(_ page: [UInt8], _ offset: Int, _ keyEnd: Int, _ number: UInt64) throws {
    let flags = page.u16(offset + 4)
    let size = Int(page.u16(offset)) | Int(page.u16(offset + 2)) << 16
    if flags & Node.isBig != 0 {
      guard keyEnd + 8 <= pageSize else { throw Damage(page: number, message: "a row lies outside it") }
      try walkOverflow(page.u64(keyEnd), sizeBytes: size, holder: number)
      return
    }
    guard keyEnd + size <= pageSize else { throw Damage(page: number, message: "the value of a row lies outside it") }
    if flags & Node.isTable != 0 {
      guard size == Node.tableSize else { throw Damage(page: number, message: "the head of a tree has the wrong size") }
      try walk(Tree(page, at: keyEnd), holder: number)
    } else if flags & Node.isDuplicates != 0 {
      try checkDuplicates(page, keyEnd, size, number)
    }
  }

  /// Few duplicates stand on a small page within the row (mdb.c, `F_DUPDATA` without `F_SUBDATA`).
  private func checkDuplicates(_ page: [UInt8], _ start: Int, _ size: Int, _ number: UInt64) throws {
    let outside = Damage(page: number, message: "the duplicates of a row lie outside it")
    guard size >= Page.header else { throw outside }
    let flags = page.u16(start + Page.flags)
    let lower = Int(page.u16(start + Page.lower))
    guard lower > Page.header, lower % 2 == 0, lower <= size, flags & Page.isLeaf != 0 else { throw outside }
    let count = (lower - Page.header) / 2
    if flags & Page.isLeaf2 != 0 {
      guard Page.header + count * Int(page.u16(start + 8)) <= size else { throw outside }
      return
    }
    for index in 0..<count {
      let offset = Int(page.u16(start + Page.header + 2 * index))
      guard offset >= lower, offset + Node.header <= size, offset + Node.header + Int(page.u16(start + offset + 6)) <= size else {
        throw outside
      }
    }
  }

  private mutating func walkOverflow(_ number: UInt64, sizeBytes: Int, holder: UInt64) throws {
    let first = try page(number, holder: holder)
    let wanted = (Page.header + sizeBytes + pageSize - 1) / pageSize
    guard first.u16(Page.flags) & Page.isOverflow != 0, Int(first.u32(Page.pages)) >= wanted else {
      throw Damage(page: number, message: "it does not hold the large value that page \(holder) says")
    }
    let last = number + UInt64(first.u32(Page.pages)) - 1
    guard last <= lastPage, (last + 1) * UInt64(pageSize) <= self.sizeBytes else {
      throw Damage(page: number, message: "its large value ends outside the file: the file was cut short")
    }
    for other in number + 1..<last + 1 where !seen.insert(other).inserted { throw Damage(page: other, message: "it is used twice") }
  }

  /// Reads a page and checks that it is itself, inside the file and not seen before.
  private mutating func page(_ number: UInt64, holder: UInt64) throws -> [UInt8] {
    guard number >= 2, number <= lastPage else { throw Damage(page: holder, message: "it points to page \(number), which does not exist") }
    guard (number + 1) * UInt64(pageSize) <= sizeBytes else {
      throw Damage(page: number, message: "it lies outside the file: the file was cut short to \(sizeBytes) bytes")
    }
    guard seen.insert(number).inserted else { throw Damage(page: number, message: "it is used twice") }
    let page = try bytes(at: number * UInt64(pageSize), count: pageSize)
    guard page.u64(0) == number else { throw Damage(page: number, message: "it says that it is page \(page.u64(0))") }
    return page
  }

  private func bytes(at offset: UInt64, count: Int) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let result = buffer.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + filled, count - filled, off_t(offset) + off_t(filled))
      }
      if result < 0 && errno == EINTR { continue }
      guard result >= 0 else { throw LMDBError(code: .init(rawValue: errno), call: "pread", path: path) }
      guard result > 0 else { throw Damage(page: offset / UInt64(pageSize), message: "the file was cut short") }
      filled += result
    }
    return buffer
  }
}

extension [UInt8] {
  fileprivate func u16(_ offset: Int) -> UInt16 { load(offset) }
  fileprivate func u32(_ offset: Int) -> UInt32 { load(offset) }
  fileprivate func u64(_ offset: Int) -> UInt64 { load(offset) }

  private func load<Value: FixedWidthInteger>(_ offset: Int) -> Value {
    withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }
}
