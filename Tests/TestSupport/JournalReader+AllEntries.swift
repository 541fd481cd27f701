public import JournalFormat
public import JournalStore

extension JournalReader {
  /// Every entry from a position on. Throws where one cannot be read.
  public func allEntries(from position: JournalPosition = .first) throws -> [Entry] {
    var entries: [Entry] = []
    while case let batch = try self.entries(from: entries.last?.position.next ?? position, limit: 500), !batch.isEmpty {
      for result in batch { entries.append(try result.get()) }
    }
    return entries
  }
}
