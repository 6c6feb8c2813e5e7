// What a message costs: SenML of two records through a real broker into the gateway, beside clients that throw it away.

import Foundation
import MQTTLink

enum IngestBenchmark {
  static let count = 200_000
  static let sensors = 400
  static let pairs = 3

  /// Microseconds of processor time a message, and messages a second.
  private struct Cost {
    var micros: Double
    var rate: Double
  }

  static func run(qos: Int, _ results: inout Results) throws {
    var ours: [Cost] = []
    var theirs: [Cost] = []
    for _ in 0..<pairs {
      ours.append(try gateway(qos: qos))
      theirs.append(try mosquittoSub(qos: qos))
    }
    let name = "mosquitto_sub"
    results.add(
      Row(
        name: "ingest qos\(qos) cpu", unit: "µs a message", ours: median(ours.map(\.micros)),
        peer: median(theirs.map(\.micros)),
        peerName: name, goal: .atMost(qos == 0 ? 1.5 : 1.3)))
    results.add(
      Row(
        name: "ingest qos\(qos) rate", unit: "messages a second", ours: median(ours.map(\.rate)),
        peer: median(theirs.map(\.rate)),
        peerName: name))
  }

  static func runExporter(_ results: inout Results) throws {
    var ours: [Double] = []
    var theirs: [Double] = []
    for _ in 0..<pairs {
      ours.append(try gateway(qos: 0).micros)
      theirs.append(try exporter())
    }
    results.add(
      Row(
        name: "ingest qos0 cpu exporter", unit: "µs a message", ours: median(ours), peer: median(theirs),
        peerName: "prometheus-mqtt-exporter"))
  }

  private static func gateway(qos: Int) throws -> Cost {
    let stage = try Stage()
    let child = try stage.serve(places: sensors / 2)
    let before = child.processorTime
    let begun = Date()
    try publish(to: stage.brokerPort, qos: qos) { sensor, number in
      // A time of its own for each reading of a sensor: a second apart, ending now; and air that does not leap.
      let time = Int(Date().timeIntervalSince1970) - count / sensors + number / sensors
      return
        #"[{"bt":\#(time),"n":"temperature","u":"Cel","v":\#(20 + sensor % 15).\#(number / sensors % 10)},{"n":"humidity","u":"%RH","v":\#(30 + sensor % 60)}]"#
    }
    _ = try wait("all messages", seconds: 60, every: 0.1) {
      (stage.ledger("outcome=\"messages\"") ?? 0) >= Double(count) ? true : nil
    }
    let elapsed = Date().timeIntervalSince(begun)
    let used = child.processorTime - before
    child.stop()
    return Cost(micros: used / Double(count) * 1e6, rate: Double(count) / elapsed)
  }

  private static func mosquittoSub(qos: Int) throws -> Cost {
    let stage = try Stage()
    let before = endedChildrenTime()
    let child = try Child([
      "mosquitto_sub", "-p", String(stage.brokerPort), "-V", "5", "-q", String(qos), "-t", "tonnelle/v1/up/+/+",
      "-C", String(count), "-D", "connect", "receive-maximum", "2000",
    ])
    // It does not say when it is subscribed; half a second is many times what it needs.
    Thread.sleep(forTimeInterval: 0.5)
    let begun = Date()
    try publish(to: stage.brokerPort, qos: qos) { sensor, number in
      #"[{"bt":1784368800,"n":"temperature","u":"Cel","v":\#(20 + sensor % 15).\#(number / sensors % 10)},{"n":"humidity","u":"%RH","v":\#(30 + sensor % 60)}]"#
    }
    _ = try wait("mosquitto_sub", seconds: 60, every: 0.005) { child.isRunning ? nil : true }
    let elapsed = Date().timeIntervalSince(begun)
    child.wait()
    return Cost(micros: (endedChildrenTime() - before) / Double(count) * 1e6, rate: Double(count) / elapsed)
  }

  private static func exporter() throws -> Double {
    let stage = try Stage()
    let metrics = try Net.freePort()
    let config = try stage.folder.write(
      "exporter.yaml",
      """
      mqtt:
        server: tcp://127.0.0.1:\(stage.brokerPort)
        topic_path: tonnelle/v1/up/#
        device_id_regex: "(?P<deviceid>[^/]*)$"
        qos: 0
      cache:
        timeout: 24h
      metrics:
        - {prom_name: temperature, mqtt_name: temperature, help: t, type: gauge}
        - {prom_name: humidity, mqtt_name: humidity, help: h, type: gauge}
      """)
    let child = try Child([
      "prometheus-mqtt-exporter", "-config", config, "-listen-address", "127.0.0.1", "-listen-port", String(metrics),
      "-log-level", "error",
    ])
    _ = try wait("the exporter") { Net.get(metrics, "/metrics") }
    Thread.sleep(forTimeInterval: 0.5)
    let before = child.processorTime
    try publish(to: stage.brokerPort, qos: 0) { _, number in
      #"{"temperature":\#(20 + number % 150 / 10).\#(number % 10),"humidity":\#(30 + number % 60)}"#
    }
    _ = try wait("the exporter's messages", seconds: 60, every: 0.1) {
      let text = Net.get(metrics, "/metrics") ?? ""
      let total = text.split(separator: "\n").filter { $0.hasPrefix("received_messages{") }
        .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
      return total >= Double(count) ? true : nil
    }
    let used = child.processorTime - before
    child.stop()
    return used / Double(count) * 1e6
  }

  /// Publishes as fast as the broker takes it.
  private static func publish(to port: Int, qos: Int, _ payload: (_ sensor: Int, _ number: Int) -> String) throws {
    let options = LinkOptions(host: "127.0.0.1", port: port, clientID: "bench-publisher", keepsSession: false)
    guard let link = MQTTLink(options), link.connect() == nil else { throw BenchmarkError(description: "no broker") }
    var waiting = 0
    _ = try wait("the publisher's connection", every: 0.005) {
      link.write()
      return link.read(limit: 10).contains { if case .connected = $0 { true } else { false } } ? true : nil
    }
    for number in 0..<count {
      let sensor = number % sensors
      guard
        link.publish(
          "tonnelle/v1/up/p\(sensor / 2)/s\(sensor)", Array(payload(sensor, number).utf8), qos: qos, retain: false)
          != nil
      else { throw BenchmarkError(description: "publishing failed") }
      waiting += 1
      guard number % 100 == 99 else { continue }
      link.write()
      if qos == 1 {
        while waiting > 1000 {
          for event in link.read(limit: 1000) { if case .published = event { waiting -= 1 } }
          link.write()
        }
      } else {
        while link.wantsWrite { link.write() }
        _ = link.read(limit: 1000)
      }
    }
    while link.wantsWrite { link.write() }
    while qos == 1 && waiting > 0 {
      for event in link.read(limit: 1000) { if case .published = event { waiting -= 1 } }
      link.write()
    }
    link.disconnect()
  }
}
