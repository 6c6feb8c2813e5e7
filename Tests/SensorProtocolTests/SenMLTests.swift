// SenML against its RFC's examples, and the profile that sensors use.

import Dice
import Foundation
import JSONText
import Quantities
import Testing

@testable import SensorProtocol

@Suite("SenML") struct SenMLTests {
  struct Vector: CustomStringConvertible, Sendable {
    let value: JSONValue
    var description: String { value["name"]?.string ?? "" }
  }

  static func vectors(_ format: String) throws -> [Vector] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "vectors/senml-\(format).json")
    return try JSONDocument([UInt8](Data(contentsOf: file))).root.elements.map(Vector.init)
  }

  @Test("packs resolve as published") func published() throws {
    let packs = try Self.vectors("json")
    let binary = try Self.vectors("cbor")
    #expect(packs.count == 23 && binary.count == 14)
    for vector in packs + binary { try check(vector) }
  }

  /// The payload of a vector, a pack in CBOR as the same in JSON.
  private func payload(_ vector: Vector) throws -> [UInt8] {
    if let payload = vector.value["payload"]?.stringBytes { return payload }
    let digits = try #require(vector.value["hex"]?.stringBytes)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    return try SenMLCBOR.json(of: bytes)
  }

  private func check(_ vector: Vector) throws {
    let arrival = Instant(seconds: Int64(try #require(vector.value["arrival"]?.integer)))
    if let error = vector.value["error"]?.string {
      let reasons: [String: Refusal] = [
        "must-understand": .mustUnderstand, "version": .versionTooNew, "syntax": .malformed, "truncated": .malformed,
        "length": .malformed, "depth": .tooDeep, "reserved": .malformed, "utf-8": .notUTF8, "trailing": .malformed,
      ]
      let reason = try #require(reasons[error])
      #expect(throws: reason, "\(vector)") { try SenMLPack(json: payload(vector), arrival: arrival) }
      return
    }
    let pack = try SenMLPack(json: payload(vector), arrival: arrival)
    let expected = vector.value["expect"].map { Array($0.elements) } ?? []
    #expect(pack.refusals.count == vector.value["refused_records"]?.integer ?? 0, "\(vector)")
    #expect(pack.records.count == expected.count, "\(vector)")
    for (record, expected) in zip(pack.records, expected) {
      #expect(record.name == expected["n"]?.stringSlice && record.unit == expected["u"]?.stringSlice, "\(vector)")
      let time = try #require(expected["t"]?.numberText.flatMap { ExactDecimal($0) })
      #expect(record.time.milliseconds == time.thousandths, "\(vector)")
      let value: SenMLRecord.Value =
        if let number = expected["v"]?.numberText.flatMap({ ExactDecimal($0) }) {
          .number(number)
        } else if let text = expected["vs"]?.string { .text(text) } else if let flag = expected["vb"]?.bool {
          .boolean(flag)
        } else if let data = expected["vd"]?.string { .data(data) } else { .none }
      #expect(record.value == value, "\(vector)")
    }
  }

  @Test("what makers' firmware sends reads as it was measured, in JSON and in CBOR") func firmware() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Firmware-protocol/vectors.json")
    let vectors = try JSONDocument([UInt8](Data(contentsOf: file))).root.elements.map(Vector.init)
    #expect(vectors.count >= 15)
    for vector in vectors {
      let text = try #require(vector.value["json"]?.stringBytes)
      let binary = try #require(vector.value["cbor"]?.string.flatMap { [UInt8](hex: $0) })
      let expected = try (vector.value["records"].map { Array($0.elements) } ?? []).map { record in
        func number(_ key: String) throws -> Int64 { Int64(try #require(record[key]?.integer)) }
        let time = try number("time")
        let denominator = try (0..<number("decimals")).reduce(Int64(1)) { power, _ in power * 10 }
        let value = try #require(ExactDecimal(try number("value")).scaled(by: 1, over: denominator))
        let moment = time >= 1 << 28 ? Instant(seconds: time) : Self.arrival + .seconds(time)
        return Observation(
          field: try #require(record["field"]?.string.flatMap(Field.init(rawValue:))), value: value.thousandths,
          time: moment, hasOwnTime: time != 0, seconds: try number("seconds") == 0 ? nil : try number("seconds"))
      }
      for payload in [text, binary] {
        let decoded = try SenMLProfile.decode(payload, arrival: Self.arrival)
        #expect(decoded == Decoded(observations: expected), "\(vector)")
      }
    }
  }

  @Test("a pack in CBOR that is cut or spoilt anywhere is read or refused, and never more") func spoilt() throws {
    var dice = Dice(state: 7)
    for vector in try Self.vectors("cbor") {
      let digits = try #require(vector.value["hex"]?.stringBytes)
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
      }
      for place in bytes.indices {
        _ = try? SenMLProfile.decode(Array(bytes[..<place]), arrival: Self.arrival)
        for _ in 0..<40 {
          var other = bytes
          other[place] = UInt8.random(in: 0...255, using: &dice)
          other[Int.random(in: bytes.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
          _ = try? SenMLProfile.decode(other, arrival: Self.arrival)
        }
      }
    }
    // Lengths that no message has, and nesting without end.
    for hostile: [UInt8] in [
      [0x9B] + [UInt8](repeating: 0xFF, count: 8), [0x81, 0xBB] + [UInt8](repeating: 0xFF, count: 8),
      [0x81, 0xA1, 0x00, 0x7B] + [UInt8](repeating: 0xFF, count: 8), [UInt8](repeating: 0x81, count: 50_000),
      [0x81, 0xA1, 0x02] + [UInt8](repeating: 0xC1, count: 50_000), [0x9F, 0xBF, 0xFF], [0x81, 0xA1, 0x02, 0xFF],
      [0x81, 0xA1, 0x02, 0x3B] + [UInt8](repeating: 0xFF, count: 8),
    ] {
      _ = try? SenMLProfile.decode(hostile, arrival: Self.arrival)
    }
  }

  @Test("the same in JSON and in CBOR") func binary() throws {
    // [{-2: "cour/", 0: "temperature", 1: "Cel", 2: 31.5 (half), 6: -60}, {0: "occupied", 4: true}]
    let cbor: [UInt8] =
      [0x82, 0xA5, 0x21, 0x65] + Array("cour/".utf8) + [0x00, 0x6B] + Array("temperature".utf8)
      + [0x01, 0x63] + Array("Cel".utf8) + [0x02, 0xF9, 0x4F, 0xE0, 0x06, 0x38, 0x3B, 0xA2, 0x00, 0x68]
      + Array("occupied".utf8) + [0x04, 0xF5]
    let json = #"[{"bn":"cour/","n":"temperature","u":"Cel","v":31.5,"t":-60},{"n":"occupied","vb":true}]"#
    let decoded = try SenMLProfile.decode(cbor, arrival: Self.arrival)
    #expect(try decoded == SenMLProfile.decode(Array(json.utf8), arrival: Self.arrival))
    #expect(decoded.observations.map(\.value) == [31_500, 1000] && decoded.refusals.isEmpty)
  }

  static let arrival = Instant(seconds: 1_784_368_800)

  static let readings: [(payload: String, field: Field, value: Int64)] = [
    (#"[{"n":"temperature","u":"Cel","v":29.4}]"#, .temperature, 29_400),
    (#"[{"n":"temperature","v":-0.0}]"#, .temperature, 0),
    (#"[{"n":"temperature","u":"K","v":300.15}]"#, .temperature, 27_000),
    (#"[{"n":"humidity","u":"/","v":0.505}]"#, .humidity, 50_500),
    (#"[{"n":"humidity","u":"%RH","v":101}]"#, .humidity, 100_000),
    (#"[{"n":"laeq","u":"Bspl","v":5.65}]"#, .laeq, 56_500),
    (#"[{"bn":"urn:dev:x:","n":"temperature","v":1}]"#, .temperature, 1_000),
    (#"[{"bn":"cour/","n":"occupied","vb":true}]"#, .occupied, 1_000),
    (#"[{"n":"in_total","u":"count","v":65535}]"#, .inTotal, 65_535_000),
  ]

  @Test("units become the field's own", arguments: readings)
  func units(_ example: (payload: String, field: Field, value: Int64)) throws {
    let decoded = try SenMLProfile.decode(Array(example.payload.utf8), arrival: Self.arrival)
    #expect(decoded.refusals.isEmpty)
    #expect(
      decoded.observations.map(\.field) == [example.field] && decoded.observations.map(\.value) == [example.value])
  }

  static let refused: [(payload: String, refusal: Refusal)] = [
    (#"[{"n":"temperature","u":"Cel","v":327.67}]"#, .valueImplausible),
    (#"[{"n":"humidity","v":106}]"#, .valueImplausible),
    (#"[{"n":"laeq","v":0}]"#, .valueImplausible), (#"[{"n":"in_total","v":1.5}]"#, .valueImplausible),
    (#"[{"n":"temperature","u":"%RH","v":20}]"#, .unitUnknown),
    (#"[{"n":"temperature","u":"degC","v":20}]"#, .unitUnknown),
    (#"[{"n":"colour","v":20}]"#, .nameUnknown), (#"[{"n":"temperature","v":1e999}]"#, .valueTooLarge),
    (#"[{"n":"temperature","v":"20"}]"#, .valueNotANumber), (#"[{"n":"temperature","vs":"warm"}]"#, .valueNotANumber),
    (#"[{"n":"temperature"}]"#, .valueMissing), (#"[{"n":"tempera ture","v":1}]"#, .nameMalformed),
    (#"["temperature"]"#, .recordMalformed), (#"[{"n":"temperature","v":1,"t":1e17}]"#, .valueTooLarge),
  ]

  @Test("a bad record has a named reason, and the good one beside it counts", arguments: refused)
  func badBesideGood(_ example: (payload: String, refusal: Refusal)) throws {
    let payload = example.payload.dropLast() + #",{"n":"battery_percent","v":80}]"#
    let decoded = try SenMLProfile.decode(Array(payload.utf8), arrival: Self.arrival)
    #expect(decoded.refusals == [example.refusal])
    #expect(decoded.observations.map(\.value) == [80_000])
  }

  @Test("a level says how long it stands for") func durations() throws {
    let decoded = try SenMLProfile.decode(
      Array(#"[{"n":"laeq_60s","v":50},{"n":"laeq_15m","v":50},{"n":"laeq_0s","v":50},{"n":"laeq","v":50}]"#.utf8),
      arrival: Self.arrival)
    #expect(decoded.observations.map(\.seconds) == [60, 900, nil])
    #expect(decoded.refusals == [.nameUnknown])
  }

  @Test("what is journalled of a reduced pack says the same") func encoding() throws {
    let payload = Array(#"[{"bt":1784368700.25,"n":"laeq_60s","v":51.125},{"n":"temperature","v":-3.5}]"#.utf8)
    let decoded = try SenMLProfile.decode(payload, arrival: Self.arrival)
    let again = try SenMLProfile.decode(SenMLProfile.encode(decoded.observations), arrival: Self.arrival)
    #expect(again == decoded)
  }

  @Test("what is older than can be written stays old, and comes back as nothing that lies ahead") func ancient() throws
  {
    let payload = Array(#"[{"bt":-1555555555,"n":"temperature","u":"Cel","v":24}]"#.utf8)
    let decoded = try SenMLProfile.decode(payload, arrival: Self.arrival)
    let first = try #require(decoded.observations.first)
    #expect(first.time < Self.arrival - .days(9000))
    let again = try SenMLProfile.decode(SenMLProfile.encode(decoded.observations), arrival: Self.arrival)
    #expect(again.observations.first?.time == Instant(seconds: 268_435_456))  // 2^28, 4 July 1978
  }

  @Test("the quick reader says what the thorough one says, or nothing") func quick() throws {
    let arrival = Instant(seconds: 1_784_109_600)
    // Pieces of packs, most of them good, put together at random.
    let names = [
      "temperature", "humidity", "laeq_60s", "in_total", "people", "occupied", "x/temperature", "wind",
      "te\\u006dperature", "é", "a b:temperature", "/temperature", ":humidity", "laeq_+60s",
      String(repeating: "x", count: 300) + "/temperature",
    ]
    let values = [
      "20", "20.5", "-3.1415926", "1e2", "0", "00", "-0.0", "20.", "1234567890123456", "0.0005", "99.9995", "105.0004",
      "\"20\"", "true",
    ]
    let units = ["Cel", "%RH", "%", "count", "dB", "dBA", "K", "/", "", "Celsius degrees, no"]
    let times = [
      "1784109000", "1784109000.1234", "-60", "0", "268435456", "268435455.9", "1e9", "300000000000",
      "299999999999.999",
    ]
    var dice = Dice(state: 5)
    var quick = 0
    for _ in 0..<12_000 {
      let records = (0..<Int.random(in: 1...3, using: &dice)).map { _ in
        var members = [#""n":"\#(dice.pick(names))""#, #""v":\#(dice.pick(values))"#]
        if dice.once(in: 2) { members.append(#""u":"\#(dice.pick(units))""#) }
        if dice.once(in: 3) { members.append(#""t":\#(dice.pick(times))"#) }
        if dice.once(in: 40) { members.append(members[0]) }
        if dice.once(in: 40) { members.append(#""bn":"a""#) }
        for _ in 0..<2 where dice.once(in: 6) { members.insert(#""bt":\#(dice.pick(times))"#, at: 0) }
        if dice.once(in: 2) { members.swapAt(0, members.count - 1) }
        return "{" + members.joined(separator: dice.once(in: 3) ? ", " : ",") + "}"
      }
      var payload = Array(("[" + records.joined(separator: ",") + "]").utf8)
      if dice.once(in: 5) {
        payload[.random(in: payload.indices, using: &dice)] = .random(in: .min ... .max, using: &dice)
      }
      var observations: [Observation] = []
      guard SenMLProfile.ordinaryPack(payload, arrival: arrival, into: &observations) else { continue }
      quick += 1
      var thorough = Decoded()
      try SenMLProfile.decodeThoroughly(payload, arrival: arrival, into: &thorough)
      #expect(thorough == Decoded(observations: observations), "\(String(decoding: payload, as: UTF8.self))")
    }
    #expect(quick > 150)
  }
}
