// What is known of whole days: extremes and the heat they mean, differences by day and by night, the day's noise.

import Configuration
import CoolIslands
import Publication
import Quantities
import Testing

@testable import Core

@Suite("Days") struct DaysTests {
  /// Midnight in Paris at the beginning of Thursday 16 July 2026, two hours before that of UTC.
  static let midnight = Fixture.start + .hours(12)

  private func world(departement: String = "69") throws -> OneWorld {
    let settings = Fixture.settings.replacing(
      "\"id\": \"ville\",", with: "\"id\": \"ville\", \"departement\": \"\(departement)\", \"heat_station\": \"rue\",")
    let world = OneWorld()
    _ = world.world.configure(try Fixture.city(settings: settings), at: Fixture.start)
    return world
  }

  private func place(_ id: String, _ world: OneWorld) throws -> PublicIndicators {
    try #require(
      world.world.withState { state in state.place(id).flatMap { state.publicPlace($0)?.indicators } } ?? nil)
  }

  @discardableResult
  private func send(_ world: OneWorld, _ topic: String, _ field: String, _ value: Double, _ time: Instant) -> [Effect] {
    world.ingest(
      .message(
        Message(
          arrival: time, topic: "tonnelle/v1/up/\(topic)", payload: Array(#"[{"n":"\#(field)","v":\#(value)}]"#.utf8))))
  }

  /// Temperatures of the street from noon on day 0 at every minute: coolest at 4 UTC, hottest at 14 UTC.
  ///
  /// - Returns: the moments at which the heat level changed, and what it became.
  @discardableResult
  private func street(
    _ world: OneWorld, days: Int64, low: Double, high: Double, without gap: Range<Int64> = 0..<0
  ) -> [(at: Instant, level: Int?)] {
    var changes: [(at: Instant, level: Int?)] = []
    for minute in 0..<days * 1440 where !gap.contains(minute) {
      let hour = Double((minute + 10 * 60) % 1440) / 60  // UTC
      let height = hour < 4 ? (4 - hour) / 14 : hour < 14 ? (hour - 4) / 10 : (28 - hour) / 14
      let time = Fixture.start + .minutes(minute)
      for effect in send(world, "rue/rue", "temperature", low + (high - low) * height, time) {
        if case .heat(let at, _, let level) = effect { changes.append((at, level)) }
      }
    }
    return changes
  }

  /// 6 UTC, so many days after 15 July.
  private func six(_ days: Int64) -> Instant { Fixture.start - .hours(4) + .days(days) }

  private func observation(_ world: OneWorld) -> HeatEntry? {
    world.world.withState { $0.heat.entries.first { $0.source == .observation } } ?? nil
  }

  @Test("three hot days and nights are level 3 as soon as the last maximum is final, for a day") func heat() throws {
    let world = try world()
    let changes = street(world, days: 5, low: 21, high: 35)
    // 16 to 18 July are the first days that are whole; the last of their maxima is final on the 19th.
    #expect(changes.map(\.at) == [six(4)] && changes.map(\.level) == [3])
    let entry = try #require(observation(world))
    #expect(entry.level == 3 && entry.from == six(5) && entry.until == six(6) && entry.by == "rue")
    _ = world.advance(to: six(6) - .seconds(1))
    #expect(world.heatLevel() == 3)
    _ = world.advance(to: six(6))
    #expect(world.heatLevel() == nil)  // nothing came since: no value, and no level
    let other = try self.world()
    street(other, days: 5, low: 18, high: 33)
    #expect(observation(other)?.level == 1)
  }

  @Test("a gap of three hours in one night takes the value from three days") func gap() throws {
    let world = try world()
    // From noon on day 0: the night of 17 July, 1 to 4 UTC.
    street(world, days: 5, low: 21, high: 35, without: 1440 + 15 * 60..<1440 + 18 * 60)
    #expect(observation(world) == nil)
    let short = try self.world()
    street(short, days: 5, low: 21, high: 35, without: 1440 + 15 * 60..<1440 + 16 * 60)
    #expect(observation(short)?.level == 3)
  }

  @Test("a spike is no maximum, and a flat line no night") func faults() throws {
    let world = try world()
    street(world, days: 2, low: 18, high: 33)
    let noon = Fixture.start + .days(2)
    send(world, "rue/rue", "temperature", 32.9, noon)
    send(world, "rue/rue", "temperature", 49, noon + .minutes(1))
    send(world, "rue/rue", "temperature", 33, noon + .minutes(2))
    let heat = world.world.withState { $0.observedHeat(at: noon + .hours(1)) } ?? nil
    #expect(
      heat?.maxima.last == .some(nil) || heat?.maxima.compactMap { $0 }.allSatisfy { $0 < MilliCelsius(34_000) } == true
    )
    let still = try self.world()
    for minute in Int64(0)..<5 * 1440 {
      send(still, "rue/rue", "temperature", 36, Fixture.start + .minutes(minute))
    }
    #expect(observation(still) == nil)
  }

  @Test("without thresholds nothing is observed, and the settings say so") func overseas() throws {
    let settings = Fixture.settings.replacing(
      "\"id\": \"ville\",", with: "\"id\": \"ville\", \"departement\": \"974\", \"heat_station\": \"rue\",")
    let outcome = ConfigurationReader.values(try Fixture.text(settings: settings))
    #expect(outcome.findings.contains { $0.description.contains("heat_station") })
    let own = settings.replacing(
      "\"heat_station\"",
      with:
        #""heat_thresholds": {"minimum": 23, "maximum": 32.5, "valid_from": "2026-05-01", "source": "ARS"}, "heat_station""#
    )
    let thresholds = try #require(
      ConfigurationReader.values(try Fixture.text(settings: own)).configured?.city.heatThresholds)
    #expect(thresholds.maximum == MilliCelsius(32_500) && thresholds.source == "ARS")
  }

  @Test("a place that is cooler by day and warmer by night says both") func dayAndNight() throws {
    let world = try world()
    for minute in Int64(0)..<32 * 60 {
      let now = Fixture.start + .minutes(minute)
      let hour = (12 + minute / 60) % 24
      let wave = Double(minute % 3) / 10
      send(world, "rue/rue", "temperature", (hour < 6 ? 24 : 33) + wave, now)
      send(world, "parc/air", "temperature", (hour < 6 ? 24.5 : 30.2) + wave, now)
    }
    let coolness = try #require(place("parc", world).coolness)
    #expect(coolness.differenceByDay == MilliCelsius(2800) && coolness.differenceByNight == MilliCelsius(-500))
  }

  @Test("a place can name the sensor that it is compared with") func ownReference() throws {
    let places = Fixture.places.replacing(#""id":"biblio","#, with: #""id":"biblio","reference":"rue","#)
    let outcome = ConfigurationReader.values(try Fixture.text(places: places))
    let world = OneWorld()
    _ = world.world.configure(try #require(outcome.configured).city, at: Fixture.start)
    send(world, "rue/rue", "temperature", 33, Fixture.start + .seconds(1))
    send(world, "biblio/salle", "temperature", 25, Fixture.start + .seconds(2))
    _ = world.advance(to: Fixture.start + .seconds(10))
    #expect(try place("biblio", world).coolness?.difference == MilliCelsius(8000))
  }

  @Test("Lden and Lnight of a day, with the hours and weights of the law") func lden() throws {
    let world = try world()
    for minute in Int64(0)..<44 * 60 {  // to Friday 08:00
      let hour = (12 + minute / 60) % 24
      let level: Double = (6..<18).contains(hour) ? 58 : (18..<22).contains(hour) ? 55 : 47
      // A little movement, so that no line is flat; it does not change the whole decibels.
      send(world, "parc/bruit", "laeq", level + Double(minute % 3) / 10 - 0.1, Fixture.start + .minutes(minute))
    }
    let day = try #require(place("parc", world).noiseOfDay)
    #expect(day.day == CivilDay("2026-07-16") && day.coverage == 100)
    #expect(day.lden == MilliDecibels(58_000) && day.lnight == MilliDecibels(47_000))  // 58.124 and 47
    let noise = try #require(place("parc", world).noise)
    #expect(noise.exceeded?.l50 == MilliDecibels(58_000) && noise.isCalm == false)
  }

  @Test("a day of which an evening is missing has no Lden") func uncovered() throws {
    let world = try world()
    for minute in Int64(0)..<44 * 60 {
      let hour = (12 + minute / 60) % 24
      guard !(18..<20).contains(hour) else { continue }
      send(world, "parc/bruit", "laeq", 50 + Double(minute % 7) / 10, Fixture.start + .minutes(minute))
    }
    #expect(try place("parc", world).noiseOfDay == nil)
  }

  @Test("calm is quiet now, and hardly ever loud in the last hour") func calm() throws {
    for (loud, isCalm) in [(Int64(3), true), (10, false)] {
      let world = try world()
      for minute in Int64(0)..<76 {
        let isLoud = minute >= 20 && minute < 20 + loud
        send(world, "parc/bruit", "laeq", isLoud ? 62 : 44 + Double(minute % 5) / 10, Fixture.start + .minutes(minute))
      }
      let noise = try #require(place("parc", world).noise)
      #expect(noise.noiseClass == .quiet && noise.isCalm == isCalm)
      #expect(noise.exceeded?.l90 == MilliDecibels(44_000))
    }
  }

  // Worked out by hand from the directive's formula.
  @Test(
    "the formula of the directive",
    arguments: [
      (60, 60, 60, 66.395), (65, 60, 55, 65.0), (60, 55, 50, 60.0), (65, 65, 65, 71.395), (53, 53, 45, 54.918),
      (58, 55, 47, 58.124),
    ] as [(Int64, Int64, Int64, Double)])
  func formula(_ day: Int64, _ evening: Int64, _ night: Int64, _ expected: Double) {
    let lden = Sound.lden(
      day: MilliDecibels(day * 1000), evening: MilliDecibels(evening * 1000), night: MilliDecibels(night * 1000))
    #expect(abs(lden.units - expected) < 0.0011)
  }
}
