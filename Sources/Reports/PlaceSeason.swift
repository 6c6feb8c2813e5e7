// What a season was at one place.

public import Quantities

/// A value, or why there is none.
public enum Answer<Value: Sendable>: Sendable {
  /// The value.
  case known(Value)
  /// Too little was stored to say it.
  case unknown
  /// No sensor measures it.
  case notMeasured

  /// The value, if it is known.
  public var value: Value? {
    if case .known(let value) = self { return value }
    return nil
  }

  /// A value that may be missing.
  init(_ value: Value?) { self = value.map(Answer.known) ?? .unknown }
}

/// Differences to a reference: reference less place, positive where the place was cooler.
public struct Differences: Hashable, Sendable {
  /// Hours in which both are known.
  public var hours: Int64 = 0
  /// Their sum, thousandths of a degree.
  var sum: Int64 = 0

  /// Their mean; nil without an hour.
  public var mean: MilliCelsius? { hours > 0 ? MilliCelsius(sum.roundedDivided(by: hours)) : nil }

  mutating func add(_ difference: Int64) {
    hours += 1
    sum += difference
  }
}

/// How many came: counters miss people, so that a range is said.
public struct VisitorRange: Hashable, Sendable {
  /// Not fewer, rounded down to ten.
  public let low: Int64
  /// Not more, rounded up to ten.
  public let high: Int64

  /// The range of what doors counted.
  ///
  /// Whoever visits goes in once and out once: the two totals bracket the number, and each may err by 3 %, as the head
  /// count's interval has it.
  ///
  /// - Parameters:
  ///   - entered: people counted in; nil where nothing counts them.
  ///   - left: people counted out; nil where nothing counts them.
  init?(entered: Int64?, left: Int64?) {
    let totals = [entered, left].compactMap { $0 }
    guard let least = totals.min(), let most = totals.max() else { return nil }
    low = max(0, least) * 97 / 1000 * 10
    high = (max(0, most) * 103 + 999) / 1000 * 10
  }
}

/// Sound of a time, in the levels of the directive.
public struct SoundOfDays: Hashable, Sendable {
  /// Level of day, evening and night.
  public var lden: MilliDecibels
  /// Level of the night.
  public var lnight: MilliDecibels
  /// Days of which all three parts were covered.
  public var days: Int64
}

/// A silence of a sensor.
public struct Silence: Hashable, Sendable {
  /// The place's identifier; nil for a station.
  public var place: String?
  /// The sensor's identifier.
  public var sensor: String
  /// The first hour without a reading.
  public var begin: Instant
  /// Whole hours without a reading in which one was due.
  public var hours: Int64
  /// Whether it went on at the end of what is known.
  public var isOpen: Bool
}

/// A season of a place.
public struct PlaceSeason: Sendable {
  /// The place's identifier.
  public var id: String
  /// Its name.
  public var name: String
  /// Its kind, as a word of the protocol.
  public var kind: String
  /// Whether occupancy and noise are refused in school hours.
  public var hasSchoolHours: Bool
  /// Milliseconds in each state.
  var times = StateTimes()
  /// Whether a sensor says how cool it is.
  public var isMeasured = false
  /// Whether it is compared with a reference.
  public var hasReference = false
  /// Whether it counts people in some way that gives a level.
  public var hasOccupancy = false
  /// Differences of all hours.
  public var differences = Differences()
  /// Of the afternoons, 12 to 18 h.
  public var afternoons = Differences()
  /// Of the nights, 0 to 6 h.
  public var nights = Differences()
  /// Hours in which it was cooler by what the settings call cooler.
  public var coolerHours: Int64 = 0
  /// How many came.
  public var visitors: Answer<VisitorRange> = .notMeasured
  /// Share of the time in which the doors counted, in thousandths.
  public var countingShare: Answer<Int64> = .notMeasured
  /// LAeq of the season.
  public var laeq: Answer<MilliDecibels> = .notMeasured
  /// Share of the time in which sound was measured, in thousandths.
  public var soundShare: Answer<Int64> = .notMeasured
  /// Lden and Lnight.
  public var sound: Answer<SoundOfDays> = .notMeasured
  /// Share of the time that readings of its sensors cover, in thousandths.
  public var sensorShare: Answer<Int64> = .notMeasured
  /// Silences longer than the sensors' patience.
  public var silences: Int64 = 0
  /// Days that are damaged on the disk.
  public var damaged = 0
  /// Works of this season, and what they changed in the afternoons and in the nights.
  public var works: (day: CivilDay, afternoon: WorksEffect?, night: WorksEffect?)?

  /// Time in which it was open, in milliseconds.
  var open: Answer<Int64> { times.observed > 0 ? .known(times.open) : .unknown }
  /// Time in which nobody knows whether it was.
  var openingUnknown: Answer<Int64> { times.observed > 0 ? .known(times.openingUnknown) : .unknown }
  /// Time in which it was open and cool.
  var openAndCool: Answer<Int64> {
    guard isMeasured else { return .notMeasured }
    return times.observed > 0 && times.knowsAvailability ? .known(times.available) : .unknown
  }
  /// Time in which nobody knew whether one should go there.
  var availabilityUnknown: Answer<Int64> { times.observed > 0 ? .known(times.availabilityUnknown) : .unknown }
  /// Time in which it was open and full, so that nobody was sent there.
  var crowded: Answer<Int64> {
    guard hasOccupancy else { return .notMeasured }
    return times.occupancyKnown > 0 ? .known(times.crowded) : .unknown
  }
  /// Time in which its level was full.
  var full: Answer<Int64> {
    guard hasOccupancy else { return .notMeasured }
    return times.occupancyKnown > 0 ? .known(times.full) : .unknown
  }
  /// A mean difference, or why there is none.
  func difference(_ differences: Differences) -> Answer<MilliCelsius> {
    isMeasured && hasReference ? Answer(differences.mean) : .notMeasured
  }
}

/// One civil day of a place.
struct PlaceDay {
  var day: CivilDay
  var times: StateTimes
  var differences = Differences()
  var afternoon = Differences()
  var night = Differences()
  var coolerHours: Int64 = 0
  var warmest: Answer<MilliCelsius> = .notMeasured
  var visitors: Answer<VisitorRange> = .notMeasured
  var laeq: Answer<MilliDecibels> = .notMeasured
  var sound: Answer<SoundOfDays> = .notMeasured
  var sensorShare: Answer<Int64> = .notMeasured
}
