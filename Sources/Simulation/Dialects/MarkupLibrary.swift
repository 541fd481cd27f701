/// The compiled markup of every dialect, for both SOAP versions.
///
/// Not Sendable: each generator has its own. Pointers handed out in ``Markup`` are valid as long as the library is.
final class MarkupLibrary {
  private let bytes: UnsafeMutablePointer<UInt8>
  private let pieces: UnsafeMutablePointer<Markup.Piece>
  private let markups: [Markup]
  private let soap11PerMille: [Int]

  init(_ dialects: [Dialect] = Dialect.all) {
    let compiled = dialects.flatMap { dialect in SOAPVersion.allCases.map { MarkupCompiler(dialect, $0).compile() } }
    let size = compiled.reduce(0) { $0 + $1.reduce(0) { $0 + $1.utf8.count } }
    let count = compiled.reduce(0) { $0 + $1.count }
    bytes = .allocate(capacity: size)
    pieces = .allocate(capacity: count)
    var offset = 0
    var piece = 0
    var markups: [Markup] = []
    for (index, texts) in compiled.enumerated() {
      markups.append(Markup(dialects[index / 2], bytes, pieces + piece))
      for text in texts {
        (pieces + piece).initialize(to: Markup.Piece(offset: UInt32(offset), length: UInt32(text.utf8.count)))
        for byte in text.utf8 {
          (bytes + offset).initialize(to: byte)
          offset += 1
        }
        piece += 1
      }
    }
    self.markups = markups
    soap11PerMille = dialects.map(\.soap11PerMille)
  }

  deinit {
    bytes.deallocate()
    pieces.deallocate()
  }

  /// The markup for one message of the dialect at `index`; mostly SOAP 1.2.
  func markup(_ index: Int, _ random: inout SplitMix64) -> Markup {
    let isOld = soap11PerMille[index] > 0 && random.perMille(soap11PerMille[index])
    return markups[index * 2 + (isOld ? 1 : 0)]
  }
}

extension Markup {
  fileprivate init(_ dialect: Dialect, _ bytes: UnsafePointer<UInt8>, _ pieces: UnsafePointer<Piece>) {
    let frames = Field.allCases.count * Self.depths * Self.kinds
    self.init(
      bytes: bytes, pieces: pieces, frames: frames, extras: frames + Operation.allCases.count * 8, dates: dialect.dates,
      separatesIds: dialect.separatesIds, lowercasesIds: dialect.lowercasesIds,
      rfid: dialect.rfid, hasComment: !dialect.comment.isEmpty)
  }
}
