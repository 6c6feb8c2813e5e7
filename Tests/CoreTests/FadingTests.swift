// What must end by itself: counts after closing, windows whose sensors have fallen silent.

import Configuration
import CoolIslands
import Publication
import Quantities
import Testing

@testable import Core

@Suite("What ends by itself") struct FadingTests {
  /// Noon in Paris, as a moment of the day.
  private func at(_ hour: Int64, _ minute: Int64 = 0, _ second: Int64 = 0) -> Instant {
    Fixture.start + .hours(hour - 12) + .minutes(minute) + .seconds(second)
  }

  private func world(_ settings: (String) -> String = { $0 }, places: (String) -> String = { $0 }) throws -> OneWorld {
    let text = try Fixture.text(settings: settings(Fixture.settings), places: places(Fixture.places))
    let world = OneWorld()
    guard let configured = ConfigurationReader.values(text).configured else { throw Fixture.Broken(findings: []) }
    _ = world.world.configure(configured.city, at: at(7))
    return world
  }

  private func send(_ world: OneWorld, _ topic: String, _ payload: String, _ time: Instant) {
    let message = Message(arrival: time, topic: "tonnelle/v1/up/\(topic)", payload: Array(payload.utf8))
    _ = world.ingest(.message(message))
  }

  private func indicators(_ world: OneWorld, _ place: String) -> PublicIndicators? {
    world.world.withState { state in state.place(place).flatMap { state.publicPlace($0)?.indicators } } ?? nil
  }

  @Test("a lunch break empties nothing; the last closing of the day does, once") func lunch() throws {
    let world = try world(places: { $0.replacing("Mo-Fr 10:00-19:00", with: "Mo-Fr 08:00-12:00,12:15-18:00") })
    send(world, "biblio/porte", #"[{"n":"in_total","v":0},{"n":"out_total","v":0}]"#, at(8))
    send(world, "biblio/porte", #"[{"n":"in_total","v":40},{"n":"out_total","v":0}]"#, at(11))
    _ = world.advance(to: at(13))
    #expect(world.people("biblio") == 40)
    _ = world.advance(to: at(18, 29))
    #expect(world.people("biblio") == 40)
    _ = world.advance(to: at(18, 35))
    #expect(world.people("biblio") == 0)
  }

  @Test("who passed before the place was emptied does not fill it again, even after closing") func lateTotal() throws {
    let world = try world()
    let closing = at(19)
    send(world, "biblio/porte", #"[{"n":"in_total","v":10},{"n":"out_total","v":10}]"#, at(18))
    _ = world.advance(to: closing + .minutes(31))
    let passed = closing + .minutes(10)
    send(
      world, "biblio/porte", #"[{"n":"in_total","v":70,"t":\#(passed.seconds)}]"#, closing + .minutes(41))
    #expect(world.people("biblio") == 0)
  }

  @Test("somebody who is seen stays counted after closing") func someone() throws {
    let world = try world(
      { $0.replacing(#""people", "laeq""#, with: #""people""#) },
      places: {
        $0.replacing(
          #""opening_hours":"24/7","school_hours":"Mo-Fr 08:00-16:30","#, with: #""opening_hours":"Mo-Su 08:00-18:00","#
        )
      })
    for minute in stride(from: Int64(0), through: 120, by: 5) {
      send(world, "cour/cour", #"[{"n":"people","v":3}]"#, at(17, 30) + .minutes(minute))
    }
    #expect(world.people("cour") == 3)
    send(world, "cour/cour", #"[{"n":"people","v":0}]"#, at(19, 40))
    _ = world.advance(to: at(19, 45))
    #expect(world.people("cour") == 0)
  }

  @Test("a sound meter that fell silent is not quiet until midnight") func silentMeter() throws {
    let world = try world({
      $0.replacing(
        #""fields": ["laeq"], "period_s": 60"#, with: #""fields": ["laeq"], "period_s": 60, "stale_after_s": 120"#)
    })
    for minute in 0..<20 { send(world, "parc/bruit", #"[{"n":"laeq","v":45}]"#, at(12, Int64(minute))) }
    #expect(indicators(world, "parc")?.noise?.noiseClass == .quiet)
    // 8 of 15 minutes are heard at 12:27, 7 at 12:28: less than half.
    _ = world.advance(to: at(12, 26, 59))
    #expect(indicators(world, "parc")?.noise != nil)
    _ = world.advance(to: at(12, 28))
    #expect(indicators(world, "parc")?.noise == nil)
  }

  @Test("older is never fresher: without a word fewer sensors are heard, and nothing that was unknown becomes known")
  func silence() throws {
    let world = try world()
    for minute in 0..<5 {
      send(world, "rue/rue", #"[{"n":"temperature","v":34}]"#, at(12, Int64(minute)))
      send(world, "parc/air", #"[{"n":"temperature","v":25},{"n":"humidity","v":40}]"#, at(12, Int64(minute), 10))
      send(world, "parc/bruit", #"[{"n":"laeq_60s","v":48}]"#, at(12, Int64(minute), 20))
    }
    _ = world.advance(to: at(12, 5))
    guard var before = indicators(world, "parc") else { throw Fixture.Broken(findings: []) }
    #expect(before.freshness?.alive == 2 && before.coolness != nil)
    for minute in 6..<120 {
      _ = world.advance(to: at(12, Int64(minute)))
      guard let now = indicators(world, "parc") else { throw Fixture.Broken(findings: []) }
      #expect(now.freshness?.observedAt == before.freshness?.observedAt)
      #expect(now.freshness?.alive ?? 0 <= before.freshness?.alive ?? 0)
      #expect(now.coolness == nil || before.coolness != nil)
      #expect(now.coolness?.difference == nil || before.coolness?.difference != nil)
      #expect(now.noise == nil || before.noise != nil)
      before = now
    }
    #expect(before.freshness?.alive == 0 && before.coolness == nil && before.availability == .unknown)
  }

  @Test("a street that fell silent is compared with nothing") func staleReference() throws {
    let world = try world({
      $0.replacing(
        #""station": "rue", "fields": ["temperature"], "period_s": 60"#,
        with: #""station": "rue", "fields": ["temperature"], "period_s": 60, "stale_after_s": 120"#)
    })
    for minute in 0..<3 {
      send(world, "rue/rue", #"[{"n":"temperature","v":34}]"#, at(12, Int64(minute)))
      send(world, "parc/air", #"[{"n":"temperature","v":25}]"#, at(12, Int64(minute), 10))
    }
    #expect(indicators(world, "parc")?.coolness?.differenceClass == .muchCooler)
    send(world, "parc/air", #"[{"n":"temperature","v":25}]"#, at(12, 5))
    _ = world.advance(to: at(12, 5))
    #expect(indicators(world, "parc")?.coolness != nil)
    #expect(indicators(world, "parc")?.coolness?.difference == nil)
  }
}
