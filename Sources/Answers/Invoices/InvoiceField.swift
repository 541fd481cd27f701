/// What an invoice can say of a session.
public enum InvoiceField: String, CaseIterable, Sendable {
  /// Any id of the session.
  case id
  /// When the charge began, and when it ended.
  case startTime, endTime
  /// The total duration.
  case minutes
  /// The total energy.
  case wattHours, kilowattHours
  /// The total cost.
  case cost
  /// The EVSE, in any spelling.
  case evseId

  /// Headings that say it where no option does, as ``InvoiceHeading`` reads them: the first that a file has counts. A session's id goes before what is
  /// only called `id`, which may be the line's.
  var names: [String] {
    switch self {
    case .id:
      [
        "servicesessionid", "sessionid", "chargingsessionid", "chargesessionid", "execpartnersessionid", "salepartnersessionid",
        "partnerservicesessionid", "emipsessionid", "session", "sessions", "ladevorgang", "vorgang", "vorgangsid", "sitzungsid",
        "idsession",
        "idsesion", "sesion", "sessione", "sessie", "id",
      ]
    case .startTime:
      [
        "starttime", "start", "startdate", "startdatetime", "begin", "began", "beginn", "startzeit", "ladebeginn", "début", "debut",
        "sessionstart", "sessionstarttime", "chargingstart", "chargestart", "chargingstarttime", "startofcharge", "datedébut",
        "datededébut", "datedebut", "datededebut", "inicio", "inizio", "begintijd",
      ]
    case .endTime:
      [
        "endtime", "end", "enddate", "enddatetime", "stop", "stoptime", "sessionend", "sessionendtime", "chargingend", "chargeend",
        "chargingendtime", "endofcharge", "ende", "endzeit", "ladeende", "fin", "datefin", "datedefin",
        "fine",
        "einde", "eindtijd",
      ]
    case .minutes: ["minutes", "min", "duration", "dauer", "ladedauer", "durée", "duree", "duración", "durata", "duur"]
    case .wattHours: ["watthours", "wh"] + Self.energyNames
    case .kilowattHours: ["kilowatthours", "kwh", "mwh"] + Self.energyNames
    case .cost:
      ["cost", "costs", "amount", "price", "betrag", "preis", "kosten", "montant", "prix", "coût", "cout", "importe", "importo", "bedrag"]
    case .evseId: ["evseid", "evse"]
    }
  }

  /// Energy in whatever unit stands beside it.
  static let energyNames = [
    "energy", "totalenergy", "energie", "énergie", "energía", "energia", "consumption", "verbrauch", "consommation", "verbruik", "volume",
  ]
  /// What a longer heading with a unit of energy has in it: `Abgegebene Energie (kWh)`. A meter's reading is none.
  static let energyParts = [
    "energ", "énerg", "consum", "verbrauch", "consomm", "verbruik", "volume", "menge", "quantit", "deliver", "charged", "gelad",
  ]
  /// What a longer heading with a unit of time has in it: `Charging duration (min)`.
  static let durationParts = ["duration", "dauer", "durée", "duree", "duración", "durata", "duur"]
}

/// The unit of an amount, as what an amount in it is in the unit of our records: watt-hours or minutes.
public struct InvoiceUnit: Hashable, Sendable {
  /// As people write it.
  public let name: String
  let multiplier: Int64
  let divisor: Int64

  /// The unit of what has none.
  static let one = InvoiceUnit(name: "", multiplier: 1, divisor: 1)
  static let wattHours = InvoiceUnit(name: "Wh", multiplier: 1, divisor: 1)
  static let kilowattHours = InvoiceUnit(name: "kWh", multiplier: 1_000, divisor: 1)
  static let megawattHours = InvoiceUnit(name: "MWh", multiplier: 1_000_000, divisor: 1)
  static let minutes = InvoiceUnit(name: "min", multiplier: 1, divisor: 1)
  static let hours = InvoiceUnit(name: "h", multiplier: 60, divisor: 1)
  static let seconds = InvoiceUnit(name: "s", multiplier: 1, divisor: 60)

  /// By the word that stands in a heading or beside a number, in lower case.
  static let energies = ["wh": wattHours, "kwh": kilowattHours, "mwh": megawattHours]
  static let durations = [
    "min": minutes, "mins": minutes, "minutes": minutes, "minuten": minutes, "h": hours, "hours": hours, "std": hours, "stunden": hours,
    "heures": hours, "s": seconds, "sec": seconds, "sek": seconds, "seconds": seconds, "sekunden": seconds, "secondes": seconds,
  ]

  /// The currencies that a word or sign stands for, by their codes of ISO 4217; nil for none.
  static func currencies(_ word: String) -> Set<String>? {
    switch word {
    case "€", "eur", "euro", "euros": ["EUR"]
    case "£", "gbp": ["GBP"]
    case "chf", "fr", "fr.", "sfr", "sfr.": ["CHF"]
    case "$": ["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"]
    case "us$": ["USD"]
    case "kr", "kr.": ["SEK", "NOK", "DKK", "ISK"]
    case "zł": ["PLN"]
    case "kč": ["CZK"]
    case "usd", "pln", "czk", "sek", "nok", "dkk", "huf", "ron", "bgn", "isk": [word.uppercased()]
    default: nil
    }
  }
}
