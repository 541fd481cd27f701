import Answers
import ArgumentParser
import Foundation
import JournalFormat
import JournalStore
import Logging

/// What every command takes: which journal, and how much it tells about its doings.
struct JournalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The journal's directory; else $EMIP_JOURNAL, else ./journal.", valueName: "directory"))
  var journal: String?

  @Option(
    help: ArgumentHelp(
      "Log to standard error from this level on: trace, debug, info, notice, warning (the default), error, critical.", valueName: "level"),
    transform: CaseName.parse)
  var logLevel: Logger.Level?

  func validate() throws {
    if journal?.isEmpty == true { throw ValidationError("--journal names no directory.") }
  }

  var directory: JournalDirectory {
    let environment = ProcessInfo.processInfo.environment["EMIP_JOURNAL"] ?? ""
    var path = journal ?? (environment.isEmpty ? "journal" : environment)
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return JournalDirectory(path)
  }

  /// Opens the journal to read.
  func reader() throws -> JournalReader {
    let reader = try JournalReader(directory)
    logger.debug(
      "opened to read", metadata: ["journal": "\(SafeText.line(directory.path))", "segments": "\(reader.manifest.segments.count)"])
    return reader
  }

  /// Says why a segment could not be sealed behind the recording: nobody else would be told.
  var logSealingFailure: @Sendable (JournalError) -> Void {
    let logger = logger
    return { error in
      logger.error(
        "a segment that has ended could not be sealed; it stays as it was, and recording goes on",
        metadata: ["reason": "\(SafeText.line("\(error)"))", "code": "\(error.code.rawValue)"])
    }
  }

  var logger: Logger {
    var logger = Logger(label: "emip-journal", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = logLevel ?? .warning
    return logger
  }
}

/// How exchanges are written.
enum ExchangeFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, ndjson, raw
}

/// How lists of exchanges are written.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, ndjson
}

/// How a report is written.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}
