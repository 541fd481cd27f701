import JournalFormat

// The envelope of a stored layout. It is on disk: a change adds a version, and the old one stays readable.
//
//     byte     version: 1
//     byte     bits 0 and 1 SOAP version; bit 2 there is an operation; bit 3 it is known; bits 4 and 5 its direction, bits 6 and 7 its part
//              (0 where its name does not say)
//     counted  namespace
//     rest     name of the operation
extension MessageEnvelope {
  private static let version: UInt8 = 1
  private static let sizeLimit = 255

  /// The envelope as a layout holds it; nil where it does not fit in 255 bytes.
  var encoded: [UInt8]? {
    var flags = soapVersion.rawValue
    if let operation {
      flags |= 1 << 2 | (operation.isKnown ? 1 << 3 : 0)
      flags |= (operation.direction?.rawValue ?? 0) << 4 | (operation.part?.rawValue ?? 0) << 6
    }
    var bytes = [Self.version, flags]
    bytes.appendCounted(namespace.utf8)
    if let operation { bytes.append(contentsOf: operation.name.utf8) }
    return bytes.count <= Self.sizeLimit ? bytes : nil
  }

  /// - Throws: `FormatError` where the bytes are not what ``encoded`` gives.
  init(decoding bytes: [UInt8]) throws(FormatError) {
    // `Array.withUnsafeBytes` forgets which error a closure throws; a result does not.
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(FormatError) in
        var reader = ByteReader(bytes)
        return try MessageEnvelope(from: &reader)
      }
    }
    self = try result.get()
  }

  private init(from reader: inout ByteReader) throws(FormatError) {
    guard try reader.byte() == Self.version else { throw FormatError("the envelope's version is not known") }
    let flags = try reader.byte()
    guard let soapVersion = SOAPVersion(rawValue: flags & 3) else { throw FormatError("the envelope's SOAP version is not known") }
    let namespace = try reader.string()
    var operation: Operation?
    if flags & 1 << 2 != 0 {
      let name = String(decoding: try reader.take(reader.remainingCount), as: UTF8.self)
      operation = Operation(
        name: name, direction: Direction(rawValue: flags >> 4 & 3), part: Operation.Part(rawValue: flags >> 6),
        isKnown: flags & 1 << 3 != 0)
    }
    guard reader.isAtEnd else { throw FormatError("the envelope is longer than it should be") }
    self.init(soapVersion: soapVersion, namespace: namespace, operation: operation)
  }
}
