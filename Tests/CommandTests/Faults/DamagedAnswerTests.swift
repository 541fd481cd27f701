import Foundation
import JournalFormat
import TestSupport
import Testing

@testable import JournalStore

/// What is asked of a journal that was damaged after it had been recorded: an answer says what it lacks, with the position, and nothing is made of the gap.
@Suite struct DamagedAnswerTests {
  /// A white list, a charge that it allows, and two more; each exchange is a row of its own. The charge stands at position 3.
  private func journal() async throws -> SampleJournal {
    let sample = try await SampleJournal()
    let lines = [
      ImportedJournal.upload("2025-03-01T10:00:00Z", [("04A1B2C3", 1)]),
      ImportedJournal.record("2025-03-01T13:00:00Z", "X-ALLOWED", "04A1B2C3", start: "2025-03-01T12:00:00Z"),
      ImportedJournal.record("2025-03-01T15:00:00Z", "X-UNKNOWN", "04000009", start: "2025-03-01T14:00:00Z"),
    ]
    for line in lines { try sample.importLines([line]) }
    return sample
  }

  @Test func `a record that was damaged after the read models were built is named by every answer that needs it`() async throws {
    let journal = try await journal()
    let totals = try journal.run("cdrs", "--totals")
    let rule = ["findings", "--rule", "cdr-without-authorisation", "--format", "ndjson"]
    #expect(try journal.run(rule).objects().map { $0["subject"] as? String } == ["X-UNKNOWN"])
    #expect(totals.status == 0 && totals.text.contains("10000"))
    try journal.damageRow(endingAt: 4)

    for command in [["cdrs"], ["sessions"], ["cdr", "X-ALLOWED"], ["session", "X-ALLOWED"]] {
      let answer = try journal.run(command)
      #expect(answer.status == 65, "\(command): \(answer.text) \(answer.errors)")
      #expect(answer.errors.contains("position 3") || answer.errors.contains("positions 3"), "\(command): \(answer.errors)")
      #expect(answer.text.contains("cannot be read"), "\(command): \(answer.text)")
    }
    let rows = try journal.run("sessions", "--format", "ndjson").objects()
    #expect(rows.count == 2 && (rows[0]["unreadablePositions"] as? [Int])?.first == 3)
    #expect(rows[1]["unreadablePositions"] is NSNull)
    // Nobody can tell any more whether the list allowed the charge.
    let findings = try journal.run(rule)
    #expect(findings.status == 65 && findings.errors.contains("3"), "\(findings.errors)")
    #expect(try findings.objects().map { $0["subject"] as? String } == ["X-UNKNOWN"])
    // The sums need no message, and are those of before.
    let again = try journal.run("cdrs", "--totals")
    #expect(again.status == 0 && again.text == totals.text)
  }

  @Test func `white list entries whose message cannot be read say so`() async throws {
    let journal = try await journal()
    #expect(try journal.run("whitelist", "list").status == 0)
    try journal.damageRow(endingAt: 2)
    let list = try journal.run("whitelist", "list")
    #expect(list.status == 65 && list.text.contains("cannot be read") && list.errors.contains("position 1"), "\(list.text) \(list.errors)")
  }

  @Test func `a damaged journal is no wrong read model, and a rebuild keeps what only that has`() async throws {
    let journal = try await journal()
    let totals = try journal.run("cdrs", "--totals").text
    try #require(try journal.run("projection", "verify").status == 0)
    try journal.damageRow(endingAt: 4)
    let verify = try journal.run("projection", "verify", "cdrs")
    #expect(verify.status == 65 && verify.text.contains("cdrs: CANNOT BE VERIFIED") && verify.text.contains("position 3"), "\(verify.text)")
    let rebuild = try journal.run("projection", "rebuild", "cdrs")
    #expect(rebuild.status == 65 && rebuild.text.contains("cdrs: KEPT"), "\(rebuild.text)")
    #expect(rebuild.errors.contains("--over-damage"))
    #expect(try journal.run("cdrs", "--totals").text == totals)
    let given = try journal.run("projection", "rebuild", "cdrs", "--over-damage")
    #expect(given.status == 0 && given.text.contains("not the same"), "\(given.text)")
    let smaller = try journal.run("cdrs", "--totals")
    #expect(smaller.status == 65 && smaller.text.contains("5000") && smaller.text.contains("INCOMPLETE"), "\(smaller.text)")
  }

  @Test func `a finding that something is missing is not made of an entry that could not be read`() async throws {
    let journal = try await SampleJournal()
    try journal.importLines([
      ImportedJournal.line(
        "2025-03-01T11:00:00Z", "SetSessionEventReport", of: "FR*C01",
        "<execPartnerSessionId>X-1</execPartnerSessionId><sessionEvent><sessionEventNatureType>3</sessionEventNatureType></sessionEvent>")
    ])
    try journal.importLines([ImportedJournal.record("2025-03-01T13:00:00Z", "X-1", "04A1B2C3", start: "2025-03-01T12:00:00Z")])
    try journal.damageRow(endingAt: 2)
    let findings = try journal.run("findings", "--format", "ndjson")
    #expect(findings.status == 65)
    #expect(try findings.objects().allSatisfy { $0["rule"] as? String != "cdr-without-authorisation" }, "\(findings.text)")
  }

  @Test func `a damaged exchange is not an absent one, whether it is indexed or not`() async throws {
    let journal = try await SampleJournal([Sample(transactionId: "T-1"), Sample(transactionId: "T-2"), Sample(transactionId: "T-3")])
    try journal.damageRow(endingAt: 4)
    for id in ["T-2", "T-9"] {
      let show = try journal.run("show", id)
      #expect(show.status == 65 && show.errors.contains("could be among it") && show.errors.contains("position"), "\(show.errors)")
    }
    let find = try journal.run("find", "S-1", "--format", "ndjson")
    #expect(find.status == 65 && find.lines.count == 2, "\(find.text) \(find.errors)")
    let list = try journal.run("list", "--user", "04A1B2C3", "--format", "ndjson")
    #expect(list.status == 65 && list.lines.count == 2, "\(list.errors)")
    // Whoever indexes it later cannot read it either, and leaves a row that says so.
    do {
      let held = try journal.unsealingJournal()
      for number in 0..<8_200 { held.submit(Sample(transactionId: "N-\(number)", session: "N").drafts) { _ in } }
      _ = try await held.append(Sample(transactionId: "T-4").drafts)
      held.waitForIndexes()
      held.close()
    }
    let indexed = try journal.run("show", "T-2")
    #expect(indexed.status == 65, "\(indexed.errors)")
  }

  @Test func `an import tells which lines it records again as it cannot read what may be them`() async throws {
    let journal = try await SampleJournal()
    let lines = (1...3).map { ImportedJournal.record("2025-03-01T1\($0):00:00Z", "X-\($0)", "04A1B2C3", start: "2025-03-01T1\($0):00:00Z") }
    for line in lines { try journal.importLines([line]) }
    try journal.damageRow(endingAt: 4)
    let again = try journal.importing(lines)
    #expect(again.status == 65, "\(again.text) \(again.errors)")
    #expect(again.text.contains("1 exchange recorded") && again.text.contains("2 known already"), "\(again.text)")
    #expect(again.errors.contains("line 2: recorded, perhaps again, as position 3, 4 cannot be read"), "\(again.errors)")
    let report = try journal.importing(lines, "--format", "json")
    // What was recorded again is recognised from now on.
    let file = try #require((report.object()["files"] as? [[String: Any]])?.first)
    #expect(report.status == 0 && file["duplicates"] as? Int == 3, "\(report.text)")
  }

  @Test func `a flipped bit of a read model is named by whatever asks it, and mended by saying so`() async throws {
    let journal = try await journal()
    let totals = try journal.run("cdrs", "--totals").text
    let path = journal.directory.path + "/read-models/cdrs-1.mdb"
    let sound = try Data(contentsOf: URL(filePath: path))
    // Most pages are in use; of those that are not, nobody reads anything.
    var asked = try journal.run("cdrs", "--totals")
    for offset in stride(from: sound.count - 40, to: 8_192, by: -1_024) where asked.status == 0 {
      var bytes = sound
      bytes[offset] ^= 0x10
      try bytes.write(to: URL(filePath: path))
      asked = try journal.run("cdrs", "--totals")
    }
    #expect(asked.status == 65 && asked.text.isEmpty && asked.errors.contains(path) && asked.errors.contains("model.damaged"))
    let verify = try journal.run("verify")
    #expect(verify.status == 1 && verify.text.contains("cdrs-1.mdb") && verify.text.contains("projection rebuild"), "\(verify.text)")
    let models = try journal.run("projection", "verify")
    #expect(models.status == 65 && models.text.contains("cdrs: DAMAGED") && models.text.contains("whitelist: as the journal says"))
    // None of that has mended it.
    #expect(try journal.run("cdrs", "--totals").status == 65)
    let rebuild = try journal.run("projection", "rebuild", "cdrs")
    #expect(rebuild.status == 0 && rebuild.text.contains("made anew"), "\(rebuild.text) \(rebuild.errors)")
    #expect(try journal.run("cdrs", "--totals").text == totals)
    #expect(try journal.run("verify").status == 0)
  }

  @Test func `too little memory is not damage`() async throws {
    let journal = try await journal()
    let verify = try Command.run(
      ["-c", "ulimit -v 4000000; exec \"$0\" verify --journal \"$1\"", Command.path, journal.directory.path], executable: "/bin/sh")
    #expect(verify.status == 74, "\(verify.text) \(verify.errors)")
    #expect(verify.errors.contains("memory.exhausted") && !verify.text.contains("damage"), "\(verify.errors)")
  }
}

/// Who may read and not write, and disks that take nothing: what only reads needs to write nothing.
@Suite struct ReadOnlyTests {
  private static let questions = [
    ["show", "T-2"], ["find", "S-1"], ["list"], ["export"], ["stats"], ["verify"], ["sessions"], ["findings"], ["partners"],
    ["projection", "status"],
  ]

  private func filled(_ disk: SmallDisk, _ sample: SampleJournal) async throws -> SampleJournal {
    let journal = SampleJournal(at: disk.path, within: sample)
    try journal.directory.initialize()
    let held = try journal.unsealingJournal()
    for number in 1...3 { _ = try await held.append(Sample(transactionId: "T-\(number)").drafts) }
    held.close()
    try #require(try journal.run("findings").status == 0)
    try #require(try journal.run("partners").status == 0)
    return journal
  }

  /// What stands in the journal's directory: every file, and its bytes.
  private func content(_ journal: SampleJournal) throws -> [String: Data] {
    var content: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: journal.directory.path) where !name.hasSuffix("-lock") {
      content[name] = FileManager.default.contents(atPath: journal.directory.path + "/" + name)
    }
    return content
  }

  private func ask(_ journal: SampleJournal, _ wrapper: [String] = []) throws {
    for question in Self.questions {
      let command = wrapper + [Command.path] + question
      let answer = try Command.run(
        Array(command.dropFirst()), executable: command[0], environment: ["EMIP_JOURNAL": journal.directory.path])
      #expect(answer.status == 0 && !answer.text.isEmpty, "\(question): \(answer.status) \(answer.text) \(answer.errors)")
    }
  }

  @Test(.enabled(if: Permission.mounts)) func `a disk without any room is read and verified`() async throws {
    let sample = try await SampleJournal()
    let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: 4_096)
    let journal = try await filled(disk, sample)
    // Also where no reader has been before.
    for name in try FileManager.default.subpathsOfDirectory(atPath: journal.directory.path) where name.hasSuffix("-lock") {
      try FileManager.default.removeItem(atPath: journal.directory.path + "/" + name)
    }
    try disk.fill(sparingPages: 0)
    let before = try content(journal)
    try ask(journal)
    #expect(try content(journal) == before)
  }

  @Test(.enabled(if: Permission.mounts)) func `a file system that is mounted to read only is read and verified`() async throws {
    let sample = try await SampleJournal()
    let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: 4_096)
    let journal = try await filled(disk, sample)
    try #require(try Command.run(["-o", "remount,ro", disk.path], executable: "/bin/mount").status == 0)
    try ask(journal)
    try #require(try Command.run(["-o", "remount,rw", disk.path], executable: "/bin/mount").status == 0)
  }

  @Test(.enabled(if: Permission.mounts)) func `who may read and not write gets every answer, and is told how far the read models are`()
    async throws
  {
    let sample = try await SampleJournal()
    let disk = try SmallDisk(at: sample.root + "/disk", kilobytes: 4_096)
    let journal = try await filled(disk, sample)
    // What came after the read models were built.
    let held = try journal.unsealingJournal()
    _ = try await held.append(Sample(transactionId: "T-4").drafts)
    try #require(try Command.run(["-R", "a+rX", sample.root], executable: "/bin/chmod").status == 0)
    let nobody = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    guard try Command.run(Array(nobody.dropFirst()) + [Command.path, "--version"], executable: nobody[0]).status == 0 else { return }
    try ask(journal, nobody)
    let sessions = try Command.run(
      Array(nobody.dropFirst()) + [Command.path, "sessions"], executable: nobody[0], environment: ["EMIP_JOURNAL": journal.directory.path])
    #expect(sessions.text.contains("behind the journal by 2 entries"), "\(sessions.text) \(sessions.errors)")
    held.close()
  }
}

extension ImportedJournal {
  static func upload(_ time: String, _ users: [(id: String, value: Int)]) -> String {
    let items = users.map { user in
      "<authenticationData><actionType>1</actionType><userIdType>RFID-UID</userIdType><userId>\(user.id)</userId>"
        + "<requestedServiceId>1</requestedServiceId><authorisationValue>\(user.value)</authorisationValue></authenticationData>"
    }
    return line(time, "SetAuthenticationData", of: "FR*MS1", "<authenticationDataList>\(items.joined())</authenticationDataList>")
  }

  static func record(_ time: String, _ session: String, _ user: String, start: String) -> String {
    let meters = [("1", "30", "min"), ("2", "5000", "Wh")].map { type, value, unit in
      "<meterReport><meterTypeId>\(type)</meterTypeId><meterValue>\(value)</meterValue><meterUnit>\(unit)</meterUnit></meterReport>"
    }
    return line(
      time, "SetChargeDetailRecord", of: "FR*C01",
      "<chargeDetailRecord><CDRNature>1</CDRNature><execPartnerSessionId>\(session)</execPartnerSessionId>"
        + "<requestedServiceId>1</requestedServiceId><EVSEId>FR*C01*E1</EVSEId><userIdType>RFID-UID</userIdType><userId>\(user)</userId>"
        + "<startTime>\(start)</startTime><endTime>\(start.replacing(":00:00Z", with: ":30:00Z"))</endTime>"
        + "<meterReportList>\(meters.joined())</meterReportList></chargeDetailRecord>")
  }
}

extension SampleJournal {
  func importing(_ lines: [String], _ options: String...) throws -> CommandResult {
    let path = root + "/\(UUID().uuidString).ndjson"
    try lines.joined().write(toFile: path, atomically: true, encoding: .utf8)
    return try run(["import"] + options + [path])
  }

  func importLines(_ lines: [String]) throws {
    if !FileManager.default.fileExists(atPath: directory.path + "/manifest") { try #require(try run("init").status == 0) }
    let result = try importing(lines)
    try #require(result.status == 0, "\(result.errors)")
  }

  /// Flips a bit in the row of the first segment that ends at a position, and sees that `verify` finds it there.
  func damageRow(endingAt position: UInt64) throws {
    let url = URL(filePath: try segmentPath)
    let sound = try Data(contentsOf: url)
    func word(_ offset: Int) -> Int { Int(sound[offset]) | Int(sound[offset + 1]) << 8 }
    let place = UInt32(position - 1).bigEndian
    let key = withUnsafeBytes(of: place) { Data($0) }
    for page in stride(from: 8_192, to: sound.count, by: 4_096) where word(page + 10) == 0x02 {
      for slot in stride(from: page + 16, to: page + word(page + 12), by: 2) {
        let node = page + word(slot)
        guard node + 12 <= page + 4_096, word(node + 6) == 4, sound[node + 8..<node + 12] == key, word(node) > 20 else { continue }
        var file = sound
        file[node + 12 + word(node) - 9] ^= 1
        try overwrite(url, file)
        let report = try run("verify", "--format", "json").object()
        let damages = report["damages"] as? [[String: Any]] ?? []
        // Not in what rows share, which would damage others too.
        let isShared = damages.contains { $0["position"] as? Int == nil }
        if !isShared, damages.contains(where: { $0["position"] as? Int == Int(position) }) { return }
        try overwrite(url, sound)
      }
    }
    Issue.record("no row ends at position \(position)")
  }

  /// In place: the file is the one that the manifest names.
  private func overwrite(_ url: URL, _ bytes: Data) throws {
    let handle = try FileHandle(forWritingTo: url)
    try handle.write(contentsOf: bytes)
    try handle.close()
  }
}
