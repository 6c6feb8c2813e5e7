// Totals of counters: what each must mean, and what a series keeps of them.

import Testing

@testable import RingSeries

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
    (
      "the same message twice, and another total for its time", 32, [(0, 5), (0, 5), (0, 6)],
      [.baseline, .repeated, .conflicting]
    ),
    ("a counter said to have 16 bits that has more", 16, [(0, 100_000), (10, 34_470)], [.baseline, .implausible]),
    (
      "another device in its place", 16, [(0, 50_000), (5, 40_000), (6, 40_003)],
      [.baseline, .implausible, .counted(3)]
    ),
    ("a school class, then a fault", 16, [(0, 3), (1, 93), (2, 60_093)], [.baseline, .counted(90), .implausible]),
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

  @Test("a device that says it restarted has restarted, however plausible a wrap would be") func restart() {
    for (restarts, step) in [(false, Counter.Step.counted(10)), (true, .counted(4))] {
      var counter = Counter()
      _ = counter.take(total: 65_530, at: 0, model: .init(bits: 16))
      if restarts { counter.restart() }
      #expect(counter.take(total: 4, at: 600_000, model: .init(bits: 16)) == step)
    }
  }

  @Test("times and totals of any size are told apart without an overflow") func extremes() {
    var counter = Counter()
    _ = counter.take(total: .max, at: .min + 1, model: .init())
    #expect(counter.take(total: 0, at: .max, model: .init()) == .restarted(0))
    #expect(counter.take(total: 0, at: .min, model: .init()) == .late)
  }

  @Test("the series of a counter holds differences, and a total that is too much does not stop it") func series() throws
  {
    let start = SeriesTests.start
    var bank = try SeriesBank([SeriesKind(.counter(Counter.Model(bits: 32)))], clock: start)
    let series = SeriesIndex(0)
    let totals: [Int64] = [1000, 1003, 1003, 4_000_000, 4_000_007]
    var outcomes: [Appended] = []
    for (minute, total) in totals.enumerated() {
      let time = start + Int64(minute) * 60_000
      bank.advance(to: time)
      outcomes.append(bank.count(total: total, at: time, seconds: 60, in: series).appended)
    }
    let good = Appended.accepted(missed: [])
    #expect(outcomes == [good, good, good, good, good])
    #expect(bank.samples(of: series).map(\.value) == [0, 3000, 0, 0, 7000] && bank.tally(of: series).implausible == 1)
    let late = bank.count(total: 1001, at: start + 1000, seconds: 60, in: series)
    #expect(late.appended == .superseded && late.step == nil)
    for (total, time, outcome) in [
      (Int64(5), start + 999_999_999, Appended.ahead), (-1, start + 300_000, .outOfRange), (5, -5, .tooOld),
    ] {
      let appended = bank.count(total: total, at: time, seconds: 60, in: series).appended
      #expect(appended == outcome)
    }
    #expect(bank.samples(of: series).count == 5)
  }
}
