// The season's arithmetic on cases small enough to do by hand.

import CoolIslands
import Quantities
import RingSeries
import Store
import Testing

@testable import Reports

/// Europe/Paris in 2026, as far as these tests go.
private let paris = CivilZone(
  name: "Europe/Paris", initialOffset: 3600,
  transitions: [.init(at: 1_774_746_000, offset: 7200), .init(at: 1_792_890_000, offset: 3600)], rule: nil)

private func day(_ text: String) throws -> CivilDay { try #require(CivilDay(text)) }

@Suite("A season") struct SeasonTests {
  @Test("the hours of a night with a change of the clock are 25, and each knows its day and its time") func oddNight()
    throws
  {
    let grid = HourGrid(try day("2026-10-24")...day("2026-10-26"), in: paris)
    #expect(grid.count == 24 + 25 + 24)
    #expect(grid.clock[24..<30] == [0, 1, 2, 2, 3, 4])
    #expect(grid.day[48] == 1 && grid.day[49] == 2)
    #expect(grid.hours(in: grid.dayStarts[1] + 1..<grid.dayStarts[2] - 1) == 25..<48)
  }

  @Test("while the gateway was not there nothing is known of any state") func gaps() throws {
    let grid = HourGrid(try day("2026-07-01")...day("2026-07-03"), in: paris)
    let hour = HourGrid.hour
    let start = grid.dayStarts[0]
    let away = HistoryGap(from: start + 14 * hour, until: start + 52 * hour)
    var clock = StateClock(grid, start..<start + 60 * hour, without: [away])
    clock.take(.init(at: start + 8 * hour, indicator: "opening", before: "closed", after: "open"))
    clock.take(.init(at: start + 56 * hour, indicator: "opening", before: "open", after: "closed"))
    clock.close { _ in nil }
    #expect(clock.days.map { $0.open / hour } == [6, 0, 4])
    #expect(clock.days.map { $0.observed / hour } == [14, 0, 8])
  }

  @Test("coverage is people of people, by day, in the afternoon and in the evening; what is unknown is left out")
  func coverage() throws {
    let start = paris.instant(try day("2026-07-01"), secondOfDay: 0).milliseconds
    func moment(_ hour: Int64, _ people: Int64, _ covered: [Int64]) -> HistoryCoverage {
      HistoryCoverage(at: start + hour * HourGrid.hour, people: people, covered: covered)
    }
    let season = try #require(
      CoverageSeason(
        [
          moment(1, 100, [0, 0, 50, 100]), moment(13, 100, [0, 0, 100, 100]), moment(21, 300, [0, 0, 0, 300]),
          moment(22, 0, [0, 0, 0, 0]), moment(25, 100, [10]),
        ], zone: paris))
    #expect(season.days.map(\.day) == [try day("2026-07-01"), try day("2026-07-02")])
    #expect(season.whole.thousandths(2) == 300 && season.whole.thousandths(3) == 1000)  // 150 of 500, 500 of 500
    #expect(season.afternoons.thousandths(2) == 1000 && season.evenings.thousandths(2) == 0)
    #expect(season.days[1].whole.thousandths(2) == nil && season.worst == nil)
    #expect(CoverageSeason([], zone: paris) == nil)
  }

  @Test("durations of states are cut at midnight, and the first change tells what was before it") func states() throws {
    let grid = HourGrid(try day("2026-07-01")...day("2026-07-03"), in: paris)
    let hour = HourGrid.hour
    let start = grid.dayStarts[0]
    var clock = StateClock(grid, start..<start + 60 * hour)
    for (at, before, after) in [(8, "closed", "open"), (20, "open", "closed"), (32, "closed", "open")] {
      clock.take(.init(at: start + Int64(at) * hour, indicator: "opening", before: before, after: after))
    }
    clock.take(.init(at: start + 30 * hour, indicator: "availability", before: "none", after: "available"))
    clock.close { $0 == "occupancy" ? "full" : nil }
    #expect(clock.days.map { $0.open / hour } == [12, 16, 12])
    #expect(clock.days.map { $0.observed / hour } == [24, 24, 12])
    #expect(clock.days.map { $0.availabilityUnknown / hour } == [24, 6, 0])
    #expect(clock.days.map { $0.available / hour } == [0, 18, 12])
    #expect(clock.days.map { $0.full / hour } == [24, 24, 12])
    #expect(clock.days.map(\.knowsAvailability) == [false, true, true])
  }

  @Test(
    "visitors are bracketed by entries and exits, 3 % wider, rounded outwards to tens",
    arguments: [
      (1000, 940, 910, 1030), (0, 0, 0, 0), (3, 3, 0, 10), (200, nil, 190, 210), (nil, 501, 480, 520),
    ] as [(Int64?, Int64?, Int64, Int64)])
  func visitors(_ sample: (entered: Int64?, left: Int64?, low: Int64, high: Int64)) {
    let range = VisitorRange(entered: sample.entered, left: sample.left)
    #expect(range?.low == sample.low && range?.high == sample.high)
    #expect(VisitorRange(entered: nil, left: nil) == nil)
  }

  @Test("works are judged on days of like weather alone, and the same way every time") func works() throws {
    func days(_ count: Int64, _ difference: Int64, warmest: Int64) -> [WorksEffect.Day] {
      (0..<count).map { .init(day: $0, difference: difference + $0 % 2 * 100, referenceMaximum: warmest + $0 * 100) }
    }
    // Before 30.0 to 30.9 °C, after 30.4 to 31.3 °C: 30.4 to 30.9 °C are common, six days each.
    let effect = try #require(
      WorksEffect(before: days(10, 1000, warmest: 30_000), after: days(10, 2500, warmest: 30_400)))
    #expect(effect.weather == MilliCelsius(30_400)...MilliCelsius(30_900))
    #expect(effect.daysBefore == 6 && effect.daysAfter == 6)
    #expect(effect.before == MilliCelsius(1050) && effect.after == MilliCelsius(2550))
    #expect(effect.change == MilliCelsius(1500))
    #expect(effect.interval.contains(MilliCelsius(1500)))
    // Six values of ±50 around their mean: the change errs by √(2·50²/6) ≈ 29, so the interval is about ±57 wide.
    let width = effect.interval.upperBound.rawValue - effect.interval.lowerBound.rawValue
    #expect((80...140).contains(width))
    #expect(
      effect == WorksEffect(before: days(10, 1000, warmest: 30_000), after: days(10, 2500, warmest: 30_400)))
    #expect(WorksEffect(before: days(10, 0, warmest: 20_000), after: days(10, 0, warmest: 30_000)) == nil)
    #expect(WorksEffect(before: days(4, 0, warmest: 30_000), after: days(10, 0, warmest: 30_000)) == nil)
    #expect(WorksEffect(before: [], after: days(10, 0, warmest: 30_000)) == nil)
  }

  /// A station whose nights and days are as given, hour by hour; nil is a day without a reading.
  private func station(_ days: [(low: Int64, high: Int64)?], _ grid: HourGrid) -> HourSeries {
    var rows: [HistoryHours] = []
    for (number, extremes) in days.enumerated() {
      guard let extremes else { continue }
      let start = grid.dayStarts[number]
      let entries = (0..<24).map { hour -> PackedBuckets.Entry in
        // Coldest at 5 h, warmest at 16 h of local time: 3 and 14 UTC.
        let part = hour <= 5 ? abs(Int64(hour) - 5) : min(11, Int64(hour) - 5) - max(0, Int64(hour) - 16)
        let value = extremes.low + (extremes.high - extremes.low) * part / 11
        var bucket = Bucket()
        for quarter in 0..<4 {
          bucket.combine(
            Bucket(
              Sample(time: start + Int64(hour * 4 + quarter) * 900_000, value: value, seconds: 900), isSound: false))
        }
        return .init(bucket)
      }
      rows.append(HistoryHours(start: start, hours: PackedBuckets(entries).bytes))
    }
    return HourSeries(rows, grid)
  }

  @Test("nights and days of heat, levels and episodes follow the definition; a gap interrupts") func heat() throws {
    let (first, last) = (try day("2026-07-05"), try day("2026-07-20"))
    let grid = HourGrid(first.adding(days: -4)...last.adding(days: 2), in: paris)
    var city = City.empty
    city.zone = paris
    city.heatThresholds = HeatThresholds(departement: "69")
    // From 1 July: cool, hot from the 5th to the 9th, cool on the 10th, nothing on the 11th, hot from the 12th to the
    // 16th, cool on the 17th and 18th, hot again.
    let (cool, hot): ((Int64, Int64), (Int64, Int64)) = ((15_000, 28_000), (21_000, 36_000))
    var extremes: [(low: Int64, high: Int64)?] = Array(repeating: cool, count: 4) + Array(repeating: hot, count: 5)
    extremes += [(14_000, 25_000), nil] + Array(repeating: hot, count: 5) + [cool, cool]
    extremes += Array(repeating: hot, count: 4)
    let heat = HeatSeason(first...last, station(extremes, grid), grid, city)
    #expect(heat.days.count == 16)
    // The night of the 5th begins at 20 h on the 4th, which is at 15 + 13 · 4/11 °C at 23 h.
    #expect(heat.days.prefix(3).map(\.minimum?.rawValue) == [19_727, 21_000, 21_000])
    // Maxima end at 8 h of the next day, minima begin at 20 h of the day before: the 11th takes of both neighbours.
    #expect(heat.days[5].minimum == MilliCelsius(14_000) && heat.days[5].maximum == nil)
    #expect(heat.days[7].minimum == nil && heat.days[7].maximum == MilliCelsius(36_000))
    // 6 July: minima 15.0 + 19.7 + 21.0 are below 60; 7 July: 61.7 and 108 reach 60 and 102.
    #expect(heat.days.map(\.level) == [1, 2, 3, 3, 3, nil, nil, nil, nil, nil, 3, 3, 1, 1, 1, 2])
    #expect(heat.tropicalNights == (9, 14))
    #expect(heat.hotDays == (12, 14) && heat.veryHotDays == (12, 14))
    #expect(heat.heatDays?.days == 12 && heat.days(at: 3) == 5 && heat.days(at: nil) == 5)
    #expect(
      heat.episodes.map { [$0.first.text, $0.last.text, "\($0.days)", "\($0.isInterrupted)"] } == [
        ["2026-07-07", "2026-07-16", "5", "true"]
      ])
  }

  @Test("a station that stood still for six hours had no night and no day") func standstill() throws {
    let (first, last) = (try day("2026-07-05"), try day("2026-07-05"))
    let grid = HourGrid(first.adding(days: -4)...last.adding(days: 2), in: paris)
    let moving = station(Array(repeating: (15_000, 28_000), count: 7), grid)
    #expect(moving.standstill(0..<grid.count, QualityLimits()).isEmpty)
    let still = station(Array(repeating: (20_000, 20_000), count: 7), grid)
    #expect(still.standstill(0..<24, QualityLimits()).count == 24)
    #expect(still.standstill(0..<5, QualityLimits()).isEmpty)
    var city = City.empty
    city.zone = paris
    #expect(HeatSeason(first...last, still, grid, city).days.first?.maximum == nil)
    #expect(HeatSeason(first...last, moving, grid, city).days.first?.maximum == MilliCelsius(28_000))
  }

  @Test("a damaged day is left out and counted") func damage() throws {
    let grid = HourGrid(try day("2026-07-01")...day("2026-07-02"), in: paris)
    let series = HourSeries([HistoryHours(start: grid.dayStarts[0], hours: [1, 2, 3])], grid)
    #expect(series.damaged == 1 && series.buckets.allSatisfy { $0.count == 0 })
  }
}
