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
        let after = evaluate(index, at: now)
        if places[index].indicators != after {
          Self.compare(places[index].indicators, after, place: city.places[index].about.id, at: now, &transitions)
          places[index].indicators = after
          changed.append(index)
        }
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

  private mutating func evaluate(_ index: Int, at now: Instant) -> PublicIndicators {
    if let override = places[index].override, override.until <= now { places[index].override = nil }
    let (opening, openingReason) = opening(index, at: now)
    if opening.state == .open && opening.rule != .regular { places[index].openedSpeciallyAt = now }
    resetHeadcount(index, at: now)
    let hasTemperatureSensors = traits[index].hasTemperature
    let (coolness, readings) = coolness(index, at: now)
    updateOccupancy(index, at: now)
    let occupancy = places[index].publicOccupancy
    let facts = AvailabilityFacts(
      opening: opening.state, openingReason: openingReason, hasTemperatureSensors: hasTemperatureSensors,
      felt: coolness?.feltClass, difference: readings == .doubtful ? nil : coolness?.differenceClass,
      occupancy: occupancy?.level,
      readings: readings, rooms: rooms(index, at: now))
    var after = places[index].indicators ?? .unknown
    if places[index].indicators == nil || places[index].facts != facts {  // most of the time nothing is new
      let verdict = facts.verdict
      if places[index].indicators?.availability != verdict.availability { after.since = now }
      (after.availability, after.reasons) = verdict
      places[index].facts = facts
    }
    after.isMeasured = hasTemperatureSensors
    after.nextChange = opening.until
    after.opening = opening
    after.coolness = coolness
    after.occupancy = occupancy
    after.noise = noise(index, at: now)
    after.noiseOfDay = places[index].noiseOfDay
    after.freshness = freshness(index, at: now)
    return after
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
    last.map { now - $0 <= wires[sensor].staleAfter } ?? false
  }

  /// The mean over the minutes of the window that ends with the running minute.
  ///
  /// While only the next reading can tell whether the newest, which leaps, is a fault, the prudent one of the two values
  /// speaks: the warmer one of a place, the cooler one of a reference.
  func windowMean(
    _ series: SeriesIndex, minutes: Int64, at now: Instant, prudent: (Int64, Int64) -> Int64 = { max($0, $1) }
  ) -> Int64? {
    let range = Self.window(minutes: minutes, at: now)
    guard isLeapPending(in: series) else {
      return bank.mean(of: series, from: range.lowerBound, to: range.upperBound)
    }
    let values = bank.samples(of: series, in: range).map(\.value)
    guard let newest = values.last else { return nil }
    let before =
      values.count > 1
      ? values.dropLast().reduce(0, +).roundedDivided(by: Int64(values.count - 1)) : bank.reading(1, of: series)?.value
    return before.map { prudent($0, newest) } ?? newest
  }

  /// Some minutes up to the running one, Unix milliseconds.
  private static func window(minutes: Int64, at now: Instant) -> Range<Int64> {
    let end = now.floored(toMilliseconds: 60_000) + .minutes(1)
    return (end - .minutes(minutes)).milliseconds..<end.milliseconds
  }

  /// What came in some minutes up to the running one, from the ring of minutes: a coarser one would answer for other
  /// minutes too.
  private func lately(_ series: SeriesIndex, minutes: Int64, at now: Instant) -> Bucket {
    let range = Self.window(minutes: minutes, at: now)
    return bank.sum(of: series, from: range.lowerBound, to: range.upperBound, ring: 0).bucket
  }

  func series(_ field: Field, of sensor: Int) -> SeriesIndex? {
    city.sensors[sensor].fields.firstIndex(of: field).map { sensors[sensor].series[$0] }
  }

  private func latest(_ series: SeriesIndex, since oldest: Instant, at now: Instant) -> Int64? {
    guard let sample = bank.latest(of: series, atOrBefore: now.milliseconds), sample.time >= oldest.milliseconds
    else { return nil }
    return sample.value
  }

  /// The same of an air temperature; of a newest reading that leaps and the one before it the warmer one.
  private func latestSettled(_ series: SeriesIndex, since oldest: Instant, at now: Instant) -> Int64? {
    guard let newest = latest(series, since: oldest, at: now), isLeapPending(in: series) else {
      return latest(series, since: oldest, at: now)
    }
    return max(newest, bank.reading(1, of: series)?.value ?? newest)
  }

  /// The median of some values, or the mean of the two in the middle; nil of nothing.
  static func median(_ values: inout [Int64]) -> Int64? {
    switch values.count {
    case 0: return nil
    case 1: return values[0]
    case 2: return (values[0] + values[1]).roundedDivided(by: 2)
    default:
      values.sort()
      let middle = values.count / 2
      return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]).roundedDivided(by: 2)
    }
  }

  /// The median of what the place's living sensors say that do not fail; suspect ones speak where no other does.
  @inline(__always)
  private mutating func median(
    _ index: Int, at now: Instant, of field: (SensorWiring) -> SeriesIndex?,
    _ value: (borrowing CityState, SeriesIndex, SensorWiring) -> Int64?
  ) -> (value: Int64, readings: AvailabilityFacts.Readings)? {
    scratch.removeAll(keepingCapacity: true)
    doubtful.removeAll(keepingCapacity: true)
    for sensor in traits[index].sensors where isMeasuring(sensor, at: now) {
      guard let series = field(wires[sensor]) else { continue }
      let flag = qualities[series.rawValue].flag
      guard flag != .fail, let value = value(self, series, wires[sensor]) else { continue }
      if flag == .suspect { doubtful.append(value) } else { scratch.append(value) }
    }
    if let good = Self.median(&scratch) { return (good, .good) }
    return Self.median(&doubtful).map { ($0, .doubtful) }
  }

  /// Whether a temperature sensor of the place speaks, though none can be believed.
  private func hasFailed(_ index: Int, at now: Instant) -> Bool {
    traits[index].sensors.contains { sensor in
      guard let series = wires[sensor].temperature, isMeasuring(sensor, at: now) else { return false }
      return qualities[series.rawValue].flag == .fail
    }
  }

  /// The reference's mean over the same minutes, and whether it is doubtful.
  ///
  /// It is nil where the reference stands still or in the sun: then it would make places look cool.
  private func reference(_ index: Int, minutes: Int64, at now: Instant) -> (value: Int64, isDoubtful: Bool)? {
    guard let street = references[index], isMeasuring(street, at: now), let series = wires[street].temperature else {
      return nil
    }
    let quality = qualities[series.rawValue]
    guard isComparable(quality) else { return nil }
    return windowMean(series, minutes: minutes, at: now) { min($0, $1) }.map { ($0, quality.flag == .suspect) }
  }

  /// Whether a series may be what others are compared with.
  func isComparable(_ quality: SeriesQuality) -> Bool {
    quality.flag != .fail && quality.tests.isDisjoint(with: [.flatLine, .siting])
  }

  private mutating func coolness(
    _ index: Int, at now: Instant
  ) -> (PublicIndicators.Coolness?, AvailabilityFacts.Readings) {
    guard traits[index].hasTemperature else { return (nil, .good) }
    let window = city.choices.coolnessWindowMinutes
    let mean = median(index, at: now, of: \.temperature) { state, series, _ in
      state.windowMean(series, minutes: window, at: now)
    }
    guard
      let (air, worth) = mean
        ?? median(
          index, at: now, of: \.temperature,
          { state, series, wiring in state.latestSettled(series, since: now - wiring.staleAfter, at: now) })
    else {
      places[index].felt.forget()
      places[index].difference.forget()
      return (nil, hasFailed(index, at: now) ? .failed : .good)
    }
    var readings = worth
    let moist = now - city.choices.humidityWindow
    // A doubtful humidity says nothing of what is felt.
    let humidity = median(index, at: now, of: \.humidity) { state, series, _ in
      state.qualities[series.rawValue].flag == .suspect ? nil : state.latest(series, since: moist, at: now)
    }
    let temperature = MilliCelsius(air)
    var felt = temperature
    var method = FeltMethod.air
    if temperature >= MilliCelsius(20_000), let humidity {
      felt = Thermal.heatIndex(air: temperature, humidity: MilliPercent(humidity.value))
      method = .heatIndex
    }
    let feltIndex = places[index].felt.update(
      felt.rawValue, borders: borders.felt, margin: 300, patience: .minutes(10), at: now)
    var difference: MilliCelsius?
    var differenceClass: DifferenceClass?
    if let mean, let reference = reference(index, minutes: window, at: now) {
      let value = MilliCelsius(reference.value - mean.value)
      if reference.isDoubtful { readings = .doubtful }
      let classIndex = places[index].difference.update(
        value.rawValue, borders: borders.difference, margin: 300, patience: .minutes(10), at: now)
      difference = value.rounded(to: 100)
      differenceClass = [.warmer, .same, .cooler, .muchCooler][classIndex]
    } else {
      places[index].difference.forget()
    }
    var coolness = PublicIndicators.Coolness(
      air: temperature.rounded(to: 100), felt: felt.rounded(to: 100), feltMethod: method,
      feltClass: [.cool, .warm, .hot, .dangerous][feltIndex], difference: difference, differenceClass: differenceClass)
    coolness.differenceByDay = places[index].differenceByDay
    coolness.differenceByNight = places[index].differenceByNight
    return (coolness, readings)
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

  // MARK: Occupancy

  /// What the programme leaves of a place's capacity at a moment; nil where there is none.
  func capacity(_ index: Int, at now: Instant) -> Int? {
    guard let capacity = city.places[index].capacity else { return nil }
    var left = capacity
    for slot in places[index].slots.prefix(while: { $0.from <= now }) where now < slot.until {
      guard case .takes(let people?) = slot.effect else { return 0 }
      left -= people
    }
    return max(0, left)
  }

  /// Whether slots of the programme take all of the place.
  private func rooms(_ index: Int, at now: Instant) -> AvailabilityFacts.Rooms {
    guard let programme = city.places[index].programme else { return .left }
    let isTaken =
      if let capacity = city.places[index].capacity, capacity > 0 {
        self.capacity(index, at: now) == 0
      } else {
        places[index].slots.contains { $0.from <= now && now < $0.until && $0.effect == .takes(nil) }
      }
    return isTaken ? .taken : programme.isWhole ? .left : .uncertain
  }

  /// The head count returns to nobody once a day: when the grace after the day's last closing has passed, or where a place
  /// never closes at its own hour.
  ///
  /// Somebody who is seen postpones it; who is still there when the place is open again is one of its visitors. A place
  /// that stays open by heat, by its programme or by somebody's decision is not empty.
  private mutating func resetHeadcount(_ index: Int, at now: Instant) {
    guard traits[index].patience != nil else { return }
    if let last = places[index].openedSpeciallyAt, now - last < city.choices.resetGrace { return }
    if let second = city.places[index].emptyAt {
      let today = city.zone.civil(now).day
      let due = [0, -1].map { city.zone.instant(today.adding(days: $0), secondOfDay: second) }.first { $0 <= now }
      guard let due, isResetDue(index, due), !isSomeoneSeen(index, at: now) else { return }
      // What could not be done in its time must not be done when visitors are there again.
      return now - due <= .hours(2)
        ? places[index].headcount.reset(at: due) : places[index].headcount.skipReset(at: due)
    }
    let intervals = openTimes(index, at: now)
    let passed = intervals.indices.last { number in
      guard intervals[number].until + city.choices.resetGrace <= now else { return false }
      let next = number + 1 < intervals.count ? city.zone.civil(intervals[number + 1].from).day : nil
      return next != city.zone.civil(intervals[number].from).day
    }
    // Where it was open beyond all hours, by somebody's decision or a level that has dropped, that moment counts.
    let special = places[index].openedSpeciallyAt.map { last in
      intervals.first { $0.from <= last && last < $0.until }?.until ?? last
    }
    guard let closed = [passed.map { intervals[$0].until }, special].compactMap({ $0 }).max() else { return }
    let due = closed + city.choices.resetGrace
    guard due <= now, isResetDue(index, due) else { return }
    guard isSomeoneSeen(index, at: now) else { return places[index].headcount.reset(at: due) }
    if intervals.contains(where: { $0.from <= now && now < $0.until }) { places[index].headcount.skipReset(at: due) }
  }

  /// Whether a moment to return to nobody has not been looked at; one before the configuration is none of its own.
  private func isResetDue(_ index: Int, _ due: Instant) -> Bool {
    due > max(places[index].headcount.lastReset ?? .distantPast, places[index].configuredAt ?? .distantPast)
  }

  /// When a place is open in these days: by its timetable, its programme, and the hours that heat has switched on.
  private func openTimes(_ index: Int, at now: Instant) -> [PublicInterval] {
    let rules = city.places[index].heatHours
    guard !rules.isEmpty || !places[index].programmeIntervals.isEmpty else { return places[index].intervals }
    let level = heat.effective(at: now)?.level ?? 0
    var all = places[index].intervals + places[index].programmeIntervals
    for (number, rule) in rules.enumerated() where rule.minLevel <= level { all += places[index].heatIntervals[number] }
    var merged: [PublicInterval] = []
    for interval in all.sorted(by: { $0.from < $1.from }) {
      if let last = merged.last, interval.from <= last.until {
        merged[merged.count - 1].until = max(last.until, interval.until)
      } else {
        merged.append(interval)
      }
    }
    return merged
  }

  /// Whether a sensor that counts heads or sees people says that somebody is there.
  private func isSomeoneSeen(_ index: Int, at now: Instant) -> Bool {
    traits[index].sensors.contains { sensor in
      guard isAlive(sensor, at: now) else { return false }
      if sensors[sensor].occupied == true { return true }
      return wires[sensor].headcount.map { (bank.latest(of: $0)?.value ?? 0) > 0 } ?? false
    }
  }

  /// What the public knows of the occupancy changes on a five-minute grid, and depends on level and capacity alone.
  private mutating func updateOccupancy(_ index: Int, at now: Instant) {
    guard let patience = traits[index].patience else {
      places[index].occupancy.forget()
      places[index].publicOccupancy = nil
      return
    }
    let grid = now.floored(toMilliseconds: Self.occupancyGrid.milliseconds)
    guard grid == now, places[index].occupancySetAt != grid else { return }
    places[index].occupancySetAt = grid
    if let since = places[index].headcount.freeSince, now - since >= city.choices.freeGrace {
      places[index].headcount.rebase(to: 0)
      places[index].headcount.notePresence(isFree: false, at: now)  // whoever passes a counter now is there
    }
    guard let heard = places[index].headcount.lastHeard, now - heard <= patience,
      city.places[index].programme?.isWhole ?? true,
      let capacity = capacity(index, at: now), capacity > 0
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
      consider(slot.from)
      consider(slot.until)
    }
    if let second = city.places[index].emptyAt, let day = places[index].day {
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
  private static func compare(
    _ before: PublicIndicators?, _ after: PublicIndicators, place: String, at now: Instant,
    _ transitions: inout [Transition]
  ) {
    func note<State: RawRepresentable & Equatable>(_ indicator: Transition.Indicator, _ old: State?, _ new: State?)
    where State.RawValue == String {
      guard old != new else { return }
      transitions.append(
        Transition(
          at: now, place: place, indicator: indicator, from: old?.rawValue ?? "none", to: new?.rawValue ?? "none",
          reasons: indicator == .availability ? after.reasons : []))
    }
    note(.availability, before?.availability, after.availability)
    note(.opening, before?.opening.state, after.opening.state)
    note(.felt, before?.coolness?.feltClass, after.coolness?.feltClass)
    note(.difference, before?.coolness?.differenceClass, after.coolness?.differenceClass)
    note(.occupancy, before?.occupancy?.level, after.occupancy?.level)
    note(.noise, before?.noise?.noiseClass, after.noise?.noiseClass)
  }
}
