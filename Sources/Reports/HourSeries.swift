// What a series says of each hour of a season.

internal import CoolIslands
internal import Quantities
internal import RingSeries
internal import Store

/// The hours of one series.
struct HourSeries {
  /// One bucket an hour of the grid.
  private(set) var buckets: [Bucket]
  /// Days that are damaged on the disk and left out.
  private(set) var damaged = 0

  /// Nothing was measured.
  init(_ grid: HourGrid) { buckets = Array(repeating: Bucket(), count: grid.count) }

  /// The stored days of a series.
  init(_ rows: [HistoryHours], _ grid: HourGrid) {
    self.init(grid)
    for row in rows {
      guard let packed = try? PackedBuckets(bytes: row.hours) else {
        damaged += 1
        continue
      }
      for (number, entry) in packed.entries.enumerated() where entry.bucket.count > 0 {
        let index = grid.index(of: row.start + Int64(number) * HourGrid.hour)
        if buckets.indices.contains(index) { buckets[index].combine(entry.bucket) }
      }
    }
  }

  /// The mean of an hour of which three quarters are covered, as the live comparison by day and night has it.
  func mean(_ hour: Int) -> Int64? {
    buckets[hour].covered(of: 3600) >= 2700 ? buckets[hour].mean : nil
  }

  /// Sums some hours.
  func sum(_ hours: Range<Int>) -> Bucket {
    var sum = Bucket()
    for hour in hours { sum.combine(buckets[hour]) }
    return sum
  }

  /// The hours of a range in which the series stood still for so long that it is a fault and not the weather.
  ///
  /// As ``CityState`` judges it: a run of hours whose readings, more than one an hour, all lie within the tolerance.
  func standstill(_ hours: Range<Int>, _ limits: QualityLimits) -> [Int] {
    var found: [Int] = []
    var run: (hours: [Int], low: Int64, high: Int64) = ([], .max, .min)
    func close() { if Int64(run.hours.count) * 3600 >= limits.flatFail.seconds { found += run.hours } }
    for hour in hours where buckets[hour].count > 1 {
      let bucket = buckets[hour]
      let (low, high) = (min(run.low, bucket.minimum), max(run.high, bucket.maximum))
      if high - low <= limits.flatTolerance {
        run.hours.append(hour)
        (run.low, run.high) = (low, high)
        continue
      }
      close()
      let isStill = bucket.maximum - bucket.minimum <= limits.flatTolerance
      run = isStill ? ([hour], bucket.minimum, bucket.maximum) : ([], .max, .min)
    }
    close()
    return found
  }

  /// Takes out what was read while the series stood still.
  mutating func dropStandstill(_ limits: QualityLimits) {
    for hour in standstill(buckets.indices, limits) { buckets[hour] = Bucket() }
  }

  /// Takes out each hour in which nothing moved: a sound level never does that.
  mutating func dropStillHours(_ limits: QualityLimits) {
    for hour in buckets.indices where buckets[hour].count > 1 {
      if buckets[hour].maximum - buckets[hour].minimum <= limits.flatTolerance { buckets[hour] = Bucket() }
    }
  }
}

/// The median of some values, the mean of the two in the middle where there are two; nil of none.
func median(_ values: [Int64]) -> Int64? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]).roundedDivided(by: 2)
}
