/// A dialect's markup, cut into the pieces that messages are put together from. A view: ``MarkupLibrary`` owns the memory.
struct Markup {
  struct Piece {
    var offset: UInt32
    var length: UInt32
  }

  /// Children of the body child are at depth 0; nothing in eMIP is deeper than 5.
  static let depths = 6
  /// Start tag with its place, start tag of a value, end tag of a value, end tag with its place.
  static let kinds = 4

  var bytes: UnsafePointer<UInt8>
  var pieces: UnsafePointer<Piece>
  /// Where the frames begin, and what follows them.
  var frames: Int
  var extras: Int
  var dates: DateStyle
  var separatesIds: Bool
  var lowercasesIds: Bool
  var rfid: RFIDStyle
  var hasComment: Bool

  @inline(__always)
  func element(_ field: Field, _ depth: Int, _ kind: Int) -> Piece {
    pieces[(field.rawValue &* Self.depths &+ depth) &* Self.kinds &+ kind]
  }

  /// Everything before the first child (`end` false) or after the last (`end` true).
  @inline(__always)
  func frame(_ operation: Operation, _ direction: Direction, _ part: Part, end: Bool) -> Piece {
    pieces[frames &+ ((operation.rawValue &* 2 &+ direction.rawValue) &* 2 &+ part.rawValue) &* 2 &+ (end ? 1 : 0)]
  }

  var comment: Piece { pieces[extras] }

  func fault(_ kind: FaultKind) -> Piece { pieces[extras &+ 1 &+ kind.rawValue] }
}
