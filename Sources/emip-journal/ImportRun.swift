internal import EMIP
internal import Foundation
internal import JournalFormat
internal import JournalStore
internal import Recording

struct ImportRun {
  let file: String
  let importer: TrafficImporter
  init(file: String, reader: JournalReader, configuration: MessageReaderConfiguration, connect: @escaping TrafficImporter.Connect) throws {
    self.file = file
    importer = try TrafficImporter(
      reader, configuration: configuration, now: Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)), connect: connect)
  }
  func run() throws -> TrafficImporter.Report {
    let descriptor = open(file, O_RDONLY)
    let source = LineReader(descriptor: descriptor, name: file)
    try importer.run(source) {
      print($0.lineNumber, $0.reason)
    } progress: { _ in
    }
    return importer.report
  }
}
