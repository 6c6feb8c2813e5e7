// Messages of network servers and hubs against vectors: what the makers publish, and edges of it.

import Dice
import Foundation
import JSONText
import Quantities
import Testing

@testable import SensorProtocol

@Suite("Families") struct FamilyTests {
  private static let arrival = Instant(seconds: 1_784_367_600)  // 2026-07-18T09:40:00Z

  private struct Vector {
    let value: JSONValue
    var name: String { value["name"]?.string ?? "" }
    var topic: String { value["topic"]?.string ?? "" }
    var payload: [UInt8] { value["payload"]?.stringBytes ?? [] }

    func expected(_ key: String) -> JSONValue? { value["expect"]?[key] }
    func number(_ key: String) -> Int64? { expected(key)?.numberText.flatMap { ExactDecimal($0) }?.thousandths }
  }

  private static func vectors(_ file: String) throws -> [Vector] {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "vectors/\(file).json")
    return try JSONDocument([UInt8](Data(contentsOf: path))).root.elements.map(Vector.init)
  }

  private static func server(_ topic: String) -> Decoder {
    if topic.hasPrefix("application/") { return .chirpstack }
    if topic.hasPrefix("v3/") { return .thingsStack }
    return topic.hasPrefix("fifo/") ? .liveObjects : .thingpark
  }

  @Test("uplinks of network servers say device, frame, time, signal and decoded values") func servers() throws {
    let vectors = try Self.vectors("lorawan-servers")
    #expect(vectors.count == 15)
    for vector in vectors {
      let decoder = Self.server(vector.topic)
      let kind = vector.expected("kind")?.string
      if kind == "refused" {
        #expect(throws: Refusal.simulated, "\(vector.name)") { try decoder.read(vector.payload, topic: vector.topic) }
        continue
      }
      let message = try decoder.read(vector.payload, topic: vector.topic)
      let kinds: [String: DeviceMessage.Kind] = [
        "uplink": .measurement, "join": .join, "status": .status, "log": .other,
      ]
      #expect(message.kind == kinds[kind ?? ""], "\(vector.name)")
      #expect(message.device == vector.expected("dev_eui")?.string, "\(vector.name)")
      if let time = vector.expected("time")?.string {
        #expect(message.time == Instant(rfc3339: time), "\(vector.name)")
      } else if kind == "uplink" {
        #expect(message.time == nil, "\(vector.name)")
      }
      for key in ["battery_percent", "margin"] {
        let value = message.readings.first { $0.name == key }?.value.thousandths
        #expect(value == vector.number(key), "\(vector.name): \(key)")
      }
      guard kind == "uplink" else { continue }
      let frame = try #require(message.frame)
      #expect(frame.port * 1000 == vector.number("fport") ?? 0, "\(vector.name)")
      #expect(frame.counter * 1000 == vector.number("fcnt"), "\(vector.name)")
      #expect(frame.payload == [UInt8](hex: vector.expected("hex")?.string ?? ""), "\(vector.name)")
      #expect(vector.number("rssi") == nil || frame.rssi?.thousandths == vector.number("rssi"), "\(vector.name)")
      #expect(vector.number("snr") == nil || frame.snr?.thousandths == vector.number("snr"), "\(vector.name)")
      #expect(vector.number("gateways") == nil || Int64(frame.gateways) * 1000 == vector.number("gateways"))
      if let key = vector.expected("dedup")?.string { #expect(frame.key == key, "\(vector.name)") }
      for member in vector.expected("decoded").map({ Array($0.members) }) ?? [] {
        #expect(message.object?[member.key]?.decimal == member.value.decimal, "\(vector.name): \(member.key)")
      }
    }
  }

  @Test("messages of hubs say device and values") func hubs() throws {
    let vectors = try Self.vectors("mqtt-families")
    #expect(vectors.count == 27)
    for vector in vectors {
      let decoder = try #require(vector.expected("decoder")?.string.flatMap(Decoder.init(rawValue:)))
      if vector.expected("refused") != nil {
        #expect(throws: Refusal.valueNotANumber, "\(vector.name)") {
          try decoder.read(vector.payload, topic: vector.topic)
        }
        continue
      }
      let message = try decoder.read(vector.payload, topic: vector.topic)
      if vector.expected("ignored") != nil {
        #expect(message.kind == .other, "\(vector.name)")
        continue
      }
      if let device = vector.expected("device")?.string { #expect(message.device == device, "\(vector.name)") }
      if let time = vector.expected("time")?.string, decoder != .json {
        #expect(message.time == Instant(rfc3339: time), "\(vector.name)")
      }
      guard decoder != .json else {
        try pointers(vector, message)
        continue
      }
      let expected = vector.value["expect"].map { Array($0.members) } ?? []
      let values = expected.filter { $0.value.kind == .number }
      for member in values {
        let reading = message.reading(member.key)
        #expect(reading?.value.thousandths == vector.number(member.key), "\(vector.name): \(member.key)")
      }
      #expect(message.readings.count == values.count, "\(vector.name): \(message.readings)")
    }
  }

  private func pointers(_ vector: Vector, _ message: DeviceMessage) throws {
    var mapping = FieldMapping()
    for member in vector.expected("pointers").map({ Array($0.members) }) ?? [] {
      let pointer = try #require(member.value["pointer"]?.string)
      if member.key == "time" {
        mapping.time = pointer
        mapping.timeFormat = try #require(member.value["format"]?.string.flatMap(FieldMapping.TimeFormat.init))
      } else {
        let field = try #require(Field(rawValue: member.key))
        mapping.sources.append(.init(field, at: pointer, scale: member.value["scale"]?.decimal))
      }
    }
    let decoded = try mapping.decode(message, arrival: Self.arrival)
    #expect(decoded.refusals.isEmpty && decoded.observations.count == mapping.sources.count)
    for observation in decoded.observations {
      #expect(observation.value == vector.number(observation.field.rawValue))
      #expect(observation.time == vector.expected("time")?.string.flatMap { Instant(rfc3339: $0) })
    }
  }

  @Test(
    "a time that cannot be right gives way to the arrival",
    arguments: [
      ("2026-07-18T09:34:15Z", true), ("2014-12-31T23:59:59Z", false), ("2026-07-18T10:40:00Z", true),
      ("2026-07-18T10:40:01Z", false), ("yesterday", false),
    ]) func times(time: String, isOwn: Bool) throws
  {
    let payload =
      #"{"end_device_ids":{"dev_eui":"24E124136B502217"},"uplink_message":{"f_port":1,"#
      + #""frm_payload":"AQ==","received_at":"\#(time)","decoded_payload":{"temperature":30.8}}}"#
    let decoded = try Decoder.thingsStack.decode(
      Array(payload.utf8), topic: "v3/a/devices/b/up", arrival: Self.arrival, mapping: FieldMapping([.temperature]))
    let observation = try #require(decoded.observations.first)
    #expect(observation.hasOwnTime == isOwn)
    #expect(observation.time == (isOwn ? Instant(rfc3339: time) : Self.arrival))
  }

  @Test("what a mapping asks for is converted, absent or refused for itself alone") func mapping() throws {
    let message = #"{"t":"75.2","h":null,"n":"loud","p":3.5,"far":1e14}"#
    var mapping = FieldMapping()
    mapping.sources = [
      .init(.temperature, at: "/t", unit: "degF"), .init(.humidity, at: "/h"), .init(.laeq, at: "/n"),
      .init(.people, at: "/p"), .init(.batteryPercent, at: "/far", scale: ExactDecimal(1_000_000)),
      .init(.temperatureGlobe, at: "/t", unit: "lx"), .init(.lafmax, at: "/missing"),
    ]
    let decoded = try Decoder.json.decode(
      Array(message.utf8), topic: "x", arrival: Self.arrival, mapping: mapping)
    #expect(decoded.observations.map(\.value) == [24_000])
    #expect(decoded.refusals == [.valueNotANumber, .valueImplausible, .valueTooLarge, .unitUnknown])
    #expect(throws: Refusal.notAMeasurement) {
      try Decoder.json.decode(Array("{}".utf8), topic: "x", arrival: Self.arrival, mapping: mapping)
    }
  }

  private static let traps: [(decoder: Decoder, topic: String, payload: String, place: String, expected: [Int64])] = [
    (.plain, "t", "59 °F", "value", [15_000]), (.plain, "t", "293.15 K", "value", [20_000]),
    (.plain, "t", "50 lx", "value", []),
    (.plain, "t", "off", "value", []), (.json, "t", #"{"t":true}"#, "/t", []), (.json, "t", #"{"t":"on"}"#, "/t", []),
    (.json, "t", #"{"a":[20,30]}"#, "/a/1", [30_000]), (.json, "t", #"{"a":[20,30]}"#, "/a/-1", []),
    (.json, "t", #"{"a":[20,30]}"#, "/a/01", []),
    // A notification of the add-on's probe alone is not the device's own temperature.
    (.shelly, "s/events/rpc", #"{"method":"NotifyStatus","params":{"temperature:100":{"tC":58}}}"#, "temperature", []),
    (
      .shelly, "s/events/rpc", #"{"method":"NotifyStatus","params":{"temperature:100":{"tC":58}}}"#, "temperature@100",
      [58_000]
    ),
    // A chip that fails does not rename the other one.
    (.tasmota, "tele/s/SENSOR", #"{"A":{"Temperature":null},"B":{"Temperature":22}}"#, "temperature@B", [22_000]),
    (.tasmota, "tele/s/SENSOR", #"{"A":{"Temperature":null},"B":{"Temperature":22}}"#, "temperature", []),
    (.tasmota, "tele/s/SENSOR", #"{"B":{"Temperature":22}}"#, "temperature", [22_000]),
    (.tasmota, "tele/s/SENSOR", #"{"B":{"Temperature":22}}"#, "temperature@B", [22_000]),
  ]

  @Test("a state, a unit, another probe is no air temperature", arguments: traps)
  func isNoTemperature(_ trap: (decoder: Decoder, topic: String, payload: String, place: String, expected: [Int64])) {
    var mapping = FieldMapping()
    mapping.sources = [.init(.temperature, at: trap.place)]
    let decoded = try? trap.decoder.decode(
      Array(trap.payload.utf8), topic: trap.topic, arrival: Self.arrival, mapping: mapping)
    #expect((decoded?.observations.map(\.value) ?? []) == trap.expected, "\(trap.payload) at \(trap.place)")
  }

  @Test("a frame that nobody decoded says so; one without payload measures nothing") func undecoded() throws {
    func uplink(_ rest: String) -> [UInt8] { Array(#"{"deviceInfo":{"devEui":"24e124136b502217"},\#(rest)}"#.utf8) }
    func decode(_ payload: [UInt8]) throws -> Decoded {
      try Decoder.chirpstack.decode(
        payload, topic: "application/a/device/b/event/up", arrival: Self.arrival, mapping: FieldMapping([.temperature]))
    }
    #expect(throws: Refusal.notDecoded) { try decode(uplink(#""fPort":85,"data":"AQ==""#)) }
    #expect(throws: Refusal.notAMeasurement) { try decode(uplink(#""fCnt":1"#)) }
    #expect(throws: Refusal.malformed) { try decode(uplink(#""fPort":85,"data":"A""#)) }
    #expect(throws: Refusal.deviceMissing) { try decode(Array("{}".utf8)) }
    #expect(throws: Refusal.duplicateKey) { try decode(uplink(#""fPort":85,"fPort":86"#)) }
  }

  @Test("one frame has one identity, whoever carries it") func frames() throws {
    let frames = try Self.vectors("lorawan-servers").compactMap { vector in
      try? Self.server(vector.topic).read(vector.payload, topic: vector.topic).frame
    }.filter { $0.counter == 118 }
    #expect(frames.count == 7 && Set(frames.map(\.identity)).count == 1)
    #expect(
      RadioFrame(port: 1, counter: 23, payload: []).identity != RadioFrame(port: 12, counter: 3, payload: []).identity)
  }

  private static let identityCases: [(Decoder, String, String?)] = [
    (Decoder.chirpstack, "24-E1-24-13-6B-50-22-17", "24e124136b502217"),
    (.theengs, "A4:C1:38:D5:D4:98", "a4c138d5d498"),
    (.thingpark, "24e124136b5022", nil), (.theengs, "g4c138d5d498", nil),
    (.zigbee2mqtt, "ecole-a/preau", "ecole-a/preau"),
    (.theengs, "ＡＡＡＡ", nil), (.tasmota, "", nil), (.senml, "x", nil),
  ]

  @Test(
    "identities are compared in one form",
    arguments: identityCases
  ) func identities(decoder: Decoder, written: String, expected: String?) {
    #expect(decoder.device(written) == expected)
  }

  @Test("messages that are cut or spoilt anywhere are read or refused, and never more") func spoilt() throws {
    var dice = Dice(state: 11)
    for vector in try Self.vectors("lorawan-servers") + Self.vectors("mqtt-families") {
      let decoder =
        vector.expected("decoder")?.string.flatMap(Decoder.init(rawValue:)) ?? Self.server(vector.topic)
      let bytes = vector.payload
      let mapping = FieldMapping(Field.allCases)
      for _ in 0..<300 where !bytes.isEmpty {
        var other = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &dice)))
        for _ in 0..<Int.random(in: 0...3, using: &dice) where !other.isEmpty {
          other[Int.random(in: other.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
        }
        let decoded = try? decoder.decode(other, topic: vector.topic, arrival: Self.arrival, mapping: mapping)
        #expect((decoded?.observations.count ?? 0) <= Field.allCases.count)
      }
    }
  }
}
