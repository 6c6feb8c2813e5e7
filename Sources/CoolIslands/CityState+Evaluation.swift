// One place at one moment: each indicator from its sensors, then the verdict.

internal import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol

extension CityState {
  /// Days of opening intervals that are known ahead.
  static let daysAhead = 8

  /// Evaluates every place that is due at `now`.
  ///
  /// - Returns: the places whose indicators changed, the places whose description changed (a new day brings new
  ///   intervals), and the transitions in the order of the places.
  public mutating func evaluateDue(at now: Instant) -> (indicators: [Int], about: [Int], transitions: [Transition]) {
    var changed: [Int] = []
    var about: [Int] = []
    var transitions: [Transition] = []
    for index in places.indices where places[index].due <= now {
      if refreshDay(index, at: now) { about.append(index) }
      let before = places[index].indicators
      let after = evaluate(index, at: now)
      places[index].indicators = after
      places[index].due = nextDue(index, after: now)
      guard before != after else { continue }
      changed.append(index)
      transitions += Self.transitions(from: before, to: after, place: city.places[index].about.id, at: now)
    }
    nextDue = places.lazy.map(\.due).min() ?? .distantFuture
    return (changed, about, transitions)
  }

  /// Computes the intervals anew when a civil day begins.
  private mutating func refreshDay(_ index: Int, at now: Instant) -> Bool {
    let day = city.zone.civil(now).day
    guard places[index].day != day else { return false }
    places[index].day = day
    restoreIntervals(index)
    return true
  }

  /// Computes the intervals of a place from its day.
  mutating func restoreIntervals(_ index: Int) {
    guard case .hours(let hours) = city.places[index].opening, let day = places[index].day else {
      return places[index].intervals = []
    }
    places[index].intervals = hours.intervals(
      from: day.adding(days: -1), days: Self.daysAhead + 2, zone: city.zone, holidays: city.holidays)
  }

  private mutating func evaluate(_ index: Int, at now: Instant) -> PublicIndicators {
    if let override = places[index].override, override.until <= now { places[index].override = nil }
    let (opening, openingReason) = opening(index, at: now)
    resetHeadcount(index, at: now)
    let hasTemperatureSensors = sensorsOfPlace[index].contains { city.sensors[$0].fields.contains(.temperature) }
    let coolness = coolness(index, at: now)
    updateOccupancy(index, at: now)
    let occupancy = places[index].publicOccupancy
    let verdict = AvailabilityFacts(
      opening: opening.state, openingReason: openingReason, hasTemperatureSensors: hasTemperatureSensors,
      felt: coolness?.feltClass, difference: coolness?.differenceClass, occupancy: occupancy?.level
    ).verdict
    let before = places[index].indicators
    let since = before?.availability == verdict.availability ? before?.since ?? now : now
    return PublicIndicators(
      availability: verdict.availability, isMeasured: hasTemperatureSensors, reasons: verdict.reasons, since: since,
      nextChange: opening.until, opening: opening, coolness: coolness, occupancy: occupancy,
      noise: noise(index, at: now), freshness: freshness(index, at: now))
  }

  // MARK: Opening

  private func opening(_ index: Int, at now: Instant) -> (PublicIndicators.Opening, Reason) {
    if let override = places[index].override {
      return (.init(state: override.state, until: override.until, rule: .override), .overridden)
    }
    switch city.places[index].opening {
    case .none: return (.init(state: .unknown, until: nil, rule: .regular), .noTimetable)
    case .unreadable: return (.init(state: .unknown, until: nil, rule: .regular), .hoursUnreadable)
    case .hours: break
    }
    let intervals = places[index].intervals
    guard let interval = intervals.first(where: { $0.until > now }) else {
      return (.init(state: .closed, until: nil, rule: .regular), .closedNow)
    }
    guard interval.from <= now else {
      return (.init(state: .closed, until: interval.from, rule: .regular), .closedNow)
    }
    let horizon = city.zone.instant(
      (places[index].day ?? city.zone.civil(now).day).adding(days: Int64(Self.daysAhead) + 1), secondOfDay: 0)
    let until = interval.until >= horizon ? nil : interval.until
    let reason: Reason = interval.state == .open ? .openNow : .hoursUncertain
    return (.init(state: interval.state, until: until, rule: .regular), reason)
  }

  // MARK: Coolness

  func isAlive(_ sensor: Int, at now: Instant) -> Bool {
    isRecent(sensors[sensor].lastObserved, of: sensor, at: now)
  }

  /// Whether a sensor lately measured something that is not about people.
  private func isMeasuring(_ sensor: Int, at now: Instant) -> Bool {
    isRecent(sensors[sensor].lastMeasured, of: sensor, at: now)
  }

  private func isRecent(_ last: Instant?, of sensor: Int, at now: Instant) -> Bool {
    last.map { now - $0 <= city.sensors[sensor].staleAfter } ?? false
  }

  /// The mean of a field over the minutes of the window that ends with the running minute.
  func windowMean(_ field: Field, sensor: Int, minutes: Int64, at now: Instant) -> Int64? {
    guard let series = series(field, of: sensor) else { return nil }
    let end = now.floored(toMilliseconds: 60_000) + .minutes(1)
    return lately(series, minutes: minutes, until: end).mean
  }

  /// What came in some minutes, from the ring of minutes: a coarser one would answer for other minutes too.
  private func lately(_ series: SeriesIndex, minutes: Int64, until end: Instant) -> Bucket {
    bank.sum(of: series, from: (end - .minutes(minutes)).milliseconds, to: end.milliseconds, ring: 0).bucket
  }

  func series(_ field: Field, of sensor: Int) -> SeriesIndex? {
    city.sensors[sensor].fields.firstIndex(of: field).map { sensors[sensor].series[$0] }
  }

  private func latest(_ field: Field, sensor: Int, since oldest: Instant, at now: Instant) -> Int64? {
    guard let series = series(field, of: sensor),
      let sample = bank.latest(of: series, atOrBefore: now.milliseconds), sample.time >= oldest.milliseconds
    else { return nil }
    return sample.value
  }

  /// The median; between two, their mean.
  static func median(_ values: [Int64]) -> Int64? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]).roundedDivided(by: 2)
  }

  private mutating func coolness(_ index: Int, at now: Instant) -> PublicIndicators.Coolness? {
    let choices = city.choices
    let alive = sensorsOfPlace[index].filter { isMeasuring($0, at: now) }
    let window = choices.coolnessWindowMinutes
    let means = alive.compactMap { windowMean(.temperature, sensor: $0, minutes: window, at: now) }
    let lasts = alive.compactMap {
      latest(.temperature, sensor: $0, since: now - city.sensors[$0].staleAfter, at: now)
    }
    guard let air = Self.median(means) ?? Self.median(lasts) else {
      places[index].felt.forget()
      places[index].difference.forget()
      return nil
    }
    let humidities = alive.compactMap { latest(.humidity, sensor: $0, since: now - choices.humidityWindow, at: now) }
    let temperature = MilliCelsius(air)
    var felt = temperature
    var method = FeltMethod.air
    if temperature >= MilliCelsius(20_000), let humidity = Self.median(humidities) {
      felt = Thermal.heatIndex(air: temperature, humidity: MilliPercent(humidity))
      method = .heatIndex
    }
    let feltIndex = places[index].felt.update(
      felt.rawValue, borders: choices.feltBorders.map(\.rawValue), margin: 300, patience: .minutes(10), at: now)
    var difference: MilliCelsius?
    var differenceClass: DifferenceClass?
    if let mean = Self.median(means), let zone = city.places[index].zone,
      isMeasuring(city.zones[zone].reference, at: now),
      let reference = windowMean(.temperature, sensor: city.zones[zone].reference, minutes: window, at: now)
    {
      let value = MilliCelsius(reference - mean)
      // Borders belong to the class above them: from −1.0 "same", from 1.0 "cooler", from 3.0 "much cooler".
      let borders = [-choices.cooler.rawValue, choices.cooler.rawValue, choices.muchCooler.rawValue]
      let classIndex = places[index].difference.update(
        value.rawValue, borders: borders, margin: 300, patience: .minutes(10), at: now)
      difference = value.rounded(to: 100)
      differenceClass = [.warmer, .same, .cooler, .muchCooler][classIndex]
    } else {
      places[index].difference.forget()
    }
    return .init(
      air: temperature.rounded(to: 100), felt: felt.rounded(to: 100), feltMethod: method,
      feltClass: [.cool, .warm, .hot, .dangerous][feltIndex], difference: difference, differenceClass: differenceClass)
  }

  // MARK: Noise

  private mutating func noise(_ index: Int, at now: Instant) -> PublicIndicators.Noise? {
    let end = now.floored(toMilliseconds: 60_000) + .minutes(1)
    var heard = Bucket()
    var sensorsListening: Int64 = 0
    for sensor in sensorsOfPlace[index] {
      guard let series = series(.laeq, of: sensor) else { continue }
      sensorsListening += 1
      heard.combine(lately(series, minutes: 15, until: end))
    }
    guard sensorsListening > 0 else { return nil }
    let covered = heard.covered(of: 900 * sensorsListening)
    guard covered * 1000 >= 900 * sensorsListening * city.choices.noiseCoverage, let energy = heard.meanEnergy
    else {
      places[index].noise.forget()
      return nil
    }
    let level = Sound.laeq(meanEnergy: energy)
    let classIndex = places[index].noise.update(
      level.rawValue, borders: city.choices.noiseBorders.map(\.rawValue), margin: 2000, patience: nil, at: now)
    return .init(laeq: level.rounded(to: 1000), noiseClass: NoiseClass.allCases[classIndex])
  }

  // MARK: Occupancy

  func countsPeople(_ index: Int) -> Bool {
    sensorsOfPlace[index].contains { city.sensors[$0].fields.contains(where: \.isAboutPeople) }
  }

  /// The head count returns to nobody once a day: when the grace after the day's last closing has passed.
  ///
  /// Somebody who is seen postpones it; who is still there when the place is open again is one of its visitors.
  private mutating func resetHeadcount(_ index: Int, at now: Instant) {
    guard places[index].override?.state != .open else { return }
    let intervals = places[index].intervals
    let passed = intervals.indices.last { number in
      guard intervals[number].until + city.choices.resetGrace <= now else { return false }
      let next = number + 1 < intervals.count ? city.zone.civil(intervals[number + 1].from).day : nil
      return next != city.zone.civil(intervals[number].from).day
    }
    guard let passed else { return }
    let due = intervals[passed].until + city.choices.resetGrace
    guard due > places[index].headcount.lastReset ?? .distantPast else { return }
    guard isSomeoneSeen(index, at: now) else { return places[index].headcount.reset(at: due) }
    if intervals.contains(where: { $0.from <= now && now < $0.until }) { places[index].headcount.skipReset(at: due) }
  }

  /// Whether a sensor that counts heads or sees people says that somebody is there.
  private func isSomeoneSeen(_ index: Int, at now: Instant) -> Bool {
    sensorsOfPlace[index].contains { sensor in
      guard isAlive(sensor, at: now) else { return false }
      if sensors[sensor].occupied == true { return true }
      return series(.people, of: sensor).map { (bank.latest(of: $0)?.value ?? 0) > 0 } ?? false
    }
  }

  /// What the public knows of the occupancy changes on a five-minute grid, and depends on level and capacity alone.
  private mutating func updateOccupancy(_ index: Int, at now: Instant) {
    guard countsPeople(index) else {
      places[index].occupancy.forget()
      places[index].publicOccupancy = nil
      return
    }
    let grid = now.floored(toMilliseconds: Self.occupancyGrid.milliseconds)
    guard grid == now, places[index].occupancySetAt != grid else { return }
    places[index].occupancySetAt = grid
    let patience = sensorsOfPlace[index].filter { city.sensors[$0].fields.contains(where: \.isAboutPeople) }
      .map { city.sensors[$0].staleAfter }.max()
    guard let heard = places[index].headcount.lastHeard, let patience, now - heard <= patience,
      let capacity = city.places[index].capacity, capacity > 0
    else {
      places[index].occupancy.forget()
      places[index].publicOccupancy = nil
      return
    }
    let people = max(0, places[index].headcount.people - Int64(city.places[index].staff))
    let share = min(1000, people * 1000 / Int64(capacity))
    let borders = city.choices.occupancyBorders
    let level = OccupancyLevel.allCases[
      places[index].occupancy.update(share, borders: borders, margin: 50, patience: nil, at: now)]
    places[index].publicOccupancy = PrivacyGate.occupancy(level: level, capacity: capacity, borders: borders)
  }

  // MARK: Freshness

  /// Of sensors that only count people the public learns nothing here: a beam that speaks is somebody passing.
  private func freshness(_ index: Int, at now: Instant) -> PublicIndicators.Freshness? {
    let own = sensorsOfPlace[index].filter { city.sensors[$0].fields.contains { !$0.isAboutPeople } }
    guard !own.isEmpty else { return nil }
    return .init(
      observedAt: own.compactMap { sensors[$0].lastMeasured }.max(),
      alive: own.count { isMeasuring($0, at: now) }, expected: own.count)
  }

  // MARK: When next

  /// The next whole second at which the place may change without a new reading.
  private func nextDue(_ index: Int, after now: Instant) -> Instant {
    var next = city.zone.instant(city.zone.civil(now).day.adding(days: 1), secondOfDay: 0)
    func consider(_ moment: Instant) { if moment > now && moment < next { next = moment } }
    for interval in places[index].intervals {
      consider(interval.from)
      consider(interval.until)
      if countsPeople(index) { consider(interval.until + city.choices.resetGrace) }
    }
    if let override = places[index].override { consider(override.until) }
    var anyMeasuring = false
    for sensor in sensorsOfPlace[index] where isMeasuring(sensor, at: now) {
      anyMeasuring = true
      if let last = sensors[sensor].lastMeasured { consider(last + city.sensors[sensor].staleAfter + .milliseconds(1)) }
    }
    // Windows empty themselves also when their sensors have fallen silent.
    let isFading = places[index].indicators?.coolness != nil || places[index].indicators?.noise != nil
    if anyMeasuring || isFading { consider(now.floored(toMilliseconds: 60_000) + .minutes(1)) }
    if countsPeople(index) {
      consider(now.floored(toMilliseconds: Self.occupancyGrid.milliseconds) + Self.occupancyGrid)
    }
    return next.nextWholeSecond
  }

  private static func transitions(
    from before: PublicIndicators?, to after: PublicIndicators, place: String, at now: Instant
  ) -> [Transition] {
    func states(_ indicators: PublicIndicators?) -> [(Transition.Indicator, String)] {
      [
        (.availability, indicators?.availability.rawValue ?? "none"),
        (.opening, indicators?.opening.state.rawValue ?? "none"),
        (.felt, indicators?.coolness?.feltClass.rawValue ?? "none"),
        (.difference, indicators?.coolness?.differenceClass?.rawValue ?? "none"),
        (.occupancy, indicators?.occupancy?.level.rawValue ?? "none"),
        (.noise, indicators?.noise?.noiseClass.rawValue ?? "none"),
      ]
    }
    return zip(states(before), states(after)).compactMap { old, new in
      guard old.1 != new.1 else { return nil }
      return Transition(
        at: now, place: place, indicator: new.0, from: old.1, to: new.1,
        reasons: new.0 == .availability ? after.reasons : [])
    }
  }
}
