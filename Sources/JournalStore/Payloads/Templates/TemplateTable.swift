internal import JournalFormat
internal import Zstandard

/// The templates and words of the segment that is written to, and how messages are encoded with them. Bounded. Belongs to the writer's thread.
///
/// Markup becomes a template when it is seen a second time. What is new is left in ``newTemplates`` and ``newWords``: the caller stores it in the
/// transaction of the message that needed it, and makes the table anew where that does not commit.
struct TemplateTable {
  static let maximumCount = 16_384
  /// Of all templates together.
  static let maximumMarkupBytes = 16 << 20
  /// Fewer items than this are not worth parts of their own: a message of one part takes a byte or two less.
  static let minimumItems = 3
  /// Of a list within an item, whose lengths are few: with a part for each, what is the same in all messages would be said by none.
  static let minimumSubitems = 8

  /// To be stored with the message that was encoded last.
  var newTemplates: [(number: UInt32, encoding: [UInt8])] = []
  /// To be stored with the message that was encoded last.
  var newWords: [(number: UInt32, word: [UInt8])] = []

  var known: [KnownTemplate] = []
  /// The newest template of a markup, by its hash.
  private var numbers = HashIndex()
  /// The newest template of a sketch.
  private var numbersBySketch = HashIndex()
  let words = WordList()
  private var markupBytes = 0
  /// Markup and words that were seen once.
  private var seenMarkup = RecentHashes(bits: 15)
  var seenWords = RecentHashes(bits: 14)
  /// Markup that must not be kept.
  private var refusedMarkup = RecentHashes(bits: 12)
  private let codec: TemplateCodec
  private let predecessor: Predecessor?
  let replay = TemplateReplay()
  var scratch = EncodingScratch()
  /// The forms that exceptions took lately, by the shape of their leaf.
  var recentExceptions = RecentExceptions()

  /// A template and what is still to be learnt of it.
  struct KnownTemplate {
    let template: Template
    let hash: UInt64
    /// Nil once its rules are settled.
    var learning: TemplateLearning?
    /// The number of the first of its markup.
    let base: UInt32
    /// Of the first of a markup: the others, which have other rules.
    var variants: [UInt32] = []
  }

  /// The markup of the segment before, which is known to come again.
  private struct Predecessor {
    let templates: [UInt64: Template]
    let words: WordList
  }

  /// - Parameter predecessor: of the segment before: its markup becomes a template at first sight, with the rules learnt there.
  init(after predecessor: TemplateTable? = nil) throws(ZstandardError) {
    codec = try TemplateCodec()
    self.predecessor = predecessor.map { table in
      Predecessor(
        templates: Dictionary(uniqueKeysWithValues: table.numbers.all.map { ($0.hash, table.known[Int($0.number) - 1].template) }),
        words: table.words)
    }
  }

  /// Takes a template of the segment, when it is opened again: in the order of their numbers, from 1.
  mutating func load(template encoding: [UInt8], number: UInt32) throws {
    guard number == known.count + 1, known.count < Self.maximumCount else { throw FormatError("template \(number) is out of order") }
    let content = try codec.content(of: encoding, number: number, forWriting: true) {
      throw FormatError("template 1 is missing")
    }
    try insert(content)
  }

  /// Takes a word of the segment, when it is opened again.
  mutating func load(word: [UInt8], number: UInt32) throws {
    try word.withUnsafeBufferPointer { try words.insert($0, number: number) }
  }

  /// Puts a content in the table as a reader would read it.
  private mutating func insert(_ content: [UInt8]) throws {
    var base: UInt32?
    let template = try content.withUnsafeBytes { bytes in
      var cursor = ByteReader(bytes)
      return try Template(from: &cursor) { number in
        guard number >= 1, number <= known.count else { throw FormatError("a template is made of a later one") }
        base = number
        return known[Int(number) - 1].template
      }
    }
    let hash = template.hash
    // A markup's rules are learnt once.
    let learning = base == nil ? TemplateLearning(holeCount: template.holes.count) : nil
    if let base {
      known[Int(base) - 1].learning = nil
      known[Int(base) - 1].variants.append(UInt32(known.count + 1))
    }
    known.append(KnownTemplate(template: template, hash: hash, learning: learning, base: base ?? UInt32(known.count + 1)))
    // A markup is found with the rules that it learnt; those that one sender's long lists got besides are for these.
    if base.map({ known[Int($0) - 1].variants.count == 1 }) ?? true {
      numbers.set(hash, UInt32(known.count))
      numbersBySketch.set(template.sketch, UInt32(known.count))
    }
    markupBytes += template.countedBytes
  }

  /// What the table knows of a part of a message.
  enum Sight {
    case known(UInt32)
    /// Seen before, or known from the segment before: it may become a template.
    case again(hash: UInt64)
    /// Seen for the first time, or not to be kept.
    case refused
  }

  mutating func sight(_ part: MessagePart, of message: MessageView) -> Sight {
    if let number = numbersBySketch[message.sketch(part)], message.matches(part, known[Int(number) - 1].template) { return .known(number) }
    let hash = message.hash(part)
    if let number = numbers[hash] {
      return message.matches(part, known[Int(number) - 1].template) ? .known(number) : .refused
    }
    guard !refusedMarkup.contains(hash) else { return .refused }
    guard part.leafCount <= Template.maximumHoles, part.bytes.count <= Template.maximumMarkupBytes, known.count < Self.maximumCount,
      markupBytes + part.bytes.count + part.leafCount * Template.bytesOfHole <= Self.maximumMarkupBytes
    else { return .refused }
    let isFamiliar = predecessor?.templates[hash] != nil
    guard seenMarkup.insert(hash) || isFamiliar else { return .refused }
    guard message.mayBeKept(part) else {
      _ = refusedMarkup.insert(hash)
      return .refused
    }
    return .again(hash: hash)
  }

  /// Makes a template of a part that was seen again.
  mutating func makeTemplate(
    _ part: MessagePart, hash: UInt64, of message: MessageView, _ neighbours: ValueNeighbours
  ) throws -> UInt32 {
    // Another part of the same message may have made it.
    if let number = numbers[hash], message.matches(part, known[Int(number) - 1].template) { return number }
    let forms = familiarForms(part, hash, message) ?? firstForms(part, of: message, neighbours)
    let template = message.template(part, forms: forms)
    return try store(template, base: nil)
  }

  private mutating func store(_ template: Template, base: UInt32?) throws -> UInt32 {
    guard known.count < Self.maximumCount else { throw FormatError("the segment has too many templates") }
    let number = UInt32(known.count + 1)
    var content: [UInt8] = []
    template.encode(base: base, to: &content)
    let encoding = try codec.encode(content, number: number)
    try insert(content)
    newTemplates.append((number, encoding))
    return number
  }

  /// The rules that the segment before had learnt, its words being words here.
  private mutating func familiarForms(_ part: MessagePart, _ hash: UInt64, _ message: MessageView) -> [ValueForm]? {
    guard let predecessor, let template = predecessor.templates[hash], message.matches(part, template) else { return nil }
    return template.holes.map { hole in
      guard let word = hole.form.word else { return hole.form }
      guard let text = predecessor.words[word], let number = self.word(text) else { return ValueForm(.bytes) }
      return hole.form.replacingWord(by: number)
    }
  }

  /// The number of a word, new where it is not known; nil where there is no room.
  mutating func word(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
    if let number = words.number(of: text) { return number }
    guard let number = words.append(text) else { return nil }
    newWords.append((number, Array(text)))
    return number
  }

  /// Ends the learning of a template; from then on its markup is written with better rules, where there are any.
  mutating func settle(_ number: UInt32) {
    let index = Int(number) - 1
    guard let learning = known[index].learning else { return }
    known[index].learning = nil
    guard let forms = learning.betterForms(than: known[index].template),
      markupBytes + known[index].template.countedBytes <= Self.maximumMarkupBytes
    else { return }
    // Where there is no room the rules stay as they are.
    _ = try? store(Template(known[index].template, forms: forms), base: number)
  }

  /// Makes a template of the same markup with other rules; nil where there is no room.
  mutating func variant(of number: UInt32, forms: [ValueForm]) -> UInt32? {
    let template = known[Int(number) - 1].template
    guard markupBytes + template.countedBytes <= Self.maximumMarkupBytes else { return nil }
    return try? store(Template(template, forms: forms), base: known[Int(number) - 1].base)
  }
}

/// Templates and words as a reader of the segment would find them.
extension TemplateTable: TemplateSource {
  @inline(__always)
  func template(_ number: UInt32) throws -> Template {
    guard number >= 1, number <= known.count else { throw FormatError("template \(number) is missing") }
    return known[Int(number) - 1].template
  }

  @inline(__always)
  func word(_ number: UInt32) throws -> UnsafeBufferPointer<UInt8> {
    guard let word = words[number] else { throw FormatError("word \(number) is missing") }
    return word
  }
}
