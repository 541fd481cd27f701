internal import JournalFormat

extension CDRRules {
  /// One sentence with the figures of a judgement.
  static func sentence(_ rule: FindingRule, _ figures: [String]) -> String {
    func figure(_ index: Int) -> String { index < figures.count ? figures[index] : "?" }
    switch rule {
    case meterMissing: return "The record has no meter \(figure(0)), which is mandatory."
    case meterUnit, otherMeterUnit:
      let unit = figure(1).isEmpty ? "no unit" : "the unit \"\(figure(1))\""
      return "Meter \(figure(0)) has \(unit), where \(figure(2)) belongs."
    case meterValue: return "The value of meter \(figure(0).isEmpty ? "without type" : figure(0)) is \(figure(1))."
    case endBeforeStart where figures.count == 1: return "The \(figure(0)) is missing."
    case endBeforeStart: return "The record starts at \(figure(0)) and ends at \(figure(1))."
    case valueUnreadable:
      let values = stride(from: 0, to: figures.count, by: 2).map { "\(figure($0)) \"\(figure($0 + 1))\"" }
      return "The record has \(values.joined(separator: ", ")), which cannot be read."
    case meterDecreases: return "Meter \(figure(0)) fell from \(figure(1)) to \(figure(2)) from one version to the next."
    case durationMismatch: return "Meter 1 says \(figure(0)) min, and \(figure(1)) min lie between start and end."
    case power: return "\(figure(0)) Wh in \(figure(1)) min is more than \(figure(2)) kW."
    case energySteps: return "The meters \(figure(0)) sum up to \(figure(1)) Wh, and meter 2 says \(figure(2)) Wh."
    case endAfterSent: return "The record ends at \(figure(0)), and was on the wire at \(figure(1)): before that."
    case startBeforeAuthorisation: return "The charge begins at \(figure(0)), and its session was first asked for at \(figure(1))."
    case tooLong: return "The charge lasts from \(figure(0)) to \(figure(1)), which is more than 7 days."
    case meterRepeated: return "Meter \(figure(0)) is a total and stands in the record \(figure(1)) times: none of them counts."
    case powerLow: return "\(figure(0)) Wh in \(figure(1)) min may be \(figure(0)) kWh."
    case duplicate: return "\(figure(1)) and \(figure(2)) have the same charge of \(figure(0)) s at one EVSE."
    case userElsewhere: return "\(figure(1)) and \(figure(2)) charged with one badge at two EVSEs for \(figure(0)) s of the same time."
    case secondFinal:
      let doubt = figures.count > 1 ? " No serviceSessionId tells whether both are of one session, or two have the same \(figure(1))." : ""
      return "A final record of position \(figure(0)) said something else." + doubt
    case afterFinal: return "An intermediate record came behind the final one, which was accepted at position \(figure(0))."
    case evseOverlap: return "\(figure(1)) and \(figure(2)) charged at one EVSE for \(figure(0)) s of the same time."
    case execSessionMissing: return "The record has neither execPartnerSessionId nor serviceSessionId."
    case execSessionAbsent: return "The record has no execPartnerSessionId."
    case unknownMeter: return "The meter type \"\(figure(0))\" is not in the catalogue; its value is kept."
    case unknownNature:
      return figure(0).isEmpty ? "The record has no CDRNature." : "The CDRNature \"\(figure(0))\" is neither final nor intermediate."
    case sidesDiffer: return "What the CPO sent and what the eMSP got differ in \(figures.joined(separator: ", "))."
    default: return rule.explanation
    }
  }
}
