// Hours that heat switches on: when they begin, when they end, who may overrule them.

import Configuration
import Publication
import Quantities
import Testing

@testable import Core
@testable import CoolIslands

@Suite("Hours in heat") struct HeatHoursTests {
  /// A moment of Wednesday 15 July 2026 in Paris; hours beyond 24 are of Thursday.
  private func at(_ hour: Int64, _ minute: Int64 = 0, _ second: Int64 = 0) -> Instant {
    Fixture.start + .hours(hour - 12) + .minutes(minute) + .seconds(second)
  }

  /// The fixture's city at 7 o'clock, with more properties of the park (open 08:00 to 20:00) and of the square (24/7).
  private func world(park: String = "", square: String = "") throws -> OneWorld {
    let places = Fixture.places
      .replacing(#""kind":"park","#, with: #""kind":"park",\#(park.isEmpty ? "" : park + ",")"#)
      .replacing(#""kind":"garden","#, with: #""kind":"garden",\#(square.isEmpty ? "" : square + ",")"#)
    let outcome = ConfigurationReader.values(try Fixture.text(places: places))
    guard let configured = outcome.configured else {
      throw Fixture.Broken(findings: outcome.findings.map(\.description))
    }
    let world = OneWorld()
    _ = world.world.configure(configured.city, at: at(7))
    _ = world.advance(to: at(7))
    return world
  }

  private func heat(_ world: OneWorld, _ level: Int, _ time: Instant, until: String = "2026-07-15T23:00:00+02:00") {
    let payload = #"{"level":\#(level),"by":"a","reason":"r","until":"\#(until)"}"#
    _ = world.ingest(.command(Message(arrival: time, topic: "tonnelle/v1/command/heat", payload: Array(payload.utf8))))
  }

  private func opening(_ world: OneWorld, _ time: Instant) -> PublicIndicators.Opening? { opening(world, "parc", time) }

  private func opening(_ world: OneWorld, _ place: String, _ time: Instant) -> PublicIndicators.Opening? {
    _ = world.advance(to: time)
    return world.world.withState { state in state.place(place).flatMap { state.publicPlace($0)?.indicators.opening } }
      ?? nil
  }

  private static let night = #""heat_hours":[{"min_level":3,"opening_hours":"20:00-24:00"}]"#

  static let parks: [String] = [
    "", night, night.replacing("}", with: #","on_drop":"stop"}"#), night.replacing("}", with: #","mode":"replace"}"#),
    #""heat_hours":[{"min_level":2,"opening_hours":"20:00-22:00"},{"min_level":3,"opening_hours":"06:00-24:00","mode":"replace"}]"#,
    #""heat_hours":[{"min_level":4,"opening_hours":"24/7"}]"#,
  ]

  @Test("what is foretold of the days ahead is what comes, if nothing else is said", arguments: parks, [false, true])
  func foretold(park: String, isClosed: Bool) throws {
    let world = try world(park: park)
    heat(world, 3, at(12, 30))
    if isClosed {
      let payload = #"{"state":"closed","by":"a","reason":"orage","until":"2026-07-15T21:30:00+02:00"}"#
      _ = world.ingest(
        .command(
          Message(
            arrival: at(12, 40), topic: "tonnelle/v1/command/places/parc/override", payload: Array(payload.utf8))))
    }
    _ = world.advance(to: at(13))
    let place = try #require(world.snapshot(version: 1)?.place("parc"))
    let moments = (Int64(1)..<4 * 48).map { at(13) + .minutes(15 * $0) }
    // What coverage counts on.
    let counted = world.world.withState { state in
      state.place("parc").map { index in
        moments.map { state.isOpen(index, at: $0, level: state.heat.effective(at: $0)?.level ?? 0) }
      }
    }
    for (number, moment) in moments.enumerated() {
      let comes = opening(world, moment)?.state == .open
      #expect((place.openUntil(at: moment) != nil) == comes, "\(moment.rfc3339())")
      #expect(counted??[number] == comes, "\(moment.rfc3339())")
    }
  }

  @Test("hours in heat that a new configuration brings can be asked for at once") func reconfigured() throws {
    let world = try world()
    let configured = try self.world(park: Self.parks[4]).world.city
    _ = world.world.configure(try #require(configured), at: at(12))
    let place = try #require(world.snapshot(version: 2)?.place("parc"))
    #expect(place.indicators.opening.state == .open)
    let night = world.world.withState { $0.operatorsView(at: at(12)).places.first { $0.id == "parc" } }
    #expect(night??.isInHeatPlan == true)
    _ = world.advance(to: at(13))
    #expect(world.snapshot(version: 3)?.place("parc")?.openUntil(at: at(13)) == at(20))
  }

  @Test("a park that stays open at night: one span, until midnight, though the level drops at 23:00") func night()
    throws
  {
    let world = try world(park: Self.night)
    #expect(opening(world, at(9)) == .init(state: .open, until: at(20), rule: .regular))
    heat(world, 3, at(12, 30))
    #expect(opening(world, at(13)) == .init(state: .open, until: at(24), rule: .regular))
    #expect(opening(world, at(20)) == .init(state: .open, until: at(24), rule: .heat))
    #expect(opening(world, at(23, 30)) == .init(state: .open, until: at(24), rule: .heat))
    #expect(opening(world, at(24)) == .init(state: .closed, until: at(32), rule: .regular))
  }

  @Test("a park that closes as soon as the heat is over") func stop() throws {
    let world = try world(park: Self.night.replacing("}", with: #","on_drop":"stop"}"#))
    heat(world, 3, at(12, 30))
    #expect(opening(world, at(20)) == .init(state: .open, until: at(23), rule: .heat))
    #expect(opening(world, at(22, 59, 59))?.state == .open)
    #expect(opening(world, at(23)) == .init(state: .closed, until: at(32), rule: .regular))
  }

  @Test("below its level, and while nobody knows the level, nothing is switched on") func notNow() throws {
    let world = try world(park: Self.night)
    #expect(opening(world, at(20, 30)) == .init(state: .closed, until: at(32), rule: .regular))
    heat(world, 2, at(20, 40))
    #expect(opening(world, at(20, 41))?.state == .closed)
    heat(world, 3, at(20, 50, 30))
    #expect(opening(world, at(20, 51)) == .init(state: .open, until: at(24), rule: .heat))
    heat(world, 1, at(21))  // the operator takes it back: the span that was begun is kept
    #expect(opening(world, at(21, 1)) == .init(state: .open, until: at(24), rule: .heat))
  }

  @Test("hours that replace the timetable, and of two the higher level's") func replace() throws {
    let world = try world(
      park:
        #""heat_hours":[{"min_level":4,"opening_hours":"off","mode":"replace"},{"min_level":2,"opening_hours":"06:00-10:00,18:00-23:00","mode":"replace"}]"#
    )
    heat(world, 2, at(9))
    #expect(opening(world, at(9, 1)) == .init(state: .open, until: at(10), rule: .heat))
    #expect(opening(world, at(12)) == .init(state: .closed, until: at(18), rule: .heat))
    heat(world, 4, at(13))
    // The level is announced until 23:00; then the timetable holds again, which opens at 8.
    #expect(opening(world, at(13, 1)) == .init(state: .closed, until: at(32), rule: .heat))
    #expect(opening(world, at(18, 30))?.state == .closed)
  }

  @Test("a span that was begun does not outlive a rule that closes the place at a higher level") func tooHot() throws {
    let world = try world(
      park:
        #""heat_hours":[{"min_level":2,"opening_hours":"20:00-24:00"},{"min_level":4,"opening_hours":"off","mode":"replace"}]"#
    )
    heat(world, 2, at(19))
    #expect(opening(world, at(20)) == .init(state: .open, until: at(24), rule: .heat))
    heat(world, 4, at(21))
    #expect(opening(world, at(21, 1)) == .init(state: .closed, until: at(23), rule: .heat))  // when the level ends
    heat(world, 2, at(22))
    #expect(opening(world, at(22, 1)) == .init(state: .open, until: at(24), rule: .heat))
  }

  @Test("a refuge has its hours from its level on, and one that never closes ends with the heat") func refuge() throws {
    let world = try world(park: #""refuge_from_level":3"#, square: #""refuge_from_level":3"#)
    #expect(opening(world, at(9))?.state == .closed && opening(world, "square", at(9))?.state == .closed)
    heat(world, 3, at(12, 30))
    #expect(opening(world, at(12, 31)) == .init(state: .open, until: at(20), rule: .heat))
    #expect(opening(world, "square", at(12, 31))?.state == .open)
    #expect(opening(world, at(20, 1))?.state == .closed)
    #expect(opening(world, "square", at(22, 59))?.state == .open)
    #expect(opening(world, "square", at(23, 0, 1))?.state == .closed)
  }

  @Test("a timetable of one season has expired afterwards: nobody knows, and the description says since when")
  func expired() throws {
    let world = try world(park: #""note":"x""#)
    let text = try Fixture.text(
      places: Fixture.places.replacing("Mo-Su 08:00-20:00", with: "2026 Jun 01-2026 Jul 15 08:00-20:00"))
    guard let configured = ConfigurationReader.values(text).configured else { throw Fixture.Broken(findings: []) }
    _ = world.world.configure(configured.city, at: at(8))
    #expect(opening(world, at(9)) == .init(state: .open, until: at(20), rule: .regular))
    #expect(opening(world, at(21))?.state == .closed)  // of this day it still speaks
    #expect(opening(world, at(24)) == .init(state: .unknown, until: nil, rule: .regular))
    let place = world.world.withState { state in state.place("parc").flatMap { state.publicPlace($0) } } ?? nil
    #expect(place?.indicators.availability == .unknown && place?.indicators.reasons == [.timetableExpired])
    #expect(place?.about.timetableEnds == at(24) && place?.about.intervals == [])
  }

  @Test("a decision of the service beats the heat") func override() throws {
    let world = try world(park: Self.night)
    heat(world, 3, at(12, 30))
    let payload = #"{"state":"closed","by":"a","reason":"orage","until":"2026-07-15T22:00:00+02:00"}"#
    let topic = "tonnelle/v1/command/places/parc/override"
    _ = world.ingest(.command(Message(arrival: at(19), topic: topic, payload: Array(payload.utf8))))
    #expect(opening(world, at(20, 30)) == .init(state: .closed, until: at(22), rule: .override))
    #expect(opening(world, at(22)) == .init(state: .open, until: at(24), rule: .heat))
  }

  @Test("only the heat's own places are looked at when it changes, and each change is one transition")
  func transitions()
    throws
  {
    let world = try world(park: Self.night)
    _ = world.advance(to: at(20, 30))
    heat(world, 3, at(20, 30, 10))
    let effects = world.advance(to: at(20, 30, 11))
    let opened: [Transition] = effects.compactMap { effect in
      if case .transition(let transition) = effect { transition } else { nil }
    }
    .filter { $0.indicator == .opening }
    #expect(opened.map(\.place) == ["parc"] && opened.map(\.to) == ["open"] && opened.map(\.at) == [at(20, 30, 10)])
  }
}
