// Readings in any order, buckets that do not care, counters that are not fooled.

import Testing

@testable import RingSeries

/// A small generator of our own, so that a printed seed tells the same story for ever (SplitMix64).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite("Series") struct SeriesTests {
  static let start: Int64 = 1_784_368_800_000
  let series = SeriesIndex(0)

  @Test("buckets and raw rings do not depend on the order of readings", arguments: UInt64(1)...20)
  func permutations(seed: UInt64) {
    var random = SplitMix64(state: seed)
    let samples = (0..<100).map {
      Sample(time: Self.start + Int64($0) * 30_000, value: .random(in: -5000...40_000, using: &random))
    }
    func bank(_ samples: [Sample]) -> SeriesBank {
      var bank = SeriesBank(kinds: [.value], layout: RingLayout(rawCapacity: 128), clock: Self.start)
      bank.advance(to: Self.start + 3_000_000)
      for sample in samples { #expect(bank.append(sample, to: series, seconds: 30) == .accepted) }
      return bank
    }
    let (a, b) = (bank(samples), bank(samples.shuffled(using: &random)))
    let end = Self.start + 3_000_000
    #expect(a.bucket(of: series, from: Self.start, to: end) == b.bucket(of: series, from: Self.start, to: end))
    #expect(a.bucket(of: series, from: Self.start, to: end).sum == samples.reduce(0) { $0 + $1.value })
    for time in stride(from: Self.start, to: end, by: 45_000) {
      #expect(a.latest(of: series, atOrBefore: time) == b.latest(of: series, atOrBefore: time))
      #expect(a.latest(of: series, atOrBefore: time) == samples.last { $0.time <= time })
    }
  }

  @Test("combining buckets is associative and commutative, and nothing is neutral", arguments: UInt64(1)...20)
  func monoid(seed: UInt64) {
    var random = SplitMix64(state: seed)
    func any() -> Bucket {
      Bucket(
        value: .random(in: 25_000...130_000, using: &random), seconds: .random(in: 0...900, using: &random),
        isSound: true)
    }
    let (a, b, c) = (any(), any(), any())
    func sum(_ buckets: Bucket...) -> Bucket { buckets.reduce(into: Bucket()) { $0.combine($1) } }
    #expect(sum(a, b) == sum(b, a))
    #expect(sum(sum(a, b), c) == sum(a, sum(b, c)))
    #expect(sum(a, Bucket()) == a)
  }

  @Test("the first value of a time wins; equal ones are repeated, others conflict") func repeats() {
    var bank = SeriesBank(kinds: [.value], clock: Self.start)
    #expect(bank.append(Sample(time: Self.start, value: 1), to: series, seconds: 1) == .accepted)
    #expect(bank.append(Sample(time: Self.start, value: 1), to: series, seconds: 1) == .repeated)
    #expect(bank.append(Sample(time: Self.start, value: 2), to: series, seconds: 1) == .conflicting)
    #expect(bank.latest(of: series, atOrBefore: Self.start)?.value == 1)
    #expect(bank.bucket(of: series, from: Self.start, to: Self.start + 60_000).count == 1)
  }

  @Test("a reading too far ahead or too far back has a name") func limits() {
    var bank = SeriesBank(kinds: [.value], layout: RingLayout(rawCapacity: 2, minutes: 10), clock: Self.start)
    #expect(bank.append(Sample(time: Self.start + 120_000, value: 1), to: series, seconds: 1) == .accepted)
    #expect(bank.append(Sample(time: Self.start + 120_001, value: 1), to: series, seconds: 1) == .ahead)
    #expect(bank.append(Sample(time: Self.start, value: 1), to: series, seconds: 1) == .accepted)
    #expect(bank.append(Sample(time: Self.start - 60_000, value: 1), to: series, seconds: 1) == .bucketOnly)
    #expect(bank.append(Sample(time: Self.start - 6_000_000, value: 1), to: series, seconds: 1) == .tooOld)
  }

  @Test("a ring forgets what it no longer holds, and never mixes two rounds") func wrap() {
    var bank = SeriesBank(kinds: [.value], layout: RingLayout(rawCapacity: 4, minutes: 3), clock: Self.start)
    for minute in Int64(0)..<10 {
      let time = Self.start + minute * 60_000
      bank.advance(to: time)
      #expect(bank.append(Sample(time: time, value: minute), to: series, seconds: 60) == .accepted)
      #expect(bank.bucket(of: series, from: time, to: time + 60_000).sum == minute)
      #expect(bank.bucket(of: series, from: Self.start, to: time + 60_000).count <= 3)
    }
    #expect(bank.latest(of: series, atOrBefore: Self.start + 5 * 60_000) == nil)
  }

  @Test("no flood of readings overflows a bucket") func overflow() {
    var bucket = Bucket()
    for _ in 0..<1000 {
      bucket.combine(Bucket(value: 130_000, seconds: 86_400, isSound: true))
      bucket.combine(Bucket(value: 4_294_967_295_000, seconds: 86_400, isSound: false))
    }
    #expect(bucket.count == 2000 && bucket.energy > Int128(Int64.max) && bucket.weightedSum > Int128(Int64.max))
  }

  // 10·lg of the means below was computed with numpy from the definition, 10·lg(Σ t·10^(L/10) / Σ t).
  static let levels: [([(milliDecibels: Int64, seconds: Int64)], energy: Double)] = [
    ([(60_000, 60)], 6e7), ([(0, 1)], 1), ([(70_000, 60), (50_000, 540)], 6e8 + 5.4e7), ([(130_000, 900)], 9e15),
    ([(59_373, 1)], 865_565.623862656), ([(25_000, 900)], 284_604.98942),
  ]

  @Test("energies are right to a part in a million", arguments: levels)
  func energies(_ example: ([(milliDecibels: Int64, seconds: Int64)], energy: Double)) {
    let sum = example.0.reduce(Int64(0)) {
      $0 + SoundEnergy.energy(milliDecibels: $1.milliDecibels, seconds: $1.seconds)
    }
    #expect(abs(Double(sum) - example.energy) <= max(1, example.energy * 1e-6))
  }
}

@Suite("Counters") struct CounterTests {
  /// Totals with their minute; what each must mean.
  static let totals: [(name: String, bits: Int, totals: [(minute: Int64, total: Int64)], steps: [Counter.Step])] = [
    ("16-bit wrap", 16, [(0, 65_530), (10, 4)], [.baseline, .counted(10)]),
    ("32-bit wrap", 32, [(0, 4_294_967_290), (10, 5)], [.baseline, .counted(11)]),
    ("reset: a wrap would be 24,339 people in ten minutes", 16, [(0, 41_200), (10, 3)], [.baseline, .restarted(3)]),
    ("a new battery after a day of silence", 16, [(0, 40_000), (1440, 3)], [.baseline, .restarted(3)]),
    (
      "duplicate, then late", 16, [(0, 100), (10, 104), (20, 104), (15, 102)],
      [.baseline, .counted(4), .counted(0), .late]
    ),
    ("first total ever", 32, [(0, 5_000_000)], [.baseline]),
  ]

  @Test("a total means what people did, not what a battery did", arguments: totals)
  func steps(_ story: (name: String, bits: Int, totals: [(minute: Int64, total: Int64)], steps: [Counter.Step])) {
    var counter = Counter()
    let model = Counter.Model(bits: story.bits, maximumPerMinute: 60)
    #expect(story.totals.map { counter.take(total: $0.total, at: $0.minute * 60_000, model: model) } == story.steps)
  }

  @Test("after a new baseline nothing is inferred") func rebase() {
    var counter = Counter()
    _ = counter.take(total: 10, at: 0, model: .init())
    counter.rebase()
    #expect(counter.take(total: 900, at: 60_000, model: .init()) == .baseline)
  }
}
