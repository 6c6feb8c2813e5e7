// The heat that a station observed, against sums worked out by hand.

import Quantities
import Testing

@testable import CoolIslands

@Suite("Observed heat") struct ObservedHeatTests {
  typealias Example = (departement: String, minima: [Double?], maxima: [Double?], means: [Double?], level: Int?)

  static let examples: [Example] = [
    // Equal to the thresholds counts.
    ("75", [20, 22, 21], [30, 31, 32], [21, 31], 3), ("69", [19.5, 20.1, 20.4], [35.2, 34.1, 32.7], [20, 34], 3),
    // A twentieth of a degree too cool in three nights; the last day alone reaches both.
    ("75", [20.9, 21, 21], [30, 31, 32], [20.967, 31], 2), ("13", [24.1, 24, 23.8], [36, 36, 36], [23.967, 36], 1),
    ("75", [18, 18, 18], [25, 26, 27], [18, 26], 1),
    // A day of which too little is known.
    ("75", [22, nil, 22], [32, 32, 32], [nil, 32], nil), ("75", [22, 22, 22], [nil, 32, 32], [22, nil], nil),
  ]

  @Test("means of three days against the thresholds of the département", arguments: examples)
  func level(_ example: Example) throws {
    func values(_ list: [Double?]) -> [MilliCelsius?] { list.map { $0.map { MilliCelsius(rounding: $0) } } }
    let observed = ObservedHeat(
      day: CivilDay(daysSinceEpoch: 20_650), minima: values(example.minima), maxima: values(example.maxima))
    #expect([observed.meanMinimum?.units, observed.meanMaximum?.units] == example.means)
    let thresholds = try #require(HeatThresholds(departement: example.departement))
    #expect(observed.level(thresholds) == example.level)
  }

  @Test("every département of mainland France has thresholds; overseas ones have none") func table() throws {
    let all = (1...95).filter { $0 != 20 }.map { $0 < 10 ? "0\($0)" : "\($0)" } + ["2A", "2B"]
    for departement in all {
      let thresholds = try #require(HeatThresholds(departement: departement), "\(departement)")
      #expect(thresholds.minimum < thresholds.maximum && (17_000...24_000).contains(thresholds.minimum.rawValue))
      #expect((31_000...36_000).contains(thresholds.maximum.rawValue))
    }
    #expect(HeatThresholds(departement: "974") == nil && HeatThresholds(departement: "20") == nil)
    let vaucluse = try #require(HeatThresholds(departement: "84"))
    #expect((vaucluse.minimum, vaucluse.maximum) == (MilliCelsius(21_000), MilliCelsius(36_000)))
  }
}
