import ArgumentParser
import Glibc

/// The composition root: which commands there are. What each does stands in its own file.
@main
struct EmipJournal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "emip-journal",
    abstract: "Keeps eMIP messages exactly as they went over the wire, and finds them again.",
    discussion: """
      EXAMPLES
        emip-journal init --journal ./journal
        emip-journal import --journal ./journal traffic.ndjson.zst
        emip-journal show IOP-TID-GIR-V-IOPFT01-8531144d
        emip-journal session IOP-SID-GIR-V-IOPFT01-0dc6fc3a
        emip-journal list --since 2h --outcome error
        emip-journal verify
        emip-journal seal

      ENVIRONMENT
        EMIP_JOURNAL  the journal, where --journal names none; else ./journal
        NO_COLOR      no colour, unless --color always asks for it

      EXIT CODES
        0   found, or clean
        1   not found, or damage found, and nothing else was wrong
        64  the command line is wrong or names no command, or there is no journal where it says
        65  the data is wrong: damaged, of a newer format, or unreadable input
        70  a fault of this program
        74  input or output failed, or the journal's holder did not answer
      """,
    version: "0.1.0",
    subcommands: [
      InitCommand.self,
      ImportCommand.self,
      ShowCommand.self,
      SessionCommand.self,
      SessionsCommand.self,
      FindCommand.self,
      ListCommand.self,
      CDRCommand.self,
      CDRsCommand.self,
      WhiteListCommand.self,
      WhyCommand.self,
      EVSECommand.self,
      EVSEsCommand.self,
      PartnersCommand.self,
      FindingsCommand.self,
      StatsCommand.self,
      VerifyCommand.self,
      VerifySegmentCommand.self,
      SealCommand.self,
      BackupCommand.self,
      ExportCommand.self,
      ClockCommand.self,
      ProjectionCommand.self,
    ])

  /// Not asynchronous: that would start libdispatch's threads for every command, and where there is no /proc it ends a process that has some.
  static func main() {
    ProcessStart.prepare()
    Glibc.exit(CommandRun.status(of: ProcessArguments.behindName))
  }
}
