// The heat of a season at one station: warm days, warm nights, and episodes by the thresholds of the département.

public import CoolIslands
public import Quantities
internal import RingSeries

/// What the heat station observed.
public struct HeatSeason: Sendable {
  /// One day, in the sense of Météo-France.
  public struct Day: Sendable {
    /// The day.
    public var day: CivilDay
    /// Lowest temperature from 18 UTC of the day before; nil where too little was measured.
    public var minimum: MilliCelsius?
    /// Highest temperature to 6 UTC of the day after; nil where too little was measured.
    public var maximum: MilliCelsius?
    /// The trailing means of three days, where all of them are known.
    public var means: (minimum: MilliCelsius, maximum: MilliCelsius)?
    /// The observed level, 1 to 3; nil where one of three days is missing, or thresholds are.
    public var level: Int?
  }

  /// A run of days whose means both reach their thresholds.
  public struct Episode: Hashable, Sendable {
    /// Its first day.
    public var first: CivilDay
    /// Its last day.
    public var last: CivilDay
    /// Days that are known to belong to it.
    public var days: Int
    /// Whether a day within it is not known.
    public var isInterrupted: Bool
    /// The highest mean of three minima.
    public var highestMinimum: MilliCelsius
    /// The highest mean of three maxima.
    public var highestMaximum: MilliCelsius
  }

  /// The days of the season.
  public var days: [Day]
  /// The thresholds; nil where nobody has said them.
  public var thresholds: HeatThresholds?

  /// How many days hold what is asked, among those of which it is known.
  func count(_ holds: (Day) -> Bool?) -> (days: Int, known: Int) {
    let answers = days.compactMap(holds)
    return (answers.count { $0 }, answers.count)
  }

  /// Nights of at least 20 °C.
  var tropicalNights: (days: Int, known: Int) { count { $0.minimum.map { $0 >= MilliCelsius(20_000) } } }
  /// Days of at least 30 °C.
  var hotDays: (days: Int, known: Int) { count { $0.maximum.map { $0 >= MilliCelsius(30_000) } } }
  /// Days of at least 35 °C.
  var veryHotDays: (days: Int, known: Int) { count { $0.maximum.map { $0 >= MilliCelsius(35_000) } } }
  /// Nights that reach the threshold of the département.
  var heatNights: (days: Int, known: Int)? {
    thresholds.map { limit in count { $0.minimum.map { $0 >= limit.minimum } } }
  }
  /// Days that reach it.
  var heatDays: (days: Int, known: Int)? {
    thresholds.map { limit in count { $0.maximum.map { $0 >= limit.maximum } } }
  }
  /// Days at an observed level.
  func days(at level: Int?) -> Int { days.count { $0.level == level } }

  /// The episodes: a day that is not known interrupts one and does not end it.
  var episodes: [Episode] {
    var episodes: [Episode] = []
    var isRunning = false
    var gap = false
    for day in days {
      guard let level = day.level, let means = day.means else {
        gap = true
        continue
      }
      defer { gap = false }
      guard level == 3 else {
        isRunning = false
        continue
      }
      if isRunning, var episode = episodes.popLast() {
        episode.last = day.day
        episode.days += 1
        episode.isInterrupted = episode.isInterrupted || gap
        episode.highestMinimum = max(episode.highestMinimum, means.minimum)
        episode.highestMaximum = max(episode.highestMaximum, means.maximum)
        episodes.append(episode)
      } else {
        episodes.append(
          Episode(
            first: day.day, last: day.day, days: 1, isInterrupted: false, highestMinimum: means.minimum,
            highestMaximum: means.maximum))
      }
      isRunning = true
    }
    return episodes
  }

  /// Looks at the days of a season.
  ///
  /// - Parameters:
  ///   - days: the civil days; the grid holds three more before and two after.
  ///   - series: the station's air temperature.
  ///   - grid: its hours.
  ///   - city: thresholds and limits.
  init(_ days: ClosedRange<CivilDay>, _ series: HourSeries, _ grid: HourGrid, _ city: City) {
    thresholds = city.heatThresholds
    func extremes(_ day: CivilDay, from hour: Int64) -> (low: MilliCelsius, high: MilliCelsius)? {
      let start = day.daysSinceEpoch * 86_400_000 + hour * HourGrid.hour
      let hours = grid.hours(in: start..<start + 24 * HourGrid.hour)
      guard series.standstill(hours, city.choices.quality).isEmpty else { return nil }
      let covered = hours.reduce(0) { $0 + series.buckets[$1].covered(of: 3600) }
      let sum = series.sum(hours)
      guard sum.count > 0, covered * 1000 >= 86_400 * city.choices.extremesCoverage, !sum.isOverflown else {
        return nil
      }
      return (MilliCelsius(sum.minimum), MilliCelsius(sum.maximum))
    }
    let before = days.lowerBound.adding(days: -2)
    let count = days.upperBound.daysSinceEpoch - before.daysSinceEpoch + 1
    let all = (0..<count).map { before.adding(days: $0) }
    let minima = all.map { extremes($0, from: -6)?.low }
    let maxima = all.map { extremes($0, from: 6)?.high }
    let limits = city.heatThresholds
    self.days = all.indices.dropFirst(2).map { index in
      let observed = ObservedHeat(
        day: all[index], minima: Array(minima[index - 2...index]), maxima: Array(maxima[index - 2...index]))
      var day = Day(day: all[index], minimum: minima[index], maximum: maxima[index])
      if let low = observed.meanMinimum, let high = observed.meanMaximum { day.means = (low, high) }
      day.level = limits.flatMap { observed.level($0) }
      return day
    }
  }
}
