import Answers
import ArgumentParser
import Foundation
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

/// Runs a command line and turns every error into a sentence and an exit status.
enum CommandRun {
  static func status(of arguments: [String]) async -> Int32 {
    do {
      var command = try EmipJournal.parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
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
      return fail(CommandFailure(.inputOutput, error.localizedDescription))
    } catch  where isOfArgumentParser(error) {
      return leave(error)
    } catch {
      return fail(CommandFailure(.fault, "this should not happen; please report it: \(error)"))
    }
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
      StandardError.write("emip-journal: \(text)\n")
      return status
    }
    let output = ByteOutput.standard()
    try? output.write(message + "\n")
    try? output.flush()
    return status
  }

  /// Its errors are mostly not public; a plain error would give 1.
  private static func isOfArgumentParser(_ error: any Error) -> Bool {
    error is ExitCode || error is CleanExit || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
  }

  private static func isFileError(_ error: any Error) -> Bool {
    error is CocoaError || (error as NSError).domain == NSPOSIXErrorDomain
  }
}

extension AnswerError {
  var exitStatus: ExitStatus {
    switch code {
    case .notFound: .notFound
    case .incomplete: .badData
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
    case .lockHeld, .queueFull, .writerEnded, .diskFull, .inputOutput, .outOfMemory, .handOver, .modelBehind: .inputOutput
    // A code that is not known here: a test holds this table and the page together.
    default: .fault
    }
  }
}
