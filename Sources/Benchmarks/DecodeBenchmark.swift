// What reading one message costs, beside Foundation's JSONDecoder, which reads the same text and checks nothing.

import Foundation
import JSONText
import Quantities
import SensorProtocol

enum DecodeBenchmark {
  private static let arrival = Instant(seconds: 1_784_368_800)
  private static let pack = Array(
    #"[{"n":"temperature","u":"Cel","v":24.52},{"n":"humidity","u":"%RH","v":48}]"#.utf8)
  private static let uplink = Array(
    #"{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-07-18T09:34:15.775023242+00:00","deviceInfo":{"tenantName":"Ville","deviceName":"cour-03","devEui":"24e124136b502217","tags":{"place":"ecole-a"}},"fCnt":118,"fPort":85,"data":"AXVcA2c0AQRoZQ==","object":{"temperature":30.8,"humidity":50.5,"battery":92},"rxInfo":[{"gatewayId":"0016c001f153a14c","rssi":-97,"snr":7.2}]}"#
      .utf8)

  private struct Record: Decodable {
    let n: String
    let u: String?
    let v: Double?
    let t: Double?
  }

  private struct Uplink: Decodable {
    struct Device: Decodable { let devEui: String }
    struct Object: Decodable {
      let temperature: Double
      let humidity: Double
    }
    let time: String
    let deviceInfo: Device
    let fCnt: Int
    let fPort: Int
    let data: Data
    let object: Object
  }

  static func run(_ results: inout Results) throws {
    let decoder = JSONDecoder()
    let (packData, uplinkData) = (Data(pack), Data(uplink))
    var memory = Decoded()
    try compare(
      "decode senml", &results, goal: .atMost(0.125),
      { try SenMLProfile.decode(pack, arrival: arrival, into: &memory) },
      { guard try decoder.decode([Record].self, from: packData).count == 2 else { throw Wrong() } })
    let mapping = FieldMapping([.temperature, .humidity])
    try compare(
      "decode chirpstack", &results, goal: nil,
      {
        let decoded = try Decoder.chirpstack.decode(
          uplink, topic: "application/a/device/b/event/up", arrival: arrival, mapping: mapping)
        guard decoded.observations.count == 2 else { throw Wrong() }
      },
      { guard try decoder.decode(Uplink.self, from: uplinkData).fCnt == 118 else { throw Wrong() } })
    // What valgrind counts of 21,000 more messages.
    let (few, many) = (try allocations(1000), try allocations(22_000))
    results.add(
      Row(
        name: "decode allocations", unit: "in 21,000 messages", ours: many - few, peer: 1, peerName: "limit: none",
        goal: .atMost(0)))
  }

  private struct Wrong: Error {}

  /// The best of some rounds each, in turns, in microseconds a message.
  private static func compare(
    _ name: String, _ results: inout Results, goal: Row.Goal?, _ ours: () throws -> Void, _ theirs: () throws -> Void
  ) throws {
    func time(_ count: Int, _ body: () throws -> Void) throws -> Double {
      let clock = ContinuousClock()
      let begun = clock.now
      for _ in 0..<count { try body() }
      return Double((clock.now - begun).components.attoseconds) / 1e12 / Double(count)
    }
    var (best, peer) = (Double.infinity, Double.infinity)
    for _ in 0..<7 {
      best = min(best, try time(20_000, ours))
      peer = min(peer, try time(5000, theirs))
    }
    results.add(Row(name: name, unit: "µs a message", ours: best, peer: peer, peerName: "JSONDecoder", goal: goal))
  }

  private static func allocations(_ count: Int) throws -> Double {
    try heapAllocations(of: ["measure", "decode", "\(count)"])
  }

  /// A process of its own, for valgrind: so many messages in the steady state.
  static func measure(_ count: Int) throws -> Double {
    var memory = Decoded()
    for _ in 0..<count { try SenMLProfile.decode(pack, arrival: arrival, into: &memory) }
    return Double(memory.observations.count)
  }
}
