import Answers
import ArgumentParser
import EMIP
import Foundation
import JournalFormat
import JournalStore
import Projections

struct WhiteListBaselineCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Load a white list as it is known to be, in place of what the journal knows of it.",
    discussion: """
      The file has a user a line, as `whitelist list --format ndjson` writes them: userIdType and userId, and where known serviceId, \
      authorisationValue, expiryDate and userContractIdAlias; what of these stands under unreadable goes in as it is, and stays unreadable; \
      other keys do not count. It is appended to the journal, so that every rebuild sees it. Who is on the list and not in the file is \
      deleted from then on.

      EXAMPLES
        emip-journal whitelist baseline list.ndjson --operator 'FR*MS1'
        emip-journal whitelist baseline downloaded.ndjson --holder 'FR*C01'
      """)

  @Argument(help: "NDJSON, a user a line; - for standard input.", completion: .file())
  var file: String
  @Option(help: ArgumentHelp("Who holds the list: IOP, or a CPO.", valueName: "IOP|operatorId"))
  var holder: String = "IOP"
  @Option(help: ArgumentHelp("The eMSP whose users they are; needed for IOP's lists.", valueName: "operatorId"))
  var `operator`: String?
  @OptionGroup var journal: JournalOptions

  private static let maximumBytes = 256 << 20

  func validate() throws {
    if holder.isEmpty { throw ValidationError("--holder is empty.") }
    if holder.uppercased() == "IOP" && (`operator` ?? "").isEmpty { throw ValidationError("name the eMSP with --operator.") }
  }

  func run() async throws {
    let users = try users()
    let drafts = try WhiteListBaseline(holder: holder, provider: `operator` ?? "").drafts(users, at: .now)
    let appender = try journal.directory.openAppender(purpose: "emip-journal whitelist baseline")
    let positions = try await appender.append(drafts)
    let output = ByteOutput.standard()
    try output.write("loaded \(Figure.count(users.count, "user", "users")), at position \(Figure.count(positions.upperBound.rawValue))\n")
    try output.flush()
  }

  private func users() throws -> [WhiteListBaseline.User] {
    let handle = try file == "-" ? FileHandle.standardInput : FileHandle(forReadingFrom: URL(filePath: file))
    let data = try handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
    guard data.count <= Self.maximumBytes else { throw CommandFailure(.badData, "the file is larger than 256 MiB.") }
    let decoder = JSONDecoder()
    var users: [WhiteListBaseline.User] = []
    for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { !$0.isXMLWhiteSpace }) else { continue }
      do { users.append(try decoder.decode(Line.self, from: line).user()) } catch {
        // What the line says may be personal.
        throw CommandFailure(
          .badData, "line \(index + 1) is no user of a white list: userIdType and userId as texts, codes as numbers, dates by RFC 3339.")
      }
    }
    guard !users.isEmpty else { throw CommandFailure(.badData, "the file has no user: the whole list would be deleted.") }
    return users
  }

  private struct Line: Decodable {
    let userIdType: String
    let userId: String
    let serviceId: UInt32?
    let authorisationValue: UInt32?
    let expiryDate: String?
    let userContractIdAlias: String?
    let unreadable: [String: String]?

    func user() throws -> WhiteListBaseline.User {
      let expiry = expiryDate.map { Timestamp($0) }
      guard !userId.isEmpty, expiry == nil || expiry! != nil else { throw CommandFailure(.badData, "no user") }
      return WhiteListBaseline.User(
        userIdType: userIdType, userId: userId, serviceId: serviceId.map(String.init) ?? unreadable?["serviceId"],
        authorisationValue: authorisationValue.map(String.init) ?? unreadable?["authorisationValue"],
        expiryDate: (expiry ?? nil)?.description ?? unreadable?["expiryDate"], userContractIdAlias: userContractIdAlias)
    }
  }
}
