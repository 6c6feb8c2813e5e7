// What each series is worth, asked at every quarter of an hour; spikes are taken back as soon as the next reading shows
// them.

internal import Publication
internal import Quantities
internal import RingSeries
internal import SensorProtocol

extension CityState {
  // MARK: Spikes

  /// Takes back the reading that a new one shows to be a spike.
  ///
  /// A spike stands away from the mean of its neighbours, and on the same side of both; a step, after which the values stay,
  /// is none.
  ///
  /// - Parameters:
  ///   - time: when the new reading was.
  ///   - series: its series, of air temperatures.
  /// - Returns: the time of the reading that was taken back: the one before the new one, or a late one itself.
  mutating func takeBackSpike(around time: Int64, in series: SeriesIndex) -> Int64? {
    let limit = borders.spike
    let spike: Sample?
    if let newest = bank.reading(0, of: series), newest.time == time {
      guard let middle = bank.reading(1, of: series), abs(newest.value - middle.value) > limit / 2,
        let first = bank.reading(2, of: series)
      else { return nil }
      spike = stands(middle, away: limit, from: first, newest) ? middle : nil
    } else {
      let reach = borders.neighbourhood
      let near = bank.samples(of: series, in: max(0, time - reach)..<time + reach + 1)
      guard let place = near.firstIndex(where: { $0.time == time }), place > 0, place + 1 < near.count else {
        return nil
      }
      spike = stands(near[place], away: limit, from: near[place - 1], near[place + 1]) ? near[place] : nil
    }
    // The history has what the rings no longer hold, and cannot take it out again.
    guard let spike, spike.time - spike.time % City.quarter >= bank.heldFrom(of: series, ring: City.quarters),
      bank.retract(at: spike.time, from: series)
    else { return nil }
    return spike.time
  }

  private func stands(_ sample: Sample, away limit: Int64, from before: Sample, _ after: Sample) -> Bool {
    guard after.time - before.time <= borders.neighbourhood else { return false }
    let (up, down) = (sample.value - before.value, sample.value - after.value)
    return up.signum() == down.signum() && abs(up + down) > 2 * limit && min(abs(up), abs(down)) > limit / 2
  }

  /// Whether the newest reading leaps away from the one before: only the next one tells whether it is a fault.
  func isLeapPending(in series: SeriesIndex) -> Bool {
    guard let newest = bank.reading(0, of: series), let before = bank.reading(1, of: series) else { return false }
    return abs(newest.value - before.value) > borders.spike / 2
      && newest.time - before.time <= borders.neighbourhood
  }

  /// A reading that differs from the one before by more than weather usually does has its series judged at once, and so
  /// has one that showed the one before to be a spike.
  mutating func judgeLeap(in series: SeriesIndex, of sensor: Int, at now: Instant, isOver: Bool) {
    guard let newest = bank.reading(0, of: series), let before = bank.reading(1, of: series),
      isOver || abs(newest.value - before.value) > borders.leap
    else { return }
    let old = qualities[series.rawValue].tests.intersection([.neighbours, .siting])
    qualities[series.rawValue] = quality(of: series, .temperature, of: sensor, at: now)
    if !old.isEmpty { qualities[series.rawValue].note(old, .suspect) }
  }

  // MARK: Every quarter of an hour

  /// Judges all series.
  mutating func judgeSeries(at now: Instant) {
    for sensor in sensors.indices {
      for (field, series) in zip(city.sensors[sensor].fields, sensors[sensor].series) {
        qualities[series.rawValue] = quality(of: series, field, of: sensor, at: now)
      }
    }
    for members in neighbourhoods where members.count >= 3 { compareNeighbours(members, at: now) }
    for sensor in sensors.indices where isBadlySited[sensor] {
      if let series = wires[sensor].temperature { qualities[series.rawValue].note(.siting, .suspect) }
    }
    for index in qualities.indices {
      let isFaulty = [.suspect, .fail].contains(qualities[index].flag)
      if isFaulty != (faultySince[index] != nil) { faultySince[index] = isFaulty ? now : nil }
    }
  }

  private func quality(of series: SeriesIndex, _ field: Field, of sensor: Int, at now: Instant) -> SeriesQuality {
    let limits = city.choices.quality
    guard let latest = bank.latest(of: series, atOrBefore: now.milliseconds),
      now.milliseconds - latest.time <= wires[sensor].staleAfter.milliseconds
    else {
      // A sensor at fault that comes back is not better for having been silent.
      let before = qualities[series.rawValue]
      return before.flag == .fail ? before : SeriesQuality(flag: .missing)
    }
    var quality = SeriesQuality(flag: .pass)
    switch field {
    case .temperature:
      noteFlatLine(of: series, latest, in: &quality)
      if hasStep(series, latest) { quality.note(.step, .suspect) }
      if hasSpike(series, over: limits.spikeSuspect.rawValue, at: now) { quality.note(.spike, .suspect) }
    case .humidity:
      if latest.value < limits.saturated.rawValue { noteFlatLine(of: series, latest, in: &quality) }
      if hasSpike(series, over: limits.humiditySpike.rawValue, at: now) { quality.note(.spike, .suspect) }
    case .laeq:
      if isFlat(series, latest, for: limits.flatNoise) { quality.note(.flatLine, .fail) }
    case .inTotal, .outTotal:
      if let place = city.sensors[sensor].place, isStill(series, place, for: limits.flatFail, at: now) {
        quality.note(.flatLine, .suspect)
      }
      if let place = city.sensors[sensor].place, places[place].headcount.lastDriftExceeds(limits.ratio) {
        quality.note(.ratio, .suspect)
      }
    case .people, .occupied, .lafmax, .batteryPercent, .temperatureGlobe: break
    }
    return quality
  }

  private func noteFlatLine(of series: SeriesIndex, _ latest: Sample, in quality: inout SeriesQuality) {
    let limits = city.choices.quality
    if isFlat(series, latest, for: limits.flatFail) {
      quality.note(.flatLine, .fail)
    } else if isFlat(series, latest, for: limits.flatSuspect) {
      quality.note(.flatLine, .suspect)
    }
  }

  /// Whether all readings of a time up to the newest are the same, and cover at least half of it.
  private func isFlat(_ series: SeriesIndex, _ latest: Sample, for span: Span) -> Bool {
    let tolerance = city.choices.quality.flatTolerance
    func sum(from: Int64, to: Int64) -> Bucket { bank.sum(of: series, from: from, to: to, ring: City.quarters).bucket }
    func isSame(_ bucket: Bucket) -> Bool {
      bucket.count > 0 && max(bucket.maximum, latest.value) - min(bucket.minimum, latest.value) <= tolerance
    }
    let start = latest.time - span.milliseconds
    // Most series have moved since the quarter hour with which the time begins: the rest need not be looked at.
    guard isSame(sum(from: start, to: start + City.quarter)) else { return false }
    let whole = sum(from: start, to: latest.time + City.quarter)
    return isSame(whole) && whole.covered(of: span.seconds) * 2 >= span.seconds
  }

  /// Whether the air grew warmer or cooler than it can.
  private func hasStep(_ series: SeriesIndex, _ latest: Sample) -> Bool {
    var range = Bucket()
    var from = latest.time
    for step in QualityLimits.steps {
      let start = latest.time - step.hours * 3_600_000
      range.combine(
        bank.sum(of: series, from: start + City.quarter, to: from + City.quarter, ring: City.quarters).bucket)
      from = start
      guard range.count > 0 else { continue }
      if max(latest.value - range.minimum, range.maximum - latest.value) > step.change.rawValue { return true }
    }
    return false
  }

  private func hasSpike(_ series: SeriesIndex, over limit: Int64, at now: Instant) -> Bool {
    let from = (now - .hours(1)).milliseconds
    let range = bank.sum(of: series, from: from, to: now.milliseconds + City.quarter, ring: City.quarters).bucket
    // What stands out by so much makes the whole hour wide: most hours need not be looked at reading by reading.
    guard range.count >= 3, range.maximum - range.minimum > limit else { return false }
    let samples = bank.samples(of: series, in: from..<now.milliseconds + 1)
    guard samples.count >= 3 else { return false }
    return (1..<samples.count - 1).contains { stands(samples[$0], away: limit, from: samples[$0 - 1], samples[$0 + 1]) }
  }

  /// Whether nobody passed a counter for so long, the place having been open all the time.
  private func isStill(_ series: SeriesIndex, _ place: Int, for span: Span, at now: Instant) -> Bool {
    let start = now - span
    guard places[place].intervals.contains(where: { $0.state == .open && $0.from <= start && now < $0.until }) else {
      return false
    }
    let passed = bank.sum(of: series, from: start.milliseconds, to: now.milliseconds, ring: City.quarters).bucket
    return passed.count > 0 && passed.maximum <= 0
  }

  private mutating func compareNeighbours(_ members: [(sensor: Int, series: SeriesIndex)], at now: Instant) {
    var values = members.filter { qualities[$0.series.rawValue].flag < .fail }
      .compactMap { bank.latest(of: $0.series, atOrBefore: now.milliseconds)?.value }
    guard values.count >= 3, let median = Self.median(&values) else { return }
    for member in members where qualities[member.series.rawValue].flag < .fail {
      let value = bank.latest(of: member.series, atOrBefore: now.milliseconds)?.value ?? median
      if abs(value - median) > city.choices.quality.neighbours.rawValue {
        qualities[member.series.rawValue].note(.neighbours, .suspect)
      }
    }
  }

  // MARK: Once a day

  /// Finds sensors that the sun reaches: warm against their zone from 11 to 16 h, and like it at night.
  mutating func judgeSiting(day: CivilDay) {
    let limits = city.choices.quality
    for members in neighbourhoods {
      for member in members { isBadlySited[member.sensor] = false }
      guard members.count >= 3 else { continue }
      let noon = excess(members, from: city.zone.instant(day, secondOfDay: 11 * 3600), hours: 5)
      let night = excess(members, from: city.zone.instant(day, secondOfDay: 0), hours: 5)
      for (number, member) in members.enumerated() {
        guard let noon = noon[number], let night = night[number] else { continue }
        isBadlySited[member.sensor] = noon > limits.siting.rawValue && abs(night) <= limits.sitingAtNight.rawValue
      }
    }
  }

  /// How far each sensor of a zone is above its median, over some hours; nil where an hour is missing.
  private func excess(_ members: [(sensor: Int, series: SeriesIndex)], from: Instant, hours: Int64) -> [Int64?] {
    var sums = [Int64?](repeating: 0, count: members.count)
    for hour in 0..<hours {
      let start = from + .hours(hour)
      let means = members.map { meanOfHour($0.series, start) }
      var known = means.compactMap { $0 }
      let median = known.count >= 3 ? Self.median(&known) : nil
      for (number, mean) in means.enumerated() {
        guard let mean, let median, let sum = sums[number] else {
          sums[number] = nil
          continue
        }
        sums[number] = sum + mean - median
      }
    }
    return sums.map { $0.map { $0 / hours } }
  }

  /// What came in a clock hour.
  func clockHour(of series: SeriesIndex, _ start: Instant) -> Bucket {
    bank.sum(of: series, from: start.milliseconds, to: (start + .hours(1)).milliseconds, ring: City.hours).bucket
  }

  /// Whether some readings, more than one, are all the same.
  func isStill(_ bucket: Bucket) -> Bool {
    bucket.count > 1 && bucket.maximum - bucket.minimum <= city.choices.quality.flatTolerance
  }

  /// The mean of a clock hour, of which three quarters must be covered.
  func meanOfHour(_ series: SeriesIndex, _ start: Instant) -> Int64? {
    let bucket = clockHour(of: series, start)
    return bucket.covered(of: 3600) >= 2700 ? bucket.mean : nil
  }
}
