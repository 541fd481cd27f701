internal import JournalFormat
internal import JournalStore

/// What the white lists are held against (guide 5.5.4, 6.4.2, 7.1.1, 7.3.2).
///
/// An upload brings changes, and a journal may begin long after the list did: an update or delete of a user whom nobody put on the list is
/// therefore told once for a list without a baseline, and for each user once there is one. Who went from a list and is updated was put there
/// again by a message that is missing, baseline or not; who went and is deleted again is not on it, as the journal knows already.
///
/// One user on many lists is one badge that is sold twice, however many eMSPs claim it.
public enum WhiteListRules {
  /// A change of a user who is not on the list.
  public static let unknownEntry = FindingRule(
    50, "whitelist-unknown-entry", .warning,
    "Update or delete of a user who is not on the list: a change was missed, or the list began before this journal.")
  /// A user on the lists of two eMSPs: a badge that is sold twice.
  public static let badgeConflict = FindingRule(51, "whitelist-badge-conflict", .error, "One user is on the lists of two eMSPs.")
  /// An upload that is too large (guide 5.5.4); its repetitions are not told.
  public static let uploadTooLarge = FindingRule(52, "whitelist-upload-too-large", .error, "An upload has more than 500 entries.")
  /// A list that may be out of date: its eMSP uploaded nothing for 26 hours (guide 6.4.2, 7.3.2).
  public static let uploadMissed = FindingRule(
    53, "whitelist-upload-missed", .warning, "An eMSP did not upload its list for more than a day.")
  /// A list that may be out of date: its CPO downloaded nothing for 26 hours (guide 6.4.2, 7.3.2).
  public static let downloadMissed = FindingRule(
    54, "whitelist-download-missed", .warning, "A CPO did not download the list for more than a day.")
  /// An entry that would never expire if its expiry date were absent, and does: nobody can tell when.
  public static let expiryUnreadable = FindingRule(
    55, "whitelist-expiry-unreadable", .error,
    "The expiry date of an entry is there and is no date with a time (xs:dateTime): whether the user may charge is uncertain.")
  /// Another code, flag or limit of an entry that is there and cannot be read.
  public static let valueUnreadable = FindingRule(
    56, "whitelist-value-unreadable", .error, "A code, a flag or a limit of an entry is there and cannot be read.")
  /// Recommended for each entry (guide 7.3.2): without one a user stays on a list until somebody takes him off.
  public static let expiryMissing = FindingRule(
    57, "whitelist-expiry-missing", .notice, "An entry has no expiry date, which is recommended for each; told once for a list.")
  /// Entries that no message can be held against: the user is not named.
  public static let userMissing = FindingRule(
    58, "whitelist-user-missing", .error, "An entry names no user: nobody is on the list by it.")
  /// What the read model of sessions finds of theirs; told once for an entry, and not of what a CPO has from the platform.
  public static let userNotHexadecimal = FindingRule(
    59, SessionRules.userNotHexadecimal.id, SessionRules.userNotHexadecimal.severity, SessionRules.userNotHexadecimal.explanation)

  /// In the order of their numbers.
  public static let all = [
    unknownEntry, badgeConflict, uploadTooLarge, uploadMissed, downloadMissed, expiryUnreadable, valueUnreadable, expiryMissing,
    userMissing, userNotHexadecimal,
  ]

  /// A finding of many items of a message names so many.
  static let toldItems = 8

  /// What could not be read may have put the user on the list, since its baseline, or taken him off one of two.
  static func isDoubtful(_ finding: FindingTable.Stored, _ rows: any ModelRows) throws(JournalError) -> Bool {
    guard [unknownEntry.number, badgeConflict.number].contains(finding.rule) else { return false }
    let list = UInt16(finding.subject[0]) << 8 | UInt16(finding.subject[1])
    let baseline =
      finding.rule == unknownEntry.number ? try WhiteListState.known(of: list, asOf: finding.position, in: rows)?.baseline : nil
    return rows.gaps.count(after: baseline, before: finding.position) > 0
  }

  /// Entries of one upload (guide 5.5.4).
  static let maximumEntryCount = 500
  /// Once a day is the longest (guide 6.4.2, 7.3.2); two hours on top of it are forgiven.
  static let longestPauseMilliseconds: Int64 = 26 * 3_600_000

  /// Why an entry counts as unknown. The numbers are on disk.
  enum Absence: UInt8 {
    /// The list has no baseline, and no message that put the user on it.
    case unseen = 0
    /// The list has a baseline.
    case notInBaseline = 1
    /// The user went from it.
    case gone = 2
  }
}
