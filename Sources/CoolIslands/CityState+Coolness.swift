// How cool it is: air and felt temperature of a place, and the difference to its reference in the last minutes.

internal import Publication
internal import Quantities
internal import RingSeries

extension CityState {
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

  /// Minutes over which a sensor's temperature is a mean: those of the settings, or as many as it takes for a sensor that
  /// speaks more seldom to have spoken in them, though it were two minutes late; no more than the ring of minutes holds.
  private func coolnessWindow(of sensor: SensorWiring) -> Int64 {
    max(borders.coolnessWindow, min((sensor.period + 59) / 60 + 2, 120))
  }

  private func latest(_ series: SeriesIndex, since oldest: Instant, at now: Instant) -> Int64? {
    guard let sample = bank.latest(of: series, atOrBefore: now.milliseconds), sample.time >= oldest.milliseconds
    else { return nil }
    return sample.value
  }

  /// The same of an air temperature; of a newest reading that leaps and the one before it the warmer one.
  private func latestSettled(_ series: SeriesIndex, since oldest: Instant, at now: Instant) -> Int64? {
    let newest = latest(series, since: oldest, at: now)
    guard let newest, isLeapPending(in: series) else { return newest }
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

  /// The reference's mean over its minutes, and whether it is doubtful.
  ///
  /// It is nil where the reference stands still or in the sun: then it would make places look cool.
  private func reference(_ index: Int, at now: Instant) -> (value: Int64, isDoubtful: Bool)? {
    guard let street = references[index], isMeasuring(street, at: now), let series = wires[street].temperature else {
      return nil
    }
    let quality = qualities[series.rawValue]
    guard isComparable(quality) else { return nil }
    return windowMean(series, minutes: coolnessWindow(of: wires[street]), at: now) { min($0, $1) }
      .map { ($0, quality.flag == .suspect) }
  }

  /// Whether a series may be what others are compared with.
  func isComparable(_ quality: SeriesQuality) -> Bool {
    quality.flag != .fail && quality.tests.isDisjoint(with: [.flatLine, .siting])
  }

  mutating func coolness(
    _ index: Int, at now: Instant
  ) -> (PublicIndicators.Coolness?, AvailabilityFacts.Readings) {
    guard traits[index].hasTemperature else { return (nil, .good) }
    let mean = median(index, at: now, of: \.temperature) { state, series, wiring in
      state.windowMean(series, minutes: state.coolnessWindow(of: wiring), at: now)
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
    let moist = now - borders.humidityWindow
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
    if let mean, let reference = reference(index, at: now) {
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
}
