// Ten thousand random programs: the bank and the plain lists must give the same answers after every step.

import Dice
import Testing

@testable import RingSeries

/// One act of a program.
enum Act: Equatable, CustomStringConvertible {
  case append(series: Int, Sample)
  case count(total: Int64, time: Int64, seconds: Int64)
  case advance(to: Int64)
  case rewind(to: Int64)
  case restore
  case adopt
  case retract(series: Int, time: Int64)

  var description: String {
    switch self {
    case .append(let series, let sample):
      "append \(sample.value) at \(sample.time) for \(sample.seconds) s to \(series)"
    case .count(let total, let time, let seconds): "count \(total) at \(time) for \(seconds) s"
    case .advance(let time): "advance to \(time)"
    case .rewind(let time): "rewind to \(time)"
    case .restore: "snapshot, restore"
    case .adopt: "adopt"
    case .retract(let series, let time): "retract at \(time) from \(series)"
    }
  }
}

/// A bank of three series and the lists beside it.
struct Comparison: ~Copyable {
  static let layouts = [
    small,
    // Classes as fine as the finest ring; four rings.
    RingLayout(
      raw: 7,
      rings: [
        Ring(seconds: 60, count: 4), Ring(seconds: 120, count: 5), Ring(seconds: 360, count: 6),
        Ring(seconds: 720, count: 5),
      ], classRings: [Ring(seconds: 60, count: 4), Ring(seconds: 360, count: 3)]),
    // One ring.
    RingLayout(raw: 3, rings: [Ring(seconds: 180, count: 6)], classRings: [Ring(seconds: 180, count: 6)]),
  ]
  static let small = RingLayout(
    raw: 5, rings: [Ring(seconds: 60, count: 4), Ring(seconds: 180, count: 5), Ring(seconds: 540, count: 6)],
    classRings: [Ring(seconds: 180, count: 3), Ring(seconds: 540, count: 4)])
  let layout: RingLayout
  let kinds: [SeriesKind]
  static let longer = RingLayout(
    raw: 9, rings: [Ring(seconds: 60, count: 7), Ring(seconds: 180, count: 8), Ring(seconds: 540, count: 9)],
    classRings: [Ring(seconds: 180, count: 5), Ring(seconds: 540, count: 5)])
  static let birth: Int64 = 1_784_368_800_000

  var bank: SeriesBank
  var models: [NaiveSeries]
  var clock = birth

  init(_ layout: RingLayout) throws {
    self.layout = layout
    kinds = [
      SeriesKind(.value, layout: layout), SeriesKind(.sound, layout: layout),
      SeriesKind(.counter(Counter.Model(bits: 16, maximumPerMinute: 60)), layout: layout),
    ]
    models = kinds.map { NaiveSeries($0) }
    bank = try SeriesBank(kinds, clock: Self.birth)
  }

  /// The same with longer rings.
  private static func longer(_ layout: RingLayout) -> RingLayout {
    func longer(_ rings: [Ring]) -> [Ring] { rings.map { Ring(seconds: $0.seconds, count: $0.count + 3) } }
    return RingLayout(raw: layout.raw + 4, rings: longer(layout.rings), classRings: longer(layout.classRings))
  }

  /// - Returns: what was wrong; nil if nothing.
  mutating func perform(_ act: Act) throws -> String? {
    switch act {
    case .append(let series, let sample):
      let (ours, expected) = (
        bank.append(sample, to: SeriesIndex(series)), models[series].append(sample, clock: clock)
      )
      if ours != expected { return "\(ours) instead of \(expected)" }
    case .count(let total, let time, let seconds):
      let ours = bank.count(total: total, at: time, seconds: seconds, in: SeriesIndex(2)).appended
      let expected = models[2].count(total: total, at: time, seconds: seconds, clock: clock)
      if ours != expected { return "\(ours) instead of \(expected)" }
    case .retract(let series, let time):
      let ours = bank.retract(at: time, from: SeriesIndex(series))
      if ours != models[series].retract(at: time) { return ours ? "taken back" : "not taken back" }
    case .advance(let time):
      bank.advance(to: time)
      clock = max(clock, time)
    case .rewind(let time):
      bank.rewind(to: time)
      clock = time
      for index in models.indices { models[index].rewind(to: time) }
    case .restore:
      var other = try SeriesBank(kinds, clock: clock)
      for index in 0..<3 {
        let bytes = bank.snapshot(of: SeriesIndex(index))
        try other.restore(bytes.span, to: SeriesIndex(index))
        if other.snapshot(of: SeriesIndex(index)) != bytes { return "another snapshot after restoring \(index)" }
      }
      bank = other
    case .adopt:
      // Into longer rings and back: what fits is kept.
      let longer = Self.longer(layout)
      var other = try SeriesBank(
        [SeriesKind(.value)] + kinds.map { SeriesKind($0.measure, layout: longer) }, clock: clock)
      for index in 0..<3 where !other.adopt(SeriesIndex(index + 1), from: bank, at: SeriesIndex(index)) {
        return "not adopted"
      }
      var back = try SeriesBank(kinds, clock: clock)
      for index in 0..<3 { back.adopt(SeriesIndex(index), from: other, at: SeriesIndex(index + 1)) }
      bank = back
      for index in models.indices { models[index].adopted(clock: clock) }
    }
    return nil
  }

  /// Compares everything that can be asked.
  func difference() -> String? {
    for (number, model) in models.enumerated() {
      let series = SeriesIndex(number)
      if bank.samples(of: series) != model.raw { return "raw readings of series \(number)" }
      for time in [clock, clock - 100_000, (model.raw.first?.time ?? 1) - 1]
      where bank.latest(of: series, atOrBefore: time) != model.raw.last(where: { $0.time <= time }) {
        return "the newest reading of series \(number) at \(time)"
      }
      for (ringNumber, ring) in layout.rings.enumerated() {
        let step = Int64(ring.seconds) * 1000
        let newest = (clock + 120_000) / step
        var all: [Sample] = []
        for interval in max(0, newest - Int64(ring.count))...newest + 1 {
          let expected = model.samples(ring: ringNumber, interval: interval, clock: clock)
          all += expected.samples
          let bucket = bank.sum(ringNumber, interval..<interval + 1, bank.location(series))
          if !expected.agrees(with: bucket, isSound: number == 1) {
            return
              "series \(number), ring \(ringNumber), interval \(interval): \(bucket) instead of \(expected.samples)"
          }
        }
        let whole = bank.sum(ringNumber, 0..<newest + 2, bank.location(series))
        if !NaiveBucket(samples: all).agrees(with: whole, isSound: number == 1) {
          return "the sum of ring \(ringNumber)"
        }
      }
    }
    return differenceOfLevels() ?? differenceOfSteps()
  }

  private func differenceOfLevels() -> String? {
    for back in [Int64(100_000), 500_000, 1_000_000, 2_000_000] {
      let from = max(0, clock - back)
      guard let classes = bank.classes(of: SeriesIndex(1), from: from, to: clock + 120_000) else { return "no classes" }
      let rings = layout.classRings
      let number =
        rings.indices.first {
          max(
            models[1].classesHeldFrom[$0],
            NaiveSeries.oldest(rings[$0], clock: clock) * Int64(rings[$0].seconds) * 1000) <= from
        } ?? rings.count - 1
      var levels: [Int64: Int64] = [:]
      let first = max(NaiveSeries.interval(from, rings[number]), NaiveSeries.oldest(rings[number], clock: clock))
      for (interval, seconds) in models[1].classRings[number]
      where interval >= first && interval <= NaiveSeries.interval(clock + 119_999, rings[number]) {
        levels.merge(seconds) { $0 + $1 }
      }
      for (index, seconds) in classes.seconds.enumerated() where seconds != levels[Int64(index) + 30] ?? 0 {
        return "seconds of class \(index) since \(from)"
      }
      for percent in [Int64(10), 50, 90] {
        guard let expected = NaiveSeries.level(levels, exceededFor: percent) else { continue }
        if classes.level(exceededFor: percent) != expected { return "L\(percent) since \(from)" }
      }
    }
    return nil
  }

  private func differenceOfSteps() -> String? {
    let (finest, coarsest) = (layout.rings[0].seconds, layout.rings[layout.rings.count - 1].seconds)
    for (from, seconds) in [
      (clock - 180_000, finest), (clock - 700_000, finest * 3), (clock - 5_000_000, coarsest),
      (clock - 400_000, finest * 6),
    ] {
      guard let answer = try? bank.steps(of: SeriesIndex(0), from: from, to: clock, seconds: seconds) else {
        return "no steps of \(seconds) s"
      }
      let rings = layout.rings
      let fitting = rings.indices.filter { seconds % rings[$0].seconds == 0 }
      let start = fitting.map {
        (
          ring: $0,
          from: max(
            models[0].heldFrom[$0], NaiveSeries.oldest(rings[$0], clock: clock) * Int64(rings[$0].seconds) * 1000)
        )
      }
      guard let ring = start.first(where: { $0.from <= from }) ?? start.last else { return "no ring" }
      if answer.ringSeconds != rings[ring.ring].seconds || answer.heldFrom != ring.from {
        return "the ring of \(seconds) s"
      }
      for step in answer.steps {
        let length = Int64(rings[ring.ring].seconds) * 1000
        let samples = stride(from: step.start, to: step.start + Int64(seconds) * 1000, by: Int(length)).flatMap {
          models[0].samples(ring: ring.ring, interval: $0 / length, clock: clock).samples
        }
        if !NaiveBucket(samples: samples).agrees(with: step.bucket, isSound: false)
          || step.coveredSeconds != min(Int64(seconds), samples.reduce(0) { $0 + $1.seconds })
        {
          return "the step of \(seconds) s at \(step.start)"
        }
      }
    }
    return nil
  }
}

@Suite("The bank and plain lists") struct ModelTests {
  /// A program that a seed tells.
  static func program(seed: UInt64) -> [Act] {
    var random = Dice(state: seed)
    var clock = Comparison.birth
    var total: Int64 = .random(in: 0...65_535, using: &random)
    var recent: [Sample] = []
    return (0..<Int.random(in: 5...60, using: &random)).map { _ in
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<8 where !recent.isEmpty:
        return .retract(series: 0, time: recent.randomElement(using: &random)?.time ?? 0)
      case 0..<60:
        // Mostly about now; also late, far too late, ahead, once more, and contradicting.
        var time = clock + .random(in: -150_000...60_000, using: &random)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<5: time = clock + .random(in: -4_000_000...0, using: &random)
        case 5: time = clock + .random(in: 110_000...130_000, using: &random)
        case 6: time = .random(in: -10...Int64.max / 2, using: &random)
        default: break
        }
        var sample = Sample(
          time: time, value: .random(in: 25_000...99_000, using: &random), seconds: .random(in: 0...90, using: &random))
        if let again = recent.randomElement(using: &random), Int.random(in: 0..<8, using: &random) == 0 {
          sample = Bool.random(using: &random) ? again : Sample(time: again.time, value: 1, seconds: 1)
        }
        if Int.random(in: 0..<60, using: &random) == 0 { sample = Sample(time: clock, value: 1 << 31, seconds: 1) }
        recent = (recent + [sample]).suffix(8)
        return .append(series: Int.random(in: 0...1, using: &random), sample)
      case 60..<75:
        total =
          Int.random(in: 0..<10, using: &random) == 0
          ? .random(in: 0...9, using: &random) : (total + .random(in: 0...700, using: &random)) % 65_536
        return .count(
          total: total, time: clock + .random(in: -100_000...1000, using: &random), seconds: 60)
      case 75..<94:
        let leap = Int.random(in: 0..<25, using: &random)
        clock +=
          leap == 0
          ? 31_536_000_000
          : leap < 4 ? .random(in: 0...4_000_000, using: &random) : .random(in: -1000...200_000, using: &random)
        return .advance(to: clock)
      case 94..<97:
        clock -= .random(in: 0..<8, using: &random) == 0 ? 31_536_000_000 : .random(in: 0...900_000, using: &random)
        return .rewind(to: clock)
      case 97: return .adopt
      default: return .restore
      }
    }
  }

  /// Runs a program; what went wrong and at which act.
  static func failure(_ program: [Act], _ layout: RingLayout, thoroughly: Bool) -> String? {
    guard var comparison = try? Comparison(layout) else { return "no bank" }
    for (number, act) in program.enumerated() {
      let problem: String?
      do { problem = try comparison.perform(act) } catch { problem = "\(error)" }
      if let problem { return "act \(number), \(act): \(problem)" }
      guard thoroughly || number % 7 == 6 || number == program.count - 1 else { continue }
      if let difference = comparison.difference() { return "after act \(number), \(act): \(difference)" }
    }
    return nil
  }

  /// The shortest program that still fails, by leaving out one act after the other.
  static func shrunk(_ program: [Act], _ layout: RingLayout) -> [Act] {
    var program = program
    var index = 0
    while index < program.count {
      var shorter = program
      shorter.remove(at: index)
      if failure(shorter, layout, thoroughly: true) != nil { program = shorter } else { index += 1 }
    }
    return program
  }

  @Test("ten thousand programs give the same answers", arguments: UInt64(0)..<100) func programs(hundred: UInt64) {
    for seed in hundred * 100..<hundred * 100 + 100 {
      let program = Self.program(seed: seed)
      let layout = Comparison.layouts[Int(seed % 3)]
      guard let failure = Self.failure(program, layout, thoroughly: false) else { continue }
      let shrunk = Self.shrunk(program, layout)
      Issue.record(
        "seed \(seed): \(failure)\nshrunk to \(shrunk.count) acts: \(shrunk)\n\(Self.failure(shrunk, layout, thoroughly: true) ?? "")"
      )
      return
    }
  }
}
