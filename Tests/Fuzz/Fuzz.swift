// What comes from outside, read by libFuzzer's bytes: nothing may crash, hang or grow, and the quick readers may say
// nothing that the thorough ones do not.
//
//   FUZZ=1 swift build …; Fuzz TARGET CORPUS -max_total_time=60        `make fuzz` does it

import Configuration
import Core
import CoolIslands
import Foundation
import JSONText
import Quantities
import SensorProtocol
import Timetables

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// A reader that is tried.
private enum Target: String, CaseIterable {
  case json, senml, cbor, decoders, hours, settings, trace

  func run(_ bytes: [UInt8]) {
    switch self {
    case .json: tryJSON(bytes)
    case .senml: trySenML(bytes)
    case .cbor: trySenML([0x9F] + bytes)
    case .decoders: tryDecoders(bytes)
    case .hours: tryHours(bytes)
    case .settings: trySettings(bytes)
    case .trace: tryTrace(bytes)
    }
  }
}

private nonisolated(unsafe) var target = Target.json
private let arrival = Instant(seconds: 1_784_109_600)

/// What is read is written, and read as the same.
private func tryJSON(_ bytes: [UInt8]) {
  guard let document = try? JSONDocument(bytes) else {
    _ = try? JSONDocument(bytes, options: .forPeople)
    return
  }
  var writer = JSONWriter()
  write(document.root, to: &writer)
  // A member is a list of its own there, so that it is deeper.
  guard let again = try? JSONDocument(writer.bytes, options: .init(maximumDepth: 300)) else {
    fatalError("what was written cannot be read")
  }
  var second = JSONWriter()
  write(again.root, to: &second)
  precondition(writer.bytes == second.bytes, "what was written is read otherwise")
}

private func write(_ value: JSONValue, to json: inout JSONWriter) {
  switch value.kind {
  case .object:
    // A list of pairs: keys may be any text.
    json.array { json in
      for member in value.members {
        json.array { json in
          json.string(member.key)
          write(member.value, to: &json)
        }
      }
    }
  case .array: json.array { json in for element in value.elements { write(element, to: &json) } }
  case .string: json.string(utf8: value.stringBytes ?? [])
  case .number: json.raw(String(decoding: value.numberText ?? [], as: UTF8.self))
  case .true, .false: json.bool(value.kind == .true)
  case .null: json.null()
  }
}

/// The quick reader says what the thorough one does; what is read can be written, and is read as the same.
private func trySenML(_ bytes: [UInt8]) {
  var quick: [Observation] = []
  if SenMLProfile.ordinaryPack(bytes, arrival: arrival, into: &quick) {
    var thorough = Decoded()
    try? SenMLProfile.decodeThoroughly(bytes, arrival: arrival, into: &thorough)
    precondition(thorough == Decoded(observations: quick), "the quick reader says something else")
  }
  guard let decoded = try? SenMLProfile.decode(bytes, arrival: arrival) else { return }
  precondition(decoded.count <= 1000)
  // Moments before July 1978 cannot be written (RFC 8428 §4.5.3), and stay as old as they can be.
  let first = Instant(seconds: 1 << 28)
  guard !decoded.observations.isEmpty, decoded.observations.allSatisfy({ $0.time >= first }) else { return }
  let again = try? SenMLProfile.decode(SenMLProfile.encode(decoded.observations), arrival: arrival)
  precondition(again?.observations == decoded.observations && again?.refusals.isEmpty == true, "written otherwise")
}

/// The first bytes choose a decoder and a topic.
private func tryDecoders(_ bytes: [UInt8]) {
  guard bytes.count > 2 else { return }
  let decoder = Decoder.allCases[Int(bytes[0]) % Decoder.allCases.count]
  let topics = [
    "application/a/device/b/event/up", "application/a/device/b/event/join", "application/a/device/b/event/status",
    "v3/a/devices/b/up", "v3/a/devices/b/join", "zigbee2mqtt/a/b", "zigbee2mqtt/a/availability", "tele/a/SENSOR",
    "tele/a/LWT",
    "stat/a/STATUS10", "home/a/BTtoMQTT/A4C138D5D498", "a/events/rpc", "a/status/temperature:0", "a/online", "x", "",
  ]
  let topic = topics[Int(bytes[1]) % topics.count]
  var mapping = FieldMapping(Field.allCases)
  mapping.time = "/time"
  mapping.timeFormat = FieldMapping.TimeFormat.allCases[Int(bytes[1]) / 16 % 3]
  mapping.sources += [.init(.temperature, at: "/a/0/b~1", scale: ExactDecimal("0.1"), unit: "degF")]
  let payload = Array(bytes[2...])
  let decoded = try? decoder.decode(payload, topic: topic, arrival: arrival, mapping: mapping)
  precondition(decoder == .senml || (decoded?.count ?? 0) <= mapping.sources.count)
  _ = try? decoder.outcomes(payload, topic: topic, arrival: arrival, mapping: mapping)
}

/// A timetable that is read can be asked for a week.
private func tryHours(_ bytes: [UInt8]) {
  guard let hours = try? OpeningHours(String(decoding: bytes, as: UTF8.self)) else { return }
  let calendar = HoursCalendar(
    zone: .utc, publicHolidays: PublicHolidays(.france), schoolHolidays: nil,
    position: .init(latitude: 45.75, longitude: 4.85))
  guard let day = CivilDay("2026-07-15") else { return }
  let intervals = hours.intervals(from: day, days: 8, in: calendar)
  for (a, b) in zip(intervals, intervals.dropFirst()) { precondition(a.until <= b.from, "out of order") }
}

private let zone = [UInt8]((try? Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))) ?? Data())

/// Settings, places and a list of sensors, which stand behind each other with a zero byte between.
private func trySettings(_ bytes: [UInt8]) {
  let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map(Array.init)
  let names = ["settings.json", "places.geojson", "fleet.csv"]
  let files = zip(names, parts).map { ConfigurationText.File(name: $0, text: $1) }
  let outcome = ConfigurationReader.values(ConfigurationText(files: files, zone: zone))
  precondition(outcome.configured != nil || !outcome.findings.isEmpty, "refused without a reason")
}

/// A line of a trace that is read is written, and read as the same.
private func tryTrace(_ bytes: [UInt8]) {
  guard let entry = try? Entry(line: 0..<bytes.count, of: bytes) else { return }
  precondition((try? Entry(line: bytes)) == entry, "the quick reader says something else")
  var json = JSONWriter()
  entry.write(to: &json)
  precondition((try? Entry(line: Array(json.bytes.dropLast()))) == entry, "written otherwise")
}

/// What the program begins with: the name of a target, then libFuzzer's own words.
@_cdecl("Fuzz_main")
public func fuzz(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  guard count > 1, let word = words[1], let chosen = Target(rawValue: String(cString: word)) else {
    print("usage: Fuzz \(Target.allCases.map(\.rawValue).joined(separator: "|")) [CORPUS…] [-OPTION=VALUE…]")
    return 2
  }
  target = chosen
  words[1] = words[0]  // libFuzzer's own words begin behind the target's name
  var rest = count - 1
  var pointer = words + 1
  return runDriver(&rest, &pointer) { bytes, count in
    target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  }
}
