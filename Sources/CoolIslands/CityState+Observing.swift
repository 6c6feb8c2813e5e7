// Readings in: time checked, value kept, people counted.

internal import Publication
public import Quantities
public import RingSeries
public import SensorProtocol

extension CityState {
  /// A reading may be this much ahead of its arrival as it is.
  static let slightlyAhead = Span.minutes(2)
  /// Up to this much ahead it counts at its arrival; beyond, the device's clock is wrong and the reading is refused.
  static let farAhead = Span.hours(1)
  /// Older readings than this are refused.
  static let oldest = Span.days(14)

  /// Takes one observation of a sensor.
  ///
  /// - Parameters:
  ///   - observation: what was measured.
  ///   - sensor: the sensor's index.
  ///   - arrival: when the message came.
  /// - Returns: what became of it.
  /// - Throws: ``Refusal`` when it does not count.
  public mutating func observe(
    _ observation: Observation, sensor: Int, arrival: Instant
  ) throws(Refusal) -> Appended {
    guard let field = city.sensors[sensor].fields.firstIndex(of: observation.field) else { throw .notThisSensors }
    let time = try Self.accepted(observation.time, arrival: arrival)
    let series = sensors[sensor].series[field]
    let seconds = observation.seconds ?? city.sensors[sensor].period
    let appended: Appended
    var step: Counter.Step?
    if observation.field.isTotal {
      forgetTotal(field, of: sensor, before: time, arrival: arrival)
      (appended, step) = bank.count(
        total: observation.value / 1000, at: time.milliseconds, seconds: seconds, in: series)
    } else {
      appended = bank.append(
        Sample(time: time.milliseconds, value: observation.value, seconds: seconds), to: series)
    }
    switch appended {
    case .accepted:
      sensors[sensor].readings += 1
      sensors[sensor].lastObserved = max(sensors[sensor].lastObserved ?? time, time)
      let isNewest = bank.latest(of: series)?.time == time.milliseconds
      note(observation, step, sensor: sensor, at: time, isNewest: isNewest)
      // Nothing public may move because somebody passed: people are looked at on the five-minute grid alone.
      guard !observation.field.isAboutPeople else { break }
      sensors[sensor].lastMeasured = max(sensors[sensor].lastMeasured ?? time, time)
      if let place = city.sensors[sensor].place { schedule(place, at: arrival.nextWholeSecond) }
    case .repeated, .conflicting, .tooOld, .ahead, .outOfRange, .superseded:
      break
    }
    return appended
  }

  private static func accepted(_ time: Instant, arrival: Instant) throws(Refusal) -> Instant {
    guard time >= arrival - oldest else { throw .timeTooOld }
    if time <= arrival + slightlyAhead { return time }
    guard time <= arrival + farAhead else { throw .timeAhead }
    return arrival
  }

  private mutating func note(
    _ observation: Observation, _ step: Counter.Step?, sensor: Int, at time: Instant, isNewest: Bool
  ) {
    if observation.field == .batteryPercent && isNewest { sensors[sensor].battery = MilliPercent(observation.value) }
    guard observation.field.isAboutPeople, let place = city.sensors[sensor].place else { return }
    let count = observation.value / 1000
    switch observation.field {
    case .inTotal: places[place].headcount.pass(in: step?.people ?? 0, out: 0, at: time)
    case .outTotal: places[place].headcount.pass(in: 0, out: step?.people ?? 0, at: time)
    case .people where time >= places[place].headcount.lastHeard ?? .distantPast:
      places[place].headcount.rebase(to: count)
    case .occupied where isNewest: presence(count == 1, sensor: sensor, place: place, at: time)
    default: break
    }
    places[place].headcount.hear(at: time)
  }

  /// Nobody may learn from a difference what went on in school hours: counting begins anew after them, whether the
  /// device's own times say that they lie between or the arrivals.
  private mutating func forgetTotal(_ field: Int, of sensor: Int, before time: Instant, arrival: Instant) {
    guard let place = city.sensors[sensor].place, city.places[place].schoolHours != nil else { return }
    let series = sensors[sensor].series[field]
    defer { sensors[sensor].totalArrivals[field] = arrival }
    guard let last = bank.lastTotalTime(of: series).map(Instant.init(milliseconds:)) else { return }
    let lastArrival = sensors[sensor].totalArrivals[field] ?? last
    guard
      hasSchoolHours(place: place, from: last, to: time) || hasSchoolHours(place: place, from: lastArrival, to: arrival)
    else { return }
    bank.rebase(series)
  }

  /// A presence sensor only says "someone": one person if nobody was counted, nobody once all sensors are free.
  ///
  /// A sensor that has fallen silent keeps nobody in the place.
  private mutating func presence(_ occupied: Bool, sensor: Int, place: Int, at time: Instant) {
    sensors[sensor].occupied = occupied
    if occupied {
      if places[place].headcount.people == 0 { places[place].headcount.rebase(to: 1) }
    } else if sensorsOfPlace[place].allSatisfy({ sensors[$0].occupied != true || !isAlive($0, at: time) }) {
      places[place].headcount.rebase(to: 0)
    }
  }
}

extension Counter.Step {
  /// How many passed.
  fileprivate var people: Int64 {
    switch self {
    case .counted(let count), .restarted(let count): count
    case .baseline, .implausible, .repeated, .conflicting, .late: 0
    }
  }
}
