import Answers
import EMIP
import JournalFormat
import JournalStore
import Projections

/// A session's charge detail records for people.
struct CDRText {
  let session: CDRSession
  let onlyVersion: Int?
  let showsChanges: Bool
  let style: Style

  var lines: [String] {
    var lines = head
    lines += side(session.direction == .toIOP ? "sent by the CPO" : "got by the eMSP", session.versions, marking: session.inForce)
    if !session.otherSide.isEmpty { lines += side("got by the eMSP", session.otherSide, marking: nil) }
    if !session.differences.isEmpty {
      lines += ["", style.text("what was sent and what was got differ", .red)] + session.differences.map(change)
    }
    if !session.findings.isEmpty { lines += ["", style.text("findings", .bold)] + session.findings.map(finding) }
    return lines
  }

  private var head: [String] {
    let missing = session.unreadable.isEmpty ? "-" : "cannot be read"
    func field(_ name: String, _ value: String?) -> String { style.text(name.padded(to: 22), .dim) + SafeText.line(value ?? missing) }
    return [
      field("serviceSessionId", session.serviceSessionId), field("execPartnerSessionId", session.execPartnerSessionId),
      field("salePartnerSessionId", session.salePartnerSessionId),
      field("CPO, eMSP", "\(session.execOperatorId ?? "-"), \(session.saleOperatorId ?? "-")"), field("EVSEId", session.evseId),
      field("transactionId", session.transactionIds.joined(separator: ", ")),
    ]
  }

  private func side(_ title: String, _ versions: [CDRSession.Version], marking inForce: Int?) -> [String] {
    var table = TextTable([
      .init(" "), .init("version", isRight: true), .init("nature"), .init("start (UTC)"), .init("end (UTC)"), .init("min", isRight: true),
      .init("Wh", isRight: true), .init("acceptance"), .init("position", isRight: true),
    ])
    var details: [String] = []
    let missing = session.unreadable.isEmpty ? nil : "cannot be read"
    for (index, version) in versions.enumerated() where onlyVersion == nil || version.number == onlyVersion {
      table.add([
        .init(index == inForce ? "▸" : " ", .bold), .init("\(version.number)" + (version.side == .download ? " fetched" : "")),
        .init("\(version.nature)"), .init(time(version.record?.startTime)), .init(time(version.record?.endTime)),
        .init(meter(.totalDuration, version) ?? missing), .init(meter(.totalEnergy, version) ?? missing),
        .init(acceptance(version), look(version.acceptance)),
        .init(Figure.count(version.position.rawValue)),
      ])
      if session.unreadable.contains(version.position) {
        details.append("  " + style.text("the message at position \(version.position) cannot be read", .red))
      } else if version.record == nil {
        details.append("  the message at position \(version.position) is no more in the journal, or says nothing that can be read")
      } else if !version.hasMessage {
        details.append("  the message at position \(version.position) is no more in the journal: this is what was kept of it")
      }
      if onlyVersion != nil { details += meters(version) }
      if showsChanges, !version.changes.isEmpty {
        details += [style.text("version \(version.number - 1) → \(version.number)", .bold)] + version.changes.map(change)
      }
    }
    return ["", style.text(title, .bold)] + table.lines(style) + details
  }

  private func meters(_ version: CDRSession.Version) -> [String] {
    (version.record?.meters ?? []).map { meter in
      let type = meter.type?.value?.description ?? meter.type?.text ?? "-"
      return "  meter \(SafeText.line(type)): \(SafeText.line(meter.value ?? "-")) \(SafeText.line(meter.unit ?? ""))"
    }
  }

  private func acceptance(_ version: CDRSession.Version) -> String {
    let attempts = version.positions.count > 1 ? ", \(version.positions.count) attempts" : ""
    if case .accepted(_, arrivedBy10701: true) = version.acceptance { return "accepted (10701: it had arrived)\(attempts)" }
    return version.acceptance.text + attempts
  }

  private func look(_ acceptance: CDRAcceptance) -> Style.Look {
    switch acceptance.isAccepted {
    case true?: .green
    case false?: .red
    case nil: .magenta
    }
  }

  private func change(_ change: CDRFieldChange) -> String {
    func text(_ text: String?) -> String { text.map { change.isPersonal ? PersonalValues.mask : SafeText.line($0) } ?? "-" }
    return "  \(SafeText.line(change.field).padded(to: 22)) \(text(change.from)) → \(text(change.to))"
  }

  private func finding(_ finding: ReportedFinding) -> String {
    let look: Style.Look =
      switch finding.rule.severity {
      case .error: .red
      case .warning: .yellow
      case .notice: .dim
      }
    let end = finding.resolvedAt.map { ", resolved at \($0)" } ?? ""
    return "  \(style.text(finding.rule.severity.rawValue.padded(to: 7), look)) \(finding.rule.id): \(SafeText.line(finding.sentence)) "
      + style.text("(position \(finding.position)\(end))", .dim)
  }

  private func time(_ field: Field<Timestamp>?) -> String? { field.map { $0.value.map(Figure.time) ?? "unreadable: \($0.text)" } }

  private func meter(_ type: MeterType, _ version: CDRSession.Version) -> String? {
    version.record.flatMap { FigureText.cell(type, $0) }
  }
}
