internal import JournalFormat
internal import Zstandard

/// The templates and words of the segment that is written to, by number and by what they are found by. Bounded. Belongs to the writer's thread.
///
/// Markup becomes a template when it is seen a second time, as a recurring text becomes a word. What is new waits for ``takeNew()``: the
/// caller stores it in the transaction of the message that needed it, and makes the register anew where that does not commit.
struct TemplateRegister {
  static let maximumCount = 16_384
  /// What the markup and the holes of all templates together may take.
  static let maximumMarkupBytes = 16 << 20

  /// What is to be stored, in the order of its numbers.
  struct New {
    var templates: [(number: UInt32, encoding: [UInt8])] = []
    var words: [(number: UInt32, word: [UInt8])] = []
  }

  /// A template among those of its markup.
  private struct Registered {
    let template: Template
    /// The number of the first template of its markup.
    let base: UInt32
    /// The others of its markup, which have other rules; none where this is not the first.
    var variants: [UInt32] = []
  }

  /// The markup of the segment before, which is known to come again.
  private struct Predecessor {
    let templates: [UInt64: Template]
    let words: WordList
  }

  private var registered: [Registered] = []
  /// The newest template of a markup, by its hash.
  private var numbers = NumbersByHash()
  /// The newest template of a sketch.
  private var numbersBySketch = NumbersByHash()
  let words = WordList()
  private var markupBytes = 0
  private var new = New()
  /// Markup that was seen once.
  private var seenMarkup = RecentHashes(bits: 15)
  /// Recurring texts that were seen once.
  private var seenWords = RecentHashes(bits: 14)
  /// Markup that must not be kept.
  private var refusedMarkup = RecentHashes(bits: 12)
  private let codec: TemplateCodec
  private let predecessor: Predecessor?

  /// - Parameter predecessor: what the segment before had: its markup becomes a template at first sight, with the rules learnt there.
  /// - Throws: `ZstandardError` where there is no memory for it.
  init(after predecessor: TemplateRegister? = nil) throws(ZstandardError) {
    codec = try TemplateCodec()
    self.predecessor = predecessor.map { other in
      Predecessor(
        templates: Dictionary(uniqueKeysWithValues: other.numbers.all.map { ($0.hash, other.template(numbered: $0.number)) }),
        words: other.words)
    }
  }

  var count: Int { registered.count }

  /// A template that is registered.
  @inline(__always)
  func template(numbered number: UInt32) -> Template { registered[Int(number) - 1].template }

  /// The number of the first template that has this one's markup.
  func base(of number: UInt32) -> UInt32 { registered[Int(number) - 1].base }

  /// All templates that have this one's markup, the first one first.
  func family(of number: UInt32) -> [UInt32] {
    let base = base(of: number)
    return [base] + registered[Int(base) - 1].variants
  }

  /// Whether the templates have room for one more of this template's markup.
  func hasRoom(for template: Template) -> Bool { markupBytes + template.countedBytes <= Self.maximumMarkupBytes }

  // MARK: Storage

  /// Takes a template of the segment, when it is opened again: in the order of their numbers, from 1.
  /// - Throws: `FormatError` for what is out of order or no template, `ZstandardError` for a damaged frame.
  mutating func load(template encoding: [UInt8], number: UInt32) throws {
    guard number == count + 1, count < Self.maximumCount else { throw FormatError("template \(number) is out of order") }
    let content = try codec.content(of: encoding, number: number, forWriting: true) {
      throw FormatError("template 1 is missing")
    }
    try insert(content)
  }

  /// Takes a word of the segment, when it is opened again.
  /// - Throws: `FormatError` for what is out of bounds or there already.
  mutating func load(word: [UInt8], number: UInt32) throws {
    try word.withUnsafeBufferPointer { try words.insert($0, number: number) }
  }

  /// What was added since the last call; nil where nothing was.
  mutating func takeNew() -> New? {
    guard !new.templates.isEmpty || !new.words.isEmpty else { return nil }
    defer { new = New() }
    return new
  }

  /// Adds a template; its number.
  /// - Parameter base: the number of the first template of its markup, where there is one.
  /// - Throws: `FormatError` where there are too many, `ZstandardError` where it cannot be compressed.
  mutating func add(_ template: Template, base: UInt32? = nil) throws -> UInt32 {
    guard count < Self.maximumCount else { throw FormatError("the segment has too many templates") }
    let number = UInt32(count + 1)
    var content: [UInt8] = []
    template.encode(base: base, to: &content)
    let encoding = try codec.encode(content, number: number)
    try insert(content)
    new.templates.append((number, encoding))
    return number
  }

  /// Registers a content as a reader would read it.
  private mutating func insert(_ content: [UInt8]) throws {
    var base: UInt32?
    let template = try content.withUnsafeBytes { bytes in
      var cursor = ByteReader(bytes)
      return try Template(from: &cursor) { number in
        guard number >= 1, number <= count else { throw FormatError("a template is made of a later one") }
        base = number
        return self.template(numbered: number)
      }
    }
    let number = UInt32(count + 1)
    if let base { registered[Int(base) - 1].variants.append(number) }
    registered.append(Registered(template: template, base: base ?? number))
    // A markup is found with the rules that it learnt; those that one sender's long lists got besides are for these.
    if base.map({ registered[Int($0) - 1].variants.count == 1 }) ?? true {
      numbers.set(template.hash, number)
      numbersBySketch.set(template.sketch, number)
    }
    markupBytes += template.countedBytes
  }

  // MARK: Parts

  /// What is known of a part of a message.
  enum Sight {
    case known(UInt32)
    /// Seen before, or known from the segment before: it may become a template.
    case again(hash: UInt64)
    /// Seen for the first time, or not to be kept.
    case refused
  }

  /// Looks for a part's template, and remembers that its markup was seen.
  mutating func sight(_ part: MessagePart, of message: MessageView) -> Sight {
    if let number = numbersBySketch[message.sketch(part)], message.matches(part, template(numbered: number)) { return .known(number) }
    let hash = message.hash(part)
    if let number = numbers[hash] { return message.matches(part, template(numbered: number)) ? .known(number) : .refused }
    guard !refusedMarkup.contains(hash) else { return .refused }
    guard part.leafCount <= Template.maximumHoles, part.bytes.count <= Template.maximumMarkupBytes, count < Self.maximumCount,
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

  /// The number of the template that has a part's markup; nil where there is none.
  func number(of part: MessagePart, hash: UInt64, _ message: MessageView) -> UInt32? {
    guard let number = numbers[hash], message.matches(part, template(numbered: number)) else { return nil }
    return number
  }

  /// The rules that the segment before had learnt for a part, its words being words here; nil where it had no such markup.
  mutating func familiarForms(_ part: MessagePart, _ hash: UInt64, _ message: MessageView) -> [ValueForm]? {
    guard let predecessor, let template = predecessor.templates[hash], message.matches(part, template) else { return nil }
    return template.holes.map { hole in
      guard let word = hole.form.word else { return hole.form }
      guard let text = predecessor.words[word], let number = self.word(text) else { return ValueForm(.bytes) }
      return hole.form.replacingWord(by: number)
    }
  }

  // MARK: Words

  /// The number of a word, new where it is not known; nil where there is no room.
  private mutating func word(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
    if let number = words.number(of: text) { return number }
    guard let number = words.append(text) else { return nil }
    new.words.append((number, Array(text)))
    return number
  }

  /// Makes a word of a recurring text that was seen before; nothing where there is no text.
  /// - Parameter atOnce: whether the first sight is enough.
  mutating func seeWord(_ text: UnsafeBufferPointer<UInt8>?, atOnce: Bool = false) {
    guard let text, words.number(of: text) == nil, seenWords.insert(MarkupHash.hash(text)) || atOnce else { return }
    _ = word(text)
  }
}

/// Templates and words as a reader of the segment would find them.
extension TemplateRegister: TemplateSource {
  /// A template by its number.
  /// - Throws: `FormatError` where there is none.
  @inline(__always)
  func template(_ number: UInt32) throws -> Template {
    guard number >= 1, number <= count else { throw FormatError("template \(number) is missing") }
    return template(numbered: number)
  }

  /// A word by its number.
  /// - Throws: `FormatError` where there is none.
  @inline(__always)
  func word(_ number: UInt32) throws -> UnsafeBufferPointer<UInt8> {
    guard let word = words[number] else { throw FormatError("word \(number) is missing") }
    return word
  }
}

extension TemplateRegister {
  /// The markup of the newest templates, one after the other.
  func markup(atMost maximumBytes: Int) -> [UInt8] {
    var pieces: [UnsafeBufferPointer<UInt8>] = []
    var size = 0
    for template in registered.reversed().lazy.map(\.template) where size + template.markup.count <= maximumBytes {
      pieces.append(template.markup)
      size += template.markup.count
    }
    // What stands last is found at the shortest distance: the oldest are the most frequent.
    return pieces.flatMap { Array($0) }
  }
}
