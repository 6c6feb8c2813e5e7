// What must hold whatever the numbers are: hotter is never cooler, fuller never has more room, silence is never good news.

import Dice
import Publication
import Quantities
import Testing

@testable import CoolIslands

@Suite("Properties") struct PropertyTests {
  /// All facts there can be.
  static let facts: [AvailabilityFacts] = OpeningState.allCases.flatMap { opening in
    [true, false].flatMap { hasSensors in
      (FeltClass.allCases.map(Optional.some) + [nil]).flatMap { felt in
        (DifferenceClass.allCases.map(Optional.some) + [nil]).flatMap { difference in
          (OccupancyLevel.allCases.map(Optional.some) + [nil]).map { occupancy in
            AvailabilityFacts(
              opening: opening, openingReason: .openNow, hasTemperatureSensors: hasSensors, felt: felt,
              difference: difference, occupancy: occupancy)
          }
        }
      }
    }
  }

  /// How good it is to go there: not at all, if one must, yes.
  private func rank(_ facts: AvailabilityFacts) -> Int {
    switch facts.verdict.availability {
    case .available: 2
    case .crowded: 1
    case .warm, .closed, .unknown: 0
    }
  }

  @Test("a hotter, less cool or fuller place is never a better one; what is not open or not known is none")
  func verdicts() {
    #expect(Self.facts.count == 800)
    for facts in Self.facts {
      if let felt = facts.felt, let at = FeltClass.allCases.firstIndex(of: felt) {
        for hotter in FeltClass.allCases[at...] {
          var other = facts
          other.felt = hotter
          #expect(rank(other) <= rank(facts))
        }
      }
      if let difference = facts.difference, let at = DifferenceClass.allCases.firstIndex(of: difference) {
        for warmer in DifferenceClass.allCases[at...] {
          var other = facts
          other.difference = warmer
          #expect(rank(other) <= rank(facts))
        }
      }
      if let occupancy = facts.occupancy, let at = OccupancyLevel.allCases.firstIndex(of: occupancy) {
        for fuller in OccupancyLevel.allCases[at...] {
          var other = facts
          other.occupancy = fuller
          #expect(rank(other) <= rank(facts))
        }
      }
      if facts.opening != .open || facts.hasTemperatureSensors && facts.felt == nil { #expect(rank(facts) == 0) }
      #expect(!facts.verdict.reasons.isEmpty && Set(facts.verdict.reasons).count == facts.verdict.reasons.count)
    }
  }

  @Test("at no humidity does a higher temperature feel like a cooler class") func feltClasses() {
    // The index itself falls by up to 1.4 °C where its formula begins, always below the first border.
    let borders = Borders(Choices()).felt
    for humidity in stride(from: Int64(0), through: 100_000, by: 1000) {
      var before = 0
      for air in stride(from: Int64(20_000), through: 60_000, by: 20) {
        let felt = Thermal.heatIndex(air: MilliCelsius(air), humidity: MilliPercent(humidity)).rawValue
        let felts = borders.count { felt >= $0 }
        #expect(felts >= before, "\(air) m°C at \(humidity) m%")
        before = felts
      }
    }
  }

  @Test("of two values the higher one never has the lower class, whatever came before", arguments: UInt64(1)...200)
  func hysteresis(seed: UInt64) {
    var random = Dice(state: seed)
    var (low, high) = (Hysteresis(), Hysteresis())
    for second in 0..<300 {
      let value = Int64.random(in: 20_000...45_000, using: &random)
      let more = value + (random.once(in: 3) ? 0 : .random(in: 0...6000, using: &random))
      let now = Instant(seconds: Int64(second))
      let borders: [Int64] = [27_000, 32_000, 41_000]
      let a = low.update(value, borders: borders, margin: 300, patience: nil, at: now)
      let b = high.update(more, borders: borders, margin: 300, patience: nil, at: now)
      #expect(a <= b)
    }
  }

  @Test("more people never make room, for operators or for the public", arguments: [1, 4, 12, 50, 300])
  func room(capacity: Int) {
    var before = Int64.max
    for people in 0...Int64(capacity) * 2 {
      var headcount = Headcount()
      headcount.pass(in: people, out: 0, at: Instant(seconds: 1))
      #expect(headcount.free(of: capacity) <= before && headcount.free(of: capacity) >= 0)
      before = headcount.free(of: capacity)
    }
    let rooms = OccupancyLevel.allCases.map {
      PrivacyGate.occupancy(level: $0, capacity: capacity, borders: Choices().occupancyBorders).roomLeft ?? 0
    }
    #expect(rooms == rooms.sorted(by: >) && rooms.last == 0)
  }
}
