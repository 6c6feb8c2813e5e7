// A series that began anew and is told its past must answer as one that never forgot.

import Dice
import Testing

@testable import RingSeries

@Suite("A record of what was forgotten") struct FillTests {
  static let start: Int64 = 1_784_368_800_000
  let series = SeriesIndex(0)
  static let layouts = [
    RingLayout(), Comparison.small, Comparison.longer, Comparison.layouts[1],
    RingLayout(
      raw: 20, rings: [Ring(seconds: 60, count: 4), Ring(seconds: 900, count: 3), Ring(seconds: 7200, count: 9)],
      classRings: []),
  ]

  @Test("sums of all rings that it reaches, then and later", arguments: UInt64(1)...400)
  func asIfNothingHadBeenForgotten(seed: UInt64) throws {
    var random = Dice(state: seed)
    let layout = random.pick(Self.layouts)
    let kind = SeriesKind(random.pick([.value, .sound]), layout: layout)
    var whole = try SeriesBank([kind], clock: Self.start)
    var partial = try SeriesBank([kind], clock: Self.start)
    let step = Int64(layout.rings[1].seconds) * 1000
    let gap = random.pick([1000, 60_000, step])
    var now = Self.start
    var isForgotten = true
    func live(_ count: Int) {
      for _ in 0..<count {
        now += .random(in: 0...gap, using: &random)
        if random.once(in: 40) { now += .random(in: 0...8 * step, using: &random) }
        whole.advance(to: now)
        partial.advance(to: now)
        let late: Int64 = random.once(in: 5) ? .random(in: -60_000...6 * step, using: &random) : 0
        let sample = Sample(
          time: now - late, value: .random(in: 25_000...95_000, using: &random),
          seconds: .random(in: 0...60, using: &random))
        _ = whole.append(sample, to: series)
        if !isForgotten { _ = partial.append(sample, to: series) }
      }
    }
    live(.random(in: 0...300, using: &random))
    partial.begins(series, at: now + 60_000)  // what came before may lie so far ahead
    isForgotten = false
    live(.random(in: 0...60, using: &random))
    now += .random(in: 0...3 * step, using: &random)
    whole.advance(to: now)
    partial.advance(to: now)

    let end = now / step * step
    let oldest = max(end - Int64(layout.rings[1].count - 2) * step, whole.heldFrom(of: series, ring: 1))
    let record = stride(from: oldest, to: max(oldest, end), by: Int(step)).map {
      whole.sum(of: series, from: $0, to: $0 + step, ring: 1).bucket
    }
    let heldBefore = layout.rings.indices.map { partial.heldFrom(of: series, ring: $0) }
    partial.fill(series, ring: 1, from: oldest, with: record)
    let isFilled = heldBefore[1] <= end && !record.isEmpty
    if isFilled { #expect(partial.heldFrom(of: series, ring: 1) <= max(heldBefore[1], oldest + step)) }
    #expect(partial.heldFrom(of: series, ring: 0) == heldBefore[0])
    for _ in 0..<6 {
      for (number, ring) in layout.rings.enumerated() {
        let length = Int64(ring.seconds) * 1000
        let held = partial.heldFrom(of: series, ring: number)
        #expect(held <= heldBefore[number] || held > now - Int64(ring.count) * length)
        for from in stride(from: (held + length - 1) / length * length, to: now + 120_000, by: Int(length)) {
          let (a, b) = (
            partial.sum(of: series, from: from, to: from + length, ring: number),
            whole.sum(of: series, from: from, to: from + length, ring: number)
          )
          #expect(a == b, "ring \(number), \(from - now) from now")
          if a != b { return }
        }
      }
      live(.random(in: 0...40, using: &random))
    }
  }
}
