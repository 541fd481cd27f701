internal import Foundation

/// A heading, taken apart: `Energie (kWh)` is `energie` in kWh, `Session ID` is `sessionid`.
struct InvoiceHeading {
  /// As the file has it.
  let text: String
  /// Its letters and digits in lower case, without the unit.
  let name: String
  /// The unit or currency that it names, in lower case; nil where it names none.
  let unit: String?
  /// Whether a currency is named, be it beside a unit: `€/kWh`.
  let hasCurrency: Bool
  /// Whether it says that its times are UTC's.
  let isUTC: Bool

  init(_ text: String) {
    self.text = text
    var words: [String] = []
    var isWordOver = true
    // A letter with its accents is one scalar here.
    for scalar in text.precomposedStringWithCanonicalMapping.lowercased().unicodeScalars {
      let isSign = scalar.properties.generalCategory == .currencySymbol
      guard isSign || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) else {
        isWordOver = true
        continue
      }
      if isWordOver || isSign { words.append("") }
      words[words.count - 1].unicodeScalars.append(scalar)
      isWordOver = isSign
    }
    isUTC = words.contains("utc") || words.contains("gmt")
    words.removeAll { Self.unsaid.contains($0) }
    hasCurrency = words.contains { InvoiceUnit.currencies($0) != nil }
    if let index = words.lastIndex(where: Self.isUnit) {
      unit = words[index]
      // Alone it is the name, too.
      if words.count > 1 { words.remove(at: index) }
      name = words.joined()
    } else {
      // `energyKWh`
      let joined = words.joined()
      unit = ["kwh", "mwh", "wh"].first { joined.hasSuffix($0) }
      name = unit.map { String(joined.dropLast($0.count)) } ?? joined
    }
  }

  /// Words that say nothing of what a column holds, or are read apart.
  private static let unsaid: Set<String> = ["utc", "gmt", "local", "locale", "lokal", "in", "en"]

  private static func isUnit(_ word: String) -> Bool {
    InvoiceUnit.energies[word] != nil || InvoiceUnit.durations[word] != nil || InvoiceUnit.currencies(word) != nil
  }
}

/// Where an invoice says something, and in which unit.
public struct InvoiceColumn: Sendable {
  /// What it says.
  public let field: InvoiceField
  /// Its heading.
  public let heading: String
  /// From 0.
  let place: Int
  /// The unit of its amounts; nil where neither its heading nor an option says it, and for what has none.
  let unit: InvoiceUnit?
  /// The currencies that its amounts may be in, by their codes; nil where the heading names none.
  let currencies: Set<String>?
  /// Whether its heading says that its times are UTC's.
  let isUTC: Bool
  /// How many columns have this heading; the first of them is taken.
  public internal(set) var sameCount = 1

  /// The column of a heading, for a field.
  /// - Parameter isNamed: whether an option says that it holds the field, so that the heading needs no usual name.
  /// - Returns: nil where the heading does not say the field, or says it in another unit.
  init?(_ heading: InvoiceHeading, at place: Int, _ field: InvoiceField, isNamed: Bool) {
    guard isNamed || Self.isUsual(heading, field) else { return nil }
    let energy = heading.unit.flatMap { InvoiceUnit.energies[$0] }
    switch field {
    case .wattHours:
      guard energy == nil || energy == .wattHours else { return nil }
      unit = energy ?? (isNamed || heading.name == "watthours" ? .wattHours : nil)
    case .kilowattHours:
      guard energy != .wattHours, isNamed || energy != nil || heading.name == "kilowatthours" else { return nil }
      unit = energy ?? .kilowattHours
    case .minutes: unit = heading.unit.flatMap { InvoiceUnit.durations[$0] } ?? (isNamed ? .minutes : nil)
    case .id, .startTime, .endTime, .cost, .evseId: unit = nil
    }
    (self.field, self.place, self.heading, isUTC) = (field, place, heading.text, heading.isUTC)
    currencies = field == .cost ? heading.unit.flatMap(InvoiceUnit.currencies) : nil
  }

  private static func isUsual(_ heading: InvoiceHeading, _ field: InvoiceField) -> Bool {
    if field == .cost, let unit = heading.unit, unit == heading.name { return InvoiceUnit.currencies(unit) != nil }
    return field.names.contains(heading.name) || isLonger(heading, field)
  }

  private static func isLonger(_ heading: InvoiceHeading, _ field: InvoiceField) -> Bool {
    guard let unit = heading.unit, !heading.hasCurrency else { return false }
    switch field {
    case .wattHours, .kilowattHours:
      return InvoiceUnit.energies[unit] != nil && InvoiceField.energyParts.contains { heading.name.contains($0) }
    case .minutes: return InvoiceUnit.durations[unit] != nil && InvoiceField.durationParts.contains { heading.name.contains($0) }
    default: return false
    }
  }

  /// The units that its amounts may be in.
  var possibleUnits: [InvoiceUnit] {
    if let unit { return [unit] }
    switch field {
    case .wattHours: return [.wattHours, .kilowattHours]
    case .minutes: return [.minutes, .hours, .seconds]
    default: return []
    }
  }
}
