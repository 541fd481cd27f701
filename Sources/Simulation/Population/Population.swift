/// Who charges where: customers and EVSEs. Everything about them follows from their numbers, so that hundreds of thousands cost no memory.
struct Population {
  /// A customer of one provider.
  struct User {
    /// Index into ``Partner/providers``.
    var provider: Int
    var key: UInt64
    /// Whether its alias tells nothing of its contract.
    var hidesContract = false
    /// Whether its badge is written with colons, which the guide does not allow.
    var hasColons = false

    /// The badge: 8 or 14 hexadecimal digits; seven-byte UIDs begin with their maker, mostly `04`.
    var uidDigits: Int { SplitMix64.derive(key, 1) % 10 < 3 ? 8 : 14 }
    var uid: UInt64 {
      let value = SplitMix64.derive(key, 2)
      guard uidDigits == 14 else { return value & 0xFFFF_FFFF }
      let maker: UInt64 = value >> 60 == 0 ? 0x88 : 0x04
      return maker << 48 | value & 0xFFFF_FFFF_FFFF
    }
    var contractNumber: Int { Int(SplitMix64.derive(key, 3) % 100_000_000) }
    /// The right check digit, but for one contract in fifty, which somebody typed.
    var contractCheck: UInt8 {
      guard SplitMix64.derive(key, 4) % 50 != 0 else { return UInt8(ascii: "X") }
      let provider = Partner.providers[provider]
      var check = ContractCheckDigit()
      var rest = contractNumber
      for _ in 0..<8 {
        check.add(0x30 + UInt8(rest % 10))
        rest /= 10
      }
      check.add(UInt8(ascii: "C"))
      for index in stride(from: 2, through: 0, by: -1) { check.add(provider.code.utf8Start[index]) }
      for index in stride(from: 1, through: 0, by: -1) { check.add(provider.country.utf8Start[index]) }
      return check.digit
    }
  }

  let evseCount: Int
  let userCount: Int
  private let seed: UInt64
  let isFaultless: Bool
  private let shares: [Int]
  private var busyUntil: [Int]
  /// When those customers who charge are done, by their keys.
  private var chargingUntil: [UInt64: Int] = [:]

  init(exchangesPerDay: Int, seed: UInt64, isFaultless: Bool = false) {
    self.isFaultless = isFaultless
    evseCount = min(6000, max(24, exchangesPerDay / 8))
    userCount = min(400_000, max(300, exchangesPerDay))
    self.seed = seed
    shares = Partner.providers.indices.flatMap { Array(repeating: $0, count: Partner.providers[$0].share) }
    busyUntil = Array(repeating: 0, count: evseCount)
  }

  /// Somebody who charges: a customer of any provider.
  func user(_ random: inout SplitMix64) -> User {
    let provider = shares[random.below(shares.count)]
    return user(random.skewed(userCount(provider)), of: provider)
  }

  /// How many customers a provider has, more than a list can hold; those with small numbers charge most often.
  func contractCount(_ provider: Int) -> Int { max(600, userCount(provider)) }

  /// The customer of this number.
  func user(_ number: Int, of provider: Int) -> User {
    User(provider: provider, key: SplitMix64.derive(seed, UInt64(number * 16 + provider)), hidesContract: isFaultless)
  }

  private func userCount(_ provider: Int) -> Int { max(1, userCount * Partner.providers[provider].share / shares.count) }

  func hostedProvider(_ random: inout SplitMix64) -> Int {
    while true {
      let provider = shares[random.below(shares.count)]
      if Partner.providers[provider].isHosted { return provider }
    }
  }

  /// An EVSE that is free at `start`, as far as a few tries find one, taken until `end`.
  mutating func takeEVSE(from start: Int, until end: Int, _ random: inout SplitMix64) -> Int {
    var evse = random.below(evseCount)
    for _ in 0..<8 where busyUntil[evse] > start { evse = random.below(evseCount) }
    busyUntil[evse] = max(busyUntil[evse], end)
    return evse
  }
}

/// EVSEs of the faultless traffic. One in twelve is out of order now and then and never in use, all others the other way round; so no
/// status, however late it comes, can contradict another.
extension Population {
  /// An EVSE in use that is free from two minutes before `start`, taken until `end`; nil where all are taken.
  mutating func takeFreeEVSE(from start: Int, until end: Int, _ random: inout SplitMix64) -> Int? {
    let first = random.below(evseCount)
    for step in 0..<evseCount {
      let evse = (first + step) % evseCount
      guard !isTroubled(evse), busyUntil[evse] + 120_000 <= start else { continue }
      busyUntil[evse] = end
      return evse
    }
    return nil
  }

  /// Takes a customer of the faultless traffic from `start` until `end`; false where it charges elsewhere then.
  mutating func take(_ user: User, from start: Int, until end: Int) -> Bool {
    guard chargingUntil[user.key] ?? 0 <= start else { return false }
    if chargingUntil.count > 8192 { chargingUntil = chargingUntil.filter { $0.value > start } }
    chargingUntil[user.key] = end
    return true
  }

  /// `evse` or one near it that is never out of order.
  func inUse(near evse: Int) -> Int { isTroubled(evse) ? evse - 1 : evse }

  /// `evse` or one near it that is never in use.
  func troubled(near evse: Int) -> Int {
    let near = evse / 12 * 12 + 11
    return near < evseCount ? near : near - 12
  }

  private func isTroubled(_ evse: Int) -> Bool { evse % 12 == 11 }
}

extension MessageWriter {
  /// `FR*C01*E01006*2`; two EVSEs make a station, sixteen stations a pool.
  mutating func evse(_ number: Int) {
    element("E", number / 2 + 1000)
    raw("*")
    rawDecimal(number % 2 + 1)
  }

  mutating func connector(_ number: Int) {
    element("X", number / 2 + 1000)
    raw("*")
    rawDecimal(number % 2 + 1)
    raw("*1")
  }

  mutating func station(_ number: Int) { element("S", number / 2 + 1000) }

  mutating func pool(_ number: Int) { element("P", number / 32 + 100) }

  private mutating func element(_ type: StaticString, _ number: Int) {
    id(country: "FR", code: "C01")
    separator()
    letters(type)
    rawDecimal(number, width: 5)
  }

  /// The operator id of a partner.
  mutating func operatorId(_ partner: Partner) { id(country: partner.country, code: partner.code) }

  /// `FR-MS1-C49705505-H`
  mutating func contract(_ user: Population.User) {
    let provider = Partner.providers[user.provider]
    raw(provider.country)
    raw("-")
    raw(provider.code)
    raw("-C")
    rawDecimal(user.contractNumber, width: 8)
    raw("-")
    raw(user.contractCheck)
  }

  /// `FR-MS1-A04D2C0F1E7`: as good as a contract, and tells nobody whose it is.
  mutating func pseudonym(_ user: Population.User, of provider: Partner) {
    raw(provider.country)
    raw("-")
    raw(provider.code)
    raw("-A")
    rawUpperHex(SplitMix64.derive(user.key, 5), digits: 10)
  }
}
