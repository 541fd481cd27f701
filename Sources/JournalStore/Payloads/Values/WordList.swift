internal import Glibc
internal import JournalFormat

/// The words of a segment by their number, from 1: texts of recurring leaves, each kept once. Bounded. A word stays where it is in memory
/// for as long as the list lives.
final class WordList {
  static let maximumCount = 65_536
  static let maximumBytes = 64

  // Unsafe: pages are owned here, freed at the end, and never moved, so that a word can be lent without a copy.
  private var pages: [UnsafeMutablePointer<UInt8>] = []
  private var pageOffset = WordList.pageBytes
  private static let pageBytes = 16_384
  /// The words by number less one; without an address where one is not known.
  private var words: [UnsafeBufferPointer<UInt8>] = []
  /// Numbers by hash. Of two words with one hash the first is found, and the other is written as it is.
  private var numbers = NumbersByHash()

  /// The highest number.
  var count: Int { words.count }

  deinit { for page in pages { page.deallocate() } }

  /// A word, behind which ``ByteScratch/slackBytes`` more bytes may be read.
  @inline(__always)
  subscript(number: UInt32) -> UnsafeBufferPointer<UInt8>? {
    guard number > 0, number <= words.count, case let word = words[Int(number) - 1], word.baseAddress != nil else { return nil }
    return word
  }

  func number(of word: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard !word.isEmpty, word.count <= Self.maximumBytes, let number = numbers[MarkupHash.hash(word)],
      words[Int(number) - 1].equals(word)
    else { return nil }
    return number
  }

  /// Puts a word in its place. Words come in any order; each comes once.
  /// - Throws: `FormatError` for a number or length out of bounds, or a number that has a word.
  func insert(_ word: UnsafeBufferPointer<UInt8>, number: UInt32) throws(FormatError) {
    guard (1...Self.maximumCount).contains(Int(number)), (1...Self.maximumBytes).contains(word.count) else {
      throw FormatError("word \(number) of \(word.count) bytes is out of bounds")
    }
    if pageOffset + word.count > Self.pageBytes {
      pages.append(.allocate(capacity: Self.pageBytes + ByteScratch.slackBytes))
      pageOffset = 0
    }
    let start = pages[pages.count - 1] + pageOffset
    start.update(from: word.baseAddress!, count: word.count)
    pageOffset += word.count
    while words.count < number { words.append(UnsafeBufferPointer(start: nil, count: 0)) }
    guard words[Int(number) - 1].baseAddress == nil else { throw FormatError("word \(number) is there twice") }
    words[Int(number) - 1] = UnsafeBufferPointer(start: start, count: word.count)
    let hash = MarkupHash.hash(word)
    if numbers[hash] == nil { numbers.set(hash, number) }
  }

  /// Appends a word; nil where the list is full or the word too long.
  func append(_ word: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard count < Self.maximumCount, !word.isEmpty, word.count <= Self.maximumBytes, numbers[MarkupHash.hash(word)] == nil
    else { return nil }
    let number = UInt32(count + 1)
    do { try insert(word, number: number) } catch { return nil }
    return number
  }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
    count == other.count && (count == 0 || memcmp(baseAddress!, other.baseAddress!, count) == 0)
  }
}
