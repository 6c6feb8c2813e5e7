// The last day as it is kept for the pages: what comes out is what was published, and no more than a day of it.

import Dice
import Publication
import Quantities
import Testing

@testable import Core

@Suite("The last day") struct RecentDayTests {
  private static let start = Instant(seconds: 1_784_368_800)

  private static func sample(_ number: Int64, using dice: inout Dice) -> PublicSample {
    func maybe<T>(_ value: T, _ dice: inout Dice) -> T? { Int.random(in: 0..<4, using: &dice) == 0 ? nil : value }
    var sample = PublicSample(at: start + .minutes(15 * number))
    sample.air = maybe(MilliCelsius(.random(in: -400...600, using: &dice) * 100), &dice)
    sample.felt = maybe(MilliCelsius(.random(in: -400...800, using: &dice) * 100), &dice)
    sample.reference = maybe(MilliCelsius(.random(in: -400...600, using: &dice) * 100), &dice)
    sample.laeq = maybe(MilliDecibels(.random(in: 0...140, using: &dice) * 1000), &dice)
    sample.l10 = maybe(MilliDecibels(.random(in: 0...140, using: &dice) * 1000), &dice)
    sample.l90 = maybe(MilliDecibels(.random(in: 0...140, using: &dice) * 1000), &dice)
    return sample
  }

  @Test("what was put in comes out, as long as it is not a day old", arguments: UInt64(1)...5)
  func keeps(seed: UInt64) {
    var dice = Dice(state: seed)
    var day = RecentDay()
    var all: [PublicSample] = []
    var number: Int64 = 0
    for _ in 0..<200 {
      number += .random(in: 1...3, using: &dice)
      all.append(Self.sample(number, using: &dice))
      day.append(all[all.count - 1])
      let newest = all[all.count - 1].at
      #expect(day.samples == all.filter { newest - $0.at < .days(1) })
    }
    var archive = Archive()
    day.archive(&archive)
    var back = RecentDay()
    var reading = Archive(reading: archive.bytes)
    back.archive(&reading)
    #expect(reading.isComplete && back == day)
  }

  @Test("a clock that was set back takes what it had seen of the future with it") func setBack() {
    var dice = Dice(state: 9)
    var day = RecentDay()
    for number in Int64(0)..<40 { day.append(Self.sample(number, using: &dice)) }
    let earlier = Self.sample(10, using: &dice)
    day.append(earlier)
    #expect(day.samples.count == 11 && day.samples.last == earlier)
  }

  @Test("damaged bytes are refused") func damaged() {
    var archive = Archive()
    var bytes: [UInt8] = [1, 2, 3]
    archive.field(&bytes)
    var day = RecentDay()
    var reading = Archive(reading: archive.bytes)
    day.archive(&reading)
    #expect(reading.isDamaged && day.samples.isEmpty)
  }

  @Test("a sample is taken at every quarter of an hour, of what had been published up to it") func quarters() throws {
    let world = try Fixture.world()
    var published: [Instant: MilliCelsius?] = [:]
    for minute in Int64(1)..<180 {
      let now = Fixture.start + .minutes(minute)
      if minute.isMultiple(of: 15) {
        _ = world.advance(to: now - .milliseconds(1))
        let place = try #require(world.snapshot(version: 1)?.place("parc"))
        published[now] = place.indicators.coolness?.air
      }
      _ = world.ingest(Fixture.air(24 + Double(minute) / 60, at: minute * 60 + 20))
    }
    _ = world.advance(to: Fixture.start + .minutes(180) - .seconds(1))
    let samples = try #require(world.snapshot(version: 2)?.place("parc")).recent.samples
    #expect(samples.count >= 11)
    for sample in samples where sample.at > Fixture.start + .minutes(15) {
      #expect(published[sample.at] == sample.air && sample.air != nil)
    }
  }
}
