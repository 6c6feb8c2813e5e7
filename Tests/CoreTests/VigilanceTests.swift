// The national bulletin, as its public interface writes it and as it sometimes does not.

import Configuration
import CoolIslands
import Publication
import Quantities
import Testing

@testable import Core

@Suite("The vigilance bulletin") struct VigilanceTests {
  private func world(departement: String? = "69") throws -> OneWorld {
    let named = departement.map { "\"departement\": \"\($0)\", \"id\": \"ville\"" } ?? "\"id\": \"ville\""
    let text = try Fixture.text(settings: Fixture.settings.replacing("\"id\": \"ville\"", with: named))
    let world = OneWorld()
    guard let configured = ConfigurationReader.values(text).configured else { throw Fixture.Broken(findings: []) }
    _ = world.world.configure(configured.city, at: Fixture.start)
    _ = world.advance(to: Fixture.start)
    return world
  }

  /// A period of a bulletin: for each domain and phenomenon spans of hours after the fixture's noon, with colours.
  private func period(_ name: String, _ domains: [(id: String, phenomenon: String, spans: [(Int64, Int64, String)])])
    -> String
  {
    let items = domains.map { domain in
      let spans = domain.spans.map { from, until, colour in
        let (begin, end) = ((Fixture.start + .hours(from)).rfc3339(), (Fixture.start + .hours(until)).rfc3339())
        return #"{"begin_time":"\#(begin)","end_time":"\#(end)","color_id":\#(colour)}"#
      }
      return #"""
        {"domain_id":\#(domain.id),"max_color_id":3,"phenomenon_items":[{"phenomenon_id":"1","timelaps_items":[]},
        {"phenomenon_id":\#(domain.phenomenon),"phenomenon_max_color_id":3,"timelaps_items":[\#(spans.joined(separator: ","))]}]}
        """#
    }
    return #"{"echeance":"\#(name)","timelaps":{"domain_ids":[\#(items.joined(separator: ","))]}}"#
  }

  private func send(_ world: OneWorld, _ periods: [String], at seconds: Int64 = 0) -> String? {
    let payload = #"{"product":{"update_time":"2026-07-15T06:00:00Z","periods":[\#(periods.joined(separator: ","))]}}"#
    return told(world, payload, at: seconds)
  }

  /// Why a bulletin was refused.
  private func told(_ world: OneWorld, _ payload: String, at seconds: Int64 = 0) -> String? {
    let effects = world.ingest(.command(Fixture.message("tonnelle/v1/command/vigilance", payload, at: seconds)))
    for case .command(let result) in effects { return result.refusal }
    return "no answer"
  }

  private func level(_ world: OneWorld, _ hour: Int64) -> Int? {
    _ = world.advance(to: Fixture.start + .hours(hour))
    return world.heatLevel()
  }

  @Test("the level of the moment, of today and tomorrow, of one's own département") func levels() throws {
    let world = try world()
    let refusal = send(
      world,
      [
        period("J", [("\"69\"", "\"6\"", [(-6, 2, "1"), (2, 12, "\"3\"")]), ("\"FRA\"", "\"6\"", [(-6, 12, "4")])]),
        period("J1", [("\"69\"", "6", [(12, 20, "3"), (20, 36, "2")]), ("\"6910\"", "\"6\"", [(12, 36, "4")])]),
      ])
    #expect(refusal == nil)
    #expect(level(world, 0) == 1)
    #expect(level(world, 2) == 3)
    let heat = world.world.withState { $0.heat.effective(at: world.now) } ?? nil
    #expect(heat?.until == Fixture.start + .hours(20) && heat?.sources == ["feed"])
    #expect(level(world, 20) == 2)
    #expect(level(world, 24) == nil)  // a day has passed without another bulletin
  }

  @Test("a bulletin replaces the one before, and a person on duty can raise the level") func replacing() throws {
    let world = try world()
    #expect(send(world, [period("J", [("69", "6", [(-6, 12, "3")])])]) == nil)
    #expect(send(world, [period("J", [("69", "6", [(-6, 12, "2")])])], at: 60) == nil)
    #expect(level(world, 1) == 2)
    let payload = #"{"level":4,"by":"a","reason":"r","until":"2026-07-15T14:00:00Z"}"#
    _ = world.ingest(.command(Fixture.message("tonnelle/v1/command/heat", payload, at: 3600)))
    #expect(level(world, 2) == 4)
    #expect(level(world, 4) == 2)
  }

  @Test("of what cannot be read only that span is lost; what says nothing of the heat here is refused") func broken()
    throws
  {
    let world = try world()
    #expect(send(world, [period("J", [("69", "6", [(0, 2, "5"), (2, 4, "true"), (6, 5, "3"), (4, 8, "3")])])]) == nil)
    #expect(level(world, 3) == nil)
    #expect(level(world, 5) == 3)
    #expect(send(world, [period("J", [("38", "6", [(0, 9, "2")])])], at: 18_100)?.contains("département 69") == true)
    #expect(send(world, [period("J", [("69", "3", [(0, 9, "2")])])], at: 18_200)?.contains("département 69") == true)
    #expect(told(world, "{}", at: 18_300)?.contains("a vigilance bulletin was expected") == true)
    #expect(told(world, "[1,2]", at: 18_400)?.contains("a vigilance bulletin was expected") == true)
    #expect(level(world, 6) == 3)  // what was known stays
    #expect(
      send(try self.world(departement: nil), [period("J", [("69", "6", [(0, 9, "2")])])])?.contains("departement")
        == true)
  }
}
