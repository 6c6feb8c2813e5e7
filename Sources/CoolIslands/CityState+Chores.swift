// What is looked at by the clock: the quality of series, the levels of the last hour and a sample of what is published at
// every quarter of an hour, the figures of days at every hour.

internal import Publication
public import Quantities
internal import RingSeries

extension CityState {
  /// Does what is due at a moment.
  public mutating func doChores(at now: Instant) {
    guard choresDue <= now else { return }
    choresDue = now.floored(toMilliseconds: City.quarter) + .milliseconds(City.quarter)
    nextDue = min(nextDue, choresDue)
    judgeSeries(at: now)
    for index in places.indices {
      // What has been published up to now: nothing finer than that, and nothing else.
      if now.floored(toMilliseconds: City.quarter) == now, let indicators = places[index].indicators {
        places[index].recent.append(PublicSample(indicators, at: now))
      }
      places[index].exceeded = traits[index].listeners > 0 ? exceededLevels(index, at: now) : nil
    }
    let hour = now.floored(toMilliseconds: 3_600_000)
    guard hour != hourDone else { return }
    hourDone = hour
    let civil = city.zone.civil(now)
    if civil.secondOfDay / 3600 == 16 { judgeSiting(day: civil.day) }
    observeHeat(at: now)
    for index in places.indices {
      let before = places[index].noiseOfDay
      compareDayAndNight(index, civil)
      places[index].noiseOfDay = traits[index].listeners > 0 ? noiseOfDay(index, civil) : nil
      if places[index].noiseOfDay != before { schedule(index, at: now.nextWholeSecond) }
    }
  }

  /// Does everything by the clock anew as soon as possible: its past is not what it was.
  mutating func restartChores(at now: Instant) {
    choresDue = now
    hourDone = .distantPast
    nextDue = min(nextDue, now)
  }

  // MARK: Coolness by day and by night

  /// How much cooler than its reference a place was in the last afternoon, 12 to 18 h, and in the last night, 0 to 6 h.
  ///
  /// Each is settled once, when its hours have ended, by what the sensors were worth then.
  private mutating func compareDayAndNight(_ index: Int, _ civil: CivilTime) {
    guard references[index] != nil && traits[index].hasTemperature else {
      (places[index].differenceByDay, places[index].differenceByNight) = (nil, nil)
      return
    }
    let hour = civil.secondOfDay / 3600
    func last(endingAt end: Int) -> CivilDay { civil.day.adding(days: hour >= end ? 0 : -1) }
    if hour == 18 || places[index].differenceByDay == nil {
      places[index].differenceByDay = difference(index, on: last(endingAt: 18), from: 12)
    }
    if hour == 6 || places[index].differenceByNight == nil {
      places[index].differenceByNight = difference(index, on: last(endingAt: 6), from: 0)
    }
  }

  /// The mean of six hours' differences, of which five must be known.
  private mutating func difference(_ index: Int, on day: CivilDay, from hour: Int) -> MilliCelsius? {
    guard let street = references[index].flatMap({ wires[$0].temperature }), isComparable(qualities[street.rawValue]),
      !isStill(street, on: day, from: hour)
    else { return nil }
    var sum: Int64 = 0
    var count: Int64 = 0
    for number in 0..<6 {
      let start = city.zone.instant(day, secondOfDay: (hour + number) * 3600)
      scratch.removeAll(keepingCapacity: true)
      for sensor in traits[index].sensors {
        guard let series = wires[sensor].temperature, qualities[series.rawValue].flag != .fail else { continue }
        if let mean = meanOfHour(series, start) { scratch.append(mean) }
      }
      guard let reference = meanOfHour(street, start), let place = Self.median(&scratch) else { continue }
      sum += reference - place
      count += 1
    }
    return count >= 5 ? MilliCelsius(sum.roundedDivided(by: count)).rounded(to: 100) : nil
  }

  /// Whether a temperature stood still for some of six hours, as long as no weather does.
  private func isStill(_ series: SeriesIndex, on day: CivilDay, from hour: Int) -> Bool {
    let hours = (0..<6).map { city.zone.instant(day, secondOfDay: (hour + $0) * 3600) }
    return longestStill(series, hours) * 3600 >= city.choices.quality.flatSuspect.seconds
  }

  /// For how many of some clock hours in a row a series stood still.
  func longestStill(_ series: SeriesIndex, _ hours: [Instant]) -> Int64 {
    var longest: Int64 = 0
    var still: (hours: Int64, low: Int64, high: Int64)?
    for start in hours {
      let hour = clockHour(of: series, start)
      guard hour.count > 1 else { continue }
      let (low, high) = (min(still?.low ?? .max, hour.minimum), max(still?.high ?? .min, hour.maximum))
      if high - low <= city.choices.quality.flatTolerance {
        still = ((still?.hours ?? 0) + 1, low, high)
      } else if isStill(hour) {
        still = (1, hour.minimum, hour.maximum)
      } else {
        still = nil
      }
      longest = max(longest, still?.hours ?? 0)
    }
    return longest
  }

  // MARK: Noise

  /// What a place's sensors heard together in some time; nil if they heard too little of it.
  private func heard(_ index: Int, from: Instant, to: Instant, coverage: Int64) -> (energy: Double, share: Int64)? {
    var bucket = Bucket()
    for sensor in traits[index].sensors {
      guard let level = wires[sensor].level, qualities[level.rawValue].flag != .fail else { continue }
      var hour = from
      while hour < to {
        let heard = clockHour(of: level, hour)
        // An hour in which nothing moved was not heard.
        if !isStill(heard) { bucket.combine(heard) }
        hour = hour + .hours(1)
      }
    }
    let all = (to - from).seconds * traits[index].listeners
    let share = bucket.covered(of: all) * 1000 / max(1, all)
    guard share >= coverage, let energy = bucket.meanEnergy else { return nil }
    return (energy, share)
  }

  /// Lden and Lnight of the last whole day, which begins with the hour of day and ends with the night.
  private func noiseOfDay(_ index: Int, _ civil: CivilTime) -> PublicIndicators.NoiseOfDay? {
    let hours = city.choices.noiseHours
    let day = civil.day.adding(days: civil.secondOfDay >= hours.day * 3600 ? -1 : -2)
    func start(_ hour: Int, _ day: CivilDay) -> Instant { city.zone.instant(day, secondOfDay: hour * 3600) }
    let borders = [
      start(hours.day, day), start(hours.evening, day), start(hours.night, day),
      start(hours.day, day.adding(days: 1)),
    ]
    let parts = zip(borders, borders.dropFirst()).compactMap {
      heard(index, from: $0, to: $1, coverage: city.choices.noiseDayCoverage)
    }
    guard parts.count == 3 else { return nil }
    let levels = parts.map { Sound.laeq(meanEnergy: $0.energy) }
    let lden = Sound.lden(day: levels[0], evening: levels[1], night: levels[2])
    return .init(
      day: day, lden: lden.rounded(to: 1000), lnight: levels[2].rounded(to: 1000),
      coverage: Int(parts.map(\.share).min() ?? 0) / 10)
  }

  /// The levels that were exceeded during a tenth, half and nine tenths of the last four whole quarter hours.
  private func exceededLevels(_ index: Int, at now: Instant) -> PublicIndicators.Exceeded? {
    let end = now.floored(toMilliseconds: City.quarter)
    var classes = SoundClasses()
    for sensor in traits[index].sensors {
      guard let level = wires[sensor].level, qualities[level.rawValue].flag != .fail else { continue }
      if let more = bank.classes(of: level, from: (end - .hours(1)).milliseconds, to: end.milliseconds) {
        classes.combine(more)
      }
    }
    guard classes.total * 1000 >= 3600 * traits[index].listeners * city.choices.noiseCoverage else { return nil }
    let levels = [10, 50, 90].compactMap { classes.level(exceededFor: $0).map(MilliDecibels.init) }
    return levels.count == 3 ? .init(l10: levels[0], l50: levels[1], l90: levels[2]) : nil
  }
}
