// Everything that strangers and broken devices send: refused or counted under a name, never a crash, never at the
// expense of what was good beside it.

import CoolIslands
import Quantities
import SensorProtocol
import Testing

@testable import Core

@Suite("Bad input") struct BadInputTests {
  struct Input: Sendable, CustomStringConvertible {
    var description: String
    var topic = "tonnelle/v1/up/parc/air"
    var payload: [UInt8]
    var retained = false
    var qos = 1
    /// The reason that operators read.
    var reason: Refusal
    /// Readings that count all the same.
    var accepted: Int64 = 0

    init(
      _ description: String, topic: String = "tonnelle/v1/up/parc/air", _ payload: [UInt8], retained: Bool = false,
      qos: Int = 1, reason: Refusal, accepted: Int64 = 0
    ) {
      self.description = description
      self.topic = topic
      self.payload = payload
      self.retained = retained
      self.qos = qos
      self.reason = reason
      self.accepted = accepted
    }

    init(
      _ description: String, topic: String = "tonnelle/v1/up/parc/air", _ payload: String, retained: Bool = false,
      qos: Int = 1, reason: Refusal, accepted: Int64 = 0
    ) {
      self.init(
        description, topic: topic, Array(payload.utf8), retained: retained, qos: qos, reason: reason, accepted: accepted
      )
    }
  }

  static let good = #"{"n":"humidity","u":"%RH","v":40}"#
  static let fine = #"[{"n":"temperature","v":25}]"#

  /// A pack of one bad record beside a good one.
  static func beside(_ description: String, _ record: String, _ reason: Refusal) -> Input {
    Input(description, "[\(record),\(good)]", reason: reason, accepted: 1)
  }

  static let inputs: [Input] = [
    Input("nothing", "", reason: .payloadEmpty),
    Input("white space", "  \n", reason: .payloadEmpty),
    Input("one MiB", [UInt8](repeating: 0x20, count: 1 << 20), reason: .payloadTooLarge),
    Input("cut in a string", #"[{"n":"temper"#, reason: .malformed),
    Input("cut in a record", #"[{"n":"temperature","v":25"#, reason: .malformed),
    Input("cut after the record", #"[{"n":"temperature","v":25}"#, reason: .malformed),
    Input("two packs", fine + fine, reason: .malformed),
    Input("an object", #"{"n":"temperature","v":25}"#, reason: .notAPack),
    Input("a number", "25", reason: .notAPack),
    Input("a text", #""25""#, reason: .notAPack),
    Input("null", "null", reason: .notAPack),
    Input("not JSON", "temperature=25", reason: .malformed),
    Input("XML", "<v>25</v>", reason: .malformed),
    Input("single quotes", "[{'n':'temperature','v':25}]", reason: .malformed),
    Input("a trailing comma", #"[{"n":"temperature","v":25},]"#, reason: .malformed),
    Input("a comment", "[/* */]", reason: .malformed),
    Input("NaN", #"[{"n":"temperature","v":NaN}]"#, reason: .malformed),
    Input("Infinity", #"[{"n":"temperature","v":Infinity}]"#, reason: .malformed),
    Input("a plus sign", #"[{"n":"temperature","v":+25}]"#, reason: .malformed),
    Input("a leading zero", #"[{"n":"temperature","v":025}]"#, reason: .malformed),
    Input("a decimal comma", #"[{"n":"temperature","v":25,4}]"#, reason: .malformed),
    Input("hexadecimal", #"[{"n":"temperature","v":0x19}]"#, reason: .malformed),
    Input("deep nesting", String(repeating: "[", count: 60_000), reason: .tooDeep),
    Input("deep nesting in a member", #"[{"x":"# + String(repeating: "[", count: 100) + "]", reason: .tooDeep),
    Input("a key twice", #"[{"n":"temperature","v":25,"v":26}]"#, reason: .duplicateKey),
    Input("a lone surrogate", #"[{"n":"\ud83c","v":25}]"#, reason: .malformed),
    Input("a NUL byte", Array("[{\"n\":\"temp".utf8) + [0] + Array("\"}]".utf8), reason: .malformed),
    Input("a raw control character", "[{\"n\":\"a\tb\"}]", reason: .malformed),
    Input("UTF-16", [0xFF, 0xFE] + fine.utf8.flatMap { [$0, 0] }, reason: .malformed),
    Input("UTF-16 inside a string", Array("[{\"n\":\"".utf8) + [0xFF, 0xFE] + Array("\"}]".utf8), reason: .notUTF8),
    Input("Latin-1", Array("[{\"n\":\"caf".utf8) + [0xE9] + Array("\"}]".utf8), reason: .notUTF8),
    Input("an overlong form", Array("[{\"n\":\"".utf8) + [0xC0, 0xAF] + Array("\"}]".utf8), reason: .notUTF8),
    Input("a byte order mark", [0xEF, 0xBB, 0xBF] + Array(fine.utf8), reason: .malformed),
    Input("cut CBOR", [0x81, 0xA2, 0x00, 0x61, 0x74, 0x02, 0x18], reason: .malformed),
    Input("tagged CBOR that is no array", [0xD9, 0xD9, 0xF7, 0xA0], reason: .notAPack),
    Input("another tag", [0xD9, 0x01, 0x00, 0x80], reason: .notAPack),
    Input("gzip", [0x1F, 0x8B, 0x08, 0x00], reason: .malformed),
    Input(
      "1,001 records", "[" + Array(repeating: good, count: 1001).joined(separator: ",") + "]", reason: .tooManyRecords),
    Input("a newer version", #"[{"bver":11,"n":"temperature","v":25}]"#, reason: .versionTooNew),
    Input("a label that must be understood", #"[{"n":"temperature","v":25,"key_":1}]"#, reason: .mustUnderstand),
    beside("1e999", #"{"n":"temperature","v":1e999}"#, .valueTooLarge),
    beside("1e17", #"{"n":"temperature","v":1e17}"#, .valueTooLarge),
    beside("the largest integer", #"{"n":"in_total","v":9223372036854775807}"#, .valueTooLarge),
    beside("a huge negative time", #"{"n":"temperature","v":25,"t":-99999999999}"#, .timeTooOld),
    beside("a long number", #"{"n":"temperature","v":"# + String(repeating: "9", count: 5000) + "}", .valueTooLarge),
    beside("a value as text", #"{"n":"temperature","v":"25"}"#, .valueNotANumber),
    beside("a value of null", #"{"n":"temperature","v":null}"#, .valueNotANumber),
    beside("no value", #"{"n":"temperature"}"#, .valueMissing),
    beside("no name", #"{"v":25}"#, .nameMalformed),
    beside("two values", #"{"n":"temperature","v":25,"vb":true}"#, .recordMalformed),
    beside("a record that is a list", "[1]", .recordMalformed),
    beside("a record that is null", "null", .recordMalformed),
    beside("a name with a space", #"{"n":"air temp","v":25}"#, .nameMalformed),
    beside("a name of 300 bytes", #"{"n":""# + String(repeating: "a", count: 300) + #"","v":25}"#, .nameMalformed),
    beside("an unknown name", #"{"n":"radon","v":25}"#, .nameUnknown),
    beside("a field the sensor does not declare", #"{"n":"people","v":3}"#, .notThisSensors),
    beside("the wrong unit", #"{"n":"temperature","u":"Pa","v":25}"#, .unitUnknown),
    beside("the sentinel 327.67", #"{"n":"temperature","v":327.67}"#, .valueImplausible),
    beside("colder than any city", #"{"n":"temperature","v":-40.001}"#, .valueImplausible),
    beside("a time in 1970", #"{"n":"temperature","v":25,"t":300000000}"#, .timeTooOld),
    beside("a time in 2099", #"{"n":"temperature","v":25,"t":4080000000}"#, .timeAhead),
    beside("a time two hours ahead", #"{"n":"temperature","v":25,"t":7200}"#, .timeAhead),
    beside("a time beyond the calendar", #"{"n":"temperature","v":25,"t":1e15}"#, .valueTooLarge),
    beside("a time as text", #"{"n":"temperature","v":25,"t":"now"}"#, .valueNotANumber),
    Input("an unknown place", topic: "tonnelle/v1/up/nulle-part/air", fine, reason: .placeUnknown),
    Input("an unknown sensor", topic: "tonnelle/v1/up/parc/inconnu", fine, reason: .sensorUnknown),
    Input("a plus in the topic", topic: "tonnelle/v1/up/+/air", fine, reason: .topicMalformed),
    Input("a hash in the topic", topic: "tonnelle/v1/up/parc/#", fine, reason: .topicMalformed),
    Input("dots in the topic", topic: "tonnelle/v1/up/../air", fine, reason: .topicMalformed),
    Input("an empty level", topic: "tonnelle/v1/up//air", fine, reason: .topicMalformed),
    Input("an empty topic", topic: "", fine, reason: .topicMalformed),
    Input("a level too many", topic: "tonnelle/v1/up/parc/air/x", fine, reason: .topicNotConfigured),
    Input("another family", topic: "zigbee2mqtt/bureau", fine, reason: .topicNotConfigured),
    Input("a retained old value", fine, retained: true, reason: .retained),
    Input("a retained command", topic: "tonnelle/v1/command/heat", "{}", retained: true, reason: .commandRetained),
    Input("a command that is no JSON", topic: "tonnelle/v1/command/heat", "hot", reason: .commandMalformed),
    Input(
      "people in school hours", topic: "tonnelle/v1/up/cour/cour", #"[{"n":"people","v":12}]"#, reason: .schoolHours),
    Input(
      "sound in school hours beside a temperature", topic: "tonnelle/v1/up/cour/cour",
      #"[{"n":"laeq","v":70},{"n":"temperature","v":25}]"#, reason: .schoolHours, accepted: 1),
    Input(
      "people in school hours by a clock that is slow", topic: "tonnelle/v1/up/cour/cour",
      #"[{"n":"people","v":31,"t":-21600}]"#, reason: .schoolHours),
    Input(
      "people before school hours, told late", topic: "tonnelle/v1/up/cour/cour",
      #"[{"n":"people","v":31,"t":-18000},{"n":"temperature","v":25}]"#, reason: .schoolHours, accepted: 1),
    Input(
      "people in a unit nobody knows, in school hours", topic: "tonnelle/v1/up/cour/cour",
      #"[{"n":"people","u":"persons","v":31}]"#, reason: .unitUnknown),
    Input("broken bytes from a schoolyard", topic: "tonnelle/v1/up/cour/cour", "[{", reason: .malformed),
  ]

  @Test("there are at least sixty of them") func count() { #expect(Self.inputs.count >= 60) }

  @Test("each is refused under its name, and what was good counts", arguments: inputs)
  func refused(_ input: Input) throws {
    let world = try Fixture.world()
    let message = Message(
      arrival: Fixture.start + .seconds(1), topic: input.topic, payload: input.payload, qos: input.qos,
      isRetained: input.retained, packet: 1)
    switch try world.admission(of: message) {
    case .refused(let refusal, let readings, let sensor):
      let source = try sensor.map { try Fixture.city().sensors[$0].id }
      _ = world.ingest(.refused(message.arrival, source: source, [RefusalCount(refusal, readings)]))
    case .admitted(let entry, _, let refusals):
      _ = world.ingest(entry)
      _ = world.ingest(.refused(message.arrival, source: "cour", refusals.map { RefusalCount($0, 1) }))
    }
    let total = world.ledger.total
    #expect(total.refused.map(\.refusal) == [input.reason] && total.refused.allSatisfy { $0.count == 1 })
    #expect(total.counted == input.accepted)
    #expect(world.ledger.isBalanced && total.received == 1 + input.accepted)
  }

  @Test(
    "what is unusual and right counts",
    arguments: [
      #"[{"n":"temperature","v":-0.0}]"#, #"[{"n":"temperature","v":2.5e1}]"#,
      #" [ { "n" : "temperature" , "v" : 25 } ] "#,
      #"[{"bn":"x/","n":"temperature","v":25,"unknown":{"a":[1,2]}}]"#, #"[{"n":"temperature","v":25,"t":-600}]"#,
      #"[{"n":"\u0074emperature","v":25}]"#, #"[{"n":"temperature","v":25,"t":30}]"#,
    ])
  func accepted(_ payload: String) throws {
    let world = try Fixture.world()
    for (index, qos) in [0, 1, 2].enumerated() {
      var message = Fixture.message("tonnelle/v1/up/parc/air", payload, at: Int64(index) + 1)
      message.qos = qos
      guard case .admitted(let entry, _, let refusals) = try world.admission(of: message) else {
        throw Fixture.Broken(findings: [payload])
      }
      #expect(refusals.isEmpty)
      _ = world.ingest(entry)
    }
    #expect(world.ledger.total.refused.isEmpty && world.ledger.total.counted == 3)
  }

  @Test("of a schoolyard's pack only what was admitted is stored") func reduced() throws {
    let world = try Fixture.world()
    let message = Fixture.message(
      "tonnelle/v1/up/cour/cour", #"[{"n":"people","v":12},{"n":"temperature","v":25}]"#, at: 1)
    guard case .admitted(.message(let stored), _, let refusals) = try world.admission(of: message)
    else {
      throw Fixture.Broken(findings: [])
    }
    #expect(refusals == [.schoolHours])
    #expect(!String(decoding: stored.payload, as: UTF8.self).contains("people"))
    var evening = message
    evening.arrival = Fixture.start + .hours(6)
    let sensor = world.sensor(onTopic: evening.topic)
    let admission = try world.admission(of: evening)
    #expect(admission == .admitted(.message(evening), sensor: sensor, refusals: []))
  }

  @Test("a retained reading that carries its own time counts") func retainedWithTime() throws {
    let world = try Fixture.world()
    let message = Fixture.message(
      "tonnelle/v1/up/parc/air", #"[{"n":"temperature","v":25,"t":-60}]"#, at: 1, retained: true)
    let sensor = world.sensor(onTopic: message.topic)
    let admission = try world.admission(of: message)
    #expect(admission == .admitted(.message(message), sensor: sensor, refusals: []))
  }
}
