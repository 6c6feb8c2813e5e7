// All that may be known outside at one moment, immutable; the loop swaps it in, readers keep what they hold.

public import Quantities

/// A city and its places at a moment.
public struct PublicSnapshot: Sendable {
  /// Grows with each snapshot of a running gateway.
  public var version: UInt64
  /// The moment it was made, core time.
  public var at: Instant
  /// The city.
  public var city: PublicCity
  /// Places in the order of their identifiers.
  public var places: [PublicPlace]

  /// A snapshot.
  public init(version: UInt64, at: Instant, city: PublicCity, places: [PublicPlace]) {
    self.version = version
    self.at = at
    self.city = city
    self.places = places
  }

  /// The place with an identifier.
  public func place(_ id: String) -> PublicPlace? { index(of: id).map { places[$0] } }

  /// Where among ``places`` the place with an identifier stands.
  public func index(of id: String) -> Int? {
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if places[middle].about.id < id { low = middle + 1 } else { high = middle }
    }
    return low < places.count && places[low].about.id == id ? low : nil
  }

  /// The smallest box around all places; nil where there are none.
  public var bounds: (low: PublicPosition, high: PublicPosition)? {
    guard let first = places.first?.about.shape.bounds else { return nil }
    return places.dropFirst().reduce(first) { box, place in
      let (low, high) = place.about.shape.bounds
      return (
        PublicPosition(
          longitudeE7: min(box.low.longitudeE7, low.longitudeE7), latitudeE7: min(box.low.latitudeE7, low.latitudeE7)),
        PublicPosition(
          longitudeE7: max(box.high.longitudeE7, high.longitudeE7),
          latitudeE7: max(box.high.latitudeE7, high.latitudeE7))
      )
    }
  }

  /// The counts that the city's topic and headlines show, from public values alone.
  public var counts: PublicCounts {
    var counts = PublicCounts()
    for place in places {
      let indicators = place.indicators
      guard indicators.opening.state == .open else { continue }
      counts.open += 1
      if indicators.isOpenAndCool { counts.cool += 1 }
      if indicators.noise?.noiseClass == .quiet { counts.quiet += 1 }
      if let level = indicators.occupancy?.level, level != .full { counts.withRoom += 1 }
      counts.roomLeft += indicators.occupancy?.roomLeft ?? 0
    }
    return counts
  }
}

/// How many places are open, and of those how many are what people look for.
public struct PublicCounts: Hashable, Sendable {
  /// Open.
  public var open = 0
  /// Open, measured, cool and not full.
  public var cool = 0
  /// Open and quiet.
  public var quiet = 0
  /// Open and known to have room.
  public var withRoom = 0
  /// People who still fit at least in these, as far as is published of each.
  public var roomLeft = 0

  /// All zero.
  public init() {}
}

/// The city.
public struct PublicCity: Hashable, Sendable {
  /// The identifier, as in the topic.
  public var id: String
  /// The name.
  public var name: String
  /// Its civil time.
  public var zone: CivilZone
  /// The heat level in force; nil when no source is valid.
  public var heat: PublicHeat?
  /// What visitors must know about where the values come from, by language (`fr`, `en`); for demonstrations.
  public var notice: [String: String]
  /// Who answers questions about a place, as a URL or `mailto:`.
  public var contact: String?
  /// Under which terms what is published may be used, if the city says so.
  public var licence: PublicLicence?

  /// A city.
  public init(
    id: String, name: String, zone: CivilZone, heat: PublicHeat?, notice: [String: String], contact: String?,
    licence: PublicLicence? = nil
  ) {
    self.id = id
    self.name = name
    self.zone = zone
    self.heat = heat
    self.notice = notice
    self.contact = contact
    self.licence = licence
  }
}

/// Terms of use.
public struct PublicLicence: Hashable, Sendable {
  /// What they are called.
  public var name: String
  /// Where they stand.
  public var url: String

  /// Terms.
  public init(name: String, url: String) {
    self.name = name
    self.url = url
  }
}

/// A heat level in force.
public struct PublicHeat: Hashable, Sendable {
  /// 1 green to 4 red.
  public var level: Int
  /// Which sources say so, such as `operator`.
  public var sources: [String]
  /// Since when.
  public var since: Instant
  /// Until when.
  public var until: Instant?

  /// A level.
  public init(level: Int, sources: [String], since: Instant, until: Instant?) {
    self.level = level
    self.sources = sources
    self.since = since
    self.until = until
  }
}
