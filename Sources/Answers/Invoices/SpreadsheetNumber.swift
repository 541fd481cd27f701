internal import EMIP
internal import Foundation

/// The mark before a number's fraction.
public enum DecimalMark: Sendable {
  /// `1,5` and `1.5`.
  case comma, point
}

/// A number as a spreadsheet writes it: grouped by blanks, apostrophes, points or commas, with a unit or a currency beside it.
///
///     number = [affix] ["+" / "-"] digits-and-marks [affix]
///
/// Blanks and apostrophes are for groups only; of points and commas the last is the mark before the fraction, if it stands once. One that stands
/// alone may be either where it has one to three digits before it, no leading zero, and three behind it.
struct SpreadsheetNumber {
  /// What stands beside the digits, without blanks, in lower case: a unit, a currency, or nothing.
  let affix: String
  private let isNegative: Bool
  /// Digits, points and commas.
  private let core: [UInt8]
  /// Whether blanks or apostrophes make groups, so that a comma or point does not.
  private let hasNeutralGroups: Bool

  private static let point = UInt8(ascii: ".")
  private static let comma = UInt8(ascii: ",")
  /// Apostrophes, and blanks that spreadsheets put between thousands: no-break, figure, thin, narrow no-break.
  private static let neutralMarks: Set<Unicode.Scalar> = ["'", "\u{2019}", " ", "\u{a0}", "\u{2007}", "\u{2009}", "\u{202f}"]

  /// Nil where the text is no number.
  init?(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    guard let first = scalars.firstIndex(where: Self.isDigit), let last = scalars.lastIndex(where: Self.isDigit) else { return nil }
    let start = Self.beginsWithMark(scalars, first) ? first - 1 : first
    var isNegative = false
    var affix: [Unicode.Scalar] = []
    for index in scalars.indices where index < start || index > last {
      switch scalars[index] {
      case "-" where index < start && !isNegative, "\u{2212}" where index < start && !isNegative: isNegative = true
      case "+" where index < start: continue
      case let scalar where scalar.properties.isWhitespace || Self.neutralMarks.contains(scalar): continue
      case let scalar: affix.append(scalar)
      }
    }
    guard let core = Self.ungrouped(scalars[start...last]) else { return nil }
    self.affix = String(String.UnicodeScalarView(affix)).lowercased()
    self.isNegative = isNegative
    self.core = core.bytes
    hasNeutralGroups = core.hasGroups
  }

  /// Whether a fraction without an integer begins right before its first digit: `,5`, and not `Fr.5`.
  private static func beginsWithMark(_ scalars: [Unicode.Scalar], _ first: Int) -> Bool {
    guard first > 0, scalars[first - 1] == "." || scalars[first - 1] == "," else { return false }
    return first == 1 || scalars[first - 2] == "-" || scalars[first - 2].properties.isWhitespace
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// Takes blanks and apostrophes from between thousands; nil where they stand elsewhere, or something else does.
  private static func ungrouped(_ scalars: ArraySlice<Unicode.Scalar>) -> (bytes: [UInt8], hasGroups: Bool)? {
    var bytes: [UInt8] = []
    var hasGroups = false
    // Digits since the last of those marks; nil behind the fraction's.
    var groupCount: Int? = 0
    for scalar in scalars {
      if isDigit(scalar) {
        bytes.append(UInt8(scalar.value))
        groupCount = groupCount.map { $0 + 1 }
      } else if scalar == "." || scalar == "," {
        if hasGroups, groupCount != 3 { return nil }
        bytes.append(UInt8(scalar.value))
        groupCount = nil
      } else if neutralMarks.contains(scalar), let count = groupCount, hasGroups ? count == 3 : (1...3).contains(count) {
        hasGroups = true
        groupCount = 0
      } else {
        return nil
      }
    }
    if hasGroups, let groupCount, groupCount != 3 { return nil }
    return (bytes, hasGroups)
  }

  /// The mark that this number has before a fraction, if it can only be that one; nil where it says nothing of it.
  var certainMark: DecimalMark? {
    let marks = core.filter { $0 == Self.point || $0 == Self.comma }
    guard let last = marks.last else { return nil }
    let other: DecimalMark = last == Self.point ? .comma : .point
    let same: DecimalMark = last == Self.point ? .point : .comma
    if marks.count > 1 { return marks.allSatisfy { $0 == last } ? other : same }
    return isAmbiguous ? nil : same
  }

  /// Whether its only mark may stand before a fraction as well as between thousands.
  private var isAmbiguous: Bool {
    let marks = core.indices.filter { core[$0] == Self.point || core[$0] == Self.comma }
    guard marks.count == 1, !hasNeutralGroups else { return false }
    return (1...3).contains(marks[0]) && core[0] != UInt8(ascii: "0") && core.count - marks[0] == 4
  }

  /// The number; nil where it is not written with that mark, has too many digits, or may be two numbers.
  /// - Parameter mark: the one that the file has; nil where that is not known.
  func value(_ mark: DecimalMark?) -> MeterQuantity? {
    guard let mark = mark ?? certainMark else { return isAmbiguous ? nil : MeterQuantity(sign + String(decoding: core, as: UTF8.self)) }
    guard let (integer, fraction) = parts(mark) else { return nil }
    return MeterQuantity(
      sign + String(decoding: integer, as: UTF8.self) + (fraction.map { "." + String(decoding: $0, as: UTF8.self) } ?? ""))
  }

  /// The digits of a whole number, however they are grouped, with a fraction of zeros perhaps; nil for another, and for what may be two numbers.
  var wholeDigits: [UInt8]? {
    guard affix.isEmpty, !isNegative, !isAmbiguous else { return nil }
    guard let mark = certainMark else { return core }
    guard let (integer, fraction) = parts(mark), fraction?.allSatisfy({ $0 == UInt8(ascii: "0") }) ?? true else { return nil }
    return integer
  }

  /// The digits before and behind the mark, without those between thousands; nil where it is not written with that mark.
  private func parts(_ mark: DecimalMark) -> (integer: [UInt8], fraction: ArraySlice<UInt8>?)? {
    let (decimal, group) = mark == .comma ? (Self.comma, Self.point) : (Self.point, Self.comma)
    let parts = core.split(separator: decimal, omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.count == 1 || !parts[1].contains(group) else { return nil }
    let groups = parts[0].split(separator: group, omittingEmptySubsequences: false)
    guard groups.count == 1 || !hasNeutralGroups && (1...3).contains(groups[0].count) && groups.dropFirst().allSatisfy({ $0.count == 3 })
    else { return nil }
    return (Array(groups.joined()), parts.count == 2 ? parts[1] : nil)
  }

  private var sign: String { isNegative ? "-" : "" }
}
