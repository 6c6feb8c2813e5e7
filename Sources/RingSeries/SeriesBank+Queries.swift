// What a bank knows: the newest reading, sums of ranges, steps for a chart, levels of sound. Nothing is copied.

/// The sum of a range, and where it comes from.
public struct RangeSum: Hashable, Sendable {
  /// The readings of the range.
  public let bucket: Bucket
  /// Start and end of the range, rounded to whole buckets of the ring; Unix milliseconds.
  public let range: Range<Int64>
  /// Length of the ring's buckets in seconds.
  public let ringSeconds: Int
}

/// One step of an answer.
public struct Step: Hashable, Sendable {
  /// Its start, Unix milliseconds.
  public let start: Int64
  /// Its readings.
  public let bucket: Bucket
  /// How many of its seconds the readings cover.
  public let coveredSeconds: Int64
}

/// A range in steps of equal length, aligned to whole multiples of it since 1970-01-01T00:00:00Z.
public struct Steps: Sendable {
  /// Length of the buckets of the ring that answered, in seconds.
  public let ringSeconds: Int
  /// From when on that ring holds readings, Unix milliseconds: what lies before is not known rather than empty.
  public let heldFrom: Int64
  /// Length of a step in seconds.
  public let stepSeconds: Int
  /// The steps in order of time, also those without readings.
  public let steps: [Step]
}

/// Why a range cannot be answered in steps.
public enum QueryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The range ends before it begins.
  case empty
  /// No ring has buckets of which the step is a whole number.
  case step(seconds: Int, finest: Int)
  /// The range has more steps than are answered at once.
  case tooMany(Int64)

  /// A sentence for the person who asked.
  public var description: String {
    switch self {
    case .empty: "the range ends before it begins"
    case .step(let seconds, let finest):
      "a step of \(seconds) seconds is not a whole number of buckets of any ring; the finest has \(finest) seconds"
    case .tooMany(let count):
      "the range has \(count) steps; at most \(SeriesBank.maximumSteps) are answered at once"
    }
  }
}

extension SeriesBank {
  /// Most steps of an answer.
  public static let maximumSteps: Int64 = 10_000

  // MARK: Readings

  /// The newest reading at or before a time.
  ///
  /// - Complexity: O(log n) among n raw readings.
  public func latest(of index: SeriesIndex, atOrBefore time: Int64 = .max) -> Sample? {
    let at = location(index)
    let count = rawCount(atOrBefore: time, at)
    return count == 0 ? nil : sample(count - 1, at)
  }

  /// The newest reading, or one before it.
  ///
  /// - Parameters:
  ///   - back: how many to go back.
  ///   - index: the series.
  /// - Returns: the reading; nil if the raw ring holds fewer.
  @inline(__always)
  public func reading(_ back: Int, of index: SeriesIndex) -> Sample? {
    let at = location(index)
    let number = Int(slab[at.hot, as: Hot.self].count) - 1 - back
    return number < 0 ? nil : sample(number, at)
  }

  /// The readings that the raw ring holds of a range, in order of time.
  public func samples(of index: SeriesIndex, in range: Range<Int64> = .min..<Int64.max) -> [Sample] {
    let at = location(index)
    let first = range.lowerBound == .min ? 0 : rawCount(atOrBefore: range.lowerBound - 1, at)
    let end = range.upperBound == .min ? 0 : rawCount(atOrBefore: range.upperBound - 1, at)
    return (first..<max(first, end)).map { sample($0, at) }
  }

  private func sample(_ number: Int, _ at: Location) -> Sample {
    let stored: StoredSample = slab[rawPlace(number, at)]
    return Sample(time: stored.time, value: Int64(stored.value), seconds: Int64(stored.seconds))
  }

  /// What a series was offered and did not take, or not everywhere.
  public func tally(of index: SeriesIndex) -> Tally { slab[location(index).tally] }

  // MARK: Sums

  /// The sum of the buckets in a range, from the finest ring that reaches back to its start, else from the coarsest.
  ///
  /// - Parameters:
  ///   - index: the series.
  ///   - from: start of the range, Unix milliseconds; rounded down to the ring's buckets.
  ///   - to: end of the range, which is not part of it; rounded down too.
  ///   - ring: the ring that shall answer, the finest being number 0, whatever it still holds of the range.
  /// - Returns: the sum and what it is the sum of.
  /// - Complexity: O(buckets of the range), at most those of the ring.
  public func sum(of index: SeriesIndex, from: Int64, to: Int64, ring: Int? = nil) -> RangeSum {
    let at = location(index)
    let rings = plans[at.plan].rings
    let reaching = ring.map { rings.lowerBound + $0 } ?? rings.firstIndex { heldFrom($0, at) <= from }
    let number = reaching ?? rings.upperBound - 1
    precondition(rings.contains(number), "no such ring")
    let plan = self.rings[number]
    let (first, end) = intervals(of: plan, from: from, to: to)
    let step = plan.step.value
    return RangeSum(
      bucket: sum(number - rings.lowerBound, first..<max(first, end), at), range: first * step..<max(first, end) * step,
      ringSeconds: Int(step / 1000))
  }

  /// The mean of what the finest ring holds of a range.
  ///
  /// A mean of minutes is asked for at every evaluation: nothing else of them is summed up here.
  ///
  /// - Parameters:
  ///   - index: the series.
  ///   - from: start of the range, Unix milliseconds; rounded down to the ring's buckets.
  ///   - to: end of the range, which is not part of it; rounded down too.
  /// - Returns: thousandths, halves away from zero; nil without readings.
  public func mean(of index: SeriesIndex, from: Int64, to: Int64) -> Int64? {
    let at = location(index)
    let (first, end) = intervals(of: rings[plans[at.plan].rings.lowerBound], from: from, to: to)
    var count: Int64 = 0
    var sum: Int128 = 0
    var isOverflown = false
    func add(_ bucket: StoredBucket) {
      count &+= Int64(bucket.count)
      sum &+= Int128(bucket.sum)
      if bucket.count == .max { isOverflown = true }
    }
    if visit(0, first..<max(first, end), at, { add(slab[$0]) }) { add(slab[at.hot, as: Hot.self].bucket) }
    return isOverflown ? nil : Bucket.quotient(sum, count)
  }

  /// A range in steps, from the finest ring that reaches back to its start and divides the step; where none reaches so
  /// far back, from the coarsest that divides it.
  ///
  /// - Parameters:
  ///   - index: the series.
  ///   - from: start of the range, Unix milliseconds; rounded down to the step.
  ///   - to: end of the range; rounded up to the step.
  ///   - seconds: length of a step.
  /// - Returns: the steps, and which ring answered.
  /// - Throws: ``QueryError``.
  public func steps(of index: SeriesIndex, from: Int64, to: Int64, seconds: Int) throws(QueryError) -> Steps {
    let at = location(index)
    let rings = plans[at.plan].rings
    guard from < to else { throw .empty }
    let milliseconds = Int64(seconds).multipliedReportingOverflow(by: 1000)
    let fitting = rings.filter {
      seconds > 0 && !milliseconds.overflow && milliseconds.partialValue % self.rings[$0].step.value == 0
    }
    guard let coarsest = fitting.last else {
      throw .step(seconds: seconds, finest: Int(plans[at.plan].finest.step.value / 1000))
    }
    let number = fitting.first { heldFrom($0, at) <= from } ?? coarsest
    let ring = self.rings[number]
    let step = Divisor(milliseconds.partialValue)
    let first = step.quotient(clamped(from))
    let end = clamped(to) == 0 ? first : step.quotient(clamped(to) - 1) + 1
    guard end - first <= Self.maximumSteps else { throw .tooMany(end - first) }
    let width = step.value / ring.step.value
    return Steps(
      ringSeconds: Int(ring.step.value / 1000), heldFrom: heldFrom(number, at), stepSeconds: seconds,
      steps: (first..<max(first, end)).map { interval in
        let bucket = sum(number - rings.lowerBound, interval * width..<(interval + 1) * width, at)
        return Step(start: interval * step.value, bucket: bucket, coveredSeconds: bucket.covered(of: Int64(seconds)))
      })
  }

  /// From when on a ring holds all that it shows of a series, Unix milliseconds; the finest is number 0.
  public func heldFrom(of index: SeriesIndex, ring: Int) -> Int64 {
    let at = location(index)
    return heldFrom(plans[at.plan].rings.lowerBound + ring, at)
  }

  /// From when on a ring holds all that it shows of a series.
  private func heldFrom(_ number: Int, _ at: Location) -> Int64 {
    max(starts[number], slab[at.heldFrom(number - plans[at.plan].rings.lowerBound)])
  }

  /// Times between 1970 and the end of the clock.
  private func clamped(_ time: Int64) -> Int64 { min(max(time, 0), Self.farthest) }

  private func intervals(of ring: RingPlan, from: Int64, to: Int64) -> (first: Int64, end: Int64) {
    (ring.interval(clamped(from)), ring.interval(clamped(to)))
  }

  /// The oldest interval of a ring that it still holds and that may still be seen.
  private func oldestShown(_ number: Int, running: Int64) -> Int64 {
    let ring = rings[number]
    return max(running - ring.count.value + 1, ring.interval(starts[number]))
  }

  /// The sum of some intervals of a ring, of those that it holds.
  func sum(_ number: Int, _ intervals: Range<Int64>, _ at: Location) -> Bucket {
    let isSound = plans[at.plan].isSound
    var total = Bucket()
    let isRunning = visit(number, intervals, at) { place in
      total.add(slab[place], isSound ? slab[place &+ StoredBucket.byteCount] : StoredEnergy())
    }
    if isRunning { for finer in 0...number { total.combine(runningBucket(finer, at)) } }
    return total
  }

  /// Visits the places of the closed buckets of some intervals, of those that a ring holds.
  ///
  /// - Returns: whether the running interval is one of them.
  @inline(__always)
  private func visit(_ number: Int, _ intervals: Range<Int64>, _ at: Location, _ body: (Int) -> Void) -> Bool {
    let first = plans[at.plan].rings.lowerBound
    let ring = rings[first + number]
    let start = slab[at.hot, as: Hot.self].start
    guard start != Hot.never else { return false }
    let running = ring.interval(start)
    let oldest = oldestShown(first + number, running: running)
    var interval = max(intervals.lowerBound, oldest)
    let end = min(intervals.upperBound, running)
    if interval < end {
      var row = ring.row(interval)
      while interval < end {
        body(ring.rows.place(row: row, at))
        interval &+= 1
        row = Int64(row) &+ 1 == ring.count.value ? 0 : row &+ 1
      }
    }
    return intervals.contains(running) && running >= oldest
  }

  /// The running bucket of a ring: what no finer one's holds of its interval.
  func runningBucket(_ number: Int, _ at: Location) -> Bucket {
    let stored = number == 0 ? slab[at.hot, as: Hot.self].bucket : slab[at.running(number)]
    return Bucket(stored, slab[at.runningEnergy(number)])
  }

  // MARK: Levels of sound

  /// How long which level lasted in a range, from the finest class ring that reaches back to its start, else from the
  /// coarsest.
  ///
  /// - Parameters:
  ///   - index: the series.
  ///   - from: start of the range, Unix milliseconds; rounded down to the ring's buckets.
  ///   - to: end of the range, which is not part of it; rounded up.
  /// - Returns: the classes; nil if the series is not of sound or keeps none.
  public func classes(of index: SeriesIndex, from: Int64, to: Int64) -> SoundClasses? {
    let at = location(index)
    let plan = plans[at.plan]
    guard let coarsest = plan.classRings.last else { return nil }
    let number = plan.classRings.first { heldFrom($0, at) <= from } ?? coarsest
    let ring = rings[number]
    var classes = SoundClasses()
    let start = slab[at.hot, as: Hot.self].start
    guard start != Hot.never, from < to, to > 0 else { return classes }
    let (first, last) = intervals(of: ring, from: from, to: to - 1)
    let running = ring.interval(start)
    let oldest = oldestShown(number, running: running)
    let held = max(first, oldest)..<max(first, oldest, min(last, running) + 1)
    for interval in held {
      let place = ring.place(interval, at)
      for column in 0..<SoundClasses.count { classes.add(slab[place + column * 2], class: column) }
    }
    return classes
  }
}
