// Who measures what where, and what every message and evaluation asks of the configuration: worked out once, in a few bytes,
// since whoever looks into the configuration itself copies a sensor or a place.

internal import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

/// A sensor's series by what they mean.
struct SensorWiring {
  let temperature: SeriesIndex?
  let humidity: SeriesIndex?
  let level: SeriesIndex?
  let headcount: SeriesIndex?
  /// Silence after which nothing is known any more.
  let staleAfter: Span
  let countsPeople: Bool
  /// Whether it counts heads or passages; a presence sensor does not.
  let counts: Bool
  /// Whether it says anything that is not about people.
  let measures: Bool
  /// Its place; nil for a station.
  let place: Int?
  /// Seconds that a reading stands for where it does not say.
  let period: Int64
  /// What reads it on its topic.
  let decoder: Decoder
  /// Where its fields stand in its list: four bits each, 15 for none.
  private let order: UInt64

  init(_ sensor: Sensor, series: [SeriesIndex]) {
    func find(_ field: Field) -> SeriesIndex? { sensor.fields.firstIndex(of: field).map { series[$0] } }
    temperature = find(.temperature)
    humidity = find(.humidity)
    level = find(.laeq)
    headcount = find(.people)
    staleAfter = sensor.staleAfter
    countsPeople = sensor.fields.contains(where: \.isAboutPeople)
    counts = sensor.fields.contains { $0.isTotal || $0 == .people }
    measures = sensor.fields.contains(where: \.isMeasurement)
    place = sensor.place
    period = sensor.period
    decoder = sensor.decoder
    order = sensor.fields.enumerated().reduce(UInt64.max) { order, field in
      order & ~(15 << UInt64(field.element.number * 4)) | UInt64(field.offset) << UInt64(field.element.number * 4)
    }
  }

  /// Where a field stands in the sensor's list.
  func index(of field: Field) -> Int? {
    let index = Int(order >> UInt64(field.number * 4) & 15)
    return index == 15 ? nil : index
  }
}

/// What a place's sensors can say together.
struct PlaceWiring {
  var sensors: [Int] = []
  var hasTemperature = false
  /// Silence of all that count people after which their number is not known; nil where nothing counts.
  var patience: Span?
  /// How many listen.
  var listeners: Int64 = 0
  /// How many measure something that is not about people.
  var measuring = 0
  /// The first moment of which the timetable says nothing any more.
  let timetableEnds: Instant?
  /// The first moment of which the school hours say nothing any more.
  let schoolHoursEnd: Instant?
  /// What kind of timetable it has.
  let timetable: PlainTimetable
  let hasHeatHours: Bool
  let hasProgramme: Bool
  let hasSchoolHours: Bool
  /// When it is empty every day though it never closes, in seconds of local time.
  let emptyAt: Int?

  /// A ``Place/Timetable`` without its contents.
  enum PlainTimetable { case none, unreadable, contradicted, hours }

  /// Of a place without sensors.
  init(_ place: Place, zone: CivilZone) {
    func end(_ hours: OpeningHours?) -> Instant? {
      hours?.lastDay.map { zone.instant($0.adding(days: 1), secondOfDay: 0) }
    }
    if case .hours(let hours) = place.opening { timetableEnds = end(hours) } else { timetableEnds = nil }
    schoolHoursEnd = end(place.schoolHours)
    timetable =
      switch place.opening {
      case .none: .none
      case .unreadable: .unreadable
      case .contradicted: .contradicted
      case .hours: .hours
      }
    hasHeatHours = !place.heatHours.isEmpty
    hasProgramme = place.programme != nil
    hasSchoolHours = place.schoolHours != nil
    emptyAt = place.emptyAt
  }

  mutating func add(_ sensor: Int, _ wiring: SensorWiring) {
    sensors.append(sensor)
    if wiring.temperature != nil { hasTemperature = true }
    if wiring.level != nil { listeners += 1 }
    if wiring.measures { measuring += 1 }
    if wiring.countsPeople { patience = max(patience ?? wiring.staleAfter, wiring.staleAfter) }
  }
}

/// The borders between classes, and other choices, as plain numbers.
struct Borders {
  let coolnessWindow: Int64
  let humidityWindow: Span
  /// What a spike stands away from its neighbours, what is suspect, and how near they are in time.
  let spike: Int64
  let leap: Int64
  let neighbourhood: Int64
  let felt: [Int64]
  let difference: [Int64]
  let noise: [Int64]

  init(_ choices: Choices) {
    coolnessWindow = choices.coolnessWindowMinutes
    humidityWindow = choices.humidityWindow
    spike = choices.quality.spikeFail.rawValue
    leap = choices.quality.spikeSuspect.rawValue
    neighbourhood = choices.quality.neighbourhood.milliseconds
    felt = choices.feltBorders.map(\.rawValue)
    // Borders belong to the class above them: from −1.0 "same", from 1.0 "cooler", from 3.0 "much cooler".
    difference = [-choices.cooler.rawValue, choices.cooler.rawValue, choices.muchCooler.rawValue]
    noise = choices.noiseBorders.map(\.rawValue)
  }
}
