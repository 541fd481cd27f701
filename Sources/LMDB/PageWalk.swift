internal import Glibc

/// Looks at the pages of a data file with `pread`, before anybody maps it: LMDB has no page checksums, and a file cut short or a page
/// that points outside it would end the process.
///
/// It checks what LMDB relies on when it walks its trees (mdb.c, "Page header", "Node"): numbers, kinds, bounds, depth, the order of keys and what
/// branches say of it, how many rows a table has, and that no page is used twice. What the pages hold is for their owner to check, who can have it shown.
/// Damage that leaves all of this intact is not found here.
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

  /// Takes the rows of the tables, each with its table's name, in their order. The bytes may be read inside the call only.
  public typealias RowVisitor = (_ table: String, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void

  private let descriptor: Int32
  private let path: String
  private let sizeBytes: UInt64
  private var pageSize = 4096
  private var lastPage: UInt64 = 0
  private var seen: [UInt64] = []
  private var pageCount = 0
  private var leastBranchRows = 2
  private let buffers = PageBuffers()
  private var visitor: RowVisitor?
  private var order = KeyOrder()

  /// Walks every page that a transaction can reach. The pages must not be written to meanwhile: a snapshot keeps them, or that nobody writes.
  /// - Parameters:
  ///   - transaction: whose state is walked; the newest where it is nil.
  ///   - visitor: shown the rows of tables without duplicates.
  /// - Returns: the first damage, or what was counted. Where the transaction is too old to be known to the file, a damage of page 0.
  /// - Throws: where the file cannot be read.
  public static func walk(
    _ path: String, transaction: Int? = nil, _ visitor: RowVisitor? = nil
  ) throws(LMDBError) -> Result<Report, Damage> {
    try look(at: path) { walk in
      walk.visitor = visitor
      try walk.run(transaction)
      return Report(pageCount: walk.pageCount, sizeBytes: Int(walk.sizeBytes))
    }
  }

  /// Whether the file is too short to map. Cheap, unless it is shorter than its last page: LMDB does not write pages that it took and
  /// gave back in one transaction, so then the walk decides.
  /// - Throws: ``LMDBError`` where the file cannot be read.
  public static func lengthDamage(of path: String) throws(LMDBError) -> Damage? {
    let isLongEnough = try look(at: path) { walk in
      _ = try walk.meta(nil)
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
      try walk.sizeBytes < UInt64(2 * walk.pageSize) || walk.meta(nil).u64(Meta.transaction) == 0
    }
    return (try? found.get()) ?? false
  }

  fileprivate static let attemptCount = 20

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

  private mutating func run(_ transaction: Int?) throws {
    let meta = try meta(transaction)
    seen = [UInt64](repeating: 0, count: Int(min(lastPage, sizeBytes / UInt64(pageSize)) / 64) + 1)
    let (free, main) = (Tree(meta, at: Meta.freeTable), Tree(meta, at: Meta.mainTable))
    guard free.flags & Tree.isFixedMap == 0, main.flags == 0 else {
      throw Damage(page: 0, message: "the kinds of its tables are impossible")
    }
    // LMDB tolerates a branch of one page in the tree of free pages only, and stops the process at any other (mdb_page_search_root).
    leastBranchRows = 1
    try walk(free, holder: 0, slot: 0, table: nil, isOrdered: false)
    leastBranchRows = 2
    try walk(main, holder: 0, slot: 0, table: nil, isOrdered: true)
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

  /// The meta page of a transaction, or of the newest; sets page size and last page.
  private mutating func meta(_ transaction: Int?) throws -> UnsafeRawPointer {
    guard sizeBytes >= UInt64(2 * pageSize) else { throw Damage(page: 0, message: "the file was cut short: it has \(sizeBytes) bytes") }
    let first = try bytes(at: 0, count: Meta.sizeBytes, slot: 0)
    try checkMeta(first, 0)
    let size = Int(first.u32(Meta.freeTable))
    guard size >= 512, size <= 65_536, size & (size - 1) == 0 else { throw Damage(page: 0, message: "the page size \(size) is impossible") }
    pageSize = size
    let second = try bytes(at: UInt64(pageSize), count: Meta.sizeBytes, slot: 1)
    try checkMeta(second, 1)
    let newest = first.u64(Meta.transaction) > second.u64(Meta.transaction) ? first : second
    var found = newest
    if let transaction {
      let wanted = [first, second].first { $0.u64(Meta.transaction) == UInt64(transaction) }
      guard let wanted else { throw Damage(page: 0, message: "it does not know transaction \(transaction)") }
      found = wanted
    }
    lastPage = found.u64(Meta.lastPage)
    guard lastPage < 1 << 48 else { throw Damage(page: 0, message: "the last page's number is impossible") }
    return found
  }

  private func checkMeta(_ meta: UnsafeRawPointer, _ number: UInt64) throws {
    guard meta.u16(Page.flags) & Page.isMeta != 0, meta.u32(Meta.magic) == 0xbeef_c0de, meta.u32(Meta.version) == 1 else {
      throw Damage(page: number, message: "it is no meta page of LMDB's")
    }
  }

  // MARK: Trees

  /// `MDB_db`: where a tree begins and what it should hold.
  private struct Tree {
    let flags: UInt16
    let depth: Int
    let rowCount: UInt64
    let root: UInt64
    let isEmpty: Bool

    /// `MDB_FIXEDMAP` in what the tree of free pages says of itself: it is what the environment was made with.
    static let isFixedMap: UInt16 = 0x01
    /// What the tables of this module are (`Database.Layout`), and a tree of duplicates.
    static let ofTables: Set<UInt16> = [0, 0x14]
    static let ofDuplicates: Set<UInt16> = [0, 0x10]

    init(_ bytes: UnsafeRawPointer, at offset: Int) {
      flags = bytes.u16(offset + 4)
      depth = Int(bytes.u16(offset + 6))
      rowCount = bytes.u64(offset + 32)
      root = bytes.u64(offset + 40)
      isEmpty = root == UInt64.max
    }
  }

  /// What the next key must come behind.
  private struct KeyOrder {
    private var last: [UInt8] = []
    private var isFirst = true
    private var bound: [UInt8] = []
    private var hasBound = false

    /// Takes what a branch says that no key of the next page is before.
    mutating func takeBound(_ key: UnsafeRawBufferPointer) -> Bool {
      guard isFirst || last.withUnsafeBytes({ $0.precedes(key) }) else { return false }
      bound.removeAll(keepingCapacity: true)
      bound.append(contentsOf: key)
      hasBound = true
      return true
    }

    /// Takes the first key of a page.
    mutating func takeFirst(_ key: UnsafeRawBufferPointer) -> Bool {
      let isBehind = isFirst || last.withUnsafeBytes { $0.precedes(key) }
      let isWithin = !hasBound || bound.withUnsafeBytes { !key.precedes($0) }
      return isBehind && isWithin
    }

    /// Takes the last key of a page.
    mutating func takeLast(_ key: UnsafeRawBufferPointer) {
      last.removeAll(keepingCapacity: true)
      last.append(contentsOf: key)
      isFirst = false
    }
  }

  /// - Parameter slot: the buffer for its first page.
  private mutating func walk(_ tree: Tree, holder: UInt64, slot: Int, table: String?, isOrdered: Bool) throws {
    guard !tree.isEmpty else {
      guard tree.rowCount == 0 else { throw Damage(page: holder, message: "it names an empty tree of \(tree.rowCount) rows") }
      return
    }
    guard (1...32).contains(tree.depth) else { throw Damage(page: holder, message: "it names a tree of depth \(tree.depth)") }
    let outer = order
    order = KeyOrder()
    let count = try walkPage(
      tree.root, level: tree.depth, holder: holder, slot: slot, Place(table: table, isOrdered: isOrdered, isMain: slot == 0 && isOrdered))
    order = outer
    guard !isOrdered || tree.flags != 0 || count == tree.rowCount else {
      throw Damage(page: holder, message: "it names a tree of \(tree.rowCount) rows, which has \(count)")
    }
  }

  /// What a page is part of.
  private struct Place {
    /// Whose rows are to be shown; nil for none.
    let table: String?
    /// Whether keys stand in the order of their bytes.
    let isOrdered: Bool
    /// Whether its rows are tables.
    let isMain: Bool
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
  /// - Returns: how many rows stand below it.
  private mutating func walkPage(_ number: UInt64, level: Int, holder: UInt64, slot: Int, _ place: Place) throws -> UInt64 {
    let page = try self.page(number, holder: holder, slot: slot)
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
      return UInt64(count)
    }
    guard flags & (level == 1 ? Page.isLeaf : Page.isBranch) != 0, flags & (level == 1 ? Page.isBranch : Page.isLeaf) == 0 else {
      throw Damage(page: number, message: "it is of the wrong kind for its level")
    }
    guard count >= (level == 1 ? 1 : leastBranchRows) else { throw Damage(page: number, message: "it has too few rows: \(count)") }
    var rowCount: UInt64 = level == 1 ? UInt64(count) : 0
    var previous = UnsafeRawBufferPointer(start: nil, count: 0)
    for index in 0..<count {
      let offset = Int(page.u16(Page.header + 2 * index))
      guard offset >= upper, offset + Node.header <= pageSize else { throw Damage(page: number, message: "row \(index) lies outside it") }
      let keySize = Int(page.u16(offset + 6))
      let keyEnd = offset + Node.header + keySize
      guard keyEnd <= pageSize else { throw Damage(page: number, message: "the key of row \(index) lies outside it") }
      let key = UnsafeRawBufferPointer(start: page + offset + Node.header, count: keySize)
      if level > 1 {
        // The first key of a branch says nothing (mdb.c, `mdb_node_search`).
        guard !place.isOrdered || index == 0 || order.takeBound(key) else {
          throw Damage(page: number, message: "the key of row \(index) is out of order")
        }
        let child = UInt64(page.u16(offset)) | UInt64(page.u16(offset + 2)) << 16 | UInt64(page.u16(offset + 4)) << 32
        rowCount += try walkPage(child, level: level - 1, holder: number, slot: slot + 1, place)
      } else {
        if place.isOrdered {
          let isRight = index == 0 ? order.takeFirst(key) : previous.precedes(key)
          guard isRight else { throw Damage(page: number, message: "the key of row \(index) is out of order") }
          previous = key
        }
        try walkRow(page, offset, key, number, slot, place)
      }
    }
    if level == 1, place.isOrdered { order.takeLast(previous) }
    return rowCount
  }

  private mutating func walkRow(
    _ page: UnsafeRawPointer, _ offset: Int, _ key: UnsafeRawBufferPointer, _ number: UInt64, _ slot: Int, _ place: Place
  ) throws {
    let flags = page.u16(offset + 4)
    let size = Int(page.u16(offset)) | Int(page.u16(offset + 2)) << 16
    let keyEnd = offset + Node.header + key.count
    guard !place.isMain || flags == Node.isTable else { throw Damage(page: number, message: "a row that is to be a table is none") }
    if flags & Node.isBig != 0 {
      guard keyEnd + 8 <= pageSize else { throw Damage(page: number, message: "a row lies outside it") }
      try walkOverflow(page.u64(keyEnd), sizeBytes: size, holder: number, slot: slot + 1, key, place)
      return
    }
    guard keyEnd + size <= pageSize else { throw Damage(page: number, message: "the value of a row lies outside it") }
    if flags & Node.isTable != 0 {
      guard size == Node.tableSize else { throw Damage(page: number, message: "the head of a tree has the wrong size") }
      let tree = Tree(page, at: keyEnd)
      guard (place.isMain ? Tree.ofTables : Tree.ofDuplicates).contains(tree.flags) else {
        throw Damage(page: number, message: "it names a tree of an impossible kind")
      }
      let isShown = visitor != nil && place.isMain && tree.flags == 0
      try walk(
        tree, holder: number, slot: slot + 1, table: isShown ? String(decoding: key, as: UTF8.self) : nil,
        isOrdered: tree.flags & 0x10 == 0 || place.isMain)
    } else if flags & Node.isDuplicates != 0 {
      try checkDuplicates(page, keyEnd, size, number)
    } else if let table = place.table {
      visitor?(table, key, UnsafeRawBufferPointer(start: page + keyEnd, count: size))
    }
  }

  /// Few duplicates stand on a small page within the row (mdb.c, `F_DUPDATA` without `F_SUBDATA`).
  private func checkDuplicates(_ page: UnsafeRawPointer, _ start: Int, _ size: Int, _ number: UInt64) throws {
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

  private mutating func walkOverflow(
    _ number: UInt64, sizeBytes: Int, holder: UInt64, slot: Int, _ key: UnsafeRawBufferPointer, _ place: Place
  ) throws {
    let first = try page(number, holder: holder, slot: slot)
    let wanted = (Page.header + sizeBytes + pageSize - 1) / pageSize
    guard first.u16(Page.flags) & Page.isOverflow != 0, Int(first.u32(Page.pages)) >= wanted else {
      throw Damage(page: number, message: "it does not hold the large value that page \(holder) says")
    }
    let last = number + UInt64(first.u32(Page.pages)) - 1
    guard last <= lastPage, (last + 1) * UInt64(pageSize) <= self.sizeBytes else {
      throw Damage(page: number, message: "its large value ends outside the file: the file was cut short")
    }
    for other in number + 1..<last + 1 where !see(other) { throw Damage(page: other, message: "it is used twice") }
    guard let table = place.table, let visitor else { return }
    let value = try bytes(at: number * UInt64(pageSize) + UInt64(Page.header), count: sizeBytes, slot: slot)
    visitor(table, key, UnsafeRawBufferPointer(start: value, count: sizeBytes))
  }

  /// Reads a page and checks that it is itself, inside the file and not seen before.
  private mutating func page(_ number: UInt64, holder: UInt64, slot: Int) throws -> UnsafeRawPointer {
    guard number >= 2, number <= lastPage else { throw Damage(page: holder, message: "it points to page \(number), which does not exist") }
    guard (number + 1) * UInt64(pageSize) <= sizeBytes else {
      throw Damage(page: number, message: "it lies outside the file: the file was cut short to \(sizeBytes) bytes")
    }
    guard see(number) else { throw Damage(page: number, message: "it is used twice") }
    let page = try bytes(at: number * UInt64(pageSize), count: pageSize, slot: slot)
    guard page.u64(0) == number else { throw Damage(page: number, message: "it says that it is page \(page.u64(0))") }
    return page
  }

  /// Takes note of a page that lies within the file.
  /// - Returns: false where it was seen before.
  private mutating func see(_ number: UInt64) -> Bool {
    let (word, bit) = (Int(number / 64), UInt64(1) << (number % 64))
    guard seen[word] & bit == 0 else { return false }
    seen[word] |= bit
    pageCount += 1
    return true
  }

  /// Reads into a buffer, which what it held goes from.
  private func bytes(at offset: UInt64, count: Int, slot: Int) throws -> UnsafeRawPointer {
    let buffer = buffers.buffer(slot, sizeBytes: max(count, pageSize))
    var filled = 0
    while filled < count {
      let result = pread(descriptor, buffer + filled, count - filled, off_t(offset) + off_t(filled))
      if result < 0 && errno == EINTR { continue }
      guard result >= 0 else { throw LMDBError(code: .init(rawValue: errno), call: "pread", path: path) }
      guard result > 0 else { throw Damage(page: offset / UInt64(pageSize), message: "the file was cut short") }
      filled += result
    }
    return UnsafeRawPointer(buffer)
  }
}

extension Environment {
  /// Walks every page of a snapshot, as ``PageWalk/walk(_:transaction:_:)`` does, and again where the file was written to meanwhile: what was walked may be of
  /// several states then.
  /// - Parameter visitor: makes what is shown the rows, for each attempt anew; nil where nobody is.
  /// - Returns: nil where the file was written to in each attempt, so that nobody can tell.
  /// - Throws: ``LMDBError`` where the file cannot be read.
  public func walk(_ visitor: (() -> PageWalk.RowVisitor)? = nil) throws(LMDBError) -> Result<PageWalk.Report, PageWalk.Damage>? {
    for _ in 0..<PageWalk.attemptCount {
      // Where there is a lock, the snapshot keeps the pages from being written to, once it is known to be one of the file's two states.
      let snapshot = try beginRead()
      let walked = try PageWalk.walk(path, transaction: snapshot.identifier, visitor?())
      if case .success = walked { return walked }
      if lastTransactionIdentifier == snapshot.identifier { return walked }
    }
    return nil
  }
}

/// A buffer for each level of the walk, used again for the next page there.
private final class PageBuffers {
  private var buffers: [(start: UnsafeMutableRawPointer, sizeBytes: Int)] = []

  func buffer(_ slot: Int, sizeBytes: Int) -> UnsafeMutableRawPointer {
    while buffers.count <= slot { buffers.append((.allocate(byteCount: 4_096, alignment: 8), 4_096)) }
    if buffers[slot].sizeBytes < sizeBytes {
      buffers[slot].start.deallocate()
      buffers[slot] = (.allocate(byteCount: sizeBytes, alignment: 8), sizeBytes)
    }
    return buffers[slot].start
  }

  deinit { for buffer in buffers { buffer.start.deallocate() } }
}

extension UnsafeRawPointer {
  fileprivate func u16(_ offset: Int) -> UInt16 { UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
  fileprivate func u32(_ offset: Int) -> UInt32 { UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  fileprivate func u64(_ offset: Int) -> UInt64 { UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
}

extension UnsafeRawBufferPointer {
  /// In the order of LMDB's keys: byte by byte, the shorter first.
  fileprivate func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
    let common = Swift.min(count, other.count)
    let order = common == 0 ? 0 : memcmp(baseAddress!, other.baseAddress!, common)
    return order == 0 ? count < other.count : order < 0
  }
}
