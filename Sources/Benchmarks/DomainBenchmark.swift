// The domain at the size of a large city: all indicators at once, one place's, and who has a place in reach.

import Configuration
import Core
import CoolIslands
import Foundation
import Publication
import Quantities

enum DomainBenchmark {
  private static let places = 1400
  private static let start = Instant(seconds: 1_784_368_800)  // 2026-07-18T10:00:00Z

  static func run(_ results: inout Results) throws {
    try indicators(&results)
    coverage(&results)
  }

  // MARK: Indicators

  /// 1,400 places with four sensors each: air twice, sound, a door; a reference for every hundred places.
  private static func city() throws -> City {
    var sensors: [String] = []
    var features: [String] = []
    var zones: [String] = []
    for zone in 0..<places / 100 {
      zones.append(#"{"id":"z\#(zone)","reference":"rue\#(zone)"}"#)
      sensors.append(
        #"{"id":"rue\#(zone)","station":"rue","fields":["temperature"],"topic":"tonnelle/v1/up/rue/\#(zone)"}"#)
    }
    for place in 0..<places {
      for (name, fields) in [
        ("a", "\"temperature\",\"humidity\""), ("b", "\"temperature\",\"humidity\""), ("n", "\"laeq\""),
        ("d", "\"in_total\",\"out_total\""),
      ] { sensors.append(#"{"id":"p\#(place)-\#(name)","place":"p\#(place)","fields":[\#(fields)],"period_s":60}"#) }
      let (x, y) = (4.8 + Double(place % 40) * 0.003, 45.7 + Double(place / 40) * 0.003)
      features.append(
        #"{"type":"Feature","geometry":{"type":"Point","coordinates":[\#(x),\#(y)]},"properties":{"id":"p\#(place)","name":"P","kind":"park","zone":"z\#(place / 100)","capacity":200,"opening_hours":"Mo-Su 06:00-22:00"}}"#
      )
    }
    let settings = """
      {"gateway":"g","places":"places.geojson","sensors":[\(sensors.joined(separator: ","))],
       "zones":[\(zones.joined(separator: ","))],"city":{"id":"c","name":"C"}}
      """
    let geoJSON = #"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#
    let zone = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
    let outcome = ConfigurationReader.values(
      ConfigurationText(
        files: [
          .init(name: "settings.json", text: Array(settings.utf8)),
          .init(name: "places.geojson", text: Array(geoJSON.utf8)),
        ], zone: [UInt8](zone)))
    guard let configured = outcome.configured else {
      throw BenchmarkError(description: outcome.findings.first?.description ?? "no city")
    }
    return configured.city
  }

  private static func message(_ topic: String, _ payload: String, _ time: Instant) -> Entry {
    .message(Message(arrival: time, topic: "tonnelle/v1/up/\(topic)", payload: Array(payload.utf8)))
  }

  private static func indicators(_ results: inout Results) throws {
    var world = World()
    _ = world.configure(try city(), at: start)
    var minute = start
    func value(_ place: Int, _ step: Int) -> Double { 25 + Double(place % 7) + Double((place + step) % 5) / 10 }
    for step in 0..<30 {
      minute = start + .minutes(Int64(step))
      for zone in 0..<places / 100 {
        _ = world.ingest(message("rue/\(zone)", #"[{"n":"temperature","v":\#(34 + Double(step % 4) / 10)}]"#, minute))
      }
      for place in 0..<places {
        for sensor in ["a", "b"] {
          _ = world.ingest(
            message(
              "p\(place)/p\(place)-\(sensor)",
              #"[{"n":"temperature","v":\#(value(place, step))},{"n":"humidity","v":\#(45 + step % 3)}]"#, minute))
        }
        _ = world.ingest(message("p\(place)/p\(place)-n", #"[{"n":"laeq","v":\#(48 + (place + step) % 9)}]"#, minute))
        _ = world.ingest(
          message(
            "p\(place)/p\(place)-d", #"[{"n":"in_total","v":\#(step * 3)},{"n":"out_total","v":\#(step * 2)}]"#, minute)
        )
      }
    }
    // Every place is due at a whole minute; those that no quarter hour and no five minutes fall on.
    var all: [Double] = []
    var one: [Double] = []
    for step in 31..<45 where step % 5 != 0 {
      let now = start + .minutes(Int64(step))
      _ = world.advance(before: now)
      all.append(milliseconds { _ = world.advance(to: now) })
      let second = now + .seconds(20)
      _ = world.ingest(message("p7/p7-a", #"[{"n":"temperature","v":\#(value(7, step))}]"#, second))
      one.append(milliseconds { _ = world.advance(to: second + .seconds(1)) })
    }
    results.add(
      Row(
        name: "indicators all", unit: "ms, 1,400 places, 5,600 sensors", ours: median(Array(all.suffix(11))), peer: 5,
        peerName: "limit", goal: .atMost(1)))
    results.add(
      Row(
        name: "indicators one", unit: "ms after one message", ours: median(Array(one.suffix(11))),
        peer: median(Array(all.suffix(11))), peerName: "all", goal: .atMost(0.05)))
  }

  // MARK: Coverage

  private static func coverage(_ results: inout Results) {
    func position(_ number: Int, _ width: Int, _ step: Double) -> PublicPosition {
      PublicPosition(
        longitudeE7: Int64((4.78 + Double(number % width) * step) * 1e7),
        latitudeE7: Int64((45.70 + Double(number / width) * step) * 1e7))
    }
    // A city of 12 km by 15; one place in five is a park with an outline of forty corners.
    let cells = (0..<20_000).map { PopulationCell(position: position($0, 125, 0.00125), people: Int64($0 % 60)) }
    let shapes = (0..<places).map { number -> GeoShape in
      let at = position(number, 35, 0.0042)
      guard number % 5 == 0 else { return GeoShape(at) }
      let ring = (0...40).map { corner in
        let angle = Double(corner % 40) / 40 * 2 * Double.pi
        return PublicPosition(
          longitudeE7: at.longitudeE7 + Int64(14_000 * cos(angle)), latitudeE7: at.latitudeE7 + Int64(9000 * sin(angle))
        )
      }
      return GeoShape(polygons: [[ring]])
    }
    var made = Coverage(places: [], cells: [])
    let building = (0..<5).map { _ in milliseconds { made = Coverage(places: shapes, cells: cells) } }
    var changes: [Double] = []
    for round in 0..<4 {
      let time = milliseconds { for place in shapes.indices { made.set(place, isGood: round % 2 == 0) } }
      changes.append(time / Double(places))
    }
    results.add(
      Row(
        name: "coverage", unit: "ms, 1,400 places × 20,000 cells", ours: median(building), peer: 50, peerName: "limit",
        goal: .atMost(1)))
    results.add(
      Row(
        name: "coverage change", unit: "ms after one place's", ours: changes.max() ?? 0, peer: median(building),
        peerName: "all", goal: .atMost(0.01)))
  }

  private static func milliseconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    body()
    let parts = (clock.now - start).components
    return Double(parts.seconds) * 1000 + Double(parts.attoseconds) / 1e15
  }
}
