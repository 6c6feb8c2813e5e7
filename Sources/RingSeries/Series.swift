// One series: its latest readings in a ring ordered by time, and its last two hours in buckets of a minute.

/// A reading as a series keeps it.
public struct Sample: Hashable, Sendable {
  /// Unix milliseconds.
  public let time: Int64
  /// Thousandths of the unit.
  public let value: Int64

  /// A reading.
  public init(time: Int64, value: Int64) {
    self.time = time
    self.value = value
  }
}

/// What became of a reading.
public enum Appended: Hashable, Sendable {
  /// It counts in the raw ring and in its bucket.
  case accepted
  /// It counts in its bucket; the raw ring holds only newer ones.
  case bucketOnly
  /// The same value stood there already.
  case repeated
  /// Another value stands there; the first one holds.
  case conflicting
  /// It lies before everything that is kept.
  case tooOld
  /// It lies more than the tolerance ahead of the clock.
  case ahead
}

/// A ring of readings and a ring of minutes, both of fixed size.
struct Series {
  let isSound: Bool
  /// Readings in the order of their times, oldest first, `first` being the oldest one's place.
  private var samples: ContiguousArray<Sample>
  private var first = 0
  private var count = 0
  /// Minute m stands in place m mod size, if `minutes` says so.
  private var buckets: ContiguousArray<Bucket>
  private var minutes: ContiguousArray<Int64>

  init(isSound: Bool, layout: RingLayout) {
    self.isSound = isSound
    samples = ContiguousArray(repeating: Sample(time: 0, value: 0), count: layout.rawCapacity)
    buckets = ContiguousArray(repeating: Bucket(), count: layout.minutes)
    minutes = ContiguousArray(repeating: .min, count: layout.minutes)
  }

  private func place(_ index: Int) -> Int {
    let place = first + index
    return place < samples.count ? place : place - samples.count
  }

  /// The number of readings at or before a time.
  private func countAtOrBefore(_ time: Int64) -> Int {
    if count == 0 || samples[place(count - 1)].time <= time { return count }
    var low = 0
    var high = count - 1
    while low < high {
      let middle = (low + high) / 2
      if samples[place(middle)].time <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func append(_ sample: Sample, seconds: Int64, headMinute: Int64) -> Appended {
    let minute = floorDivide(sample.time, by: 60_000)
    let isTooOldForBuckets = minute <= headMinute - Int64(buckets.count)
    let index = countAtOrBefore(sample.time)
    if index > 0, samples[place(index - 1)].time == sample.time {
      return samples[place(index - 1)].value == sample.value ? .repeated : .conflicting
    }
    let isTooOldForRaw = index == 0 && count == samples.count
    if isTooOldForRaw && isTooOldForBuckets { return .tooOld }
    if !isTooOldForBuckets { add(Bucket(value: sample.value, seconds: seconds, isSound: isSound), to: minute) }
    if isTooOldForRaw { return .bucketOnly }
    insert(sample, at: index)
    return .accepted
  }

  private mutating func insert(_ sample: Sample, at index: Int) {
    var index = index
    if count == samples.count {  // the oldest makes room
      first = place(1)
      count -= 1
      index -= 1
    }
    var moving = count
    while moving > index {
      samples[place(moving)] = samples[place(moving - 1)]
      moving -= 1
    }
    samples[place(index)] = sample
    count += 1
  }

  private mutating func add(_ bucket: Bucket, to minute: Int64) {
    let place = slot(minute)
    if minutes[place] == minute {
      buckets[place].combine(bucket)
    } else {
      minutes[place] = minute
      buckets[place] = bucket
    }
  }

  private func slot(_ minute: Int64) -> Int {
    Int(minute - floorDivide(minute, by: Int64(buckets.count)) * Int64(buckets.count))
  }

  mutating func rewind(to time: Int64) {
    count = countAtOrBefore(time)
    let last = floorDivide(time, by: 60_000)
    for place in minutes.indices where minutes[place] > last { minutes[place] = .min }
  }

  func latest(atOrBefore time: Int64) -> Sample? {
    let index = countAtOrBefore(time)
    return index == 0 ? nil : samples[place(index - 1)]
  }

  func bucket(fromMinute: Int64, toMinute: Int64) -> Bucket {
    var total = Bucket()
    var minute = max(fromMinute, toMinute - Int64(buckets.count))
    while minute < toMinute {
      if minutes[slot(minute)] == minute { total.combine(buckets[slot(minute)]) }
      minute += 1
    }
    return total
  }
}

func floorDivide(_ a: Int64, by b: Int64) -> Int64 {
  let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
  return remainder < 0 ? quotient - 1 : quotient
}
