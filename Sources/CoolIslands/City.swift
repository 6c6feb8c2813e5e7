// What is configured: a city, its places, its sensors. Values made once by `Configuration`, never changed after.

public import Publication
public import Quantities
public import RingSeries
public import SensorProtocol
public import Timetables

/// A city as configured.
public struct City: Sendable {
  /// The identifier, as in `tonnelle/v1/city/<city>`.
  public var id: String
  /// The name.
  public var name: String
  /// Civil time.
  public var zone: CivilZone
  /// Public holidays, for `PH` in opening hours.
  public var holidays: PublicHolidays
  /// Places in the order of their identifiers.
  public var places: [Place]
  /// Sensors in the order of their topics.
  public var sensors: [Sensor]
  /// Reference zones in the order of their identifiers.
  public var zones: [ReferenceZone]
  /// Thresholds of the project's own choosing.
  public var choices: Choices
  /// How much is kept of a field's readings, where it is not the default.
  public var rings: [Field: RingLayout]
  /// What the page must say about the origin of its values, by language.
  public var notice: [String: String]
  /// Who answers questions, as a URL or `mailto:`.
  public var contact: String?
  /// Under which terms what is published may be used.
  public var licence: PublicLicence?
  /// What is subscribed to.
  public var feeds: [Feed] = []
  /// Where people live, for who has a place in reach.
  public var population: [PopulationCell] = []
  /// Its département, such as `69` or `2A`, for what national bulletins say of it.
  public var departement: String?
  /// Index of the sensor whose extremes are compared with the thresholds of the département.
  public var heatStation: Int?
  /// These thresholds; nil where nobody has said them.
  public var heatThresholds: HeatThresholds?

  /// A city.
  public init(
    id: String, name: String, zone: CivilZone, holidays: PublicHolidays, places: [Place], sensors: [Sensor],
    zones: [ReferenceZone], choices: Choices, rings: [Field: RingLayout] = [:], notice: [String: String],
    contact: String?
  ) {
    self.id = id
    self.name = name
    self.zone = zone
    self.holidays = holidays
    self.places = places
    self.sensors = sensors
    self.zones = zones
    self.choices = choices
    self.rings = rings
    self.notice = notice
    self.contact = contact
  }
}

extension City {
  /// A city without places and sensors.
  public static let empty = City(
    id: "", name: "", zone: .utc, holidays: PublicHolidays(.none), places: [], sensors: [], zones: [],
    choices: Choices(), notice: [:],
    contact: nil)

  /// In which surroundings a place's opening hours are read.
  public func calendar(of place: Int) -> HoursCalendar {
    let position = places[place].about.position
    return HoursCalendar(
      zone: zone, publicHolidays: holidays, schoolHolidays: places[place].schoolHolidays,
      position: .init(latitude: position.latitude, longitude: position.longitude))
  }

  /// The numbers of the rings of quarter hours and of hours; minutes come before them.
  static let quarters = 1
  static let hours = 2
  /// A quarter of an hour in milliseconds.
  public static let quarter: Int64 = 900_000

  /// The kinds of a sensor's series, one a field.
  func seriesKinds(of sensor: Sensor) -> [SeriesKind] {
    sensor.fields.map { field in
      let measure: Measure =
        switch field {
        case .laeq: .sound
        case .inTotal, .outTotal: .counter(sensor.counter)
        default: .value
        }
      return SeriesKind(measure, layout: rings[field] ?? RingLayout())
    }
  }

  /// How far back the shortest ring of quarter hours reaches.
  public var quartersHeld: Span {
    let counts = sensors.flatMap(seriesKinds).map { $0.layout.rings[Self.quarters].count }
    return .milliseconds(Int64(counts.min() ?? 4) * Self.quarter)
  }

  /// Memory of all series in bytes.
  public var seriesByteCount: Int { sensors.flatMap(seriesKinds).reduce(0) { $0 + $1.byteCount } }
}

/// A place as configured.
public struct Place: Sendable {
  /// What is public of it from the start; the intervals are filled in as days pass.
  public var about: PublicAbout
  /// Its timetable.
  public var opening: Timetable
  /// When occupancy and noise must not be taken in: a schoolyard's school hours.
  public var schoolHours: OpeningHours?
  /// People who fit; nil when not known.
  public var capacity: Int?
  /// People who are there before anyone comes, and do not count as taken room.
  public var staff: Int
  /// Index of its reference zone.
  public var zone: Int?
  /// Index of the sensor that it is compared with, where that is not its zone's.
  public var reference: Int?
  /// School holidays of its school zone; nil where nobody has said them.
  public var schoolHolidays: SchoolHolidays?
  /// Hours that heat switches on, those of lower levels first.
  public var heatHours: [HeatHours] = []
  /// What goes on in it.
  public var programme: Programme?
  /// When it is empty every day though it never closes, in seconds of local time.
  public var emptyAt: Int?

  /// A timetable, or why there is none.
  public enum Timetable: Sendable {
    /// Nothing is published.
    case none
    /// What is published cannot be read.
    case unreadable(OpeningHoursProblem)
    /// What is published contradicts itself: both texts.
    case contradicted(String)
    /// Opening hours.
    case hours(OpeningHours)
  }

  /// A place.
  public init(
    about: PublicAbout, opening: Timetable, schoolHours: OpeningHours?, capacity: Int?, staff: Int, zone: Int?
  ) {
    self.about = about
    self.opening = opening
    self.schoolHours = schoolHours
    self.capacity = capacity
    self.staff = staff
    self.zone = zone
  }
}

/// Hours that hold from a heat level on.
public struct HeatHours: Sendable {
  /// How they go together with what holds without them.
  public enum Mode: String, CaseIterable, Sendable { case add, replace }
  /// What becomes of an open place when the level drops.
  public enum Drop: String, CaseIterable, Sendable { case finish, stop }
  /// The level, 1 green to 4 red.
  public var minLevel: Int
  /// The hours.
  public var hours: OpeningHours
  /// Whether they add to the timetable or replace it.
  public var mode: Mode
  /// Whether the place stays open to the end of the span.
  public var onDrop: Drop

  /// Some hours.
  public init(minLevel: Int, hours: OpeningHours, mode: Mode = .add, onDrop: Drop = .finish) {
    self.minLevel = minLevel
    self.hours = hours
    self.mode = mode
    self.onDrop = onDrop
  }
}

/// Topics that are subscribed to: those of sensors, or those of a server or hub, whose messages say from which device
/// they come.
public struct Feed: Hashable, Sendable {
  /// The MQTT filter of their topics.
  public var filter: String
  /// What reads them.
  public var decoder: Decoder

  /// A feed.
  public init(filter: String, decoder: Decoder) {
    self.filter = filter
    self.decoder = decoder
  }
}

/// A sensor as configured.
public struct Sensor: Sendable {
  /// The identifier, unique in the city.
  public var id: String
  /// The topic on which it publishes; that of ``ownTopic`` where its messages come by a ``Feed``.
  public var topic: String
  /// Its topic in Tonnelle's own namespace, on which all speak SenML.
  public var ownTopic: String
  /// What reads its payloads.
  public var decoder: Decoder
  /// Its identity at a server or hub, as ``Decoder/device(_:)`` writes it.
  public var device: String?
  /// Where its fields stand in the messages of that server or hub.
  public var mapping = FieldMapping()
  /// Index of its place; nil for a station that only serves as a reference.
  public var place: Int?
  /// The fields it reports.
  public var fields: [Field]
  /// Seconds between two readings; what a reading stands for where it does not say.
  public var period: Int64
  /// Silence after which nothing is known any more.
  public var staleAfter: Span
  /// How its counters count.
  public var counter: Counter.Model

  /// A sensor.
  public init(
    id: String, topic: String, decoder: Decoder, place: Int?, fields: [Field], period: Int64, staleAfter: Span,
    counter: Counter.Model
  ) {
    self.id = id
    self.topic = topic
    self.ownTopic = topic
    self.decoder = decoder
    self.place = place
    self.fields = fields
    self.period = period
    self.staleAfter = staleAfter
    self.counter = counter
  }
}

/// Places that are compared with one reference.
public struct ReferenceZone: Sendable {
  /// The identifier.
  public var id: String
  /// Index of the sensor that measures the reference.
  public var reference: Int

  /// A zone.
  public init(id: String, reference: Int) {
    self.id = id
    self.reference = reference
  }
}

/// When a day begins, when its evening and its night, in hours of local time.
public struct NoiseHours: Hashable, Sendable {
  /// When the day begins; France's hours by default, the directive's own are 7, 19 and 23.
  public var day = 6
  /// When the evening begins.
  public var evening = 18
  /// When the night begins.
  public var night = 22

  /// France's hours.
  public init() {}
}

/// Thresholds that are the project's choice, not a standard's; each can be set.
public struct Choices: Hashable, Sendable {
  /// Minutes over which temperatures are averaged and compared.
  public var coolnessWindowMinutes: Int64 = 10
  /// How old a humidity may be to count for the felt temperature.
  public var humidityWindow = Span.minutes(30)
  /// Difference at which a place is `much_cooler`.
  public var muchCooler = MilliCelsius(3000)
  /// Difference at which a place is `cooler`; the same below zero is `warmer`.
  public var cooler = MilliCelsius(1000)
  /// Felt temperatures at which `cool` ends, `warm` ends, `hot` ends.
  public var feltBorders = [MilliCelsius(27_000), MilliCelsius(32_000), MilliCelsius(41_000)]
  /// Levels at which `quiet` ends, `moderate` ends, `loud` ends.
  public var noiseBorders = [MilliDecibels(50_000), MilliDecibels(60_000), MilliDecibels(70_000)]
  /// Shares of the capacity, in thousandths, at which `free` ends and `busy` ends.
  public var occupancyBorders: [Int64] = [500, 900]
  /// Share of a quarter of an hour, in thousandths, that must be covered for an LAeq.
  public var noiseCoverage: Int64 = 500
  /// How long after closing the head count returns to nobody.
  public var resetGrace = Span.minutes(30)
  /// How long all presence sensors must be free until nobody is there.
  public var freeGrace = Span.minutes(15)
  /// Level that may be exceeded for a tenth of the last hour in a place that is called calm.
  public var calmPeaks = MilliDecibels(55_000)
  /// Where the day ends, the evening ends and the night ends, for Lden: hours of local time.
  public var noiseHours = NoiseHours()
  /// Share of each part of a day, in thousandths, that must be covered for its noise.
  public var noiseDayCoverage: Int64 = 750
  /// Share of a day, in thousandths, that must be covered for its extremes.
  public var extremesCoverage: Int64 = 900
  /// Thresholds of series quality.
  public var quality = QualityLimits()

  /// The defaults.
  public init() {}
}
