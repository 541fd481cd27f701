internal import CLibXML2
import Glibc
import Synchronization

/// An XML Schema, parsed once, that validates documents while they are read: one hardened pass, nothing fetched, no tree.
///
/// Safe to share: validations of one schema run one after the other. Load it once per thread where that is too slow.
public final class XMLSchema: @unchecked Sendable {  // every use of the two pointers is within `turn`
  /// Findings beyond this many are not reported, and reading stops.
  public static let maximumFindings = 100

  private let schema: xmlSchemaPtr
  private let turn = Mutex<Void>(())

  /// Loads a schema. It may include and import files of its own directory and below it, and nothing else.
  /// - Throws: `XMLError` schema: a file is missing, outside the directory, not read by the hardened reader, or no schema.
  public init(path: String) throws(XMLError) {
    LibXML2.prepare()
    guard let file = canonicalPath(path) else { throw XMLError(.schema, "The schema file \(path) is not there.") }
    let directory = String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)])
    let errors = FirstError()
    var parsed: xmlSchemaPtr?
    let denied = SchemaLoad.allowing(directory) { parsed = parseSchema(file, errors) }
    if let failure = denied ?? errors.first {
      if let parsed { xmlSchemaFree(parsed) }
      throw failure
    }
    guard let parsed else { throw XMLError(.schema, "The file \(path) is no XML Schema.") }
    schema = parsed
  }

  deinit { xmlSchemaFree(schema) }

  /// Validates a document; an empty answer means valid. After ``maximumFindings`` the rest is not read, and so not refused either.
  /// - Throws: `XMLError` as `XMLReader.read`: what the hardened reader refuses is not validated.
  public func validate(_ bytes: UnsafeBufferPointer<UInt8>) throws(XMLError) -> [XMLFinding] {
    let prolog = try XMLProlog(bytes)
    let result = turn.withLock { _ in
      do throws(XMLError) {
        return Result<[XMLFinding], XMLError>.success(try validateInTurn(bytes, prolog))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func validateInTurn(_ bytes: UnsafeBufferPointer<UInt8>, _ prolog: XMLProlog) throws(XMLError) -> [XMLFinding] {
    guard let validation = xmlSchemaNewValidCtxt(schema) else { throw XMLError(.internalFailure, "There is no memory to validate.") }
    defer { xmlSchemaFreeValidCtxt(validation) }
    let parser = try SAXParser()
    let collector = FindingCollector(parser: parser)
    let collectorPointer = Unmanaged.passUnretained(collector).toOpaque()
    xmlSchemaSetValidStructuredErrors(validation, { collector, error in collectFinding(collector, error) }, collectorPointer)
    do throws(XMLError) {
      try parser.parse(bytes, prolog: prolog, handler: IgnoringHandler(), chunkSizeBytes: 64 << 10, validation: validation)
    } catch {
      guard collector.hasStopped else { throw error }
    }
    withExtendedLifetime(collector) {}
    return collector.findings
  }
}

/// The first error of loading a schema.
private final class FirstError {
  var first: XMLError?
}

private func parseSchema(_ file: String, _ errors: FirstError) -> xmlSchemaPtr? {
  let pointer = Unmanaged.passUnretained(errors).toOpaque()
  // libxml2 loads included files with parsers of its own, whose errors go to this thread's handler or else to stderr.
  xmlSetStructuredErrorFunc(pointer) { errors, error in keepFirstError(errors, error) }
  defer { xmlSetStructuredErrorFunc(nil, nil) }
  guard let context = xmlSchemaNewParserCtxt(file) else { return nil }
  defer { xmlSchemaFreeParserCtxt(context) }
  xmlSchemaSetParserStructuredErrors(context, { errors, error in keepFirstError(errors, error) }, pointer)
  return xmlSchemaParse(context)
}

private func keepFirstError(_ pointer: UnsafeMutableRawPointer?, _ error: xmlErrorPtr?) {
  guard let pointer, let error else { return }
  let errors = Unmanaged<FirstError>.fromOpaque(pointer).takeUnretainedValue()
  // A warning counts: an import that was not found is one, and a schema without it finds less.
  guard errors.first == nil else { return }
  errors.first = XMLError(.schema, sentence(error.pointee.message), line: Int(error.pointee.line), libraryCode: error.pointee.code)
}
