import EMIP
import JournalFormat
import JournalStore
import Recording
import Testing

@testable import Projections

@Suite struct StatusMessageTests {
  /// All levels, both parts, an end, a comment with markup, an end that has passed, a platform's list, and what was heard of long ago.
  private static func script() async throws -> StatusScript {
    let script = try StatusScript()
    try await script.availability("FR*C01*E1", 1, date: 1_000, at: 2_000)
    try await script.busy("FR*C01*E1", 3, date: 3_000, at: 4_000, until: 900 * StatusScript.hour)
    try await script.journal.exchange(
      "SetChargingPoolAvailabilityStatus", at: 5_000, operator: "FR*C02",
      StatusScript.availability("FR*C01*P1", 2, 4_500, level: "ChargingPool")
        + "<availabilityStatusComment>Türen &lt;offen&gt; &amp; laut</availabilityStatusComment>")
    try await script.journal.exchange(
      "SetChargingStationAvailabilityStatus", at: 6_000, StatusScript.availability("fr*c01*s1", 4, 5_500, level: "ChargingStation"))
    try await script.journal.exchange(
      "SetChargingConnectorAvailabilityStatus", at: 7_000, StatusScript.availability("FR*C01*X1*1", 77, 6_500, level: "ChargingConnector"))
    let item = StatusScript.both("DE*ABC*E9", availability: (2, 500), busy: (1, 600))
    try await script.journal.exchange(
      "SetEVSEDynamicDataChanges", .fromIOP, at: 8_000, target: "FR*MS1",
      "<EVSEDynamicDataList><EVSEDynamicData>\(item)</EVSEDynamicData></EVSEDynamicDataList>")
    try await script.busy("FR*C01*E2", 3, date: 9_000, at: 9_000, until: 10_000)
    return script
  }

  private static let moment = StatusMoment(time: ScriptedJournal.moment(30 * 24 * StatusScript.hour))

  private static func messages(_ script: StatusScript, at moment: StatusMoment = moment) throws -> [StatusMessage] {
    var messages: [StatusMessage] = []
    var number = 0
    let reader = try JournalReader(script.journal.directory)
    let reinitialisation = StatusReinitialisation(EVSEQuestions(try script.rows(), asOf: nil), reader: reader) {
      number += 1
      return "T-\(number)"
    }
    try reinitialisation.forEach(moment) { messages.append($0) }
    return messages
  }

  /// What each element's status is, without the positions.
  private static func states(_ script: StatusScript) throws -> [String] {
    var lines: [String] = []
    try EVSEQuestions(try script.rows(), asOf: nil).forEach(moment) { status in
      for (name, part) in [("availability", status.availability), ("busy", status.busy)] {
        guard let event = part?.event, event.until.map({ $0 >= moment.time }) ?? true else { continue }
        lines.append("\(status.element.level) \(status.id) \(name) \(event.status ?? 999) \(event.time) \(event.until?.description ?? "-")")
      }
      return true
    }
    return lines
  }

  @Test func `messages come from the whole to its parts, availability before busy, and end with what has ended`() async throws {
    let messages = try Self.messages(try await Self.script())
    #expect(
      messages.map { "\($0.operation) \($0.id)" } == [
        "SetChargingPoolAvailabilityStatus FR*C01*P1", "SetChargingStationAvailabilityStatus fr*c01*s1",
        "SetEVSEAvailabilityStatus DE*ABC*E9", "SetEVSEBusyStatus DE*ABC*E9", "SetEVSEAvailabilityStatus FR*C01*E1",
        "SetEVSEBusyStatus FR*C01*E1", "SetChargingConnectorAvailabilityStatus FR*C01*X1*1",
      ])
    #expect(messages[1].soapAction == "https://api-iop.gireve.com/services/eMIP_ToIOP_SetChargingStationAvailabilityStatusV1/")
    #expect(messages[4].position == JournalPosition(1))
  }

  @Test func `each is a whole message, from whoever reported the status, with its comment`() async throws {
    let messages = try Self.messages(try await Self.script())
    var facts: [MessageFacts] = []
    for message in messages {
      guard case .message(let read) = MessageReader().read(Array(message.request.utf8)) else {
        Issue.record("\(message.request) cannot be read")
        continue
      }
      #expect(read.operation?.name == message.operation)
      #expect(read.soapVersion == .soap12)
      #expect(read.findings.isEmpty)
      facts.append(read)
    }
    #expect(facts.map(\.transactionId) == (1...7).map { "T-\($0)" })
    #expect(facts.map(\.operatorId) == ["FR*C02", "FR*C01", "DE*ABC", "DE*ABC", "FR*C01", "FR*C01", "FR*C01"])
    #expect(facts[0].statusReports.first?.availability?.comment == "Türen <offen> & laut")
    #expect(facts[5].statusReports.first?.busy?.until?.value == ScriptedJournal.moment(900 * StatusScript.hour))
  }

  @Test func `they are the same when the messages that they came from are gone`() async throws {
    let script = try await Self.script()
    let before = try Self.messages(script).map(\.request)
    let runner = try ProjectionRunner(script.journal.directory, projections: [EVSEProjection.self], purpose: "test")
    defer { runner.close() }
    try runner.catchUp()
    let end = try runner.models[0].state().next
    try runner.moveHorizon(to: end)
    let statuses = EVSEQuestions(try runner.models[0].snapshot(), asOf: nil)
    let empty = try ScriptedJournal()
    var number = 0
    let reinitialisation = StatusReinitialisation(statuses, reader: try JournalReader(empty.directory)) {
      number += 1
      return "T-\(number)"
    }
    var after: [String] = []
    try reinitialisation.forEach(Self.moment) { after.append($0.request) }
    #expect(after == before)
  }

  @Test func `an empty journal that records them has the same statuses`() async throws {
    let script = try await Self.script()
    let other = try StatusScript()
    let recorder = Recorder()
    for message in try Self.messages(script) {
      let time = Self.moment.time
      let content = recorder.request(ObservedMessage(Array(message.request.utf8), observedAt: time, leg: .gatewayIOP, direction: .toIOP))
      try await other.journal.append(EntryDraft(content, recordedAt: time))
    }
    #expect(try Self.states(other) == Self.states(script))
    #expect(try Self.states(script).count == 7)
    // Sent again to where they came from, they change nothing: the dates are those of the events.
    let before = try Self.states(script)
    for message in try Self.messages(script) {
      let content = recorder.request(
        ObservedMessage(Array(message.request.utf8), observedAt: Self.moment.time, leg: .gatewayIOP, direction: .toIOP))
      try await script.journal.append(EntryDraft(content, recordedAt: Self.moment.time))
    }
    #expect(try Self.states(script) == before)
    #expect(try script.history("FR*C01*E1").count == 1)
  }
}
