internal import CLibXML2
import Glibc
import Synchronization

/// The one schema load of the process that is going on: which thread does it, what it may read, and what it was denied.
///
/// The external entity loader is denied to everybody; while a schema is loaded, and on the thread that loads it only, it serves files of
/// the schema's own directory, each checked by the hardened reader first.
struct SchemaLoad: Sendable {
  let thread: pthread_t
  /// Canonical, without a slash at its end.
  let directory: String
  var failure: XMLError?

  private static let current = Mutex<SchemaLoad?>(nil)
  private static let turn = Mutex<Void>(())

  /// Runs `body` with the right to read `directory`; one at a time. Returns the first denial or unreadable file, if any.
  static func allowing(_ directory: String, _ body: () -> Void) -> XMLError? {
    turn.withLock { _ in
      current.withLock { $0 = SchemaLoad(thread: pthread_self(), directory: directory, failure: nil) }
      body()
      return current.withLock { load in
        defer { load = nil }
        return load?.failure
      }
    }
  }

  /// The directory this thread may read now.
  static func allowedDirectory() -> String? {
    current.withLock { load in
      guard let load, pthread_equal(load.thread, pthread_self()) != 0 else { return nil }
      return load.directory
    }
  }

  static func report(_ error: XMLError) {
    current.withLock { load in
      if load?.failure == nil { load?.failure = error }
    }
  }
}

/// libxml2's external entity loader for the whole process. Returns nil, which denies, but for a schema's own files.
func loadEntity(_ url: UnsafePointer<CChar>?, _ context: xmlParserCtxtPtr?) -> xmlParserInputPtr? {
  guard let url, let context, let directory = SchemaLoad.allowedDirectory() else { return nil }
  do throws(XMLError) {
    let file = try localFile(String(cString: url), in: directory)
    let bytes = try contents(of: file)
    try bytes.checkedAsXML(file: file)
    guard
      let buffer = bytes.withUnsafeBytes({ raw in
        xmlParserInputBufferCreateMem(raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(raw.count), XML_CHAR_ENCODING_NONE)
      }), let input = xmlNewIOInputStream(context, buffer, XML_CHAR_ENCODING_NONE)
    else { throw XMLError(.internalFailure, "There is no memory to read a schema.") }
    // The base against which further relative locations are resolved. libxml2 frees it.
    input.pointee.filename = UnsafeRawPointer(xmlStrdup(file))?.assumingMemoryBound(to: CChar.self)
    return input
  } catch {
    SchemaLoad.report(error)
    return nil
  }
}

/// The canonical path of a schema's location, if it is inside `directory`.
private func localFile(_ location: String, in directory: String) throws(XMLError) -> String {
  var path = location
  if path.hasPrefix("file://") { path.removeFirst(7) }
  if let unescaped = xmlURIUnescapeString(path, 0, nil) {
    path = String(cString: unescaped)
    emip_xmlFree(unescaped)
  }
  guard !location.contains("://") || location.hasPrefix("file://") else {
    throw XMLError(.schema, "A schema refers to \(location), which is no local file.")
  }
  guard let canonical = canonicalPath(path) else { throw XMLError(.schema, "The schema file \(path) is not there.") }
  guard canonical.hasPrefix(directory + "/") else { throw XMLError(.schema, "A schema refers to \(path), outside its directory.") }
  return canonical
}

/// - Throws: `XMLError` schema where the file cannot be read or is larger than ``XMLLimits/sizeBytes``.
private func contents(of file: String) throws(XMLError) -> [UInt8] {
  guard let stream = fopen(file, "rbe") else { throw XMLError(.schema, "The schema file \(file) cannot be read.") }
  defer { fclose(stream) }
  var bytes = [UInt8](repeating: 0, count: XMLLimits.sizeBytes + 1)
  let count = fread(&bytes, 1, bytes.count, stream)
  guard ferror(stream) == 0, count <= XMLLimits.sizeBytes else { throw XMLError(.schema, "The schema file \(file) cannot be read.") }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// The path without links and dots; nil where there is no such file.
func canonicalPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

extension [UInt8] {
  fileprivate func checkedAsXML(file: String) throws(XMLError) {
    let failure: XMLError? = withUnsafeBufferPointer { bytes in
      do throws(XMLError) {
        try XMLReader().check(bytes)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw XMLError(.schema, "The schema file \(file) was refused: \(failure.message)", line: failure.line) }
  }
}
