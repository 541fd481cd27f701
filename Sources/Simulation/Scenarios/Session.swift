/// One service session, from its authorisation to its last record. Ids and meters follow from its key and number and are never stored.
struct Session {
  enum Origin { case badge, remote, whiteList }

  var key: UInt64
  /// Counts sessions; makes the numbered ids unique.
  var serial: Int
  var origin: Origin
  var user: Population.User
  var evse: Int
  /// Milliseconds since 1970, like `start` and `end`.
  var authorisedAt: Int
  var start: Int
  var end: Int
  var isAuthorised: Bool
  /// How the provider's leg of the authorisation ends.
  var legOutcome: Outcome
  var wantsIntermediateRecords: Bool
  /// 0 for none.
  var limitWattHours: Int
  var powerWatts: Int
  /// The repetitive meter that its records have (21, 25, 31, 35, 41, 45); 0 for none.
  var repetitiveMeter: Int
  /// How many items of the agenda belong to it.
  var pending = 0
  /// When the provider asks for its end; nil for shortly before the end.
  var stoppedAt: Int?
  /// Whether the steps of a repetitive energy meter add up to the energy.
  var addsUp = false

  var provider: Partner { Partner.providers[user.provider] }

  init(key: UInt64, serial: Int, origin: Origin, user: Population.User, evse: Int, authorisedAt: Int, end: Int, _ random: inout SplitMix64)
  {
    self.key = key
    self.serial = serial
    self.origin = origin
    self.user = user
    self.evse = evse
    self.authorisedAt = authorisedAt
    self.end = end
    start = authorisedAt + random.between(6000, 70_000)
    isAuthorised = true
    legOutcome = .done(1)
    wantsIntermediateRecords = random.perMille(45)
    limitWattHours = random.perMille(280) ? random.between(10, 70) * 1000 : 0
    powerWatts = Self.powers[random.below(Self.powers.count)] * random.between(80, 100) / 100
    repetitiveMeter = Self.repetitiveMeter(random.below(100))
  }

  private static let powers: [Int] = [3700, 7400, 7400, 11_000, 11_000, 22_000, 22_000, 50_000, 120_000]

  private static func repetitiveMeter(_ percent: Int) -> Int {
    switch percent {
    case ..<7: 21
    case ..<27: 25
    case ..<28: 31
    case ..<30: 35
    case ..<32: 41
    case ..<34: 45
    default: 0
    }
  }

  // MARK: Meters

  /// Minutes from the start to `moment`.
  func minutes(until moment: Int) -> Int { max(0, moment - start) / 60_000 }

  /// Energy counted until then; grows with time and stops at the limit.
  func wattHours(until moment: Int) -> Int {
    let energy = powerWatts * max(0, moment - start) / 3_600_000 * Int(700 + key % 300) / 1000
    return limitWattHours > 0 ? min(limitWattHours, energy) : energy
  }

  /// The power in one step of a repetitive meter: falls towards the end, and wavers.
  func watts(step: Int, of count: Int) -> Int {
    let falling = powerWatts * (count * 3 - step * 2 + 1) / (count * 3 + 1)
    return falling * Int(930 + SplitMix64.derive(key, UInt64(step) &+ 1000) % 140) / 1000
  }

  // MARK: Events

  /// When an event of this nature happened.
  func eventDate(nature: Int32) -> Int {
    switch nature {
    case 3, 11: start
    case 2: start + (end - start) / 2
    case 12, 13: end - 9000
    default: end
    }
  }
}

extension MessageWriter {
  /// The platform's session id.
  mutating func serviceSession(_ field: Field, _ session: Session) {
    start(field)
    rawServiceSession(session)
    finish(field)
  }

  mutating func rawServiceSession(_ session: Session) {
    raw("IOP-SID-GIR-P-IOP0")
    rawDecimal(Int(session.key >> 7 & 3) + 1)
    raw("-")
    rawUUID(SplitMix64.derive(session.key, 11))
  }

  /// The operator's own session id.
  mutating func execSession(_ field: Field, _ session: Session) {
    start(field)
    rawExecSession(session)
    finish(field)
  }

  mutating func rawExecSession(_ session: Session) {
    if session.key & 0x40 == 0 {
      raw("C01S")
      rawDecimal(session.serial &* 7_368_787_393, width: 10)
    } else {
      raw("CPO-")
      rawUUID(SplitMix64.derive(session.key, 12))
    }
  }

  /// The provider's own session id.
  mutating func saleSession(_ field: Field, _ session: Session) {
    start(field)
    let provider = session.provider
    switch provider.sessions {
    case .uuid: rawUUID(SplitMix64.derive(session.key, 13))
    case .numbered:
      raw("eMSP_")
      raw(provider.code)
      raw("_")
      rawDecimal(session.serial &* 61_803_399, width: 8)
    case .short:
      rawDecimal(session.serial + 410_000)
    }
    finish(field)
  }

  /// The EVSE with its type.
  mutating func evseElements(_ evse: Int) {
    text(.evseIdType, "eMI3")
    start(.evseId)
    self.evse(evse)
    finish(.evseId)
  }

  /// An EVSE in a spelling of its own, with its type.
  mutating func evseElements(text id: String) {
    text(.evseIdType, "eMI3")
    start(.evseId)
    raw(text: id)
    finish(.evseId)
  }

  /// The customer, by badge or by contract.
  mutating func userElements(_ user: Population.User, byContract: Bool) {
    text(.userIdType, byContract ? "eMA" : "RFID-UID")
    start(.userId)
    rawUser(user, byContract: byContract)
    finish(.userId)
  }

  mutating func rawUser(_ user: Population.User, byContract: Bool) {
    if byContract { return contract(user) }
    guard user.hasColons else { return rfid(user.uid, digits: user.uidDigits) }
    for place in (0..<user.uidDigits / 2).reversed() {
      rawUpperHex(user.uid >> UInt64(place * 8), digits: 2)
      if place > 0 { raw(":") }
    }
  }

  mutating func alias(_ user: Population.User) {
    start(.userContractIdAlias)
    if user.hidesContract { pseudonym(user, of: Partner.providers[user.provider]) } else { contract(user) }
    finish(.userContractIdAlias)
  }

  mutating func limits(_ wattHours: Int) {
    guard wattHours > 0 else { return }
    open(.meterLimitList)
    meter(2, wattHours, "Wh")
    close(.meterLimitList)
  }

  mutating func meter(_ type: Int, _ value: Int, _ unit: StaticString) {
    open(.meterReport)
    number(.meterTypeId, type)
    number(.meterValue, value)
    text(.meterUnit, unit)
    close(.meterReport)
  }
}
