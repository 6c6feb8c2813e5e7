// Who measures what where: worked out once from the configuration, since every evaluation asks for it.

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
  /// Whether it says anything that is not about people.
  let measures: Bool

  init(_ sensor: Sensor, series: [SeriesIndex]) {
    func find(_ field: Field) -> SeriesIndex? { sensor.fields.firstIndex(of: field).map { series[$0] } }
    temperature = find(.temperature)
    humidity = find(.humidity)
    level = find(.laeq)
    headcount = find(.people)
    staleAfter = sensor.staleAfter
    countsPeople = sensor.fields.contains(where: \.isAboutPeople)
    measures = sensor.fields.contains(where: \.isMeasurement)
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

  /// Of a place without sensors.
  init(_ place: Place, zone: CivilZone) {
    if case .hours(let hours) = place.opening, let last = hours.lastDay {
      timetableEnds = zone.instant(last.adding(days: 1), secondOfDay: 0)
    } else {
      timetableEnds = nil
    }
  }

  mutating func add(_ sensor: Int, _ wiring: SensorWiring) {
    sensors.append(sensor)
    if wiring.temperature != nil { hasTemperature = true }
    if wiring.level != nil { listeners += 1 }
    if wiring.measures { measuring += 1 }
    if wiring.countsPeople { patience = max(patience ?? wiring.staleAfter, wiring.staleAfter) }
  }
}

/// The borders between classes, as plain numbers.
struct Borders {
  let felt: [Int64]
  let difference: [Int64]
  let noise: [Int64]

  init(_ choices: Choices) {
    felt = choices.feltBorders.map(\.rawValue)
    // Borders belong to the class above them: from −1.0 "same", from 1.0 "cooler", from 3.0 "much cooler".
    difference = [-choices.cooler.rawValue, choices.cooler.rawValue, choices.muchCooler.rawValue]
    noise = choices.noiseBorders.map(\.rawValue)
  }
}
