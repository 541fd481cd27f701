/// How an exchange ends.
enum Outcome: Equatable {
  /// Done, with the requestStatus; 1 unless there is a warning.
  case done(Int)
  /// Not done, with a requestStatus from 10000.
  case refused(Int)
  /// HTTP 500.
  case fault(FaultKind)
  /// No answer in time.
  case lost

  var isDone: Bool {
    if case .done = self { true } else { false }
  }

  /// The same, or, of a refusal, one that means "not now".
  var thatARetryCures: Outcome {
    if case .refused(let status) = self, status != 10701 { .refused(10504) } else { self }
  }

  /// A few of a hundred exchanges do not end well.
  static func draw(_ operation: Operation, _ random: inout SplitMix64) -> Outcome {
    let chance = random.below(10_000)
    switch chance {
    case ..<55: return .lost
    case ..<70: return .fault(FaultKind.allCases[random.below(FaultKind.allCases.count)])
    case ..<150: return .refused(pick(refusals(operation), &random))
    case ..<230: return .done(pick(warnings, &random))
    default: return .done(1)
    }
  }

  private static let warnings: [Int] = [202, 203, 205, 206, 201]

  private static let authorisationRefusals: [Int] = [10201, 10210, 10001]
  private static let remoteRefusals: [Int] = [10207, 10201, 10504]
  private static let recordRefusals: [Int] = [10304, 10501, 10502, 10001]
  private static let sessionRefusals: [Int] = [10501, 10502, 10503, 10504, 10505, 10506, 10507, 10508]
  private static let elementRefusals: [Int] = [10601, 10601, 10001]
  private static let otherRefusals: [Int] = [10001, 10504]

  private static func refusals(_ operation: Operation) -> [Int] {
    switch operation {
    case .getServiceAuthorisation: authorisationRefusals
    case .setServiceAuthorisation: remoteRefusals
    case .setChargeDetailRecord: recordRefusals
    case .setSessionEventReport, .setSessionActionRequest: sessionRefusals
    case .setEVSEAvailabilityStatus, .setEVSEBusyStatus, .setEVSESyntheticStatus, .setChargingPoolAvailabilityStatus,
      .setChargingStationAvailabilityStatus, .setChargingConnectorAvailabilityStatus:
      elementRefusals
    default: otherRefusals
    }
  }

  private static func pick(_ codes: [Int], _ random: inout SplitMix64) -> Int { codes[random.below(codes.count)] }
}
