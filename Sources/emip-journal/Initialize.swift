import ArgumentParser
import JournalStore

struct Initialize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make an empty journal.",
    discussion: """
      The directory may exist, if it is empty. It must be on a local disk.

      EXAMPLES
        emip-journal init
        emip-journal init --journal ./journal-2025
      """)

  @OptionGroup var journal: JournalOptions

  func run() throws {
    let directory = journal.directory
    try directory.initialize()
    let output = ByteOutput.standard()
    try output.write("made an empty journal in \(SafeText.line(directory.path))\n")
    try output.flush()
  }
}
