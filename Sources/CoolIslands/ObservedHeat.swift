// Heat as one station of the city observed it: extremes of days, means of three days, and what they say of the level.

public import Quantities
internal import RingSeries

/// The extremes of three days in a row at one station, as Météo-France defines them.
///
/// The minimum of a day is that from 18 UTC of the day before to 18 UTC, the maximum that from 06 UTC to 06 UTC of the day
/// after. Means of three of them are indices of what was observed; the official warning uses forecasts and judgement.
public struct ObservedHeat: Hashable, Sendable {
  /// The last of the three days, in UTC.
  public var day: CivilDay
  /// The minima, oldest first; nil where too little of the day was measured.
  public var minima: [MilliCelsius?]
  /// The maxima.
  public var maxima: [MilliCelsius?]

  /// Three days.
  public init(day: CivilDay, minima: [MilliCelsius?], maxima: [MilliCelsius?]) {
    self.day = day
    self.minima = minima
    self.maxima = maxima
  }

  /// The mean of the three minima; nil if one is missing.
  public var meanMinimum: MilliCelsius? { Self.sum(minima).map { MilliCelsius($0.roundedDivided(by: 3)) } }

  /// The mean of the three maxima; nil if one is missing.
  public var meanMaximum: MilliCelsius? { Self.sum(maxima).map { MilliCelsius($0.roundedDivided(by: 3)) } }

  /// The level: 3 when both means reach their thresholds, 2 when the last day's extremes do, else 1.
  ///
  /// - Returns: nil where a day is missing. Sums are compared, nothing is rounded.
  public func level(_ thresholds: HeatThresholds) -> Int? {
    guard let low = Self.sum(minima), let high = Self.sum(maxima), let night = minima.last ?? nil,
      let noon = maxima.last ?? nil
    else { return nil }
    if low >= 3 * thresholds.minimum.rawValue && high >= 3 * thresholds.maximum.rawValue { return 3 }
    return night >= thresholds.minimum && noon >= thresholds.maximum ? 2 : 1
  }

  /// When the last day's maximum is final; what follows from it holds for a day.
  public var isFinalAt: Instant { Instant(seconds: (day.daysSinceEpoch + 1) * 86_400 + 6 * 3600) }

  private static func sum(_ values: [MilliCelsius?]) -> Int64? {
    let known = values.compactMap { $0?.rawValue }
    return known.count == 3 ? known.reduce(0, +) : nil
  }
}

extension CityState {
  /// The extremes of the three last days whose maximum is final; nil where no station is named.
  public func observedHeat(at now: Instant) -> ObservedHeat? {
    guard let station = city.heatStation, let series = wires[station].temperature else { return nil }
    let last = CivilDay(daysSinceEpoch: (now - .hours(6)).floored(toMilliseconds: 86_400_000).seconds / 86_400 - 1)
    let days = (-2...0).map { last.adding(days: $0) }
    return ObservedHeat(
      day: last,
      minima: days.map { day in
        extremes(series, from: Instant(seconds: day.daysSinceEpoch * 86_400 - 6 * 3600))?.minimum
      },
      maxima: days.map { day in
        extremes(series, from: Instant(seconds: day.daysSinceEpoch * 86_400 + 6 * 3600))?.maximum
      })
  }

  /// The lowest and the highest reading of a day's time; nil if too little of it was measured, or the sensor stood still.
  func extremes(_ series: SeriesIndex, from: Instant) -> (minimum: MilliCelsius, maximum: MilliCelsius)? {
    let hours = (0..<24).map { from + .hours($0) }
    // A line that stands still for so long is a fault, not a night.
    guard longestStill(series, hours) * 3600 < city.choices.quality.flatFail.seconds else { return nil }
    var day = Bucket()
    var covered: Int64 = 0
    for start in hours {
      let hour = clockHour(of: series, start)
      day.combine(hour)
      covered += hour.covered(of: 3600)
    }
    guard covered * 1000 >= 86_400 * city.choices.extremesCoverage, !day.isOverflown else { return nil }
    return (MilliCelsius(day.minimum), MilliCelsius(day.maximum))
  }

  /// Takes what was observed as one of the sources of the heat level.
  mutating func observeHeat(at now: Instant) {
    guard let station = city.heatStation, let thresholds = city.heatThresholds, let observed = observedHeat(at: now),
      let level = observed.level(thresholds), now < observed.isFinalAt + .days(1)
    else { return heat.set([], of: .observation) }
    let means = [observed.meanMinimum, observed.meanMaximum].compactMap { $0?.text(places: 1) }
    let entry = HeatEntry(
      source: .observation, level: level, from: observed.isFinalAt, until: observed.isFinalAt + .days(1),
      by: city.sensors[station].id, reason: "three-day means \(means.joined(separator: "/")) °C on \(observed.day.text)"
    )
    guard heat.entries.filter({ $0.source == .observation }) != [entry] else { return }
    heat.set([entry], of: .observation)
  }
}
