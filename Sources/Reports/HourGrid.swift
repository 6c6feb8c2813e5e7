// The clock hours of a season, numbered, and where each lies in its civil day.

internal import Quantities

/// The hours of some civil days.
///
/// History keeps hours that are counted from midnight. In a zone that is a whole number of hours away from UTC, as
/// France is, they are clock hours of UTC too, also across the change of the clocks.
struct HourGrid {
  /// An hour in milliseconds.
  static let hour: Int64 = 3_600_000

  /// The first civil day.
  let first: CivilDay
  /// When each day begins, and when the last one ends: Unix milliseconds.
  let dayStarts: [Int64]
  /// Which day each hour belongs to, counted from the first.
  let day: [Int]
  /// What clocks show at the beginning of each hour, 0 to 23.
  let clock: [Int]

  init(_ days: ClosedRange<CivilDay>, in zone: CivilZone) {
    first = days.lowerBound
    let last = days.upperBound.daysSinceEpoch - first.daysSinceEpoch
    dayStarts = (0...last + 1).map { zone.instant(days.lowerBound.adding(days: $0), secondOfDay: 0).milliseconds }
    let hours = Int((dayStarts[dayStarts.count - 1] - dayStarts[0]) / Self.hour)
    var (day, clock): ([Int], [Int]) = ([], [])
    for number in 0..<hours {
      let shown = zone.civil(Instant(milliseconds: dayStarts[0] + Int64(number) * Self.hour))
      day.append(Int(shown.day.daysSinceEpoch - days.lowerBound.daysSinceEpoch))
      clock.append(shown.secondOfDay / 3600)
    }
    (self.day, self.clock) = (day, clock)
  }

  /// How many hours there are.
  var count: Int { day.count }

  /// The hour that holds a moment; it may lie outside of the grid.
  func index(of milliseconds: Int64) -> Int { Int((milliseconds - dayStarts[0]).floorDivided(by: Self.hour)) }

  /// The hours that lie whole in a time, as far as the grid reaches.
  func hours(in time: Range<Int64>) -> Range<Int> {
    let from = max(0, index(of: time.lowerBound + Self.hour - 1))
    return from..<max(from, min(count, index(of: time.upperBound)))
  }

  /// When an hour begins.
  func start(of hour: Int) -> Int64 { dayStarts[0] + Int64(hour) * Self.hour }

  /// A day's number in the grid.
  func number(of day: CivilDay) -> Int { Int(day.daysSinceEpoch - first.daysSinceEpoch) }
}
