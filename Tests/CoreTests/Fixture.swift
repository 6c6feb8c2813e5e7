// A small city for the tests of the core: a park with a reference, a library that counts, a schoolyard.

import Configuration
import CoolIslands
import Foundation
import Publication
import Quantities
import SensorProtocol

@testable import Core

enum Fixture {
  static let start = Instant(seconds: 1_784_109_600)  // Wednesday 2026-07-15, noon in Paris

  static let settings = """
    {
      "gateway": "test", "places": "places.geojson",
      "city": { "id": "ville", "name": "Ville", "time_zone": "Europe/Paris", "holidays": ["2026-07-14"] },
      "zones": [{ "id": "centre", "reference": "rue" }],
      "sensors": [
        { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 },
        { "id": "air", "place": "parc", "fields": ["temperature", "humidity"], "period_s": 60 },
        { "id": "bruit", "place": "parc", "fields": ["laeq"], "period_s": 60 },
        { "id": "porte", "place": "biblio", "fields": ["in_total", "out_total"], "period_s": 300, "counter_bits": 16 },
        { "id": "salle", "place": "biblio", "fields": ["temperature"], "period_s": 60 },
        { "id": "cour", "place": "cour", "fields": ["temperature", "people", "laeq"], "period_s": 60 },
      ],
    }
    """

  static let places = """
    {"type":"FeatureCollection","features":[
    {"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"parc","name":"Parc","kind":"park","opening_hours":"Mo-Su 08:00-20:00","zone":"centre"}},
    {"type":"Feature","geometry":{"type":"Point","coordinates":[4.86,45.76]},"properties":{"id":"biblio","name":"Bibliothèque","kind":"library","opening_hours":"Mo-Fr 10:00-19:00","capacity":100}},
    {"type":"Feature","geometry":{"type":"Point","coordinates":[4.87,45.77]},"properties":{"id":"cour","name":"Cour","kind":"schoolyard","opening_hours":"24/7","school_hours":"Mo-Fr 08:00-16:30","capacity":50}},
    {"type":"Feature","geometry":{"type":"Point","coordinates":[4.88,45.78]},"properties":{"id":"square","name":"Square","kind":"garden","opening_hours":"24/7"}}
    ]}
    """

  static func text(settings: String = settings, places: String = places) throws -> ConfigurationText {
    let zone = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
    return ConfigurationText(
      files: [
        .init(name: "settings.json", text: Array(settings.utf8)),
        .init(name: "places.geojson", text: Array(places.utf8)),
      ], zone: [UInt8](zone))
  }

  static func city(settings: String = settings) throws -> City {
    let outcome = ConfigurationReader.values(try text(settings: settings))
    guard let configured = outcome.configured else { throw Broken(findings: outcome.findings.map(\.description)) }
    return configured.city
  }

  struct Broken: Error { let findings: [String] }

  /// A world of the city, with some more sensors.
  static func world(sensors: String = "") throws -> OneWorld {
    let world = OneWorld()
    let settings = settings.replacing("\"sensors\": [", with: "\"sensors\": [\(sensors)")
    _ = world.world.configure(try city(settings: settings), at: start)
    return world
  }

  static func message(_ topic: String, _ payload: String, at seconds: Int64, retained: Bool = false, packet: Int? = nil)
    -> Message
  {
    Message(
      arrival: start + .seconds(seconds), topic: topic, payload: Array(payload.utf8), qos: packet == nil ? 0 : 1,
      isRetained: retained, packet: packet)
  }

  static func air(_ celsius: Double, at seconds: Int64) -> Entry {
    .message(
      message(
        "tonnelle/v1/up/parc/air",
        #"[{"n":"temperature","u":"Cel","v":\#(celsius)},{"n":"humidity","u":"%RH","v":40}]"#, at: seconds))
  }

  static func street(_ celsius: Double, at seconds: Int64) -> Entry {
    .message(message("tonnelle/v1/up/rue/rue", #"[{"n":"temperature","v":\#(celsius)}]"#, at: seconds))
  }
}

/// A world that a test can hold and pass around: there is one of each world, and `#expect` would copy it.
final class OneWorld {
  var world = World()

  var now: Instant { world.now }
  var ledger: Ledger { world.ledger }
  func ingest(_ entry: Entry) -> [Effect] { world.ingest(entry) }
  func advance(to instant: Instant) -> [Effect] { world.advance(to: instant) }
  func takeChanges() -> Changes { world.takeChanges() }
  func snapshot(version: UInt64) -> PublicSnapshot? { world.snapshot(version: version) }
  func summary(withInstants: Bool = true) -> [UInt8] { world.summary(withInstants: withInstants) }
  func place(_ id: String) throws -> PublicPlace {
    guard let place = snapshot(version: 1)?.place(id) else { throw Fixture.Broken(findings: ["no place \(id)"]) }
    return place
  }
  func sensor(onTopic topic: String) -> Int? { world.withState { $0.sensor(onTopic: topic) } ?? nil }
  func people(_ place: String) -> Int64? {
    world.withState { $0.operatorsView(at: world.now).places.first { $0.id == place }?.people } ?? nil
  }
  func heatLevel() -> Int? { world.withState { $0.heat.effective(at: world.now)?.level } ?? nil }

  func admission(of message: Message) throws -> Admission {
    guard let admission = world.admission(of: message) else { throw Fixture.Broken(findings: ["no configuration"]) }
    return admission
  }
}

/// Why a message was refused as a whole.
func refusal(of admission: Admission) -> Refusal? {
  if case .refused(let refusal, _, _) = admission { refusal } else { nil }
}
