/// What can be planted in traffic: one kind for each rule by which the read models make a finding, under the rule's own name.
enum FaultRule: String, CaseIterable {
  case sessionIdConflict = "session-id-conflict"
  case sessionFactsConflict = "session-facts-conflict"
  case sessionValueUnreadable = "session-value-unreadable"
  case authorisedWithoutCDR = "authorised-without-cdr"
  case sessionActionUnheeded = "session-action-unheeded"
  case cdrWithoutAuthorisation = "cdr-without-authorisation"
  case cdrRefusedAuthorisation = "cdr-refused-authorisation"
  case cdrIntermediateMissing = "cdr-intermediate-missing"
  case cdrMeterLimitExceeded = "cdr-meter-limit-exceeded"
  case cdrRawContract = "cdr-raw-contract"
  case userNotHexadecimal = "user-not-hexadecimal"
  case cdrMeterMissing = "cdr-meter-missing"
  case cdrMeterUnit = "cdr-meter-unit"
  case cdrMeterValue = "cdr-meter-value"
  case cdrValueUnreadable = "cdr-value-unreadable"
  case cdrEndBeforeStart = "cdr-end-before-start"
  case cdrMeterDecreases = "cdr-meter-decreases"
  case cdrDurationMismatch = "cdr-duration-mismatch"
  case cdrPower = "cdr-power"
  case cdrEnergySteps = "cdr-energy-steps"
  case cdrSecondFinal = "cdr-second-final"
  case cdrAfterFinal = "cdr-after-final"
  case cdrEVSEOverlap = "cdr-evse-overlap"
  case cdrExecSessionMissing = "cdr-exec-session-missing"
  case cdrUnknownMeter = "cdr-unknown-meter"
  case cdrUnknownNature = "cdr-unknown-nature"
  case cdrLegsDiffer = "cdr-legs-differ"
  case cdrEndAfterSent = "cdr-end-after-sent"
  case cdrStartBeforeAuthorisation = "cdr-start-before-authorisation"
  case cdrTooLong = "cdr-too-long"
  case cdrMeterRepeated = "cdr-meter-repeated"
  case cdrPowerLow = "cdr-power-low"
  case cdrDuplicate = "cdr-duplicate"
  case userElsewhere = "user-elsewhere"
  case whiteListUnknownEntry = "whitelist-unknown-entry"
  case whiteListBadgeConflict = "whitelist-badge-conflict"
  case whiteListUploadTooLarge = "whitelist-upload-too-large"
  case whiteListUploadMissed = "whitelist-upload-missed"
  case whiteListDownloadMissed = "whitelist-download-missed"
  case whiteListExpiryUnreadable = "whitelist-expiry-unreadable"
  case whiteListValueUnreadable = "whitelist-value-unreadable"
  case whiteListExpiryMissing = "whitelist-expiry-missing"
  case whiteListUserMissing = "whitelist-user-missing"
  case evseContradiction = "evse-contradiction"
  case statusAhead = "status-ahead"
  case statusValueUnreadable = "status-value-unreadable"
  case evseSpellingAmbiguous = "evse-spelling-ambiguous"
  case partnerOffline = "partner-offline"
  case partnerValueUnreadable = "partner-value-unreadable"
  case partnerClockOffset = "partner-clock-offset"
  case transactionIdReused = "transaction-id-reused"
  case messageRefused = "message-refused"
  case messageEncoding = "message-encoding"
  case answerMismatch = "answer-mismatch"

  /// How grave the finding is: `error`, `warning` or `notice`.
  var severity: String {
    switch self {
    case .sessionIdConflict, .sessionValueUnreadable, .cdrRefusedAuthorisation, .cdrMeterMissing, .cdrMeterUnit, .cdrMeterValue,
      .cdrValueUnreadable, .cdrEndBeforeStart, .cdrMeterDecreases, .cdrSecondFinal, .cdrAfterFinal, .cdrLegsDiffer, .cdrEndAfterSent,
      .cdrStartBeforeAuthorisation, .cdrTooLong, .cdrMeterRepeated, .cdrDuplicate, .whiteListBadgeConflict, .whiteListUploadTooLarge,
      .whiteListExpiryUnreadable, .whiteListValueUnreadable, .whiteListUserMissing, .statusValueUnreadable, .partnerValueUnreadable,
      .messageRefused,
      .answerMismatch:
      "error"
    case .cdrRawContract, .cdrExecSessionMissing, .cdrUnknownMeter, .cdrUnknownNature, .whiteListExpiryMissing, .userElsewhere: "notice"
    default: "warning"
    }
  }
}
