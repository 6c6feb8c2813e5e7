// Heat, classes, people and the verdict, against authorities and by tables.

import Foundation
import JSONText
import Publication
import Quantities
import RingSeries
import Testing

@testable import CoolIslands

@Suite("Heat") struct HeatTests {
  // Computed with MetPy 1.7.1 and thermofeel 2.3.0 above 80 °F; below, the average that the NWS text prescribes.
  static let points: [(celsius: Int64, percent: Int64, felt: Double)] = [
    (30, 80, 37.667), (35, 50, 40.675), (40, 20, 39.377), (27, 40, 26.863), (35, 10, 31.916), (30, 12, 28.037),
    (29, 90, 37.231), (27, 86, 30.395), (26, 40, 25.850), (25, 50, 24.931),
  ]

  @Test("the Heat Index is the Weather Service's", arguments: points)
  func heatIndex(_ example: (celsius: Int64, percent: Int64, felt: Double)) {
    let felt = Thermal.heatIndex(
      air: MilliCelsius(example.celsius * 1000), humidity: MilliPercent(example.percent * 1000))
    #expect(abs(felt.units - example.felt) <= 0.0011)
  }

  @Test("felt temperatures are those of MetPy, pythermalcomfort and thermofeel") func authorities() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Authorities/thermal.jsonl")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 520)
    for line in lines {
      let row = try JSONDocument(Array(line.utf8)).root
      func number(_ key: String) -> Double? {
        row[key].flatMap { $0.numberText.flatMap { Double(String(decoding: $0, as: UTF8.self)) } }
      }
      let air = MilliCelsius(rounding: try #require(number("air")))
      let humidity = MilliPercent(rounding: try #require(number("humidity")))
      if let felt = number("heat_index") {
        #expect(abs(Thermal.heatIndex(air: air, humidity: humidity).units - felt) < 0.0011, "\(line)")
      }
      #expect(abs(Thermal.humidex(air: air, humidity: humidity).units - (try #require(number("humidex")))) < 0.0011)
      let wbgt = try #require(number("wbgt_simplified"))
      #expect(abs(Thermal.simplifiedWBGT(air: air, humidity: humidity).units - wbgt) < 0.0011, "\(line)")
      #expect(
        abs(Thermal.discomfort(air: air, humidity: humidity).units - (try #require(number("discomfort")))) < 0.051)
    }
  }

  // Environment Canada's and thermofeel's values; of the discomfort index the whole thousandths.
  static let discomforts: [(celsius: Int64, percent: Int64, humidex: Double?, wbgt: Double?, discomfort: Double?)] = [
    (25, 50, 28.227, nil, 22.113), (30, 80, 43.259, 34.245, 28.295), (35, 50, 45.021, nil, nil),
    (40, 50, 54.870, nil, nil), (34, 30, 37.287, nil, nil), (21, 100, 29.240, nil, nil), (30, 50, nil, 29.259, nil),
    (35, 30, nil, 30.389, nil), (25, 60, nil, 25.562, nil), (20, 50, nil, 19.863, nil), (29, 50, nil, nil, 25.013),
    (35, 90, nil, nil, 33.873),
  ]

  @Test("Humidex, simplified WBGT and Thom's index", arguments: discomforts)
  func indices(_ example: (celsius: Int64, percent: Int64, humidex: Double?, wbgt: Double?, discomfort: Double?)) {
    let (air, humidity) = (MilliCelsius(example.celsius * 1000), MilliPercent(example.percent * 1000))
    for (ours, expected) in [
      (Thermal.humidex(air: air, humidity: humidity), example.humidex),
      (Thermal.simplifiedWBGT(air: air, humidity: humidity), example.wbgt),
      (Thermal.discomfort(air: air, humidity: humidity), example.discomfort),
    ] {
      if let expected { #expect(abs(ours.units - expected) < 0.0011) }
    }
  }

  /// The printed chart: from 80 °F in steps of 2 °F, whole °F.
  static let rows: [(humidity: Int64, row: [Int])] = [
    (40, [80, 81, 83, 85, 88, 91, 94, 97, 101, 105, 109, 114, 119, 124, 130, 136]),
    (60, [82, 84, 88, 91, 95, 100, 105, 110, 116, 123, 129, 137]), (80, [84, 89, 94, 100, 106, 113, 121, 129]),
  ]

  @Test("the printed chart is reproduced", arguments: rows)
  func chart(_ row: (humidity: Int64, row: [Int])) {
    for (index, expected) in row.row.enumerated() {
      let celsius = MilliCelsius(rounding: (Double(80 + 2 * index) - 32) * 5 / 9)
      let felt = Thermal.heatIndex(air: celsius, humidity: MilliPercent(row.humidity * 1000))
      #expect(Int((felt.units * 9 / 5 + 32).rounded()) == expected, "\(80 + 2 * index) °F, \(row.humidity) %")
    }
  }

  @Test("hotter air never feels cooler, at any humidity the chart holds") func monotone() {
    for humidity in stride(from: Int64(40), through: 80, by: 5) {
      var last = MilliCelsius(0)
      for celsius in stride(from: Int64(20_000), through: 43_000, by: 500) {
        let felt = Thermal.heatIndex(air: MilliCelsius(celsius), humidity: MilliPercent(humidity * 1000))
        #expect(felt >= last)
        last = felt
      }
    }
  }

  @Test("the highest valid level holds, and all who say it are named") func levels() {
    func at(_ hours: Int64) -> Instant { Instant(seconds: hours * 3600) }
    var heat = Heat()
    #expect(heat.effective(at: at(0)) == nil)
    heat.set([.init(source: .operator, level: 3, from: at(1), until: at(5), by: "a", reason: "r")], of: .operator)
    heat.set([.init(source: .feed, level: 2, from: at(0), until: at(9), by: "b", reason: "r")], of: .feed)
    #expect(heat.effective(at: at(0))?.level == 2)
    #expect(heat.effective(at: at(1))?.sources == ["operator"])
    #expect(heat.effective(at: at(5))?.sources == ["feed"])
    heat.set([.init(source: .operator, level: 2, from: at(6), until: at(7), by: "a", reason: "r")], of: .operator)
    #expect(heat.effective(at: at(6))?.sources == ["feed", "operator"])
    #expect(heat.effective(at: at(9)) == nil)
    #expect(heat.nextChange(after: at(6)) == at(7))
    // Of a bulletin the level of the moment counts, and how long it lasts at that level or above.
    let spans = [(1, 0, 10), (3, 10, 14), (4, 14, 16), (2, 16, 20)].map { level, from, until in
      HeatEntry(source: .feed, level: level, from: at(Int64(from)), until: at(Int64(until)), by: "b", reason: "r")
    }
    heat.set(spans, of: .feed)
    #expect([9, 10, 15, 16].map { heat.effective(at: at($0))?.level } == [1, 3, 4, 2])
    #expect([9, 10, 15, 16].map { heat.effective(at: at($0))?.until } == [at(20), at(16), at(16), at(20)])
  }
}

@Suite("Noise") struct NoiseTests {
  // Computed with numpy from 10·lg(Σ t·10^(L/10) / Σ t).
  static let mixtures: [(parts: [(level: Int64, seconds: Int64)], laeq: Double)] = [
    ([(60_000, 60), (70_000, 60)], 67.404), ([(55_000, 1), (45_000, 1), (50_000, 1)], 51.740),
    ([(60_000, 3540), (90_000, 60)], 72.467), ([(70_000, 60), (50_000, 540)], 60.374),
    ([(48_000, 145), (62_000, 60)], 57.063), ([(50_000, 900), (65_000, 300)], 59.373),
  ]

  @Test("levels average as energy", arguments: mixtures)
  func laeq(_ example: (parts: [(level: Int64, seconds: Int64)], laeq: Double)) {
    let energy = example.parts.reduce(Int128(0)) {
      $0 + Int128(SoundEnergy.energy(milliDecibels: $1.level, seconds: $1.seconds))
    }
    let seconds = example.parts.reduce(0) { $0 + $1.seconds }
    #expect(abs(Sound.laeq(meanEnergy: Double(energy) / Double(seconds)).units - example.laeq) <= 0.0011)
  }
}

@Suite("Classes") struct HysteresisTests {
  let borders: [Int64] = [27_000, 32_000]

  private func classes(_ values: [(minute: Int64, value: Int64)]) -> [Int] {
    var hysteresis = Hysteresis()
    return values.map {
      hysteresis.update(
        $0.value, borders: borders, margin: 300, patience: .minutes(10), at: Instant(seconds: $0.minute * 60))
    }
  }

  @Test("a class is left past the margin, or after ten minutes beyond the border") func leaving() {
    #expect(classes([(0, 26_900), (1, 27_100), (2, 27_299), (3, 27_300)]) == [0, 0, 0, 1])
    #expect(classes([(0, 27_100), (1, 26_800), (2, 26_699)]) == [1, 1, 0])
    #expect(classes([(0, 26_900), (1, 27_100), (10, 27_100), (11, 27_100)]) == [0, 0, 0, 1])
    #expect(classes([(0, 26_900), (1, 27_100), (5, 26_900), (6, 27_100), (12, 27_100)]) == [0, 0, 0, 0, 0])
    #expect(classes([(0, 26_900), (1, 40_000)]) == [0, 2])
  }
}

@Suite("Head count") struct HeadcountTests {
  @Test("it never falls below zero, and the deficit is remembered") func clamp() {
    var count = Headcount()
    count.rebase(to: 2)
    count.pass(in: 0, out: 5, at: Instant(seconds: 60))
    #expect(count.people == 0 && count.deficit == 3)
  }

  @Test("room is promised only where it is certain") func interval() {
    var count = Headcount()
    count.pass(in: 240, out: 190, at: Instant(seconds: 60))
    #expect(count.people == 50 && count.uncertainty == 13)  // 12.9, rounded outwards
    #expect(count.free(of: 80) == 17)
    count.rebase(to: 44)
    count.pass(in: 3, out: 1, at: Instant(seconds: 60))
    #expect(count.people == 46 && count.uncertainty == 1)
  }

  @Test(
    "public room depends on the level alone",
    arguments: [(OccupancyLevel.free, 90), (.busy, 10), (.full, nil)] as [(OccupancyLevel, Int?)])
  func publicRoom(_ example: (level: OccupancyLevel, room: Int?)) {
    // A level holds on to 55 and 95 %: of 200 there are 90 and 10 left then.
    #expect(PrivacyGate.occupancy(level: example.level, capacity: 200, borders: [500, 900]).roomLeft == example.room)
  }
}

@Suite("Availability") struct AvailabilityTests {
  private func verdict(
    _ opening: OpeningState = .open, sensors: Bool = true, felt: FeltClass? = .cool,
    difference: DifferenceClass? = .cooler,
    occupancy: OccupancyLevel? = .free
  ) -> Availability {
    AvailabilityFacts(
      opening: opening, openingReason: .openNow, hasTemperatureSensors: sensors, felt: felt, difference: difference,
      occupancy: occupancy
    ).verdict.availability
  }

  @Test("the first rule that holds decides") func table() {
    #expect(verdict(.unknown) == .unknown && verdict(.contradicted) == .unknown)
    #expect(verdict(.closed) == .closed && verdict(.closed, felt: nil) == .closed)
    #expect(verdict(felt: nil) == .unknown)
    #expect(verdict(felt: .hot) == .warm && verdict(felt: .dangerous, difference: .muchCooler) == .warm)
    #expect(verdict(felt: .warm, difference: .same) == .warm && verdict(felt: .warm, difference: nil) == .warm)
    #expect(
      verdict(felt: .warm, difference: .cooler) == .available && verdict(felt: .cool, difference: nil) == .available)
    #expect(verdict(occupancy: .full) == .crowded && verdict(occupancy: nil) == .available)
    #expect(verdict(sensors: false, felt: nil, difference: nil) == .available)
    #expect(verdict(sensors: false, felt: nil, difference: nil, occupancy: .full) == .crowded)
  }

  @Test("a place without sensors says that it is not measured") func unmeasured() {
    let facts = AvailabilityFacts(
      opening: .open, openingReason: .openNow, hasTemperatureSensors: false, felt: nil, difference: nil, occupancy: nil)
    #expect(facts.verdict.reasons == [.openNow, .notMeasured])
  }

  @Test("hotter never helps, and more people never make room") func monotone() {
    let order: [Availability] = [.available, .crowded, .warm]
    func rank(_ availability: Availability) -> Int { order.firstIndex(of: availability) ?? 9 }
    for difference in [nil, .warmer, .same, .cooler, .muchCooler] as [DifferenceClass?] {
      for occupancy in OccupancyLevel.allCases {
        for (cooler, hotter) in zip(FeltClass.allCases, FeltClass.allCases.dropFirst()) {
          let before = verdict(felt: cooler, difference: difference, occupancy: occupancy)
          let after = verdict(felt: hotter, difference: difference, occupancy: occupancy)
          #expect(!(before == .warm && after != .warm))
        }
      }
      for felt in FeltClass.allCases {
        for (fewer, more) in zip(OccupancyLevel.allCases, OccupancyLevel.allCases.dropFirst()) {
          let before = verdict(felt: felt, difference: difference, occupancy: fewer)
          let after = verdict(felt: felt, difference: difference, occupancy: more)
          #expect(rank(after) >= rank(before))
        }
      }
    }
  }
}
