// Sensors of servers and hubs in settings: identities, mappings, and the fleet's own list.

import Core
import CoolIslands
import Foundation
import SensorProtocol
import Testing

@testable import Configuration

@Suite("Sensors of families") struct SensorListTests {
  private static let members = #"""
    "subscriptions":[{"topic":"tonnelle/v1/up/+/+"},{"topic":"application/+/device/+/event/+","decoder":"chirpstack"},
    {"topic":"zigbee2mqtt/#","decoder":"zigbee2mqtt"},{"topic":"ha/+/state","decoder":"plain"},
    {"topic":"stations/+","decoder":"json"},{"topic":"tele/+/SENSOR","decoder":"tasmota"}],
    "mappings":{"em300":{"temperature":"/temperature","battery_percent":{"pointer":"/battery","scale":0.5},
    "time":{"pointer":"/at","format":"ms"}}}
    """#

  private static func read(
    _ members: String, list: String? = nil
  ) throws -> (configured: Configured?, findings: [Finding]) {
    let settings = ConfigurationTests.settings("\(Self.members),\n\(members)")
    var text = try ConfigurationTests.text(settings: settings)
    if let list { text.files.append(.init(name: "fleet.csv", text: Array(list.utf8))) }
    let outcome = ConfigurationReader.values(text)
    return (outcome.configured, outcome.findings)
  }

  @Test("a device has one form, a mapping its pointers, a topic its own name in the namespace") func devices() throws {
    let (configured, findings) = try Self.read(
      #"""
      "sensors":[
      {"id":"a","place":"parc","decoder":"chirpstack","device":"24-E1-24-13-6B-50-22-17","mapping":"em300"},
      {"id":"b","place":"parc","decoder":"zigbee2mqtt","device":"ecole/preau","fields":["temperature"]},
      {"id":"c","place":"parc","decoder":"plain","topic":"ha/c/state","fields":["humidity"],"decimal_comma":true},
      {"id":"d","station":"rue","decoder":"json","topic":"stations/1",
      "fields":{"temperature":{"pointer":"/t","unit":"degF"}}},
      {"id":"e","place":"parc","decoder":"tasmota","device":"nord","fields":["humidity"]}]
      """#)
    let city = try #require(configured?.city, "\(findings.map(\.description))")
    #expect(city.sensors.map(\.id) == ["c", "d", "a", "b", "e"])  // in the order of their topics
    let (c, d, a, b) = (city.sensors[0], city.sensors[1], city.sensors[2], city.sensors[3])
    #expect(a.device == "24e124136b502217" && a.fields == [.temperature, .batteryPercent] && a.mapping.time == "/at")
    #expect(a.mapping.timeFormat == .milliseconds && a.topic == "tonnelle/v1/up/parc/a")
    #expect(b.device == "ecole/preau" && b.mapping == FieldMapping([.temperature]))
    #expect(c.topic == "ha/c/state" && c.ownTopic == "tonnelle/v1/up/parc/c" && c.mapping.hasDecimalComma)
    #expect(d.mapping.sources == [.init(.temperature, at: "/t", unit: "degF")] && d.place == nil)
    #expect(city.feeds.map(\.decoder) == [.senml, .chirpstack, .zigbee2mqtt, .plain, .json, .tasmota])
  }

  @Test(
    "what is wrong with a device is told",
    arguments: [
      (#"{"id":"a","place":"parc","decoder":"chirpstack","fields":["laeq"]}"#, "device", "text is required"),
      (
        #"{"id":"a","place":"parc","decoder":"chirpstack","device":"24e1","fields":["laeq"]}"#, "device",
        "16 hexadecimal"
      ),
      (#"{"id":"a","place":"parc","device":"24e1","fields":["laeq"]}"#, "device", "by \"topic\""),
      (
        #"{"id":"a","place":"parc","decoder":"zigbee2mqtt","device":"x","topic":"y","fields":["laeq"]}"#, "topic",
        "by \"device\""
      ),
      (#"{"id":"a","place":"parc","decoder":"plain","fields":["laeq"]}"#, "topic", "text is required"),
      (
        #"{"id":"a","place":"parc","decoder":"thingpark","device":"24e124136b502217","fields":["laeq"]}"#, "decoder",
        "no subscription"
      ),
      (
        #"{"id":"a","place":"parc","decoder":"tasmota","device":"jardin/nord","fields":["humidity"]}"#, "device",
        "tasmota receives \"+/jardin/nord/+\""
      ),
      (
        #"{"id":"a","place":"parc","decoder":"plain","topic":"ha/a/state","fields":["laeq","people"]}"#, "fields",
        "one field"
      ),
      (#"{"id":"a","place":"parc","fields":{"laeq":"/x"}}"#, "fields", "a list of names"),
      (
        #"{"id":"a","place":"parc","decoder":"json","topic":"stations/1","fields":{"laeq":{"pointer":"/x","scale":0}}}"#,
        "fields.laeq.scale", "other than 0"
      ),
      (
        #"{"id":"a","place":"parc","decoder":"plain","topic":"tonnelle/v1/up/parc/a","fields":["laeq"]}"#, "topic",
        "all speak SenML"
      ),
      (
        #"{"id":"a","place":"parc","decoder":"json","topic":"stations/1","mapping":"em30"}"#, "mapping",
        "did you mean \"em300\""
      ),
      (
        #"{"id":"a","place":"parc","decoder":"json","topic":"stations/1","fields":{"leaq":"/x"}}"#, "fields.leaq",
        "did you mean \"laeq\"?"
      ),
      (
        #"{"id":"a","place":"parc","decoder":"json","topic":"stations/1","fields":{"laeq":"/x~"}}"#, "fields.laeq",
        "a JSON pointer"
      ),
      (
        #"{"id":"a","place":"parc","decoder":"json","topic":"stations/1","fields":{"laeq":{"pointer":"/x","unit":"Cel"}}}"#,
        "fields.laeq.unit", "never in \"Cel\""
      ),
    ]) func faults(sensor: String, key: String, words: String) throws
  {
    let (configured, findings) = try Self.read(#""sensors":[\#(sensor)]"#)
    #expect(configured == nil)
    #expect(
      findings.contains { $0.path == "sensors[0].\(key)" && $0.message.contains(words) },
      "\(findings.map(\.description))")
  }

  @Test("two sensors cannot be one device") func twice() throws {
    let sensor = { (id: String) in
      #"{"id":"\#(id)","place":"parc","decoder":"zigbee2mqtt","device":"x","fields":["laeq"]}"#
    }
    let (_, findings) = try Self.read(#""sensors":[\#(sensor("a")),\#(sensor("b"))]"#)
    #expect(findings.contains { $0.path == "sensors[1].device" && $0.message.contains("another sensor") })
  }

  @Test("the fleet's list gives the same sensors as settings do, whatever a spreadsheet makes of it") func list() throws
  {
    for list in [
      "id,place,decoder,device,mapping,fields,period_s\na,parc,chirpstack,24e124136b502217,em300,,300\n"
        + "b,parc,zigbee2mqtt,\"ecole, \"\"bas\"\"\",,temperature humidity,\n",
      "\u{FEFF}id;place;decoder;device;mapping;fields;period_s\r\n a ;parc;chirpstack;24E124136B502217;em300;;300\r\n"
        + "b;parc;zigbee2mqtt;\"ecole, \"\"bas\"\"\";;temperature humidity;\r\n;;;;;;\r\n",
    ] {
      let (configured, findings) = try Self.read(#""sensor_lists":["fleet.csv"]"#, list: list)
      let sensors = try #require(configured?.city.sensors, "\(findings.map(\.description))")
      #expect(sensors.map(\.id) == ["a", "b"] && sensors.map(\.period) == [300, 600])
      #expect(sensors[0].device == "24e124136b502217" && sensors[0].fields == [.temperature, .batteryPercent])
      #expect(sensors[1].device == #"ecole, "bas""# && sensors[1].fields == [.temperature, .humidity])
    }
  }

  @Test("a list can say what a sensor's line can") func listOfNumbers() throws {
    let (configured, findings) = try Self.read(
      #""sensor_lists":["fleet.csv"]"#,
      list: "id;place;decoder;topic;fields;decimal_comma\na;parc;plain;ha/a/state;temperature;true\n")
    let sensor = try #require(configured?.city.sensors.first, "\(findings.map(\.description))")
    #expect(sensor.mapping.hasDecimalComma && sensor.mapping.sources == [.init(.temperature, at: "value")])
  }

  @Test(
    "a fault in the list names its line",
    arguments: [
      ("id,place,fields\na,prac,laeq\n", 2, "no place \"prac\""),
      ("id,place,fields\na,parc\n", 2, "3 values were expected"),
      ("id,place,fields\na,parc,laeq\n\"b,parc,laeq\n", 3, "never closed"), ("id,id\n", 1, "two columns"),
      ("id,\"dec\"\"oder\"\na,b\n", 1, "made of a-z"),
      ("id,place,fields,colour\n\na,parc,laeq,red\n", 3, "unknown key"),
      ("id,place,fields,period_s\na,parc,laeq,often\n", 2, "a whole number"), ("", 1, "a header was expected"),
    ]) func listFaults(list: String, line: Int, words: String) throws
  {
    let (configured, findings) = try Self.read(#""sensor_lists":["fleet.csv"]"#, list: list)
    #expect(configured == nil)
    #expect(
      findings.contains { $0.file == "fleet.csv" && $0.position?.line == line && $0.message.contains(words) },
      "\(findings.map(\.description))")
  }
}
