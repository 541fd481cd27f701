internal import ArgumentParser

/// Plays the parts of eMIP's partners.
@main
struct EmipSimulator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emip-simulator",
    abstract: "Plays eMIP's partners: generates traffic.",
    subcommands: [TrafficCommand.self])

  /// Exits with 64 for wrong arguments, 74 where output fails, 70 for anything else.
  static func main() {
    OutputFile.ignoreSignals()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as OutputError {
      if error.isBrokenPipe { Self.exit() }
      complain(error)
      Self.exit(withError: ExitCode(74))
    } catch {
      let code = exitCode(for: error)
      if code == .success || code == .validationFailure || error is ExitCode { Self.exit(withError: error) }
      complain(error)
      Self.exit(withError: ExitCode(70))
    }
  }

  private static func complain(_ error: any Error) {
    var line = ByteBuffer()
    for byte in "emip-simulator: \(error)\n".utf8 { line.append(byte) }
    // There is nobody left to tell when this fails.
    try? OutputFile.standardError.write(&line)
  }
}
