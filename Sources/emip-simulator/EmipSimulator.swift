import ArgumentParser
import JournalFormat
import Simulation

/// Plays the parts of eMIP's partners.
@main
struct EmipSimulator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emip-simulator",
    abstract: "Plays eMIP's partners: generates traffic.",
    subcommands: [TrafficCommand.self])

  static func main() {
    OutputFile.ignoreSignals()
    Self.exit(withError: ExitCode(run(Array(CommandLine.arguments.dropFirst()))))
  }

  /// Runs the command that `arguments` name.
  ///
  /// - Returns: the exit status: 0 done (or the reader of the output went away, or help was asked for), 64 wrong arguments, 74 output failed,
  ///   70 anything else.
  static func run(_ arguments: [String]) -> Int32 {
    var command: any ParsableCommand
    do { command = try parseAsRoot(arguments) } catch { return explain(shown(error, arguments)) }
    do {
      try command.run()
      return 0
    } catch let error as OutputError {
      guard !error.isBrokenPipe else { return 0 }
      say("emip-simulator: \(error)", to: .standardError)
      return 74
    } catch let error as CleanExit {
      // No command is named: help that nobody asked for, and nothing was done.
      say("emip-simulator: no command is named, and nothing was done.\n\n\(fullMessage(for: error))", to: .standardError)
      return ExitCode.validationFailure.rawValue
    } catch {
      return explain(error)
    }
  }

  /// What is wrong with the arguments, told of them as they can be shown: the parser's sentences quote them.
  private static func shown(_ error: any Error, _ arguments: [String]) -> any Error {
    let harmless = arguments.map { SafeText.line($0) }
    guard harmless != arguments else { return error }
    do { _ = try parseAsRoot(harmless) } catch { return error }
    return error
  }

  /// What the argument parser has to say: help, or what is wrong with the arguments.
  private static func explain(_ error: any Error) -> Int32 {
    let code = exitCode(for: error)
    let isKnown = code == .success || code == .validationFailure
    let text = SafeText.body((isKnown ? fullMessage(for: error) : "emip-simulator: \(error)").utf8)
    say(text, to: code == .success ? .standardOutput : .standardError)
    return isKnown ? code.rawValue : 70
  }

  private static func say(_ text: String, to output: consuming OutputFile) {
    // There is nobody left to tell when this fails.
    try? output.write(text + "\n")
  }
}
