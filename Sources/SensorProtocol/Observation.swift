// What a sensor said, after decoding: fields, values in thousandths, times.

public import Quantities

/// A quantity that a sensor can report, named as in the protocol.
public enum Field: String, CaseIterable, Hashable, Sendable {
  /// Air temperature, °C.
  case temperature
  /// Relative humidity, %.
  case humidity
  /// Running total of people who went in.
  case inTotal = "in_total"
  /// Running total of people who went out.
  case outTotal = "out_total"
  /// People present, counted.
  case people
  /// Someone present or not: 1 or 0.
  case occupied
  /// Equivalent continuous sound level, dB(A).
  case laeq
  /// Maximum sound level, fast, dB(A).
  case lafmax
  /// Battery charge, %.
  case batteryPercent = "battery_percent"
  /// Black globe temperature, °C; never an air temperature.
  case temperatureGlobe = "temperature_globe"

  /// The field of a name in UTF-8.
  init?(name: ArraySlice<UInt8>) {
    for (field, text) in Self.names where text == name {
      self = field
      return
    }
    return nil
  }

  /// Its place among all fields, below 15.
  public var number: Int {
    switch self {
    case .temperature: 0
    case .humidity: 1
    case .inTotal: 2
    case .outTotal: 3
    case .people: 4
    case .occupied: 5
    case .laeq: 6
    case .lafmax: 7
    case .batteryPercent: 8
    case .temperatureGlobe: 9
    }
  }

  private static let names = allCases.map { ($0, ArraySlice($0.rawValue.utf8)) }

  /// Whether it tells how many people there are: refused in a schoolyard in school hours.
  public var isAboutPeople: Bool {
    switch self {
    case .inTotal, .outTotal, .people, .occupied: true
    default: false
    }
  }

  /// Whether it tells something of its place that is not about people; a battery's charge tells nothing.
  public var isMeasurement: Bool { !isAboutPeople && self != .batteryPercent }

  /// Whether it is a running total, of which only differences say something.
  public var isTotal: Bool { self == .inTotal || self == .outTotal }

  /// Whether it is a temperature.
  var isTemperature: Bool { self == .temperature || self == .temperatureGlobe }

  /// Whether it is a sound level.
  public var isSound: Bool { self == .laeq || self == .lafmax }
}

/// One value of one field at one time.
public struct Observation: Hashable, Sendable {
  /// What was measured.
  public let field: Field
  /// Thousandths of the field's unit.
  public let value: Int64
  /// When, by the device if it said so, otherwise the arrival.
  public let time: Instant
  /// Whether the device itself gave the time.
  public let hasOwnTime: Bool
  /// Seconds that the value stands for, if the device said so.
  public let seconds: Int64?

  /// An observation.
  public init(field: Field, value: Int64, time: Instant, hasOwnTime: Bool, seconds: Int64? = nil) {
    self.field = field
    self.value = value
    self.time = time
    self.hasOwnTime = hasOwnTime
    self.seconds = seconds
  }
}

/// What a payload yielded: what is good, and why the rest is not.
public struct Decoded: Hashable, Sendable {
  /// Good observations, in the order sent.
  public var observations: [Observation]
  /// One entry for each record that was refused.
  public var refusals: [Refusal]

  /// How many readings were sent, good and refused.
  public var count: Int { observations.count + refusals.count }

  /// Forgets all and keeps the memory.
  mutating func removeAll() {
    observations.removeAll(keepingCapacity: true)
    refusals.removeAll(keepingCapacity: true)
  }

  /// A result.
  public init(observations: [Observation] = [], refusals: [Refusal] = []) {
    self.observations = observations
    self.refusals = refusals
  }
}
