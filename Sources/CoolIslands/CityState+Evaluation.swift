// One place at one moment: each indicator from its sensors, then the verdict.

internal import Publication
public import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

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
    nextDue = choresDue
    for index in dues.indices {
      if dues[index] <= now {
        if refreshDay(index, at: now) { about.append(index) }
        if evaluate(index, at: now, &transitions) { changed.append(index) }
        dues[index] = nextDue(index, after: now)
      }
      nextDue = min(nextDue, dues[index])
    }
    return (changed, about, transitions)
  }

  /// Computes the intervals anew when a civil day begins.
  private mutating func refreshDay(_ index: Int, at now: Instant) -> Bool {
    // Also when the clock was set back into the day before.
    if now < places[index].tomorrow, now >= places[index].tomorrow - .hours(22) { return false }
    let day = city.zone.civil(now).day
    places[index].tomorrow = city.zone.instant(day.adding(days: 1), secondOfDay: 0)
    guard places[index].day != day else { return false }
    places[index].day = day
    restoreIntervals(index)
    return true
  }

  /// Brings the indicators of a place up to date, where they stand: they are large, and most of the time little of them
  /// is new.
  ///
  /// - Returns: whether anything changed.
  private mutating func evaluate(_ index: Int, at now: Instant, _ transitions: inout [Transition]) -> Bool {
    if let override = places[index].override, override.until <= now {
      (places[index].override, places[index].openings) = (nil, nil)
    }
    if places[index].openings == nil { places[index].openings = openings(index) }
    let (opening, openingReason) = opening(index, at: now)
    if opening.state == .open && opening.rule != .regular { places[index].openedSpeciallyAt = now }
    resetHeadcount(index, at: now)
    let hasTemperatureSensors = traits[index].hasTemperature
    let (coolness, readings) = coolness(index, at: now)
    updateOccupancy(index, at: now)
    let occupancy = places[index].publicOccupancy
    let facts = AvailabilityFacts(
      opening: opening.state, openingReason: openingReason, hasTemperatureSensors: hasTemperatureSensors,
      felt: coolness?.feltClass, difference: coolness?.differenceClass,
      occupancy: occupancy?.level,
      readings: readings, rooms: rooms(index, at: now))
    let noise = noise(index, at: now)
    let freshness = freshness(index, at: now)

    let noiseOfDay = places[index].noiseOfDay
    let before = places[index].indicators.map(IndicatorStates.init)
    var verdict: (availability: Availability, reasons: [Reason])?
    if before == nil || places[index].facts != facts {  // most of the time nothing is new
      verdict = facts.verdict
      places[index].facts = facts
    }
    if before == nil { places[index].indicators = .unknown }
    var hasChanged = before == nil
    places[index].indicators?.renew(&hasChanged) { indicators, hasChanged in
      if let verdict {
        if before?.availability != verdict.availability { replace(&indicators.since, now, &hasChanged) }
        replace(&indicators.availability, verdict.availability, &hasChanged)
        replace(&indicators.reasons, verdict.reasons, &hasChanged)
      }
      replace(&indicators.isMeasured, hasTemperatureSensors, &hasChanged)
      replace(&indicators.nextChange, opening.until, &hasChanged)
      replace(&indicators.opening, opening, &hasChanged)
      replace(&indicators.coolness, coolness, &hasChanged)
      replace(&indicators.occupancy, occupancy, &hasChanged)
      replace(&indicators.noise, noise, &hasChanged)
      replace(&indicators.noiseOfDay, noiseOfDay, &hasChanged)
      replace(&indicators.freshness, freshness, &hasChanged)
    }
    if hasChanged, let indicators = places[index].indicators {
      let after = IndicatorStates(indicators)
      if after != before { note(before, after, indicators.reasons, index, at: now, &transitions) }
    }
    return hasChanged
  }

  // MARK: Sensors

  /// Whether a sensor lately said anything.
  func isAlive(_ sensor: Int, at now: Instant) -> Bool {
    isRecent(sensors[sensor].lastObserved, of: sensor, at: now)
  }

  /// Whether a sensor lately measured something that is not about people.
  func isMeasuring(_ sensor: Int, at now: Instant) -> Bool {
    isRecent(sensors[sensor].lastMeasured, of: sensor, at: now)
  }

  private func isRecent(_ last: Instant?, of sensor: Int, at now: Instant) -> Bool {
    last.map { now - $0 <= wires[sensor].staleAfter } ?? false
  }

  /// Some minutes up to the running one, Unix milliseconds.
  static func window(minutes: Int64, at now: Instant) -> Range<Int64> {
    let end = now.floored(toMilliseconds: 60_000) + .minutes(1)
    return (end - .minutes(minutes)).milliseconds..<end.milliseconds
  }

  /// What came in some minutes up to the running one, from the ring of minutes: a coarser one would answer for other
  /// minutes too.
  func lately(_ series: SeriesIndex, minutes: Int64, at now: Instant) -> Bucket {
    let range = Self.window(minutes: minutes, at: now)
    return bank.sum(of: series, from: range.lowerBound, to: range.upperBound, ring: 0).bucket
  }

  func series(_ field: Field, of sensor: Int) -> SeriesIndex? {
    wires[sensor].index(of: field).map { sensors[sensor].series[$0] }
  }

  // MARK: Noise

  private mutating func noise(_ index: Int, at now: Instant) -> PublicIndicators.Noise? {
    let sensorsListening = traits[index].listeners
    guard sensorsListening > 0 else { return nil }
    var heard = Bucket()
    for sensor in traits[index].sensors {
      guard let level = wires[sensor].level, qualities[level.rawValue].flag != .fail else { continue }
      heard.combine(lately(level, minutes: 15, at: now))
    }
    let covered = heard.covered(of: 900 * sensorsListening)
    guard covered * 1000 >= 900 * sensorsListening * city.choices.noiseCoverage, let energy = heard.meanEnergy
    else {
      places[index].noise.forget()
      return nil
    }
    let level = Sound.laeq(meanEnergy: energy)
    let classIndex = places[index].noise.update(
      level.rawValue, borders: borders.noise, margin: 2000, patience: nil, at: now)
    var noise = PublicIndicators.Noise(laeq: level.rounded(to: 1000), noiseClass: NoiseClass.allCases[classIndex])
    if let exceeded = places[index].exceeded {
      noise.exceeded = exceeded
      noise.isCalm = noise.noiseClass == .quiet && exceeded.l10 < city.choices.calmPeaks
    }
    return noise
  }

  // MARK: Freshness

  /// Of sensors that only count people the public learns nothing here: a beam that speaks is somebody passing.
  private func freshness(_ index: Int, at now: Instant) -> PublicIndicators.Freshness? {
    guard traits[index].measuring > 0 else { return nil }
    var observed: Instant?
    var alive = 0
    for sensor in traits[index].sensors where wires[sensor].measures {
      if let last = sensors[sensor].lastMeasured { observed = max(observed ?? last, last) }
      if isMeasuring(sensor, at: now) { alive += 1 }
    }
    return .init(observedAt: observed, alive: alive, expected: traits[index].measuring)
  }

  // MARK: When next

  /// The next whole second at which the place may change without a new reading.
  private func nextDue(_ index: Int, after now: Instant) -> Instant {
    var next = places[index].tomorrow
    let countsPeople = traits[index].patience != nil
    func consider(_ moment: Instant) { if moment > now && moment < next { next = moment } }
    func consider(_ intervals: [PublicInterval]) {
      for interval in intervals {
        if interval.from >= next { break }  // they come in order
        consider(interval.from)
        consider(interval.until)
        if countsPeople { consider(interval.until + city.choices.resetGrace) }
      }
    }
    consider(places[index].intervals)
    for intervals in places[index].heatIntervals { consider(intervals) }
    consider(places[index].programmeIntervals)
    for slot in places[index].slots {
      if slot.from >= next { break }  // so do they
      consider(slot.from)
      consider(slot.until)
    }
    if let second = traits[index].emptyAt, let day = places[index].day {
      consider(city.zone.instant(day, secondOfDay: second))
    }
    if let until = places[index].heatOpenUntil { consider(until) }
    if let override = places[index].override { consider(override.until) }
    var anyMeasuring = false
    for sensor in traits[index].sensors where isMeasuring(sensor, at: now) {
      anyMeasuring = true
      if let last = sensors[sensor].lastMeasured { consider(last + wires[sensor].staleAfter + .milliseconds(1)) }
    }
    // Windows empty themselves also when their sensors have fallen silent.
    let isFading = places[index].indicators?.coolness != nil || places[index].indicators?.noise != nil
    if anyMeasuring || isFading { consider(now.floored(toMilliseconds: 60_000) + .minutes(1)) }
    if countsPeople {
      consider(now.floored(toMilliseconds: Self.occupancyGrid.milliseconds) + Self.occupancyGrid)
    }
    return next.nextWholeSecond
  }

  /// Adds a transition for each indicator that changed.
  private func note(
    _ before: IndicatorStates?, _ after: IndicatorStates, _ reasons: [Reason], _ index: Int, at now: Instant,
    _ transitions: inout [Transition]
  ) {
    let place = city.places[index].about.id
    func note<State: RawRepresentable & Equatable>(_ indicator: Transition.Indicator, _ old: State?, _ new: State?)
    where State.RawValue == String {
      guard old != new else { return }
      transitions.append(
        Transition(
          at: now, place: place, indicator: indicator, from: old?.rawValue ?? "none", to: new?.rawValue ?? "none",
          reasons: indicator == .availability ? reasons : []))
    }
    note(.availability, before?.availability, after.availability)
    note(.opening, before?.opening, after.opening)
    note(.felt, before?.felt, after.felt)
    note(.difference, before?.difference, after.difference)
    note(.occupancy, before?.occupancy, after.occupancy)
    note(.noise, before?.noise, after.noise)
  }
}

extension PublicIndicators {
  /// Lends the indicators, which stay where they are.
  @inline(__always)
  fileprivate mutating func renew(_ hasChanged: inout Bool, _ body: (inout PublicIndicators, inout Bool) -> Void) {
    body(&self, &hasChanged)
  }
}

/// The states of a place's indicators, whose changes are transitions.
private struct IndicatorStates: Equatable {
  let availability: Availability
  let opening: OpeningState
  let felt: FeltClass?
  let difference: DifferenceClass?
  let occupancy: OccupancyLevel?
  let noise: NoiseClass?

  init(_ indicators: PublicIndicators) {
    availability = indicators.availability
    opening = indicators.opening.state
    felt = indicators.coolness?.feltClass
    difference = indicators.coolness?.differenceClass
    occupancy = indicators.occupancy?.level
    noise = indicators.noise?.noiseClass
  }
}

/// Replaces a value by another one, and notes whether it was.
@inline(__always)
private func replace<Value: Equatable>(_ old: inout Value, _ new: Value, _ hasChanged: inout Bool) {
  if old != new {
    old = new
    hasChanged = true
  }
}
