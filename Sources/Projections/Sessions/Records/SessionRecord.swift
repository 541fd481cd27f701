internal import EMIP
internal import JournalFormat
internal import JournalStore

/// What one entry of the journal added to a session, as it is stored: a few bytes. What else there is to know is read from the journal
/// again.
struct SessionRecord: Hashable {
  var content: Content
  var isFromIOP = false
  var isBackEnd = false
  /// When a step's message was observed; nil for what is none.
  var observedAt: Timestamp?
  var novelty: Novelty?

  enum Content: Hashable {
    case get
    case set(AuthorisationTerms)
    case record(ChargeRecord)
    case event(nature: UInt32?, date: Timestamp)
    case action(nature: UInt32?)
    case answer(Answer)
    /// Another session turned out to be this one.
    case absorbed(UInt32)
    case mergedInto(UInt32)
    /// `cause` keeps the same cause from making a second one.
    case finding(rule: UInt8, number: UInt16, cause: UInt64)
    /// Another session is probably this one: by EVSE, user and time, or by an id of an operator, who may use it again.
    case twin(UInt32, sharesId: Bool)
    case twinDropped(UInt32)
  }

  /// What was not known of the session before.
  struct Novelty: Hashable {
    var ids: SessionIdKinds = []
    var evse: UInt32?
    var exec: UInt32?
    var sale: UInt32?
    /// When the first message of the session was observed.
    var opened: Timestamp?

    subscript(party: SessionParty) -> UInt32? {
      get {
        switch party {
        case .evse: evse
        case .exec: exec
        case .sale: sale
        }
      }
      set {
        switch party {
        case .evse: evse = newValue
        case .exec: exec = newValue
        case .sale: sale = newValue
        }
      }
    }

    var isEmpty: Bool { ids.isEmpty && evse == nil && exec == nil && sale == nil && opened == nil }
  }

  struct ChargeRecord: Hashable {
    var item: UInt32
    var nature: Nature
    /// Whether it came in an answer: there is none to it.
    var isDownload: Bool
    /// From its start to its end; nil where one of them cannot be read, or where it ends before it starts.
    var milliseconds: UInt64?
    /// Its totals: those of meters 1 and 2 in their catalogue's unit, in thousandths.
    var totals: [AuthorisationTerms.Limit] = []

    /// The numbers are on disk.
    enum Nature: UInt8 {
      case unknown = 0
      case intermediate, final
    }
  }

  struct Answer: Hashable {
    /// The position of its request.
    var request: JournalPosition
    var outcome: Outcome
    var requestStatus: UInt32?
    /// The gateway's own.
    var isGateway = false
    /// The terms of an answer that authorises or refuses.
    var terms: AuthorisationTerms?

    /// The numbers are on disk.
    enum Outcome: UInt8 {
      case accepted = 1
      case rejected, fault, lost, unreadable
    }

    /// Whether nothing more is to be said of it than that it came and was as it should be.
    var isPlain: Bool { outcome == .accepted && requestStatus == nil && !isGateway && terms == nil }
  }
}

/// How far an eMSP goes.
struct AuthorisationTerms: Hashable {
  /// Nil where the message has no value, or none that can be read: that decides nothing.
  var isAuthorised: Bool?
  var wantsIntermediateRecords = false
  /// Those of meters 1 and 2 in their catalogue's unit, in thousandths.
  var limits: [Limit] = []

  struct Limit: Hashable {
    var meter: UInt32
    var thousandths: UInt64
  }

  /// - Parameter limits: asked for where the message has meters.
  init(_ fields: SessionFields, limits: () -> [MeterReading]) {
    isAuthorised = fields.authorisationValue.flatMap { AuthorisationValue($0)?.isAuthorised }
    wantsIntermediateRecords = fields.intermediateCDRRequested == "1" || fields.intermediateCDRRequested == "true"
    if fields.hasMeters { self.limits = limits().prefix(8).compactMap(Limit.init) }
  }
}

extension AuthorisationTerms.Limit {
  /// Nil for a reading that is not compared: of another meter, or none that is sound.
  init?(_ reading: MeterReading) {
    guard let type = reading.type?.value, type == .totalDuration || type == .totalEnergy, let quantity = reading.figure.quantity,
      let thousandths = Self.thousandths(quantity)
    else { return nil }
    self.init(meter: type.rawValue, thousandths: thousandths)
  }

  /// The totals of a record that can be compared: one that is given twice cannot.
  static func totals(_ readings: [MeterReading]) -> [Self] {
    [MeterType.totalDuration, .totalEnergy].compactMap { type in
      readings.figure(type).quantity.flatMap(thousandths).map { Self(meter: type.rawValue, thousandths: $0) }
    }
  }

  /// The thousandths of a quantity that is not negative; digits beyond the third behind the point are cut off. Nil where there are too many.
  static func thousandths(_ quantity: MeterQuantity) -> UInt64? {
    UInt64(exactly: quantity.attos / (MeterQuantity.unit / 1_000)).flatMap { $0 < UInt64.max / 2 ? $0 : nil }
  }
}
