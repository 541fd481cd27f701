import ArgumentParser
import EMIP
import JournalStore

struct Import: AsyncParsableCommand {
  @Argument var files: [String]
  @Option var journal = "journal"
  func run() async throws {
    let directory = JournalDirectory(journal)
    try? directory.initialize()
    let journal = try Journal(directory, purpose: "emip-journal import")
    for file in files {
      let run = try ImportRun(file: file, reader: JournalReader(directory), configuration: .init()) { journal }
      print(try run.run())
    }
    journal.close()
  }
}
