// The living state of a city: what its sensors said, and what that makes of its places.
//
// A pure state machine: `observe` takes readings, `evaluate` computes one place at one moment, and `nextDue` says when
// something would change without any reading. Nothing in here reads a clock.

public import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

/// A change of one public indicator of a place.
public struct Transition: Hashable, Sendable {
  /// Which indicator.
  public enum Indicator: String, CaseIterable, Hashable, Sendable {
    case availability, opening, felt, difference, occupancy, noise
  }

  /// When.
  public var at: Instant
  /// Where.
  public var place: String
  /// What.
  public var indicator: Indicator
  /// The state before; `none` where there was none.
  public var from: String
  /// The state since.
  public var to: String
  /// Why, for the availability.
  public var reasons: [Reason]
}

/// What is known of one sensor.
struct SensorState {
  var series: [SeriesIndex]  // one a declared field, in the sensor's order
  var lastObserved: Instant?
  /// When it last said something that is not about people: what the public may know of its life.
  var lastMeasured: Instant?
  var account = Account()
  /// When the last total of a field arrived, by the field's place.
  var totalArrivals: [Int: Instant] = [:]
  var occupied: Bool?
  var battery: MilliPercent?
  /// While somebody works on it its readings do not count.
  var maintenance: Maintenance?
  /// The radio frames that came last, where they come by a network server.
  var frames = FrameMemory()
}

/// What is known of one place.
struct PlaceState {
  var intervals: [PublicInterval] = []
  /// The same of each of its hours in heat.
  var heatIntervals: [[PublicInterval]] = []
  /// When its programme opens it, and which slots take of its room; both in order.
  var programmeIntervals: [PublicInterval] = []
  var slots: [Programme.Slot] = []
  /// The same as everyone may know them.
  var publicSlots: [PublicSlot] = []
  /// When it is or may be open in the days ahead; nil where that has to be worked out anew.
  var openings: [PublicInterval]?
  /// Until when it stays open because of heat, should the level drop.
  var heatOpenUntil: Instant?
  var day: CivilDay?
  var override: OpeningOverride?
  /// When it was last open beside its timetable.
  var openedSpeciallyAt: Instant?
  /// When it was last configured anew: closings before that may be another configuration's.
  var configuredAt: Instant?
  var headcount = Headcount()
  var felt = Hysteresis()
  var difference = Hysteresis()
  var noise = Hysteresis()
  var occupancy = Hysteresis()
  /// How much cooler it was in the last afternoon and in the last night.
  var differenceByDay: MilliCelsius?
  var differenceByNight: MilliCelsius?
  /// What was exceeded in the last hour, and the noise of the last whole day.
  var exceeded: PublicIndicators.Exceeded?
  var noiseOfDay: PublicIndicators.NoiseOfDay?
  /// What the public knows of the occupancy: set on the five-minute grid alone.
  var publicOccupancy: PublicIndicators.Occupancy?
  var occupancySetAt: Instant?
  var indicators: PublicIndicators?
  /// What they were at each quarter of an hour of the last day.
  var recent = RecentDay()
  /// What their availability follows from; nil where it has to be asked anew.
  var facts: AvailabilityFacts?
  /// The first moment of the next civil day.
  var tomorrow: Instant = .distantPast
}

/// The state of a city; there is one of it, since its series may take much of the memory.
public struct CityState: ~Copyable, Sendable {
  /// What is configured.
  public var city: City { _read { yield configuration.city } }
  private let configuration: Configuration
  /// The heat.
  public internal(set) var heat = Heat() {
    didSet { for index in places.indices where traits[index].hasHeatHours { places[index].openings = nil } }
  }
  /// Places, aligned with the city's.
  var places: [PlaceState]
  /// Sensors, aligned with the city's.
  var sensors: [SensorState]
  /// What sensors and places can say, aligned with them.
  let wires: [SensorWiring]
  let traits: [PlaceWiring]
  /// The sensor in the street that a place is compared with.
  let references: [Int?]
  let borders: Borders
  /// The sensor of each series, and which of its fields it is.
  let owners: [(sensor: Int, field: Int)]
  let sensorOfTopic: TopicIndex
  let sensorOfDevice: [DeviceName: Int]
  private let sensorOfID: [String: Int]
  /// When each place must be evaluated.
  var dues: [Instant]
  /// The first of these moments.
  public internal(set) var nextDue: Instant
  /// Values of which a median is to be found, and doubtful ones; kept for their memory.
  var scratch: [Int64] = []
  var doubtful: [Int64] = []
  /// What the last message said, for its memory alone.
  var decodedBefore = Decoded()
  /// What each series is worth, and which sensors the sun reaches.
  var qualities: [SeriesQuality]
  /// Since when each of them has been doubtful or at fault.
  var faultySince: [Instant?]
  var isBadlySited: [Bool]
  /// The outdoor temperatures of each zone.
  let neighbourhoods: [[(sensor: Int, series: SeriesIndex)]]
  /// Which places are in reach of whom; nil where nobody has said where people live.
  let coverage: Coverage?
  /// Who has a place in reach, as of the last quarter of an hour.
  public internal(set) var coverageReport: CoverageReport?
  /// When it is next looked at what is looked at by the clock, and the hour for which it was done.
  var choresDue: Instant
  var hourDone: Instant = .distantPast
  /// Messages of sensors that were stored, and commands that were obeyed.
  var messages: Int64 = 0
  var commands: Int64 = 0
  /// Raw readings that lay after a moment to which the clock was set back.
  var forgotten: Int64 = 0
  /// What came on topics of no sensor, and from sensors that are gone.
  var others = Account()
  var bank: SeriesBank
  /// By series: from which time on the history does not know its quarter hours as they are; `.max` where it does.
  var unwritten: [Int64]
  /// Where the clock was last set back to.
  var setBackTo: Instant = .distantPast
  /// The frames that each series had seen when it was put down, while what came after is caught up with.
  var framesOfSeries: [Int: FrameMemory] = [:]

  /// A city behind a reference: the state is lent byte by byte wherever a closure looks at it, and should be small.
  private final class Configuration: Sendable {
    let city: City
    init(_ city: City) { self.city = city }
  }

  /// The grid on which public occupancy may change.
  static let occupancyGrid = Span.minutes(5)

  /// A city at a moment.
  public init(city: City, at now: Instant) {
    configuration = Configuration(city)
    var kinds: [SeriesKind] = []
    sensors = city.sensors.map { sensor in
      SensorState(
        series: city.seriesKinds(of: sensor).map { kind in
          kinds.append(kind)
          return SeriesIndex(kinds.count - 1)
        })
    }
    owners = city.sensors.enumerated().flatMap { sensor, configured in
      configured.fields.indices.map { (sensor, $0) }
    }
    do {
      bank = try SeriesBank(kinds, clock: now.milliseconds)
    } catch {
      // The configuration is checked for this, with a sentence for the person who wrote it.
      fatalError("the readings of \(kinds.count) series cannot be kept: \(error)")
    }
    unwritten = [Int64](repeating: .max, count: kinds.count)
    qualities = [SeriesQuality](repeating: SeriesQuality(flag: .notEvaluated), count: kinds.count)
    faultySince = [Instant?](repeating: nil, count: kinds.count)
    isBadlySited = city.sensors.map { _ in false }
    choresDue = now
    places = city.places.map { _ in PlaceState() }
    dues = city.places.map { _ in now }
    nextDue = now
    let sensors = city.sensors.enumerated()
    sensorOfTopic = TopicIndex(sensors.flatMap { [($1.topic, $0), ($1.ownTopic, $0)] })
    sensorOfDevice = Dictionary(
      sensors.compactMap { index, sensor in sensor.device.map { (DeviceName(sensor.decoder, $0), index) } }
    ) { first, _ in first }
    sensorOfID = Dictionary(city.sensors.enumerated().map { ($1.id, $0) }) { first, _ in first }
    wires = zip(city.sensors, self.sensors).map { SensorWiring($0, series: $1.series) }
    var traits = city.places.map { PlaceWiring($0, zone: city.zone) }
    for (index, sensor) in city.sensors.enumerated() {
      if let place = sensor.place { traits[place].add(index, wires[index]) }
    }
    self.traits = traits
    references = city.places.map { place in place.reference ?? place.zone.map { city.zones[$0].reference } }
    borders = Borders(city.choices)
    neighbourhoods = Self.neighbourhoods(of: city, wires)
    coverage =
      city.population.isEmpty ? nil : Coverage(places: city.places.map(\.about.shape), cells: city.population)
  }

  /// The temperatures that a zone's outdoor places and its reference measure.
  private static func neighbourhoods(
    of city: City, _ wires: [SensorWiring]
  ) -> [[(sensor: Int, series: SeriesIndex)]] {
    city.zones.enumerated().map { zone, configured in
      city.sensors.indices.compactMap { sensor in
        let isOutdoors = city.sensors[sensor].place.map {
          city.places[$0].zone == zone && city.places[$0].about.isOutdoors
        }
        guard isOutdoors ?? (sensor == configured.reference) else { return nil }
        return wires[sensor].temperature.map { (sensor, $0) }
      }
    }
  }

  /// A city at a moment that goes on from an earlier state of it.
  ///
  /// Sensors keep their readings if identifier and fields are the same, places what is known of them by identifier.
  public init(city: City, at now: Instant, carryingOver old: borrowing CityState) {
    self.init(city: city, at: now)
    heat = old.heat
    (messages, commands, forgotten, others) = (old.messages, old.commands, old.forgotten, old.others)
    setBackTo = old.setBackTo
    for index in sensors.indices {
      let series = sensors[index].series
      let before = old.sensor(city.sensors[index].id)
      if let before {
        sensors[index].account = old.sensors[before].account
        sensors[index].maintenance = old.sensors[before].maintenance
      }
      guard let before, old.city.sensors[before].fields == city.sensors[index].fields else {
        for new in series { bank.begins(new, at: now.milliseconds) }
        continue
      }
      sensors[index] = old.sensors[before]
      sensors[index].series = series
      isBadlySited[index] =
        old.isBadlySited[before] && neighbourhoods.contains { $0.contains { $0.sensor == index } }
      for (new, earlier) in zip(series, old.sensors[before].series) {
        bank.adopt(new, from: old.bank, at: earlier)
        unwritten[new.rawValue] = old.unwritten[earlier.rawValue]
        qualities[new.rawValue] = old.qualities[earlier.rawValue]
        faultySince[new.rawValue] = old.faultySince[earlier.rawValue]
      }
    }
    let kept = Set(city.sensors.map(\.id))
    for (sensor, before) in zip(old.city.sensors, old.sensors) where !kept.contains(sensor.id) {
      others.add(before.account)
    }
    let oldPlaces = Dictionary(uniqueKeysWithValues: old.city.places.enumerated().map { ($1.about.id, $0) })
    for (index, place) in city.places.enumerated() {
      guard let before = oldPlaces[place.about.id] else { continue }
      places[index] = old.places[before]
      places[index].configuredAt = now
      places[index].day = nil  // the timetable may be another
      places[index].openings = nil
      places[index].tomorrow = .distantPast
    }
  }

  /// What the history does not know of the series that another configuration will not carry over.
  public func lastPieces(before new: City, at now: Instant) -> [HistoryPiece] {
    let fields = Dictionary(uniqueKeysWithValues: new.sensors.map { ($0.id, $0.fields) })
    var pieces: [HistoryPiece] = []
    for (sensor, state) in zip(city.sensors, sensors) where fields[sensor.id] != sensor.fields {
      for series in state.series { pieces += lastPieces(ofSeries: series.rawValue, at: now) }
    }
    return pieces
  }

  /// The sensor with an identifier.
  public func sensor(_ id: String) -> Int? { sensorOfID[id] }

  /// The place with an identifier.
  public func place(_ id: String) -> Int? { city.places.firstIndex { $0.about.id == id } }

  /// Whether school hours, in which occupancy and noise of a place must not be taken in, touch a span of time.
  ///
  /// - Parameters:
  ///   - place: the place's index.
  ///   - from: the first moment.
  ///   - to: the last moment, which belongs to it.
  /// - Returns: true also for more than a day of a place that has school hours: it may hide anything.
  public func hasSchoolHours(place: Int, from: Instant, to: Instant) -> Bool {
    guard let hours = city.places[place].schoolHours, from <= to else { return false }
    guard to - from <= .days(1) else { return true }
    // Of what comes after its last day such a rule says nothing: the children may be there.
    if let end = traits[place].schoolHoursEnd, to >= end { return true }
    let day = city.zone.civil(from).day.adding(days: -1)
    return hours.openIntervals(from: day, days: 4, in: city.calendar(of: place))
      .contains { $0.from <= to && $0.until > from }
  }

  /// Whether a sensor is at a place that has school hours.
  public func isInSchoolyard(sensor: Int) -> Bool { wires[sensor].place.map { traits[$0].hasSchoolHours } ?? false }

  /// Moves the clock of the series.
  public mutating func advance(to now: Instant) { bank.advance(to: now.milliseconds) }

  /// Changes a place's opening by hand.
  public mutating func setOverride(_ override: OpeningOverride?, place: Int, at now: Instant) {
    (places[place].override, places[place].openings) = (override, nil)
    schedule(place, at: now.nextWholeSecond)
  }

  /// What somebody decided of a place's opening.
  public func override(of place: Int) -> OpeningOverride? { places[place].override }

  /// Who works on a sensor at a moment; nil for nobody.
  public func maintenance(of sensor: Int, at now: Instant) -> Maintenance? {
    sensors[sensor].maintenance.flatMap { now < $0.until ? $0 : nil }
  }

  /// Begins the maintenance of a sensor, or ends it (nil).
  public mutating func setMaintenance(_ maintenance: Maintenance?, sensor: Int) {
    sensors[sensor].maintenance = maintenance
  }

  /// Takes what a source says about the heat.
  ///
  /// The level and the places that depend on it are looked at in the next whole second.
  public mutating func setHeat(_ entries: [HeatEntry], of source: HeatEntry.Source, at now: Instant) {
    heat.set(entries, of: source)
    heatChanged(at: now.nextWholeSecond)
    nextDue = min(nextDue, now.nextWholeSecond)
  }

  /// Asks for an evaluation of the places whose opening depends on the heat.
  public mutating func heatChanged(at second: Instant) {
    for index in places.indices where !city.places[index].heatHours.isEmpty { schedule(index, at: second) }
  }

  /// The clock is set back: nothing may lie in what is the future again, or it would outlive the truth.
  public mutating func setBack(to now: Instant) {
    forgotten += Int64(bank.rewind(to: now.milliseconds))
    setBackTo = now
    for index in unwritten.indices { unwritten[index] = min(unwritten[index], now.milliseconds) }
    heat.setBack(to: now)
    restartChores(at: now)
    coverageReport = nil
    for index in isBadlySited.indices { isBadlySited[index] = false }
    for index in sensors.indices {
      sensors[index].lastObserved = sensors[index].lastObserved.map { min($0, now) }
      sensors[index].lastMeasured = sensors[index].lastMeasured.map { min($0, now) }
      sensors[index].totalArrivals = sensors[index].totalArrivals.mapValues { min($0, now) }
    }
    for index in places.indices {
      places[index].headcount.setBack(to: now)
      places[index].configuredAt = places[index].configuredAt.map { min($0, now) }
      places[index].felt.setBack(to: now)
      places[index].difference.setBack(to: now)
      places[index].noise.setBack(to: now)
      places[index].occupancy.setBack(to: now)
      places[index].openedSpeciallyAt = places[index].openedSpeciallyAt.map { min($0, now) }
      places[index].occupancySetAt = nil
      places[index].heatOpenUntil = nil
      if let since = places[index].indicators?.since { places[index].indicators?.since = min(since, now) }
    }
  }

  /// Asks for an evaluation of every place.
  public mutating func evaluateAll(at now: Instant) {
    for index in dues.indices { dues[index] = now }
    nextDue = now
  }

  /// Asks for an evaluation of a place, if none is due before.
  mutating func schedule(_ place: Int, at second: Instant) {
    guard second < dues[place] else { return }
    dues[place] = second
    nextDue = min(nextDue, second)
  }
}
