import Answers
import ArgumentParser
import Dispatch
import Foundation
import JournalFormat
import JournalStore
import Projections

/// How the process ends, as sysexits.h has it.
enum ExitStatus: Int32 {
  case ok = 0
  /// Not found, or damage found, and nothing else was wrong.
  case notFound = 1
  case usage = 64
  case badData = 65
  case fault = 70
  case inputOutput = 74
}

/// Why a command ends otherwise than well, where no question is to blame, in words for a person: what happened, where, what to do.
struct CommandFailure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }
}

/// An asynchronous command, run on the pool's threads while this one waits.
/// Unchecked: the task alone touches the command, and what became of it is read when the task has ended.
private final class CommandTask: @unchecked Sendable {
  private let command: any AsyncParsableCommand
  private let ended = DispatchSemaphore(value: 0)
  private var failure: (any Error)?

  init(_ command: any AsyncParsableCommand) { self.command = command }

  func run() throws {
    try ProcessStart.requireThreads()
    Task {
      do {
        var command = command
        try await command.run()
      } catch { failure = error }
      ended.signal()
    }
    ended.wait()
    if let failure { throw failure }
  }
}

/// Runs a command line and turns every error into a sentence and an exit status.
enum CommandRun {
  /// - Parameter arguments: those behind the program's name; nil where nobody knows them.
  static func status(of arguments: [String]?) -> Int32 {
    guard let arguments else {
      return fail(CommandFailure(.usage, "the arguments cannot be read, so that nothing was done. Is /proc there?"))
    }
    // Swift decodes them so: a file of that name is another.
    if let argument = arguments.first(where: { $0.unicodeScalars.contains("\u{fffd}") }) {
      return fail(CommandFailure(.usage, "'\(argument)' is not UTF-8, so that nothing was done: use names that are."))
    }
    if let name = unknownTopic(arguments) {
      return fail(CommandFailure(.usage, "there is no command '\(name)' to help with. See 'emip-journal --help'."))
    }
    var command: any ParsableCommand
    do { command = try EmipJournal.parseAsRoot(arguments) } catch { return leave(shown(error, arguments)) }
    do {
      if let asynchronous = command as? any AsyncParsableCommand {
        try CommandTask(asynchronous).run()
      } else {
        try command.run()
      }
      return ExitStatus.ok.rawValue
    } catch let error as CommandFailure {
      return fail(error)
    } catch let error as AnswerError {
      return fail(CommandFailure(error.exitStatus, error.message))
    } catch is OutputClosed {
      // Whoever read it has seen enough.
      return ExitStatus.ok.rawValue
    } catch let error as JournalError {
      return fail(CommandFailure(error.code.exitStatus, error.sentence))
    } catch  where isFileError(error) {
      return fail(CommandFailure(.inputOutput, sentence(ofFileError: error)))
    } catch let error as CleanExit {
      return refuse(error)
    } catch  where isOfArgumentParser(error) {
      return leave(error)
    } catch {
      return fail(CommandFailure(.fault, "this should not happen; please report it: \(error)"))
    }
  }

  /// What `help` is asked about and does not exist: the parser would help with something else.
  private static func unknownTopic(_ arguments: [String]) -> String? {
    guard arguments.first == "help" else { return nil }
    var command: any ParsableCommand.Type = EmipJournal.self
    for name in arguments.dropFirst() where !name.hasPrefix("-") && name != "help" {
      guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == name }) else { return name }
      command = next
    }
    return nil
  }

  private static func fail(_ failure: CommandFailure) -> Int32 {
    StandardError.write("emip-journal: \(SafeText.line(failure.message))\n")
    return failure.status.rawValue
  }

  /// Help, a version, a completion script, or what is wrong with the command line.
  private static func leave(_ error: any Error) -> Int32 {
    let status = EmipJournal.exitCode(for: error).rawValue
    let message = EmipJournal.fullMessage(for: error)
    guard !message.isEmpty else { return status }
    guard status == ExitStatus.ok.rawValue else {
      let text = message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
      StandardError.write("emip-journal: \(SafeText.body(text.utf8))\n")
      return status
    }
    let output = ByteOutput.standard()
    do {
      try output.write(message + "\n")
      try output.flush()
    } catch let failure as CommandFailure {
      return fail(failure)
    } catch {
      // Whoever read it has seen enough.
    }
    return status
  }

  /// A command that has only subcommands, and none was named: its help, which nobody asked for, so that it is no success.
  private static func refuse(_ error: CleanExit) -> Int32 {
    StandardError.write("emip-journal: no command is named, and nothing was done.\n\n\(EmipJournal.fullMessage(for: error))\n")
    return ExitStatus.usage.rawValue
  }

  /// What is wrong with a command line, told of its arguments as they can be shown: the parser's sentences quote them, line ends and all.
  private static func shown(_ error: any Error, _ arguments: [String]) -> any Error {
    let harmless = arguments.map { SafeText.line($0) }
    guard harmless != arguments else { return error }
    do { _ = try EmipJournal.parseAsRoot(harmless) } catch { return error }
    return error
  }

  /// Its errors are mostly not public; a plain error would give 1.
  private static func isOfArgumentParser(_ error: any Error) -> Bool {
    error is ExitCode || error is CleanExit || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
  }

  private static func isFileError(_ error: any Error) -> Bool {
    error is CocoaError || (error as NSError).domain == NSPOSIXErrorDomain
  }

  /// Which file it is, and what the system said of it: Foundation's own sentences name neither.
  private static func sentence(ofFileError error: any Error) -> String {
    let error = error as NSError
    let path = error.userInfo[NSFilePathErrorKey] as? String ?? (error.userInfo[NSURLErrorKey] as? URL)?.path
    let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? error
    let what = cause.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(cause.code))) : error.localizedDescription
    return path.map { "\($0): \(what)" } ?? what
  }
}

extension AnswerError {
  var exitStatus: ExitStatus {
    switch code {
    case .notFound: .notFound
    case .incomplete, .unreadable: .badData
    case .unrecorded: cause?.code.exitStatus ?? .fault
    }
  }
}

extension JournalError.Code {
  /// Whether it says that the journal's files are not what was written.
  var isDamage: Bool { [.manifestDamaged, .segmentMissing, .segmentDamaged, .recordDamaged, .formatNewer].contains(self) }

  /// `Schemas/errors.md` has the same table.
  var exitStatus: ExitStatus {
    switch self {
    case .journalMissing, .journalExists, .networkFileSystem: .usage
    case .manifestDamaged, .formatNewer, .segmentMissing, .segmentDamaged, .recordDamaged, .invalidEntry: .badData
    case .modelMissing, .modelDamaged, .openingDamaged, .invalidHorizon: .badData
    case .lockHeld, .queueFull, .clockUnconfirmed, .writerEnded, .diskFull, .inputOutput, .outOfMemory, .handOver, .modelBehind:
      .inputOutput
    // A code that is not known here: a test holds this table and the page together.
    default: .fault
    }
  }
}
