internal import Glibc
internal import JournalFormat

/// The markup of a message, or of a part of it, with holes where its values were. Immutable.
///
/// A part that begins a message begins with markup; any other begins with a hole, so that a run of equal items is one template and a count.
final class Template {
  static let maximumHoles = 4_096
  static let maximumMarkupBytes = 65_536
  /// What an encoding may hold, decompressed.
  static let maximumContentBytes = 262_144

  /// What a template is part of a message for.
  struct Role: OptionSet {
    let rawValue: UInt8
    static let first = Role(rawValue: 1)
    static let last = Role(rawValue: 2)
  }

  let role: Role
  /// What the protocol keeps beside the leaves; empty but in a first part.
  let envelope: [UInt8]
  /// Unsafe: allocated here, written in `init` alone, freed at the end; read without an array's checks for every message.
  let holes: UnsafeBufferPointer<TemplateHole>
  /// All pieces one after the other, and where each ends.
  let markup: UnsafeBufferPointer<UInt8>
  let pieceEnds: UnsafeBufferPointer<Int32>
  /// How many of its leaves may make a mark.
  let markCount: Int

  deinit {
    holes.deallocate()
    markup.deallocate()
    pieceEnds.deallocate()
  }

  init(role: Role, envelope: [UInt8], holes: [TemplateHole], markup: [UInt8], pieceEnds: [Int32]) {
    self.role = role
    self.envelope = envelope
    self.holes = UnsafeBufferPointer(.copy(of: holes))
    // Whoever copies a piece may read on behind it.
    self.markup = UnsafeBufferPointer(
      rebasing: UnsafeBufferPointer(.copy(of: markup + [UInt8](repeating: 0, count: ByteScratch.slackBytes))).prefix(markup.count))
    markCount = holes.count { $0.outline.markKind != 0 }
    self.pieceEnds = UnsafeBufferPointer(.copy(of: pieceEnds))
  }

  /// The same markup with other rules.
  convenience init(_ other: Template, forms: [ValueForm]) {
    self.init(
      role: other.role, envelope: other.envelope,
      holes: zip(other.holes, forms).map { TemplateHole(outline: $0.outline, form: $1) }, markup: Array(other.markup),
      pieceEnds: Array(other.pieceEnds))
  }

  /// Pieces come first in a first part, and holes in any other: so many pieces stand before the first hole.
  var leadingPieces: Int { role.contains(.first) ? 1 : 0 }
  /// Whether it may come several times one after the other.
  var isRepeatable: Bool { role.isEmpty }
  /// What a hole counts for; on disk, as the bound is.
  static let bytesOfHole = 28
  /// What it counts for where templates are bounded.
  var countedBytes: Int { markup.count + holes.count * Self.bytesOfHole }

  @inline(__always)
  func piece(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = index == 0 ? 0 : Int(pieceEnds[index - 1])
    return UnsafeBufferPointer(rebasing: markup[start..<Int(pieceEnds[index])])
  }

  /// What it is found by: everything but its rules.
  var hash: UInt64 {
    var hash = MarkupHash()
    hash.add(UInt64(role.rawValue))
    envelope.withUnsafeBufferPointer { hash.add($0) }
    for index in pieceEnds.indices { hash.add(piece(index)) }
    for hole in holes { hash.add(hole.outline.rawValue) }
    return hash.value
  }
}

extension Template {
  /// Tells most templates apart: outlines, role and the size of the markup.
  var sketch: UInt64 {
    var hash = MarkupHash()
    for hole in holes { hash.add(hole.outline.rawValue) }
    hash.add(UInt64(markup.count) << 8 | UInt64(role.rawValue))
    return hash.value
  }
}

extension Template {
  /// The content of an encoding. With `base`, the number of the template whose markup it shares, rules alone.
  func encode(base: UInt32?, to output: inout [UInt8]) {
    output.append(role.rawValue | (base == nil ? 0 : Self.hasBase))
    if let base {
      output.appendVarint(UInt64(base))
    } else {
      output.appendVarint(UInt64(envelope.count))
      output += envelope
      output.appendVarint(UInt64(holes.count))
      for hole in holes { hole.outline.encode(to: &output) }
      for index in pieceEnds.indices { output.appendVarint(UInt64(piece(index).count)) }
      output.append(contentsOf: markup)
    }
    for hole in holes { hole.form.encode(to: &output) }
  }

  private static let hasBase: UInt8 = 4

  /// Reads a content.
  /// - Parameter find: the template of a lower number.
  /// - Throws: `FormatError` for bytes that are no template, or what `find` throws.
  convenience init(from cursor: inout ByteReader, base find: (UInt32) throws -> Template) throws {
    let flags = try cursor.byte()
    guard flags < 8 else { throw FormatError("a template's flags are unknown") }
    if flags & Self.hasBase != 0 {
      let base = try find(UInt32(cursor.count(atMost: TemplateRegister.maximumCount)))
      var forms: [ValueForm] = []
      for _ in base.holes { forms.append(try ValueForm(from: &cursor)) }
      guard base.role.rawValue == flags & ~Self.hasBase, cursor.isAtEnd else { throw FormatError("a template does not fit its base") }
      self.init(base, forms: forms)
      return
    }
    let role = Role(rawValue: flags)
    let envelope = Array(try cursor.text(try cursor.count(atMost: 255)))
    let holeCount = try cursor.count(atMost: Self.maximumHoles)
    guard role.contains(.first) ? true : holeCount > 0 && envelope.isEmpty else { throw FormatError("a template without holes") }
    var outlines: [LeafOutline] = []
    for _ in 0..<holeCount { outlines.append(try LeafOutline(from: &cursor)) }
    var ends: [Int32] = []
    var end = 0
    for _ in 0..<holeCount + (role.contains(.first) ? 1 : 0) {
      end += try cursor.count(atMost: Self.maximumMarkupBytes)
      guard end <= Self.maximumMarkupBytes else { throw FormatError("a template is too long") }
      ends.append(Int32(end))
    }
    let markup = Array(try cursor.text(end))
    var holes: [TemplateHole] = []
    for outline in outlines { holes.append(TemplateHole(outline: outline, form: try ValueForm(from: &cursor))) }
    guard cursor.isAtEnd else { throw FormatError("a template has bytes behind it") }
    self.init(role: role, envelope: envelope, holes: holes, markup: markup, pieceEnds: ends)
  }
}

extension UnsafeMutableBufferPointer {
  /// An allocated copy, to be freed by who asked for it.
  fileprivate static func copy(of elements: [Element]) -> UnsafeMutableBufferPointer {
    let copy = UnsafeMutableBufferPointer.allocate(capacity: elements.count)
    _ = copy.initialize(from: elements)
    return copy
  }
}
