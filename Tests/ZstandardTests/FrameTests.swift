import TestSupport
import Testing

@testable import Zstandard

@Suite struct FrameTests {
  private let compressor: FrameCompressor
  private let decompressor: FrameDecompressor
  private let dictionary: CompressionDictionary

  init() throws {
    compressor = try FrameCompressor(level: 3)
    decompressor = try FrameDecompressor()
    dictionary = try CompressionDictionary(Samples.dictionary, compressionLevel: 3)
  }

  private func frame(_ content: [UInt8], _ dictionary: CompressionDictionary? = nil) throws -> [UInt8] {
    var frame: [UInt8] = []
    try content.withUnsafeBytes { try compressor.append($0, dictionary: dictionary, to: &frame) }
    return frame
  }

  private func content(_ frame: [UInt8], _ dictionary: CompressionDictionary? = nil, atMost maximum: Int = 1 << 20) throws -> [UInt8] {
    try frame.withUnsafeBytes { try decompressor.content(of: $0, dictionary: dictionary, maximumBytes: maximum) }
  }

  @Test func `any content comes back, with a dictionary and without, one after the other`() throws {
    var generator = SeededGenerator()
    for size in [0, 1, 2, 255, 256, 65_791, 65_792, 300_000] + (0..<100).map({ _ in generator.below(5_000) }) {
      let content = generator.chance(2) ? generator.bytes(size) : Samples.message(size, padding: size % 1_000)
      let used = generator.chance(2) ? dictionary : nil
      #expect(try self.content(frame(content, used), used, atMost: 1 << 22) == content)
    }
  }

  @Test func `a dictionary makes messages much shorter`() throws {
    let message = Samples.message(123_456, padding: 0)
    #expect(try frame(message, dictionary).count * 2 < frame(message).count)
  }

  @Test func `frames have no magic number and follow what is there already`() throws {
    var output: [UInt8] = [1, 2, 3]
    try [UInt8](repeating: 7, count: 100).withUnsafeBytes { try compressor.append($0, dictionary: nil, to: &output) }
    #expect(output[..<3] == [1, 2, 3])
    #expect(output[3..<7] != [0x28, 0xb5, 0x2f, 0xfd])
  }

  @Test func `a frame of more than is allowed is refused before anything is allocated`() throws {
    let frame = try frame([UInt8](repeating: 7, count: 1_000))
    #expect(try content(frame, atMost: 1_000).count == 1_000)
    #expect(throws: ZstandardError.self) { try content(frame, atMost: 999) }
    // A head that says 2^60 bytes.
    #expect(throws: ZstandardError.self) { try content([0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]) }
    // One that says nothing of its size.
    #expect(throws: ZstandardError.self) { try content([0x00, 0x58, 1, 0, 0]) }
  }

  @Test func `a frame whose size lies is refused or holds what it holds`() throws {
    let message = Samples.message(7, padding: 3)
    let frame = try frame(message)
    for byte in UInt8.min...UInt8.max {
      var lying = frame
      lying[1] = byte
      if let read = try? content(lying) { #expect(read == message) }
    }
  }

  @Test func `a frame cut short anywhere is refused`() throws {
    let frame = try frame(Samples.message(1, padding: 300), dictionary)
    for count in 0..<frame.count { #expect(throws: ZstandardError.self) { try content(Array(frame[..<count]), dictionary) } }
    #expect(throws: ZstandardError.self) { try content(frame + [0], dictionary) }
  }

  @Test func `damage is refused or read as something else, and never a trap`() throws {
    var generator = SeededGenerator()
    let frame = try frame(Samples.message(1, padding: 300), dictionary)
    for _ in 0..<5_000 {
      var damaged = frame
      for _ in 0...generator.below(4) { damaged[generator.below(damaged.count)] = UInt8(generator.below(256)) }
      if let read = try? content(damaged, dictionary) { #expect(read.count <= 1 << 20) }
      _ = try? content(generator.bytes(generator.below(100)), generator.chance(2) ? dictionary : nil)
    }
    // And the context still works.
    #expect(try content(frame, dictionary) == Samples.message(1, padding: 300))
  }

  @Test func `a dictionary that is only read with is the same dictionary`() throws {
    let reading = try CompressionDictionary(Samples.dictionary, compressionLevel: nil)
    let message = Samples.message(5, padding: 50)
    #expect(try content(frame(message, dictionary), reading) == message)
  }
}

@Suite struct StreamTests {
  private func frame(_ content: [UInt8]) throws -> [UInt8] {
    var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
    try content.withUnsafeBytes { try FrameCompressor(level: 3).append($0, dictionary: nil, to: &frame) }
    return frame
  }

  private func read(_ pieces: [[UInt8]]) throws -> (content: [UInt8], isAtFrameEnd: Bool) {
    let stream = try StreamDecompressor()
    var content: [UInt8] = []
    for piece in pieces { try piece.withUnsafeBytes { try stream.append($0, to: &content) } }
    return (content, stream.isAtFrameEnd)
  }

  @Test func `several frames follow each other, in pieces of any size`() throws {
    var generator = SeededGenerator()
    let contents = [Samples.message(1, padding: 10), [], generator.bytes(400_000), [UInt8](repeating: 1, count: 1 << 20), [5]]
    let file = try contents.flatMap { try frame($0) }
    for size in [1 << 30, 65_536, 1_000, 7] {
      let pieces = stride(from: 0, to: file.count, by: size).map { Array(file[$0..<min(file.count, $0 + size)]) }
      let (content, isAtFrameEnd) = try read(pieces)
      #expect(content == contents.flatMap { $0 })
      #expect(isAtFrameEnd)
    }
  }

  @Test func `a file cut short is told from one that ends`() throws {
    let file = try frame(Samples.message(3, padding: 30))
    for count in 1..<file.count { #expect(try !read([Array(file[..<count])]).isAtFrameEnd, "cut to \(count)") }
    #expect(try read([file]).isAtFrameEnd)
    #expect(try read([file, []]).isAtFrameEnd)
    #expect(try !read([file, Array(file[..<1])]).isAtFrameEnd)
    #expect(try read([]).isAtFrameEnd)
  }

  @Test func `what is no frame is refused, first or after another`() throws {
    #expect(throws: ZstandardError.self) { try read([Array("{\"recordedAt\"".utf8)]) }
    #expect(throws: ZstandardError.self) { try read([try frame([1, 2, 3]), Array("trailing".utf8)]) }
    var generator = SeededGenerator()
    let file = try frame(generator.bytes(3_000) + Samples.message(3, padding: 3_000))
    for _ in 0..<1_000 {
      var damaged = file
      damaged[generator.below(damaged.count)] ^= 1 << UInt8(generator.below(8))
      _ = try? read([damaged])
    }
  }

  @Test func `a file of Zstandard is known by its first bytes`() throws {
    #expect(StreamDecompressor.recognizes(try frame([1])))
    #expect(!StreamDecompressor.recognizes(Array("{}".utf8)))
    #expect(!StreamDecompressor.recognizes([UInt8]([0x28, 0xb5, 0x2f])))
  }
}

/// Messages that are alike.
private enum Samples {
  /// What messages have in common, and no tables of entropy: a dictionary as a segment keeps it.
  static let dictionary = (0..<20).flatMap { message($0, padding: $0) }

  static func message(_ number: Int, padding: Int) -> [UInt8] {
    let head = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><transactionId>T-\(number &* 7_919)</transactionId>"
    let rest =
      "<partnerIdType>eMI3</partnerIdType><partnerId>FR*A\(number % 10)</partnerId><requestStatus>1</requestStatus></s:Body></s:Envelope>"
    return Array((head + String(repeating: "\(number) ", count: padding) + rest).utf8)
  }
}
