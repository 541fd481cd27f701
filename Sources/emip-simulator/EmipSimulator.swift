import ArgumentParser
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
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      return 0
    } catch let error as OutputError {
      guard !error.isBrokenPipe else { return 0 }
      say("emip-simulator: \(error)", to: .standardError)
      return 74
    } catch {
      return explain(error)
    }
  }

  /// What the argument parser has to say: help, or what is wrong with the arguments.
  private static func explain(_ error: any Error) -> Int32 {
    let code = exitCode(for: error)
    let isKnown = code == .success || code == .validationFailure
    say(isKnown ? fullMessage(for: error) : "emip-simulator: \(error)", to: code == .success ? .standardOutput : .standardError)
    return isKnown ? code.rawValue : 70
  }

  private static func say(_ text: String, to output: consuming OutputFile) {
    // There is nobody left to tell when this fails.
    try? output.write(text + "\n")
  }
}
