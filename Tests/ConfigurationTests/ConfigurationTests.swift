// A bad configuration is told whole: file, line, column, key, what was found, what was expected.

import Core
import CoolIslands
import Foundation
import JSONText
import Publication
import Quantities
import SensorProtocol
import Testing

@testable import Configuration

@Suite("Configuration") struct ConfigurationTests {
  static let city = #""city":{"id":"v","name":"V","time_zone":"Europe/Paris"}"#
  static let park =
    #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"parc","name":"Parc","kind":"park"}}"#

  static let collection = #"{"type":"FeatureCollection","features":[\#(park)]}"#

  static func text(settings: String, places: String = collection) throws -> ConfigurationText {
    let zone = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
    return ConfigurationText(
      files: [.init(name: "s.json", text: Array(settings.utf8)), .init(name: "p.geojson", text: Array(places.utf8))],
      zone: [UInt8](zone))
  }

  static func findings(settings: String, places: String = collection) throws -> (Configured?, [Finding]) {
    let outcome = ConfigurationReader.values(try text(settings: settings, places: places))
    return (outcome.configured, outcome.findings)
  }

  static func settings(_ members: String) -> String {
    "{\"gateway\":\"g\",\"places\":\"p.geojson\",\n\(city)\(members.isEmpty ? "" : ",\n" + members)}"
  }

  @Test("the smallest configuration works, with defaults") func smallest() throws {
    let (configured, findings) = try Self.findings(settings: Self.settings(""))
    #expect(findings.isEmpty)
    let settings = try #require(configured).settings
    #expect(settings.broker.clientID.isEmpty && settings.subscriptions.map(\.filter) == ["tonnelle/v1/up/+/+"])
  }

  @Test("alerts: defaults, numbers, rules that are switched off") func alerts() throws {
    #expect(try Self.findings(settings: Self.settings("")).0?.settings.alerts == nil)
    let members = #"""
      "operators":{"url":"https://ville.example/garde/"},
      "alerts":{"receivers":[{"id":"a","webhook":"http://10.0.0.1/x/","allow_http":true},{"id":"b","mqtt":true},
        {"id":"c","mail":"a@b.example"},{"id":"d","webhook":"http://localhost:8/","token_file":"t"}],
        "rules":{"sensor_silent":false,"disk_low":{"free_mib":100},"place_full":{"after_min":5}},
        "quiet_hours":"22:00-07:30","language":"en","group_s":0,"keep":20}
      """#
    let (configured, findings) = try Self.findings(settings: Self.settings(members))
    #expect(findings.isEmpty)
    let settings = try #require(configured).settings
    let alerts = try #require(settings.alerts)
    #expect(settings.operatorsURL == "https://ville.example/garde")
    #expect(
      alerts.receivers.map(\.way) == [
        .webhook(url: "http://10.0.0.1/x/", tokenFile: nil), .mqtt,
        .mail(address: "a@b.example", command: ["/usr/sbin/sendmail", "-t", "-i"]),
        .webhook(url: "http://localhost:8/", tokenFile: "t"),
      ])
    #expect(alerts.rules.count == AlertRule.allCases.count - 1 && alerts.rules[.sensorSilent] == nil)
    #expect(alerts.rules[.diskLow]?.limits == [100] && alerts.rules[.placeFull]?.after == .minutes(5))
    #expect(alerts.rules[.placeFull]?.clearAfter == AlertRule.placeFull.defaults.clearAfter)
    #expect(alerts.quietHours == .init(from: 1320, to: 450) && alerts.language == "en" && alerts.keep == 20)
  }

  static let wrong: [(members: String, path: String, line: Int, words: String)] = [
    (#""brocker":{}"#, "brocker", 3, "did you mean \"broker\"?"),
    (#""broker":{"prot":1}"#, "broker.prot", 3, "did you mean \"port\"?"),
    (#""broker":{"port":"1883"}"#, "broker.port", 3, "a whole number from 1 to 65535 was expected, \"1883\" was found"),
    (#""broker":{"port":70000}"#, "broker.port", 3, "70000 was found"),
    (#""broker":{"certificate_file":"c","key_file":"k"}"#, "broker.ca_file", 3, "text is required here"),
    (#""broker":{"ca_file":"a","certificate_file":"c"}"#, "broker.key_file", 3, "since there is \"certificate_file\""),
    (#""broker":{"ca_file":"a","key_file":"k"}"#, "broker.certificate_file", 3, "since there is \"key_file\""),
    (#""home_assistant":{"prefix":"home/+"}"#, "home_assistant.prefix", 3, "\"home/+\" was found"),
    (#""home_assistant":{"prefix":"tonnelle/v1"}"#, "home_assistant.prefix", 3, "the first levels of a topic"),
    (#""home_assistant":{"language":"de"}"#, "home_assistant.language", 3, "one of fr, en"),
    (#""broker":[]"#, "broker", 3, "an object in braces was expected, a list was found"),
    (#""subscriptions":[{"topic":"a/#/b"}]"#, "subscriptions[0].topic", 3, "an MQTT filter"),
    (
      #""subscriptions":[{"topic":"tonnelle/v1/up/+/+"},{"topic":"tonnelle/#"}]"#, "subscriptions[1].topic", 3,
      "would come twice"
    ),
    (#""subscriptions":[{"topic":"a","decoder":"semnl"}]"#, "subscriptions[0].decoder", 3, "did you mean \"senml\"?"),
    (
      #""sensors":[{"id":"x","place":"prac","fields":["temperature"]}]"#, "sensors[0].place", 3,
      "did you mean \"parc\"?"
    ),
    (
      #""sensors":[{"id":"x","place":"parc","fields":["temprature"]}]"#, "sensors[0].fields[0]", 3,
      "did you mean \"temperature\"?"
    ),
    (#""sensors":[{"id":"x","place":"parc","fields":[]}]"#, "sensors[0].fields", 3, "at least one field"),
    (#""sensors":[{"id":"X y","place":"parc","fields":["laeq"]}]"#, "sensors[0].id", 3, "a-z, 0-9 and -"),
    (#""sensors":[{"id":"x","fields":["laeq"]}]"#, "sensors[0].place", 3, "required here"),
    (
      #""sensors":[{"id":"x","place":"parc","topic":"z/q","fields":["laeq"]}]"#, "sensors[0].topic", 3,
      "no subscription"
    ),
    (#""zones":[{"id":"z","reference":"nobody"}]"#, "zones[z].reference", 3, "no sensor \"nobody\""),
    (#""public":{"address":"localhost"}"#, "public.address", 3, "an IPv4 address"),
    (
      #""sensors":[{"id":"x","place":"parc","fields":["in_total"],"counter_bits":24}]"#, "sensors[0].counter_bits", 3,
      "16 or 32"
    ),
    (#""operators":{"url":"ville"}"#, "operators.url", 3, "an address such as"),
    (#""long_history":{"url":"http://ville.example:8428"}"#, "long_history.url", 3, "begins with https://"),
    (#""long_history":{"url":"https://a:b@ville.example"}"#, "long_history.url", 3, "without a password"),
    (#""long_history":{"url":"https://ville.example/?a=b"}"#, "long_history.url", 3, "without a question"),
    (#""long_history":{}"#, "long_history.url", 3, "is required here"),
    (#""alerts":{"recievers":[]}"#, "alerts.recievers", 3, "did you mean \"receivers\"?"),
    (#""alerts":{"receivers":[{"id":"a"}]}"#, "alerts.receivers[0]", 3, "one of webhook, mqtt and mail"),
    (
      #""alerts":{"receivers":[{"id":"a","webhook":"http://ville.example/x"}]}"#, "alerts.receivers[0].webhook", 3,
      "begins with https://"
    ),
    (
      #""alerts":{"receivers":[{"id":"a","webhook":"http://127.0.0.1.ville.example/"}]}"#,
      "alerts.receivers[0].webhook", 3, "begins with https://"
    ),
    (
      #""alerts":{"receivers":[{"id":"a","webhook":"https://u:p@ville.example/"}]}"#, "alerts.receivers[0].webhook", 3,
      "without a password"
    ),
    (#""alerts":{"receivers":[{"id":"a","webhook":"ville"}]}"#, "alerts.receivers[0].webhook", 3, "an address such as"),
    (
      #""alerts":{"receivers":[{"id":"a","mqtt":true},{"id":"a","mqtt":true}]}"#, "alerts.receivers[1].id", 3,
      "stands twice"
    ),
    (#""alerts":{"receivers":[{"id":"a","mqtt":true,"command":"x"}]}"#, "alerts.receivers[0].command", 3, "only mail"),
    (#""alerts":{"receivers":[{"id":"a","mail":"a@b\nBcc: c@d"}]}"#, "alerts.receivers[0].mail", 3, "astreinte@"),
    (#""alerts":{"quiet_hours":"22-7"}"#, "alerts.quiet_hours", 3, "22:00-07:00"),
    (#""alerts":{"language":"de"}"#, "alerts.language", 3, "one of fr, en"),
    (#""alerts":{"rules":{"disk_lwo":false}}"#, "alerts.rules.disk_lwo", 3, "did you mean \"disk_low\"?"),
    (#""alerts":{"rules":{"heat_level":{"level":5}}}"#, "alerts.rules.heat_level.level", 3, "from 2 to 4"),
    (#""alerts":{"rules":{"disk_low":{"level":3}}}"#, "alerts.rules.disk_low.level", 3, "unknown key"),
    (#""operators":{"port":-1}"#, "operators.port", 3, "from 0 to 65535"),
    (#""rings":{"laeq":{"minutes":60}}"#, "rings.laeq.minutes", 3, "from 90 to 65535"),
    (#""rings":{"laeq":{"quarters":90000}}"#, "rings.laeq.quarters", 3, "65535"),
    (#""rings":{"laeq":{"hours":50}}"#, "rings.laeq", 3, "reaches less far back"),
    (#""rings":{"leaq":{"raw":50}}"#, "rings.leaq", 3, "did you mean \"laeq\"?"),
  ]

  @Test("each fault names its key, its line and what was expected", arguments: wrong)
  func faults(_ example: (members: String, path: String, line: Int, words: String)) throws {
    let (configured, findings) = try Self.findings(settings: Self.settings(example.members))
    #expect(configured == nil)
    #expect(
      findings.contains {
        $0.path == example.path && $0.position?.line == example.line && $0.message.contains(example.words)
      },
      "\(findings.map(\.description))")
  }

  @Test("rings can be longer for a field") func rings() throws {
    let (configured, findings) = try Self.findings(
      settings: Self.settings(#""rings":{"laeq":{"raw":512,"hours":720},"temperature":{"quarters":96}}"#))
    let rings = try #require(configured?.city.rings, "\(findings.map(\.description))")
    #expect(rings[.laeq]?.raw == 512 && rings[.laeq]?.rings.map(\.count) == [120, 288, 720])
    #expect(rings[.temperature]?.rings.map(\.count) == [120, 96, 336] && rings[.humidity] == nil)
  }

  @Test("all faults are told, not only the first") func all() throws {
    let (_, findings) = try Self.findings(settings: #"{"gateway":"G","plces":1,"broker":{"port":0,"hst":"x"}}"#)
    #expect(
      Set(findings.map(\.path)).isSuperset(of: ["gateway", "plces", "places", "broker.port", "broker.hst", "city"]))
  }

  @Test("text that is no JSON has a position") func syntax() throws {
    let (_, findings) = try Self.findings(settings: "{\n  \"gateway\": \"g\",,\n}")
    #expect(findings.first?.description.hasPrefix("s.json:2:18: error:") == true, "\(findings)")
  }

  @Test("a file that is not UTF-8 is refused, even where only a comment would tell") func latin1() throws {
    let zone = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
    let comment: [UInt8] = Array("// ".utf8) + [0xE9, 0x74, 0xE9, 0x0A]
    let outcome = ConfigurationReader.values(
      ConfigurationText(
        files: [.init(name: "s.json", text: comment + Array(Self.settings("").utf8))], zone: [UInt8](zone)))
    #expect(outcome.configured == nil && outcome.findings.map(\.message) == ["the file is not UTF-8 text"])
  }

  static func place(_ properties: String, geometry: String = #"{"type":"Point","coordinates":[4.85,45.75]}"#) -> String
  {
    #"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":\#(geometry),"properties":{"id":"parc","name":"Parc","kind":"park"\#(properties)}}]}"#
  }

  @Test(
    "places: errors stop, warnings tell",
    arguments: [
      (#","opening_huors":"24/7""#, Finding.Severity.warning, "did you mean \"opening_hours\"?"),
      (#","opening_hours":"quand il fait beau""#, .warning, "column 1"), (#","fid":12"#, .warning, "it is ignored"),
      (#","school_hours":"Mo 08:00-""#, .error, "column 10"), (#","capacity":"many""#, .error, "a whole number"),
      (#","step_free":"perhaps""#, .error, "one of yes, limited, no"), (#","water":"oui""#, .error, "true or false"),
      (#","zone":"nowhere""#, .error, "no zone \"nowhere\""),
      (#","reference":"nulle-part""#, .error, "no sensor \"nulle-part\""),
      (#","programme":[]"#, .error, "text in quotes"), (#","programme":"nirgends.ics""#, .error, "cannot be read"),
    ] as [(String, Finding.Severity, String)])
  func places(_ example: (properties: String, severity: Finding.Severity, words: String)) throws {
    let (configured, findings) = try Self.findings(settings: Self.settings(""), places: Self.place(example.properties))
    #expect(
      findings.contains {
        $0.severity == example.severity && $0.message.contains(example.words) && $0.path.hasPrefix("places[parc]")
      }, "\(findings)")
    #expect((configured == nil) == (example.severity == .error))
  }

  @Test(
    "geometry is read strictly",
    arguments: [
      #"{"type":"Point","coordinates":[45.75]}"#, #"{"type":"Point","coordinates":[45.75,104.85]}"#,
      #"{"type":"Point","coordinates":[1e14,-1e14]}"#,
      #"{"type":"Point"}"#, "null",
      #"{"type":"LineString","coordinates":[]}"#, #"{"type":"Polygon","coordinates":[]}"#,
      #"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}"#,
      #"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1]]]}"#, #"{"type":"Point","coordinates":["4","45"]}"#,
    ])
  func geometry(_ geometry: String) throws {
    let (configured, findings) = try Self.findings(
      settings: Self.settings(""), places: Self.place("", geometry: geometry))
    #expect(configured == nil && findings.contains { $0.severity == .error })
  }

  @Test("an exterior ring runs counter-clockwise, and a large shape is thinned") func shapes() throws {
    let clockwise = #"{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[1,0],[0,0]]]}"#
    var (configured, _) = try Self.findings(settings: Self.settings(""), places: Self.place("", geometry: clockwise))
    #expect(
      configured?.city.places.first?.about.geometry.contains("[0.0000000,0.0000000],[1.0000000,0.0000000]") == true)
    let points = (0...5000).map { index -> String in
      let angle = Double(index % 5000) / 5000 * 2 * Double.pi
      return "[\(4.85 + 0.01 * cos(angle)),\(45.75 + 0.01 * sin(angle))]"
    }
    let circle = #"{"type":"Polygon","coordinates":[[\#(points.joined(separator: ","))]]}"#
    (configured, _) = try Self.findings(settings: Self.settings(""), places: Self.place("", geometry: circle))
    let about = try #require(configured?.city.places.first?.about)
    #expect(about.geometry.utf8.count <= 16_384 && about.geometry.utf8.count > 500)
    #expect(abs(about.position.longitude - 4.85) < 0.001 && abs(about.position.latitude - 45.75) < 0.001)
  }

  @Test(
    "filters overlap or not",
    arguments: [
      ("a/+", "a/b", true), ("a/#", "a", true), ("a/#", "b/#", false), ("+/b", "a/+", true), ("a/+", "a/b/c", false),
      ("#", "x/y", true), ("a/b", "a/c", false),
    ] as [(String, String, Bool)])
  func filters(_ example: (a: String, b: String, overlap: Bool)) {
    #expect(
      TopicFilter.overlap(example.a, example.b) == example.overlap
        && TopicFilter.overlap(example.b, example.a) == example.overlap)
  }

  @Test("a cut time zone file is an error, at any length") func zones() throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris")))
    _ = try TimeZoneFile.zone(bytes, name: "Europe/Paris")
    for length in stride(from: 0, to: bytes.count - 40, by: 7) {
      #expect(throws: TimeZoneError.self) { try TimeZoneFile.zone(Array(bytes[..<length]), name: "x") }
    }
  }
}
