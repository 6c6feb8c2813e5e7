// What may be known outside of a place. Only the privacy gate of the domain makes these values.

public import Quantities

/// A place as everyone may know it.
public struct PublicPlace: Hashable, Sendable {
  /// What rarely changes.
  public var about: PublicAbout
  /// What changes by the minute.
  public var indicators: PublicIndicators
  /// What they were in the last day.
  public var recent: RecentDay
  /// When it is or may be open in the days ahead by all that is known now: heat, programme and decisions included.
  public var openings: [PublicInterval]

  /// A place.
  ///
  /// - Parameters:
  ///   - about: what rarely changes.
  ///   - indicators: what changes by the minute.
  ///   - recent: what they were in the last day.
  ///   - openings: when it is or may be open; what the timetable says if nothing is told.
  public init(
    about: PublicAbout, indicators: PublicIndicators, recent: RecentDay = RecentDay(),
    openings: [PublicInterval]? = nil
  ) {
    self.about = about
    self.indicators = indicators
    self.recent = recent
    self.openings = openings ?? about.intervals
  }
}

/// Name, position, amenities and opening of a place.
public struct PublicAbout: Hashable, Sendable {
  /// The identifier, `[a-z0-9-]+`.
  public var id: String
  /// The name people know it by.
  public var name: String
  /// What kind of place it is.
  public var kind: PlaceKind
  /// Street address, if known.
  public var address: String?
  /// Longitude and latitude of a point on it, WGS 84, in 10⁻⁷ degrees.
  public var position: PublicPosition { shape.position }
  /// Where it lies, for distances.
  public var shape: GeoShape
  /// Its simplified geometry as GeoJSON text.
  public var geometry: String
  /// The timetable as published, OSM syntax.
  public var openingHours: String?
  /// The first moment of which the timetable says nothing any more; nil if it goes on for ever.
  public var timetableEnds: Instant?
  /// When it is or may be open in the next eight days.
  public var intervals: [PublicInterval]
  /// Drinking water, if known.
  public var water: Bool?
  /// Toilets, if known.
  public var toilets: Bool?
  /// Seats, if known.
  public var seats: Bool?
  /// Step-free access, if known.
  public var stepFree: StepFree?
  /// Indoors, if known.
  public var indoor: Bool?
  /// Whether it is an invented example, and not a place that a register gives.
  public var isExample: Bool
  /// Which slots of its programme open it or take of its room in the days of ``intervals``.
  public var slots: [PublicSlot] = []
  /// Which register it comes from.
  public var source: String?
  /// The register's licence.
  public var licence: String?

  /// A description.
  public init(
    id: String, name: String, kind: PlaceKind, address: String?, shape: GeoShape, geometry: String,
    openingHours: String?, intervals: [PublicInterval], water: Bool?, toilets: Bool?, seats: Bool?,
    stepFree: StepFree?, indoor: Bool?, isExample: Bool, source: String?, licence: String?
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.address = address
    self.shape = shape
    self.geometry = geometry
    self.openingHours = openingHours
    self.intervals = intervals
    self.water = water
    self.toilets = toilets
    self.seats = seats
    self.stepFree = stepFree
    self.indoor = indoor
    self.isExample = isExample
    self.source = source
    self.licence = licence
  }
}

extension PublicAbout {
  /// Whether it lies outdoors: by its own word, else by its kind.
  public var isOutdoors: Bool {
    if let indoor { return !indoor }
    switch kind {
    case .schoolyard, .park, .garden, .mister, .shade: return true
    case .tiersLieu, .library, .museum, .pool, .worship, .townHall, .mall, .other: return false
    }
  }
}

/// A point, WGS 84.
public struct PublicPosition: Hashable, Sendable {
  /// Degrees east in 10⁻⁷.
  public let longitudeE7: Int64
  /// Degrees north in 10⁻⁷.
  public let latitudeE7: Int64

  /// A point.
  public init(longitudeE7: Int64, latitudeE7: Int64) {
    self.longitudeE7 = longitudeE7
    self.latitudeE7 = latitudeE7
  }

  /// Degrees east.
  public var longitude: Double { Double(longitudeE7) / 1e7 }
  /// Degrees north.
  public var latitude: Double { Double(latitudeE7) / 1e7 }
}

/// A time in which a place is open, or may be.
public struct PublicInterval: Hashable, Sendable {
  /// The first moment.
  public var from: Instant
  /// The first moment after.
  public var until: Instant
  /// `open` or `unknown`.
  public var state: OpeningState
  /// What makes it so.
  public var rule: OpeningRule

  /// An interval.
  public init(from: Instant, until: Instant, state: OpeningState, rule: OpeningRule = .regular) {
    self.from = from
    self.until = until
    self.state = state
    self.rule = rule
  }
}

extension PublicPlace {
  /// Until when it stays open that is open at a moment to come; nil if it is not.
  ///
  /// One rule may take over from another: a park whose hours end may stay open for the heat.
  public func openUntil(at moment: Instant) -> Instant? {
    var end: Instant?
    for opening in openings where opening.state == .open {
      if end.map({ opening.from <= $0 && $0 < opening.until }) ?? (opening.from <= moment && moment < opening.until) {
        end = opening.until
      }
    }
    return end
  }
}

/// A slot of a place's programme; what goes on in it is nobody's business here.
public struct PublicSlot: Hashable, Sendable {
  /// The first moment.
  public var from: Instant
  /// The first moment after.
  public var until: Instant
  /// Whether it opens the place; otherwise it takes room.
  public var opens: Bool
  /// People for whom there is room beside it, as far as that is known.
  public var capacityLeft: Int?

  /// A slot.
  public init(from: Instant, until: Instant, opens: Bool, capacityLeft: Int?) {
    self.from = from
    self.until = until
    self.opens = opens
    self.capacityLeft = capacityLeft
  }
}

/// What a place is like now.
///
/// Instants, never ages: what did not change stays byte-equal.
public struct PublicIndicators: Hashable, Sendable {
  /// Whether one should go there.
  public var availability: Availability
  /// Whether sensors say how cool it is.
  public var isMeasured: Bool
  /// Why the availability is what it is: eight reasons at most.
  public var reasons: [Reason] {
    get { Reason.unpacked(packedReasons) }
    set { packedReasons = Reason.packed(newValue) }
  }
  /// A number and not a list, so that indicators, which are compared and copied at every evaluation, are plain memory.
  private var packedReasons: UInt64
  /// Since when the availability has been what it is.
  public var since: Instant
  /// When opening changes next, if ever.
  public var nextChange: Instant?
  /// Whether it is open.
  public var opening: Opening
  /// How cool it is; nil where nothing measures.
  public var coolness: Coolness?
  /// How full it is; nil where nothing counts or the count is not known.
  public var occupancy: Occupancy?
  /// How loud it is; nil where nothing listens or too little was heard.
  public var noise: Noise?
  /// How loud the last whole day was; nil where too little of it was heard.
  public var noiseOfDay: NoiseOfDay?
  /// What the sensors are doing; nil where there are none.
  public var freshness: Freshness?

  /// Opening.
  public struct Opening: Hashable, Sendable {
    /// Open or not.
    public var state: OpeningState
    /// Until when, if it ends.
    public var until: Instant?
    /// Which rule says so.
    public var rule: OpeningRule

    /// Opening.
    public init(state: OpeningState, until: Instant?, rule: OpeningRule) {
      self.state = state
      self.until = until
      self.rule = rule
    }
  }

  /// Temperatures, rounded to tenths.
  public struct Coolness: Hashable, Sendable {
    /// Air temperature.
    public var air: MilliCelsius
    /// Felt temperature.
    public var felt: MilliCelsius
    /// What the felt temperature was computed from.
    public var feltMethod: FeltMethod
    /// What it means.
    public var feltClass: FeltClass
    /// Reference minus place over the same minutes; positive where the place is cooler.
    public var difference: MilliCelsius?
    /// What the difference means.
    public var differenceClass: DifferenceClass?
    /// The mean difference of the last afternoon, 12 to 18 h.
    public var differenceByDay: MilliCelsius?
    /// The mean difference of the last night, 0 to 6 h.
    public var differenceByNight: MilliCelsius?

    /// Temperatures.
    public init(
      air: MilliCelsius, felt: MilliCelsius, feltMethod: FeltMethod, feltClass: FeltClass,
      difference: MilliCelsius?, differenceClass: DifferenceClass?
    ) {
      self.air = air
      self.felt = felt
      self.feltMethod = feltMethod
      self.feltClass = feltClass
      self.difference = difference
      self.differenceClass = differenceClass
    }
  }

  /// A function of level and capacity alone; the count stays private.
  public struct Occupancy: Hashable, Sendable {
    /// How full.
    public var level: OccupancyLevel
    /// People who still fit at least, in steps of 5; nil where fewer than 5 do.
    public var roomLeft: Int?

    /// Occupancy.
    public init(level: OccupancyLevel, roomLeft: Int?) {
      self.level = level
      self.roomLeft = roomLeft
    }
  }

  /// Sound level of the last quarter of an hour.
  public struct Noise: Hashable, Sendable {
    /// LAeq 15 min in whole decibels.
    public var laeq: MilliDecibels
    /// What it means.
    public var noiseClass: NoiseClass
    /// What was exceeded during parts of the last hour; nil where too little of it was heard.
    public var exceeded: Exceeded?
    /// Whether it is quiet now and hardly anything was loud in the last hour; nil where that is not known.
    public var isCalm: Bool?

    /// Noise.
    public init(laeq: MilliDecibels, noiseClass: NoiseClass) {
      self.laeq = laeq
      self.noiseClass = noiseClass
    }
  }

  /// Levels that were exceeded during 10, 50 and 90 % of an hour of LAeq values, in whole decibels.
  public struct Exceeded: Hashable, Sendable {
    /// The peaks.
    public var l10: MilliDecibels
    /// The middle.
    public var l50: MilliDecibels
    /// The background.
    public var l90: MilliDecibels

    /// Levels.
    public init(l10: MilliDecibels, l50: MilliDecibels, l90: MilliDecibels) {
      self.l10 = l10
      self.l50 = l50
      self.l90 = l90
    }
  }

  /// Noise of a whole day, an estimate: the legal figures are those of a year.
  public struct NoiseOfDay: Hashable, Sendable {
    /// The day with which it begins.
    public var day: CivilDay
    /// Level of day, evening and night in whole decibels.
    public var lden: MilliDecibels
    /// Level of the night in whole decibels.
    public var lnight: MilliDecibels
    /// Share of the least covered of the three parts that was measured, in percent.
    public var coverage: Int

    /// Noise of a day.
    public init(day: CivilDay, lden: MilliDecibels, lnight: MilliDecibels, coverage: Int) {
      self.day = day
      self.lden = lden
      self.lnight = lnight
      self.coverage = coverage
    }
  }

  /// What the sensors are doing.
  public struct Freshness: Hashable, Sendable {
    /// The newest reading's time.
    public var observedAt: Instant?
    /// Sensors heard lately.
    public var alive: Int
    /// Sensors there should be.
    public var expected: Int

    /// Freshness.
    public init(observedAt: Instant?, alive: Int, expected: Int) {
      self.observedAt = observedAt
      self.alive = alive
      self.expected = expected
    }
  }

  /// Indicators.
  public init(
    availability: Availability, isMeasured: Bool, reasons: [Reason], since: Instant, nextChange: Instant?,
    opening: Opening, coolness: Coolness?, occupancy: Occupancy?, noise: Noise?, freshness: Freshness?
  ) {
    self.availability = availability
    self.isMeasured = isMeasured
    packedReasons = Reason.packed(reasons)
    self.since = since
    self.nextChange = nextChange
    self.opening = opening
    self.coolness = coolness
    self.occupancy = occupancy
    self.noise = noise
    self.freshness = freshness
  }

  /// What is known of a place of which nothing is known.
  public static let unknown = PublicIndicators(
    availability: .unknown, isMeasured: false, reasons: [], since: .distantPast, nextChange: nil,
    opening: .init(state: .unknown, until: nil, rule: .regular), coolness: nil, occupancy: nil, noise: nil,
    freshness: nil)

  /// Whether the place counts among the cool places that are open now: measured, and available.
  public var isOpenAndCool: Bool { isMeasured && availability == .available }
}
