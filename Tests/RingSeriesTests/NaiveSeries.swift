// What a series must answer, written as plainly as possible: lists, sorting, filters, and no thought of speed.

import RingSeries

/// The readings of an interval, by the definition.
struct NaiveBucket: Equatable {
  var samples: [Sample]

  func agrees(with bucket: Bucket, isSound: Bool) -> Bool {
    let values = samples.map(\.value)
    var energy: Int128 = 0
    if isSound {
      for sample in samples {
        energy += Int128(SoundEnergy.energy(milliDecibels: sample.value, seconds: sample.seconds))
      }
    }
    return bucket.count == samples.count && bucket.sum == values.reduce(Int128(0)) { $0 + Int128($1) }
      && bucket.weightedSum == samples.reduce(Int128(0)) { $0 + Int128($1.value) * Int128($1.seconds) }
      && bucket.seconds == samples.reduce(0) { $0 + $1.seconds } && bucket.minimum == values.min() ?? .max
      && bucket.maximum == values.max() ?? .min && bucket.energy == energy && !bucket.isOverflown
  }
}

/// A series as lists.
struct NaiveSeries {
  let kind: SeriesKind
  /// Readings in order of time, at most as many as the raw ring holds.
  var raw: [Sample] = []
  /// For each ring the readings of each interval that it still holds.
  var rings: [[Int64: [Sample]]]
  var classRings: [[Int64: [Int64: Int64]]]
  /// The newest reading's finest interval, as a time.
  var running: Int64?
  var lastTotal: (total: Int64, time: Int64)?
  var lastTime: Int64 = -1
  /// From when on each ring holds all that it shows, after a rewind or an adoption.
  var heldFrom: [Int64]
  var classesHeldFrom: [Int64]

  init(_ kind: SeriesKind) {
    self.kind = kind
    rings = kind.layout.rings.map { _ in [:] }
    heldFrom = kind.layout.rings.map { _ in 0 }
    classesHeldFrom = kind.layout.classRings.map { _ in 0 }
    classRings = isSound(kind) ? kind.layout.classRings.map { _ in [:] } : []
  }

  static func interval(_ time: Int64, _ ring: Ring) -> Int64 { time / (Int64(ring.seconds) * 1000) }

  /// The first interval that a ring shows at a clock.
  static func oldest(_ ring: Ring, clock: Int64) -> Int64 {
    max(0, interval(clock + 120_000, ring) - Int64(ring.count) + 1)
  }

  /// From when on a ring holds all, once the clock was set back to a time: not what it had forgotten, but what comes.
  private static func heldAfter(_ time: Int64, _ held: Int64, _ ring: Ring, _ newest: Int64?) -> Int64 {
    let step = Int64(ring.seconds) * 1000
    let oldest = newest.map { max(0, interval($0, ring) - Int64(ring.count) + 1) * step } ?? 0
    return min(max(held, oldest), (time / step + 1) * step)
  }

  /// Longer rings take it over, and these again: what they show they held when it was taken over.
  mutating func adopted(clock: Int64) {
    for (number, ring) in kind.layout.rings.enumerated() {
      heldFrom[number] = max(heldFrom[number], Self.oldest(ring, clock: clock) * Int64(ring.seconds) * 1000)
    }
    for (number, ring) in kind.layout.classRings.enumerated() {
      classesHeldFrom[number] = max(
        classesHeldFrom[number], Self.oldest(ring, clock: clock) * Int64(ring.seconds) * 1000)
    }
  }

  mutating func append(_ sample: Sample, clock: Int64) -> Appended {
    guard Int32(exactly: sample.value) != nil, sample.seconds >= 0, sample.seconds <= 86_400 else { return .outOfRange }
    guard sample.time <= clock + 120_000 else { return .ahead }
    var missed: MissedRings = []
    for (number, ring) in kind.layout.rings.enumerated()
    where Self.interval(sample.time, ring) < Self.oldest(ring, clock: clock) {
      missed.insert(.buckets(number))
      if number == kind.layout.rings.count - 1 { return .tooOld }
    }
    if let known = raw.first(where: { $0.time == sample.time }) {
      return known.value == sample.value ? .repeated : .conflicting
    }
    if raw.count == kind.layout.raw, sample.time < raw[0].time {
      missed.insert(.raw)
    } else {
      raw.append(sample)
      raw.sort { $0.time < $1.time }
      raw = raw.suffix(kind.layout.raw)
    }
    let finest = Int64(kind.layout.rings[0].seconds) * 1000
    running = max(running ?? 0, sample.time / finest * finest)
    for (number, ring) in kind.layout.rings.enumerated() {
      rings[number][Self.interval(sample.time, ring), default: []].append(sample)
    }
    let level = min(max((max(sample.value, 0) + 500) / 1000, 30), 93)
    for number in classRings.indices {
      classRings[number][Self.interval(sample.time, kind.layout.classRings[number]), default: [:]][level, default: 0] +=
        sample.seconds
    }
    evict()
    return .accepted(missed: missed)
  }

  /// Takes a reading back if the lists of each ring are those of the finer one, and the finest's those of the raw readings.
  mutating func retract(at time: Int64) -> Bool {
    guard kind.measure == .value, raw.contains(where: { $0.time == time }), let running else { return false }
    for (number, ring) in kind.layout.rings.enumerated() {
      let interval = Self.interval(time, ring)
      guard let held = rings[number][interval], held.contains(where: { $0.time == time }) else { return false }
      var finer = raw.filter { Self.interval($0.time, ring) == interval }
      if number > 0 {
        let parts = kind.layout.rings[number - 1]
        let width = Int64(ring.seconds / parts.seconds)
        let newest = Self.interval(running, parts)
        let needed = (interval * width..<(interval + 1) * width).filter { $0 < newest || interval * width > newest }
        if needed.contains(where: { $0 <= newest - Int64(parts.count) }) { return false }
        finer = (interval * width..<(interval + 1) * width).flatMap { rings[number - 1][$0] ?? [] }
      }
      guard finer.count == held.count else { return false }
      if interval == Self.interval(running, ring) { break }
    }
    raw.removeAll { $0.time == time }
    for number in rings.indices { for key in rings[number].keys { rings[number][key]?.removeAll { $0.time == time } } }
    return true
  }

  /// A ring holds no more intervals than its count, the newest reading's being the last.
  private mutating func evict() {
    guard let running else { return }
    for (number, ring) in kind.layout.rings.enumerated() {
      let newest = Self.interval(running, ring)
      rings[number] = rings[number].filter { $0.key > newest - Int64(ring.count) }
    }
    for number in classRings.indices {
      let ring = kind.layout.classRings[number]
      let newest = Self.interval(running, ring)
      classRings[number] = classRings[number].filter { $0.key > newest - Int64(ring.count) }
    }
  }

  mutating func count(total: Int64, at time: Int64, seconds: Int64, clock: Int64) -> Appended {
    guard case .counter(let model) = kind.measure else { fatalError("not a counter") }
    guard time <= clock + 120_000 else { return .ahead }
    guard total >= 0 else { return .outOfRange }
    if let lastTotal, lastTotal.time == time { return lastTotal.total == total ? .repeated : .conflicting }
    guard time > lastTime else { return .superseded }
    var difference: Int64 = 0
    if let lastTotal {
      let minutes = (time - lastTotal.time + 59_999) / 60_000
      let most = min(minutes * model.maximumPerMinute, 1 << Int64(model.bits - 2))
      difference = total - lastTotal.total
      if difference < 0 {
        let wrapped = difference + 1 << Int64(model.bits)
        difference = wrapped <= most ? wrapped : total
      }
      if difference > 10 * most { difference = 0 }
    }
    lastTotal = (total, time)
    lastTime = time
    return append(Sample(time: time, value: difference * 1000, seconds: seconds), clock: clock)
  }

  mutating func rewind(to time: Int64) {
    if lastTime > time { (lastTotal, lastTime) = (nil, -1) }
    let before = raw.count
    raw = raw.filter { $0.time <= time }
    let finest = Int64(kind.layout.rings[0].seconds) * 1000
    let start = time / finest * finest
    for (number, ring) in kind.layout.rings.enumerated() {
      heldFrom[number] = Self.heldAfter(time, heldFrom[number], ring, running)
    }
    for (number, ring) in kind.layout.classRings.enumerated() {
      classesHeldFrom[number] = Self.heldAfter(time, classesHeldFrom[number], ring, running)
    }
    guard let running, running > start || running == start && (raw.isEmpty || raw.count < before) else { return }
    self.running = start
    for (number, ring) in kind.layout.rings.enumerated() {
      let now = Self.interval(time, ring)
      let first = now * Int64(ring.seconds) * 1000
      if number == 0 {
        rings[0][now] = raw.filter { $0.time >= first }
      } else {
        rings[number][now] = rings[number - 1].filter {
          $0.key * Int64(kind.layout.rings[number - 1].seconds) * 1000 >= first
        }
        .flatMap(\.value)
      }
      rings[number] = rings[number].filter { $0.key <= now }
    }
    for number in classRings.indices {
      let ring = kind.layout.classRings[number]
      let now = Self.interval(time, ring)
      let first = now * Int64(ring.seconds) * 1000
      var levels: [Int64: Int64] = [:]
      if number == 0 {
        for sample in raw where sample.time >= first {
          levels[min(max((max(sample.value, 0) + 500) / 1000, 30), 93), default: 0] += sample.seconds
        }
      } else {
        let finer = Int64(kind.layout.classRings[number - 1].seconds) * 1000
        for (interval, seconds) in classRings[number - 1] where interval * finer >= first {
          levels.merge(seconds) { $0 + $1 }
        }
      }
      classRings[number][now] = levels
      classRings[number] = classRings[number].filter { $0.key <= now }
    }
    evict()
  }

  /// The readings of an interval of a ring, if the ring still shows it.
  func samples(ring number: Int, interval: Int64, clock: Int64) -> NaiveBucket {
    guard interval >= Self.oldest(kind.layout.rings[number], clock: clock) else { return NaiveBucket(samples: []) }
    return NaiveBucket(samples: rings[number][interval] ?? [])
  }

  /// The level exceeded during a share of the time: from loud to quiet, the first at which the seconds reach it.
  static func level(_ levels: [Int64: Int64], exceededFor percent: Int64) -> Int64? {
    let total = levels.values.reduce(0, +)
    var reached: Int64 = 0
    for (level, seconds) in levels.sorted(by: { $0.key > $1.key }) where seconds > 0 {
      reached += seconds
      if reached * 100 >= total * percent { return level * 1000 }
    }
    return nil
  }
}

func isSound(_ kind: SeriesKind) -> Bool { kind.measure == .sound }
