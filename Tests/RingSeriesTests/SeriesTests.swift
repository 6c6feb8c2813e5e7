// One fact a test: order, repeats, lateness, leaps, overflow, what a layout may be.

import Dice
import Testing

@testable import RingSeries

@Suite("Series") struct SeriesTests {
  static let start: Int64 = 1_784_368_800_000
  let series = SeriesIndex(0)

  private func bank(_ kind: SeriesKind = SeriesKind(.value), clock: Int64 = start) throws -> SeriesBank {
    try SeriesBank([kind], clock: clock)
  }

  private func sample(_ seconds: Int64, _ value: Int64, weight: Int64 = 60) -> Sample {
    Sample(time: Self.start + seconds * 1000, value: value, seconds: weight)
  }

  @Test(
    "any order of distinct times gives the same bytes: buckets, classes and raw readings", arguments: UInt64(1)...30)
  func permutations(seed: UInt64) throws {
    var random = Dice(state: seed)
    let samples = (0..<400).map { _ in
      Sample(
        time: Self.start - .random(in: 0...6_900_000, using: &random),
        value: .random(in: 25_000...95_000, using: &random),
        seconds: .random(in: 1...60, using: &random))
    }
    let distinct = Array(Dictionary(samples.map { ($0.time, $0) }) { first, _ in first }.values)
    var snapshots: [[UInt8]] = []
    for _ in 0..<3 {
      var bank = try bank(SeriesKind(.sound, layout: RingLayout(raw: 100)))
      for sample in distinct.shuffled(using: &random) {
        guard case .accepted(let missed) = bank.append(sample, to: series), missed.subtracting(.raw).isEmpty else {
          Issue.record("not accepted")
          return
        }
      }
      #expect(bank.samples(of: series) == distinct.sorted { $0.time < $1.time }.suffix(100))
      // The tally tells how many came too late for the raw ring; that is the order's own.
      snapshots.append(withoutTally(bank.snapshot(of: series)))
    }
    #expect(snapshots[0] == snapshots[1] && snapshots[1] == snapshots[2])
  }

  private func withoutTally(_ bytes: [UInt8]) -> [UInt8] { Array(bytes[..<48] + bytes[96..<bytes.count - 4]) }

  @Test("combining is associative and commutative, overflown or not, and nothing is neutral", arguments: UInt64(1)...50)
  func monoid(seed: UInt64) {
    var random = Dice(state: seed)
    func any() -> StoredBucket {
      let values = [Int32.random(in: .min ... .max, using: &random), .random(in: .min ... .max, using: &random)]
        .sorted()
      let count =
        Bool.random(using: &random)
        ? UInt32.random(in: 1...9, using: &random) : .random(in: 1...(.max - 1), using: &random)
      return Int.random(in: 0..<6, using: &random) == 0
        ? StoredBucket()
        : StoredBucket(
          sum: Int64(values[0]) * Int64(count), weightedSum: .random(in: -9...9, using: &random), count: count,
          seconds: .random(in: 0...UInt32.max, using: &random), minimum: values[0], maximum: values[1])
    }
    func sum(_ buckets: StoredBucket...) -> [UInt8] {
      let total = buckets.reduce(into: StoredBucket()) { $0.add($1) }
      return withUnsafeBytes(of: total) { Array($0) }
    }
    func added(_ a: StoredBucket, _ b: StoredBucket) -> StoredBucket {
      var a = a
      a.add(b)
      return a
    }
    let (a, b, c) = (any(), any(), any())
    #expect(sum(a, b) == sum(b, a))
    #expect(sum(added(a, b), c) == sum(a, added(b, c)))
    #expect(sum(a, StoredBucket()) == sum(a))
    let energies = (0..<3).map { _ in StoredEnergy(sum: .random(in: 0 ... .max, using: &random)) }
    func energy(_ order: [Int]) -> UInt64 { order.reduce(into: StoredEnergy()) { $0.add(energies[$1]) }.sum }
    #expect(energy([0, 1, 2]) == energy([2, 0, 1]) && energy([0, 1, 2]) == energy([1, 2, 0]))
  }

  @Test("a bucket of more than can be counted says so, and gives no mean") func overflow() throws {
    let full = StoredBucket(count: .max - 1, seconds: 5)
    var bucket = full
    bucket.add(StoredBucket(sum: 7, weightedSum: 7, count: 1, seconds: 1, minimum: 7, maximum: 7))
    let wide = Bucket(bucket, StoredEnergy())
    #expect(wide.isOverflown && wide.mean == nil && wide.weightedMean == nil && wide.covered(of: 60) == 0)
    var total = Bucket(full, StoredEnergy())
    total.combine(wide)
    #expect(total.isOverflown)
    #expect(Bucket(StoredBucket(count: 1, seconds: 1), StoredEnergy(sum: .max)).meanEnergy == nil)
    // A flood of day-long readings at one place of the ring: refused to be summed up, not wrong.
    var bank = try bank(SeriesKind(.sound))
    for millisecond in Int64(0)..<60_000 {
      _ = bank.append(Sample(time: Self.start + millisecond, value: 130_000, seconds: 86_400), to: series)
    }
    let minute = bank.sum(of: series, from: Self.start, to: Self.start + 60_000).bucket
    #expect(minute.isOverflown && minute.meanEnergy == nil)
  }

  @Test("the first value of a time wins; equal ones are repeated, others conflict") func repeats() throws {
    var bank = try bank()
    let outcomes = [sample(0, 1), sample(0, 1), sample(0, 2), sample(-5, 3), sample(-5, 3)].map {
      bank.append($0, to: series)
    }
    #expect(outcomes == [.accepted(missed: []), .repeated, .conflicting, .accepted(missed: []), .repeated])
    #expect(bank.latest(of: series) == sample(0, 1))
    let sum = bank.sum(of: series, from: Self.start - 60_000, to: Self.start + 60_000).bucket
    #expect(sum.count == 2 && sum.sum == 4)
    let tally = bank.tally(of: series)
    #expect(tally.repeated == 2 && tally.conflicting == 1)
  }

  @Test("what comes too late is counted ring by ring, what comes too early has a name") func limits() throws {
    var bank = try bank(SeriesKind(.value, layout: RingLayout(raw: 2)))
    let hour: Int64 = 3600
    let cases: [(Int64, Appended)] = [
      (120, .accepted(missed: [])), (0, .accepted(missed: [])), (-1, .accepted(missed: .raw)),
      (-3 * hour, .accepted(missed: [.raw, .buckets(0)])),
      (-80 * hour, .accepted(missed: [.raw, .buckets(0), .buckets(1)])), (-14 * 24 * hour, .tooOld),
    ]
    for (seconds, expected) in cases {
      let outcome = bank.append(sample(seconds, 1), to: series)
      #expect(outcome == expected, "\(seconds) s")
    }
    let early = bank.append(Sample(time: Self.start + 120_001, value: 1, seconds: 1), to: series)
    #expect(early == .ahead)
    for wrong in [
      Sample(time: Self.start, value: 1 << 31, seconds: 1), Sample(time: Self.start, value: 1, seconds: -1),
      Sample(time: Self.start, value: 1, seconds: 86_401),
    ] {
      let outcome = bank.append(wrong, to: series)
      #expect(outcome == .outOfRange)
    }
    let tally = bank.tally(of: series)
    #expect(tally.missedRaw == 3 && tally.missedBuckets == [2, 1, 0, 0] && tally.tooOld == 1)
    #expect(tally.ahead == 1 && tally.outOfRange == 3)
    let old = bank.append(Sample(time: .min, value: 1, seconds: 1), to: series)
    let far = bank.append(Sample(time: .max, value: 1, seconds: 1), to: series)
    #expect(old == .tooOld && far == .ahead)
  }

  @Test("a range is answered by the finest ring that reaches back to it") func ranges() throws {
    var bank = try bank(clock: Self.start)
    for minute in Int64(0)..<20_000 {  // two weeks, less a few hours
      bank.advance(to: Self.start + minute * 60_000)
      _ = bank.append(sample(minute * 60, minute), to: series)
    }
    let end = bank.clock
    let answers = [(1, 60), (3, 900), (80, 3600), (400, 3600)].map { hours, _ in
      bank.sum(of: series, from: end - Int64(hours) * 3_600_000, to: end).ringSeconds
    }
    #expect(answers == [60, 900, 3600, 3600])
    let day = try bank.steps(of: series, from: end - 86_400_000, to: end, seconds: 900)
    #expect(day.ringSeconds == 900 && day.steps.count == 97 && day.steps.allSatisfy { $0.start % 900_000 == 0 })
    #expect(day.steps[1].bucket.count == 15 && day.steps[1].coveredSeconds == 900)
    let long = try bank.steps(of: series, from: end - 20 * 86_400_000, to: end, seconds: 7200)
    #expect(long.ringSeconds == 3600 && long.heldFrom > end - 14 * 86_400_000 - 3_600_000)
    #expect(long.steps.count == 241 && long.steps[0].bucket.count == 0)
    // The mean of the minutes a...b, by Gauss.
    let middle = day.steps[50].bucket
    #expect(middle.mean == (middle.minimum + middle.maximum) / 2 && middle.weightedMean == middle.mean)
    #expect(throws: QueryError.step(seconds: 45, finest: 60)) {
      try bank.steps(of: series, from: 0, to: 1, seconds: 45)
    }
    #expect(throws: QueryError.empty) { try bank.steps(of: series, from: 1, to: 1, seconds: 60) }
    #expect(throws: QueryError.tooMany(10_001)) {
      try bank.steps(of: series, from: end - 600_060_000, to: end, seconds: 60)
    }
    for seconds in [0, -60, .max] {
      #expect(throws: QueryError.self) { try bank.steps(of: series, from: 0, to: 1, seconds: seconds) }
    }
  }

  @Test("a year of silence, and a clock that was a year ahead") func leaps() throws {
    var bank = try bank()
    let year: Int64 = 31_536_000
    _ = bank.append(sample(0, 1), to: series)
    bank.advance(to: Self.start + year * 1000)
    let late = bank.append(sample(1, 2), to: series)
    let now = bank.append(sample(year, 3), to: series)
    #expect(late == .tooOld && now == .accepted(missed: []))
    let sum = bank.sum(of: series, from: 0, to: .max)
    #expect(sum.bucket.count == 1 && sum.bucket.sum == 3)
    #expect(bank.samples(of: series).map(\.value) == [1, 3])
    bank.advance(to: Self.start)
    #expect(bank.clock == Self.start + year * 1000)
    bank.rewind(to: Self.start + 5000)
    let again = bank.append(sample(5, 4), to: series)
    #expect(again == .accepted(missed: []))
    #expect(bank.samples(of: series).map(\.value) == [1, 4])
    let after = bank.sum(of: series, from: Self.start - 86_400_000, to: .max).bucket
    #expect(after.sum == 5 && after.count == 2)
  }

  @Test("shorter rings take over what fits, other lengths or another measure nothing") func adoption() throws {
    var bank = try bank()
    for minute in Int64(0)..<300 {
      bank.advance(to: Self.start + minute * 60_000)
      _ = bank.append(sample(minute * 60, minute), to: series)
    }
    var short = RingLayout(raw: 10)
    short.rings[0].count = 30
    var other = try SeriesBank([SeriesKind(.value, layout: short)], clock: bank.clock)
    let adopted = other.adopt(series, from: bank, at: series)
    #expect(adopted)
    #expect(other.samples(of: series) == bank.samples(of: series).suffix(10))
    let from = bank.clock - 20 * 60_000
    #expect(other.sum(of: series, from: from, to: .max) == bank.sum(of: series, from: from, to: .max))
    #expect(other.sum(of: series, from: bank.clock - 3_600_000, to: .max).ringSeconds == 900)
    let day = Self.start - 86_400_000
    #expect(other.sum(of: series, from: day, to: .max).bucket == bank.sum(of: series, from: day, to: .max).bucket)
    for kind in [SeriesKind(.sound), SeriesKind(.value, layout: RingLayout(rings: [Ring(seconds: 30, count: 120)]))] {
      var stranger = try SeriesBank([kind], clock: bank.clock)
      let refused = !stranger.adopt(series, from: bank, at: series)
      #expect(refused && stranger.samples(of: series).isEmpty)
    }
  }

  @Test("a ring says from when on it holds what it shows: after moving into a longer one, and after a step back")
  func heldFrom() throws {
    var bank = try bank()
    for minute in Int64(0)..<300 {
      bank.advance(to: Self.start + minute * 60_000)
      _ = bank.append(sample(minute * 60, minute), to: series)
    }
    var long = RingLayout()
    long.rings[0].count = 240
    var other = try SeriesBank([SeriesKind(.value, layout: long)], clock: bank.clock)
    other.adopt(series, from: bank, at: series)
    let threeHours = bank.clock - 3 * 3_600_000
    #expect(other.sum(of: series, from: threeHours, to: .max).ringSeconds == 900)
    #expect(other.sum(of: series, from: threeHours, to: .max) == bank.sum(of: series, from: threeHours, to: .max))
    let heldFrom = try other.steps(of: series, from: bank.clock - 60_000, to: bank.clock, seconds: 60).heldFrom
    #expect(heldFrom == bank.clock - 117 * 60_000)
    bank.rewind(to: bank.clock - 3_600_000)
    let sum = bank.sum(of: series, from: bank.clock - 110 * 60_000, to: bank.clock)
    #expect(sum.ringSeconds == 900 && sum.bucket.count >= 105)
  }

  @Test("ranges at the beginning of time and beyond its end are answered, with nothing") func edges() throws {
    let bank = try SeriesBank([SeriesKind(.sound)], clock: Self.start)
    for (from, to) in [(Int64(-1), Int64(0)), (-100, 0), (.min, 0), (.min, -5), (.max - 1, .max)] {
      let sum = bank.sum(of: series, from: from, to: to)
      #expect(sum.bucket.count == 0 && sum.range.isEmpty)
      let steps = try bank.steps(of: series, from: from, to: to, seconds: 60).steps
      #expect(steps.allSatisfy { $0.bucket.count == 0 } && steps.count <= 1)
      #expect(bank.classes(of: series, from: from, to: to)?.total == 0)
    }
    #expect(bank.classes(of: series, from: 0, to: .min)?.total == 0)
    let vast = try bank.steps(of: series, from: -1, to: 0, seconds: 4_611_686_018_427_360)
    #expect(vast.steps.isEmpty)
  }

  @Test("a step back through a flood of day-long readings of one level") func floodAndRewind() throws {
    var bank = try bank(SeriesKind(.sound, layout: RingLayout(raw: 65_535)))
    for millisecond in Int64(0)..<49_800 {
      _ = bank.append(Sample(time: Self.start + millisecond, value: 50_000, seconds: 86_400), to: series)
    }
    bank.rewind(to: Self.start + 49_790)
    let classes = bank.classes(of: series, from: Self.start, to: .max)
    #expect(classes?.seconds[20] == 65_535)
    #expect(bank.samples(of: series).count == 49_791)
  }

  @Test("what a bank takes over from one whose clock is ahead ends at its own clock") func adoptedAhead() throws {
    var ahead = try SeriesBank([SeriesKind(.value)], clock: Self.start + 86_400_000)
    _ = ahead.append(sample(-60, 1), to: series)
    _ = ahead.append(sample(86_400, 2), to: series)
    var bank = try bank()
    bank.adopt(series, from: ahead, at: series)
    #expect(bank.samples(of: series).map(\.value) == [1])
    let outcome = bank.append(sample(0, 3), to: series)
    #expect(outcome == .accepted(missed: []))
    #expect(bank.sum(of: series, from: Self.start, to: Self.start + 60_000, ring: 0).bucket.count == 1)
  }

  @Test("seconds of a class stay at 65,535") func classesSaturate() throws {
    var bank = try bank(SeriesKind(.sound))
    for second in Int64(0)..<3 { _ = bank.append(sample(second, 50_400, weight: 40_000), to: series) }
    _ = bank.append(sample(3, 50_500, weight: 100), to: series)
    let found = bank.classes(of: series, from: Self.start, to: Self.start + 60_000)
    let classes = try #require(found)
    #expect(classes.seconds[20] == 65_535 && classes.seconds[21] == 100 && classes.total == 65_635)
    let value = try SeriesBank([SeriesKind(.value)], clock: Self.start)
    #expect(value.classes(of: series, from: 0, to: .max) == nil)
  }

  // Energies by the definition, seconds × 10^(level / 10), computed with numpy.
  static let levels: [(milliDecibels: Int64, seconds: Int64, energy: Double)] = [
    (60_000, 60, 6e7), (0, 1, 1), (70_000, 60, 6e8), (50_000, 540, 5.4e7), (130_000, 900, 9e15),
    (59_373, 1, 865_565.623862656), (25_000, 900, 284_604.98942), (130_000, 86_400, 8.64e17),
    (99_999, 1, 9_997_697_679.981),
  ]

  @Test("energies are right to a part in a hundred million", arguments: levels)
  func energies(_ example: (milliDecibels: Int64, seconds: Int64, energy: Double)) {
    let energy = SoundEnergy.energy(milliDecibels: example.milliDecibels, seconds: example.seconds)
    #expect(abs(Double(energy) - example.energy) <= max(0.5, example.energy * 1e-8))
  }

  @Test("a division by a reciprocal is a division", arguments: UInt64(1)...20) func division(seed: UInt64) {
    var random = Dice(state: seed)
    for _ in 0..<200 {
      let value = Int64.random(in: 1...(1 << Int64.random(in: 1...40, using: &random)), using: &random)
      let divisor = Divisor(value)
      let quotient = Int64.random(in: 0...(.max / value - 1), using: &random)
      for a in [quotient * value, quotient * value + value - 1, max(0, quotient * value - 1), .max] {
        #expect(divisor.quotient(a) == a / value && divisor.floor(a) == a / value * value)
      }
    }
  }

  static let wrongLayouts: [(RingLayout, String)] = [
    (RingLayout(raw: 0), "raw ring has 0"), (RingLayout(raw: 65_536), "1 to 65535"), (RingLayout(rings: []), "0 rings"),
    (RingLayout(rings: [Ring(seconds: 0, count: 5)]), "0 seconds long"),
    (RingLayout(rings: [Ring(seconds: 90_000, count: 5)]), "86400"),
    (RingLayout(rings: [Ring(seconds: 60, count: 70_000)]), "70000 buckets"),
    (RingLayout(rings: [Ring(seconds: 60, count: 2)]), "too short"),
    (RingLayout(rings: [Ring(seconds: 60, count: 9), Ring(seconds: 90, count: 9)]), "whole number of finer ones"),
    (RingLayout(rings: [Ring(seconds: 60, count: 90), Ring(seconds: 900, count: 6)]), "less far back"),
    // Nine minutes reach back eight whole ones, two times five minutes one of five.
    (RingLayout(rings: [Ring(seconds: 60, count: 9), Ring(seconds: 300, count: 2)]), "less far back"),
    (RingLayout(classRings: [Ring(seconds: 60, count: 121)]), "at least as long"),
    (RingLayout(classRings: [Ring(seconds: 3600, count: 9), Ring(seconds: 900, count: 9)]), "fine to coarse"),
  ]

  @Test("an impossible layout is refused with its limit", arguments: wrongLayouts)
  func layouts(_ example: (layout: RingLayout, words: String)) {
    do {
      _ = try SeriesBank([SeriesKind(.sound, layout: example.layout)], clock: Self.start)
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains(example.words), "\(error)")
    }
  }

  @Test("a bank takes the memory that its kinds announce, and not more than it may") func memory() throws {
    let kinds = [SeriesKind(.value), SeriesKind(.sound), SeriesKind(.counter(Counter.Model()))]
    #expect(kinds[0].byteCount <= 28 * 1024 && kinds[1].byteCount <= 60 * 1024)
    let bank = try SeriesBank(kinds, clock: Self.start)
    let announced = kinds.reduce(0) { $0 + $1.byteCount }
    #expect(bank.byteCount >= announced && bank.byteCount <= announced + 64 * 16)
    let large = RingLayout(raw: 65_535, rings: [Ring(seconds: 60, count: 65_535)], classRings: [])
    #expect(throws: LayoutError.self) {
      _ = try SeriesBank(Array(repeating: SeriesKind(.value, layout: large), count: 30_000), clock: Self.start)
    }
  }

  @Test("the kinds of a bank may differ, and series do not touch each other") func neighbours() throws {
    let short = RingLayout(raw: 3, rings: [Ring(seconds: 1, count: 200)], classRings: [])
    let kinds = [
      SeriesKind(.value, layout: short), SeriesKind(.sound), SeriesKind(.value), SeriesKind(.value, layout: short),
    ]
    var bank = try SeriesBank(kinds, clock: Self.start)
    for second in Int64(0)..<500 {
      bank.advance(to: Self.start + second * 1000)
      for number in 0..<4 {
        let outcome = bank.append(sample(second, 40_000 + Int64(number), weight: 1), to: SeriesIndex(number))
        #expect(outcome == .accepted(missed: []))
      }
    }
    for number in 0..<4 {
      let series = SeriesIndex(number)
      #expect(bank.samples(of: series).allSatisfy { $0.value == 40_000 + Int64(number) })
      let sum = bank.sum(of: series, from: bank.clock - 60_000, to: bank.clock)
      #expect(sum.bucket.minimum == 40_000 + Int64(number) && sum.bucket.maximum == sum.bucket.minimum)
      #expect(sum.bucket.count == Int64((sum.range.upperBound - sum.range.lowerBound) / 1000))
    }
  }
}
