// Promises that depend on several parts at once: seldom sensors, heat that is announced and taken back, crowds that a
// motion sensor does not see, school hours that nobody renewed.

import Configuration
import CoolIslands
import Publication
import Quantities
import SensorProtocol
import Testing

@testable import Core

@Suite("Promises") struct PromiseTests {
  private func world(
    settings: [(String, String)] = [], places: [(String, String)] = []
  ) throws -> OneWorld {
    func changed(_ text: String, _ changes: [(String, String)]) throws -> String {
      try changes.reduce(text) { text, change in
        try #require(text.contains(change.0))
        return text.replacing(change.0, with: change.1)
      }
    }
    let outcome = ConfigurationReader.values(
      try Fixture.text(settings: changed(Fixture.settings, settings), places: changed(Fixture.places, places)))
    guard let configured = outcome.configured else {
      throw Fixture.Broken(findings: outcome.findings.map(\.description))
    }
    let world = OneWorld()
    _ = world.world.configure(configured.city, at: Fixture.start)
    return world
  }

  private func indicators(_ world: OneWorld, _ place: String, minute: Int64, second: Int64 = 0) throws
    -> PublicIndicators
  {
    _ = world.advance(to: Fixture.start + .seconds(minute * 60 + second))
    return try world.place(place).indicators
  }

  private func command(_ world: OneWorld, _ name: String, _ payload: String, minute: Int64) {
    var message = Fixture.message("tonnelle/v1/command/\(name)", payload, at: minute * 60)
    message.qos = 1
    _ = world.ingest(.command(message))
  }

  private func say(_ world: OneWorld, _ sensor: String, _ payload: String, at second: Int64) {
    _ = world.ingest(.message(Fixture.message("tonnelle/v1/up/biblio/\(sensor)", payload, at: second)))
  }

  /// A national bulletin about the heat in Lyon.
  private func bulletin(_ color: Int, from: String) -> String {
    let item = #"{"begin_time":"\#(from)","end_time":"2026-07-16T00:00:00+02:00","color_id":\#(color)}"#
    let domain = #"{"domain_id":"69","phenomenon_items":[{"phenomenon_id":"6","timelaps_items":[\#(item)]}]}"#
    return #"{"product":{"periods":[{"timelaps":{"domain_ids":[\#(domain)]}}]}}"#
  }

  private static let lyon = (#""name": "Ville","#, #""name": "Ville", "departement": "69","#)
  private static let closesInHeat = (
    #""name":"Square","kind":"garden""#,
    #""name":"Square","kind":"garden","heat_hours":[{"min_level":4,"opening_hours":"off","mode":"replace"}]"#
  )
  /// One more sensor at the library.
  private static func more(_ sensor: String) -> (String, String) {
    (#"{ "id": "salle""#, sensor + #", { "id": "salle""#)
  }

  @Test("sensors that speak every ten minutes are compared all the time", arguments: [600, 900] as [Int64])
  func seldom(period: Int64) throws {
    let world = try world(settings: [
      (
        #""id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60"#,
        #""id": "rue", "station": "rue", "fields": ["temperature"], "period_s": \#(period)"#
      ),
      (
        #""id": "air", "place": "parc", "fields": ["temperature", "humidity"], "period_s": 60"#,
        #""id": "air", "place": "parc", "fields": ["temperature", "humidity"], "period_s": \#(period)"#
      ),
    ])
    for second in stride(from: Int64(0), to: 7200, by: 20) {
      if second % period == 40 { _ = world.ingest(Fixture.air(29, at: second)) }
      if second % period == 300 { _ = world.ingest(Fixture.street(34, at: second)) }
      guard second > 2 * period else { continue }
      let parc = try indicators(world, "parc", minute: 0, second: second)
      #expect(parc.availability == .available && parc.coolness?.difference == MilliCelsius(5000), "after \(second) s")
    }
  }

  @Test("a level that is set, replaced or taken back is followed in the next second, without any sensor") func atOnce()
    throws
  {
    let world = try world(places: [Self.closesInHeat])
    func isOpen(_ minute: Int64) throws -> Bool {
      try indicators(world, "square", minute: minute, second: 1).opening.state == .open
    }
    #expect(try isOpen(60))
    let morning = "2026-07-15T06:00:00+02:00"
    command(world, "heat", #"{"level":4,"by":"a","reason":"r","until":"2026-07-15T20:00:00Z"}"#, minute: 61)
    #expect(try !isOpen(61))
    command(world, "heat", #"{"level":null,"by":"a","reason":"r"}"#, minute: 67)
    #expect(try isOpen(67))
    let city = try self.world(settings: [Self.lyon], places: [Self.closesInHeat])
    _ = try indicators(city, "square", minute: 120)
    command(city, "vigilance", bulletin(4, from: morning), minute: 121)  // it has held since six o'clock
    #expect(try indicators(city, "square", minute: 121, second: 1).opening.state == .closed)
    command(city, "vigilance", bulletin(2, from: morning), minute: 128)
    #expect(try indicators(city, "square", minute: 128, second: 1).opening.state == .open)
  }

  @Test("a bulletin with a time before all times changes nothing and harms nobody") func impossibleTime() throws {
    let world = try world(settings: [Self.lyon])
    command(world, "vigilance", bulletin(4, from: "0000-01-01T00:00:00+01:00"), minute: 1)
    _ = world.advance(to: Fixture.start + .minutes(2))
    #expect(world.heatLevel() == nil)
    #expect(Instant(milliseconds: .min / 2).rfc3339(offset: -3600).hasPrefix("0000-01-01T00:00:00"))
    #expect(Instant(milliseconds: .max / 2).rfc3339(offset: 3600).hasPrefix("9999-12-31T23:59:59"))
  }

  @Test("what is told of an opening knows when the level ends") func announcedEnd() throws {
    // Open to 20:00; from level 3 on also from 20:00 to 24:00, but the level ends at 19:30.
    let world = try world(places: [
      (
        #""opening_hours":"Mo-Su 08:00-20:00""#,
        #""opening_hours":"Mo-Su 08:00-20:00","heat_hours":[{"min_level":3,"opening_hours":"20:00-24:00"}]"#
      )
    ])
    command(world, "heat", #"{"level":3,"by":"a","reason":"r","until":"2026-07-15T19:30:00+02:00"}"#, minute: 1)
    #expect(try indicators(world, "parc", minute: 2).opening.until?.rfc3339() == "2026-07-15T18:00:00Z")
    command(world, "heat", #"{"level":3,"by":"a","reason":"r","until":"2026-07-15T21:30:00+02:00"}"#, minute: 3)
    #expect(try indicators(world, "parc", minute: 4).opening.until?.rfc3339() == "2026-07-15T22:00:00Z")
    // Taken back at half past eight: who is there stays to the end of the span, and everybody is told so.
    #expect(try indicators(world, "parc", minute: 510).opening.state == .open)
    command(world, "heat", #"{"level":null,"by":"a","reason":"r"}"#, minute: 511)
    #expect(try indicators(world, "parc", minute: 512).opening.state == .open)
    let openings = try world.place("parc").openings
    #expect(openings.contains { $0.from <= world.now && $0.until == Fixture.start + .hours(12) && $0.state == .open })
  }

  @Test("a decision of several days is known for all of them") func longDecision() throws {
    let world = try world()
    let until = try #require(Instant(rfc3339: "2026-07-18T22:00:00+02:00"))
    command(
      world, "places/biblio/override",
      #"{"state":"open","by":"a","reason":"canicule","until":"2026-07-18T22:00:00+02:00"}"#, minute: 540)
    let opening = try indicators(world, "biblio", minute: 541).opening
    #expect(opening.state == .open && opening.until == until)
    let openings = try world.place("biblio").openings
    for hour in Int64(10)...81 {
      let moment = Fixture.start + .hours(hour)
      #expect(openings.contains { $0.from <= moment && moment < $0.until && $0.state == .open }, "after \(hour) h")
    }
  }

  @Test("a motion sensor that sees nobody does not empty a place that a door has filled") func corner() throws {
    let world = try world(
      settings: [Self.more(#"{ "id": "coin", "place": "biblio", "fields": ["occupied"], "period_s": 60 }"#)])
    for minute in Int64(0)...60 {
      say(world, "coin", #"[{"n":"occupied","vb":false}]"#, at: minute * 60)
      guard minute % 5 == 0 else { continue }
      let total = min(98, minute * 10)
      say(world, "porte", #"[{"n":"in_total","v":\#(total)},{"n":"out_total","v":0}]"#, at: minute * 60 + 1)
      guard minute >= 15 else { continue }
      #expect(try indicators(world, "biblio", minute: minute, second: 2).occupancy?.level == .full, "at \(minute)")
    }
  }

  @Test("a camera is heard although the door's clock is ahead") func clocks() throws {
    let world = try world(
      settings: [Self.more(#"{ "id": "oeil", "place": "biblio", "fields": ["people"], "period_s": 60 }"#)])
    for minute in Int64(0)...20 {
      say(world, "porte", #"[{"n":"in_total","v":0,"t":100},{"n":"out_total","v":0,"t":100}]"#, at: minute * 60)
      say(world, "oeil", #"[{"n":"people","v":97}]"#, at: minute * 60 + 1)
    }
    #expect(try indicators(world, "biblio", minute: 21).occupancy?.level == .full)
  }

  @Test("school hours that have run out protect on") func schoolHours() throws {
    let world = try world(places: [
      (#""school_hours":"Mo-Fr 08:00-16:30""#, #""school_hours":"2025 Sep 01-2026 Jul 03 Mo-Fr 08:00-16:30""#)
    ])
    _ = world.advance(to: Fixture.start + .hours(8))
    let count = Fixture.message("tonnelle/v1/up/cour/cour", #"[{"n":"people","v":30}]"#, at: 8 * 3600)
    #expect(try refusal(of: world.admission(of: count)) == .schoolHours)
    let tasks = try #require(world.world.withState { $0.operatorsView(at: world.now).tasks } ?? nil)
    #expect(tasks.contains { $0.kind == .timetableExpired && $0.place == "cour" })
  }
}
