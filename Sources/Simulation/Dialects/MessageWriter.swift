/// Writes one message in one dialect. Pieces of markup and values are copied one after the other; nothing is checked, so callers close
/// what they open.
struct MessageWriter: ~Copyable {
  private(set) var buffer = ByteBuffer()
  private var markup: Markup
  private var dates = DateWriter()
  private var depth = 0

  init(_ markup: Markup) { self.markup = markup }

  // MARK: Frames

  mutating func begin(_ markup: Markup, _ operation: Operation, _ direction: Direction, _ part: Part, comment: Bool = false) {
    self.markup = markup
    buffer.removeAll()
    depth = 0
    append(markup.frame(operation, direction, part, end: false))
    if comment, markup.hasComment { append(markup.comment) }
  }

  mutating func end(_ operation: Operation, _ direction: Direction, _ part: Part) {
    append(markup.frame(operation, direction, part, end: true))
  }

  mutating func fault(_ markup: Markup, _ kind: FaultKind) {
    buffer.removeAll()
    self.markup = markup
    append(markup.fault(kind))
  }

  mutating func nothing() { buffer.removeAll() }

  /// Puts a text before all that was written.
  mutating func put(before text: String) {
    let written = Array(buffer.bytes)
    buffer.removeAll()
    raw(text: text)
    written.withUnsafeBufferPointer { buffer.append($0.baseAddress!, $0.count) }
  }

  // MARK: Elements

  @inline(__always)
  mutating func open(_ field: Field) {
    append(markup.element(field, depth, 0))
    depth &+= 1
  }

  @inline(__always)
  mutating func close(_ field: Field) {
    depth &-= 1
    append(markup.element(field, depth, 3))
  }

  @inline(__always)
  mutating func start(_ field: Field) { append(markup.element(field, depth, 1)) }

  @inline(__always)
  mutating func finish(_ field: Field) { append(markup.element(field, depth, 2)) }

  // MARK: Elements with a value

  mutating func text(_ field: Field, _ value: StaticString) {
    start(field)
    buffer.append(value)
    finish(field)
  }

  mutating func number(_ field: Field, _ value: Int) {
    start(field)
    buffer.appendDecimal(value)
    finish(field)
  }

  /// `milliseconds` since 1970.
  mutating func date(_ field: Field, _ milliseconds: Int) {
    start(field)
    dates.write(milliseconds, markup.dates, to: &buffer)
    finish(field)
  }

  // MARK: Values

  @inline(__always)
  mutating func raw(_ value: StaticString) { buffer.append(value) }

  mutating func raw(_ letter: UInt8) { buffer.append(letter) }

  mutating func rawDecimal(_ value: Int) { buffer.appendDecimal(value) }

  mutating func rawDecimal(_ value: Int, width: Int) { buffer.appendDecimal(value, width: width) }

  mutating func rawHex(_ value: UInt64, digits: Int) { buffer.appendHex(value, digits: digits, .lower) }

  mutating func rawUpperHex(_ value: UInt64, digits: Int) { buffer.appendHex(value, digits: digits, .upper) }

  /// For texts that are seldom written.
  mutating func raw(text: String) {
    for byte in text.utf8 { buffer.append(byte) }
  }

  mutating func rawUUID(_ key: UInt64, _ letters: ByteBuffer.HexCase = .lower, dashes: Bool = true) {
    buffer.appendUUID(key, letters, dashes: dashes)
  }

  /// An event's id may hold its date, always in UTC.
  mutating func rawDate(_ milliseconds: Int) { dates.write(milliseconds, .milliseconds, to: &buffer) }

  /// Lower-cases letters where the dialect does, and leaves the separators out where it does.
  mutating func id(country: StaticString, code: StaticString) {
    letters(country)
    separator()
    letters(code)
  }

  mutating func separator() {
    if markup.separatesIds { buffer.append(UInt8(ascii: "*")) }
  }

  mutating func letters(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    let place = buffer.room(length)
    for index in 0..<length {
      let byte = text.utf8Start[index]
      place[index] = markup.lowercasesIds && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
    buffer.advance(length)
  }

  /// A badge's UID of `digits` hexadecimal digits.
  mutating func rfid(_ uid: UInt64, digits: Int) {
    let isShort = markup.rfid == .short || markup.rfid == .lowerShort
    let letters: ByteBuffer.HexCase = markup.rfid == .lower || markup.rfid == .lowerShort ? .lower : .upper
    let leading = isShort ? (uid.leadingZeroBitCount - (64 - digits * 4)) / 4 : 0
    buffer.appendHex(uid, digits: max(1, digits - leading), letters)
  }

  @inline(__always)
  private mutating func append(_ piece: Markup.Piece) {
    buffer.append(markup.bytes + Int(piece.offset), Int(piece.length))
  }
}
