// What has to be done before the heat comes, and what an act leaves behind.

import Configuration
import CoolIslands
import Publication
import Quantities
import SensorProtocol
import Testing

@testable import Core

@Suite("Readiness") struct ReadinessTests {
  private func view(_ world: OneWorld, at time: Instant) -> OperatorsView? {
    _ = world.advance(to: time)
    return world.world.withState { $0.operatorsView(at: time) }
  }

  private func kinds(_ view: OperatorsView?, _ place: String) -> [ReadinessTask.Kind] {
    view?.tasks.filter { $0.place == place }.map(\.kind) ?? []
  }

  private func command(_ topic: String, _ payload: String, at seconds: Int64) -> Entry {
    .command(Fixture.message("tonnelle/v1/command/" + topic, payload, at: seconds))
  }

  @Test("a sensor is silent from its patience on, since it was last heard, and a place without sensors is ready")
  func silent() throws {
    let world = try Fixture.world()
    _ = world.ingest(Fixture.air(24, at: 0))
    var tasks = try #require(view(world, at: Fixture.start + .seconds(60))).tasks
    #expect(!tasks.contains { $0.sensor == "air" })
    #expect(tasks.contains { $0.sensor == "bruit" && $0.kind == .sensorSilent && $0.since == nil })
    let later = try #require(view(world, at: Fixture.start + .hours(2)))
    tasks = later.tasks
    #expect(tasks.first { $0.sensor == "air" }?.since == Fixture.start)
    #expect(later.places.first { $0.id == "square" }?.isReady == true)
    #expect(later.places.first { $0.id == "parc" }?.isReady == false)
    // What never spoke comes before what fell silent.
    let order = tasks.filter { $0.place == "parc" }.map(\.sensor)
    #expect(order == ["bruit", "air"])
  }

  @Test("nobody is sent to a sensor in maintenance, what it says does not count, and it ends by itself")
  func maintenance() throws {
    let world = try Fixture.world()
    let payload = #"{"until":"2026-07-15T13:00:00+02:00","by":"a","reason":"pile"}"#
    _ = world.ingest(command("sensors/bruit/maintenance", payload, at: 1))
    let noon = Fixture.start + .seconds(30)
    #expect(!(view(world, at: noon)?.tasks.contains { $0.sensor == "bruit" } ?? true))
    let message = Fixture.message(
      "tonnelle/v1/up/parc/bruit", #"[{"n":"laeq","u":"dBA","v":50}]"#, at: 40)
    guard case .refused(.maintenance, 1, _)? = world.world.admission(of: message) else {
      Issue.record("a reading in maintenance was admitted")
      return
    }
    let after = Fixture.message("tonnelle/v1/up/parc/bruit", #"[{"n":"laeq","u":"dBA","v":50}]"#, at: 3600)
    guard case .admitted? = world.world.admission(of: after) else {
      Issue.record("a reading after the maintenance was refused")
      return
    }
    #expect(kinds(view(world, at: Fixture.start + .hours(1)), "parc").contains(.sensorSilent))
  }

  @Test("an act says what held before and after, and a refused one why")
  func acts() throws {
    let world = try Fixture.world()
    func result(_ topic: String, _ payload: String, at seconds: Int64) -> CommandResult? {
      for case .command(let result) in world.ingest(command(topic, payload, at: seconds)) { return result }
      return nil
    }
    let until = "2026-07-15T20:00:00+02:00"
    let closed = #"{"state":"closed","by":"a","reason":"orage","until":"\#(until)"}"#
    let first = try #require(result("places/parc/override", closed, at: 1))
    #expect(first.before == "regular hours" && first.after == "closed until 2026-07-15T20:00:00+02:00")
    #expect(first.by == "a" && first.reason == "orage" && first.refusal == nil)
    let level = #"{"level":4,"by":"b","reason":"r","until":"\#(until)"}"#
    #expect(result("heat", level, at: 2)?.after == "level 4 until 2026-07-15T20:00:00+02:00")
    #expect(world.world.withState { $0.heat.effective(at: Fixture.start + .seconds(3))?.level } == .some(4))
    let back = try #require(result("heat", #"{"level":null,"by":"b","reason":"levée"}"#, at: 4))
    #expect(back.before == "level 4 until 2026-07-15T20:00:00+02:00" && back.after == "nothing")
    #expect(world.world.withState { $0.heat.effective(at: Fixture.start + .seconds(5)) == nil } == true)
    let refused = try #require(result("heat", #"{"level":null,"by":"b"}"#, at: 6))
    #expect(refused.refusal == "\"reason\" is missing" && refused.by == "b")
    #expect(result("sensors/niemand/maintenance", #"{"until":null,"by":"b","reason":"r"}"#, at: 7)?.refusal != nil)
  }
}
