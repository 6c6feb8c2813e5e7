// Devices behind servers and hubs: known by identity, counted once a frame, kept out of a schoolyard as all others.

import CoolIslands
import Foundation
import Quantities
import SensorProtocol
import Testing

@testable import Core

@Suite("Senders") struct SendersTests {
  private static let sensors = """
    { "id": "cour-air", "place": "cour", "decoder": "chirpstack", "device": "24E124136B502217", "mapping": "em300" },
    { "id": "serre", "place": "parc", "decoder": "tasmota", "device": "serre", "fields": ["temperature", "humidity"] },
    { "id": "carte", "place": "parc", "decoder": "theengs", "device": "A4:C1:38:D5:D4:98", "fields": ["temperature"] },
    { "id": "station", "place": "parc", "decoder": "plain", "topic": "parc/nord/temp", "fields": ["temperature"] },
    """

  private static func world() throws -> OneWorld {
    let settings = Fixture.settings.replacing(
      "\"sensors\": [",
      with: """
        "subscriptions": [
          { "topic": "tonnelle/v1/up/+/+" }, { "topic": "application/+/device/+/event/+", "decoder": "chirpstack" },
          { "topic": "tele/#", "decoder": "tasmota" }, { "topic": "home/+/BTtoMQTT/+", "decoder": "theengs" },
          { "topic": "parc/+/temp", "decoder": "plain" },
        ],
        "mappings": { "em300": {
          "temperature": "/temperature", "people": "/people", "battery_percent": { "pointer": "/battery", "scale": 0.5 },
        } },
        "sensors": [\(sensors)
        """)
    let world = OneWorld()
    _ = world.world.configure(try Fixture.city(settings: settings), at: Fixture.start)
    return world
  }

  private static func uplink(
    _ object: String, counter: Int, time: String? = nil, device: String = "24e124136b502217", at seconds: Int64,
    event: String = "up"
  ) -> Message {
    let time = time.map { #""time":"\#($0)","# } ?? ""
    return Fixture.message(
      "application/a/device/\(device)/event/\(event)",
      #"{\#(time)"deviceInfo":{"devEui":"\#(device)"},"fCnt":\#(counter),"fPort":85,"data":"AQ==","object":\#(object)}"#,
      at: seconds)
  }

  private func account(_ world: OneWorld, _ id: String) -> Account? {
    world.ledger.sensors.first { $0.id == id }?.account
  }

  @Test("a frame counts once, whatever carries it twice; after a join counters begin anew") func frames() throws {
    let world = try Self.world()
    let frame = Self.uplink(#"{"temperature":30.1}"#, counter: 7, at: 1)
    _ = world.ingest(.message(frame))
    var again = frame
    again.arrival = frame.arrival + .minutes(5)
    _ = world.ingest(.message(again))
    #expect(account(world, "cour-air")?.counted == 1 && account(world, "cour-air")?.redelivered == 1)
    var join = Self.uplink("{}", counter: 0, at: 400, event: "join")
    join.arrival = Fixture.start + .seconds(400)
    _ = world.ingest(.message(join))
    again.arrival = Fixture.start + .seconds(500)
    _ = world.ingest(.message(again))
    #expect(account(world, "cour-air")?.counted == 2)
    #expect(world.ledger.isBalanced)
  }

  @Test("of forty frames the first is forgotten, and a counter far below means a join that nobody saw")
  func memory() throws {
    let world = try Self.world()
    for counter in 100..<140 {
      let message = Self.uplink(#"{"temperature":30.1}"#, counter: counter, at: Int64(counter * 60))
      _ = world.ingest(.message(message))
    }
    #expect(account(world, "cour-air")?.counted == 40)
    for (counter, counted) in [(139, 40), (108, 40), (3, 41), (139, 42)] {
      let message = Self.uplink(#"{"temperature":30.1}"#, counter: counter, at: 9000 + Int64(counter))
      _ = world.ingest(.message(message))
      #expect(account(world, "cour-air")?.counted == Int64(counted), "counter \(counter)")
    }
  }

  @Test("in school hours a schoolyard's uplink is stored without its people, as a pack of the sensor's own")
  func schoolyard() throws {
    let world = try Self.world()
    let message = Self.uplink(
      #"{"temperature":30.1,"people":12,"battery":184}"#, counter: 1, time: "2026-07-15T10:00:00Z", at: 1)
    guard case .admitted(.message(let stored), let sensor, let refusals) = try world.admission(of: message) else {
      throw Fixture.Broken(findings: [])
    }
    #expect(stored.topic == "tonnelle/v1/up/cour/cour-air" && refusals == [.schoolHours])
    #expect(!String(decoding: stored.payload, as: UTF8.self).contains("people"))
    #expect(world.sensor(onTopic: stored.topic) == sensor)
    _ = world.ingest(.message(stored))
    #expect(account(world, "cour-air")?.counted == 2)
    let view = world.world.withState { $0.operatorsView(at: world.now) }
    let seen = view?.places.flatMap(\.sensors).first { $0.id == "cour-air" }
    #expect(seen?.battery == MilliPercent(92_000))
  }

  @Test("in school hours nothing is stored that nobody asked for, also of a pack and of a frame that is refused whole")
  func onlyWhatIsAskedFor() throws {
    let world = try Self.world()
    let hub = Fixture.message(
      "application/a/device/24e124136b502217/event/up",
      #"{"deviceInfo":{"devEui":"24e124136b502217"},"fCnt":1,"fPort":85,"data":"AQID","object":{"temperature":20,"heads":31}}"#,
      at: 1)
    let pack = Fixture.message(
      "tonnelle/v1/up/cour/cour", #"[{"n":"temperature","v":25,"heads":31}]"#, at: 2)
    for message in [hub, pack] {
      guard case .admitted(.message(let stored), _, let refusals) = try world.admission(of: message) else {
        throw Fixture.Broken(findings: [])
      }
      #expect(refusals.isEmpty)
      let text = String(decoding: stored.payload, as: UTF8.self)
      #expect(!text.contains("31") && !text.contains("AQID") && text.contains("temperature"), "\(text)")
    }
  }

  @Test("a frame of school hours is known again after school, whatever was kept of it", arguments: ["20", "null"])
  func frameAfterSchool(temperature: String) throws {
    let world = try Self.world()
    let frame = Self.uplink(#"{"temperature":\#(temperature),"people":12}"#, counter: 7, at: 1)
    var accepted: Int64 = 0
    for hours in [0, 0, 7] {  // twice in school, and once in the evening
      var copy = frame
      copy.arrival = frame.arrival + .hours(Int64(hours))
      guard case .admitted(let entry, _, _) = try world.admission(of: copy) else {
        throw Fixture.Broken(findings: ["\(hours)"])
      }
      _ = world.ingest(entry)
      accepted = account(world, "cour-air")?.accepted ?? 0
      #expect(accepted == (temperature == "null" ? 0 : 1), "after \(hours) hours")
    }
    #expect(world.ledger.isBalanced)
  }

  @Test("a level that does not say its time stands for the sensor's period, also just after school")
  func levelAfterSchool()
    throws
  {
    let world = try Self.world()
    for (minutes, isKept) in [(270.5, false), (272, true)] {  // school ends at 16:30; the period is a minute
      let message = Fixture.message(
        "tonnelle/v1/up/cour/cour", #"[{"n":"laeq","v":61}]"#, at: Int64(minutes * 60))
      let refusal = refusal(of: try world.admission(of: message))
      #expect(refusal == (isKept ? nil : .schoolHours), "\(minutes)")
    }
  }

  @Test(
    "what is no reading is refused by name and never stored",
    arguments: [
      ("application/a/device/b/event/up", #"{"deviceInfo":{"devEui":"0000000000000001"}}"#, Refusal.deviceUnknown),
      ("application/a/device/b/event/log", #"{"deviceInfo":{"devEui":"24e124136b502217"}}"#, .notAMeasurement),
      ("application/a/device/b/event/log", #"{"deviceInfo":{"devEui":"0000000000000001"}}"#, .notAMeasurement),
      ("application/a/device/b/event/up", "{}", .deviceMissing), ("application/a/device/b/event/up", "{", .malformed),
      ("tele/serre/STATE", "{}", .notAMeasurement), ("tele/autre/SENSOR", #"{"A":{"Temperature":1}}"#, .deviceUnknown),
      ("home/gw/BTtoMQTT/000000000001", #"{"tempc":21}"#, .deviceUnknown), ("parc/sud/temp", "21", .topicNotConfigured),
    ]) func refused(topic: String, payload: String, expected: Refusal) throws
  {
    let world = try Self.world()
    let admission = try world.admission(of: Fixture.message(topic, payload, at: 1))
    #expect(refusal(of: admission) == expected)
  }

  @Test("hubs' readings count") func counted() throws {
    let world = try Self.world()
    for (topic, payload) in [
      ("tele/serre/SENSOR", #"{"BME280":{"Temperature":77,"Humidity":41.5},"TempUnit":"F"}"#),
      ("home/a/BTtoMQTT/A4C138D5D498", #"{"tempc":24.5,"hum":50}"#), ("parc/nord/temp", " 25.5 °C\n"),
    ] {
      let message = Fixture.message(topic, payload, at: 1)
      guard case .admitted(let entry, _, []) = try world.admission(of: message) else {
        Issue.record("\(topic) was not admitted")
        continue
      }
      _ = world.ingest(entry)
    }
    #expect(["serre", "carte", "station"].map { account(world, $0)?.counted } == [2, 1, 1])
    #expect(world.ledger.isBalanced && world.ledger.total.refused.isEmpty)
  }
}
