// A recorded day through the core: how many messages a second of one core's time, from a file of JSON lines.

import Foundation
import JSONText

enum ReplayBenchmark {
  private static let places = 50
  private static let messages = 400_000

  /// 100 sensors, each with temperature and humidity every ten seconds; every place is evaluated in most seconds.
  static func run(_ results: inout Results) throws {
    let folder = try Folder()
    let settings = try folder.writeSettings(places: places)
    var trace = JSONWriter()
    for number in 0..<messages {
      let sensor = number % (places * 2)
      let second = number / (places * 2) * 10 + sensor / 10
      // Air that warms and cools within a day, with some noise: a reading that leaps would be a fault.
      let value = 26 + 6 * sin(Double(second) / 13_750 + Double(sensor)) + Double(number * 7919 % 100) / 200
      let payload =
        #"[{"n":"temperature","u":"Cel","v":\#(String(format: "%.2f", value))},{"n":"humidity","u":"%RH","v":\#(40 + number % 30)}]"#
      trace.object { json in
        json.member("tst", time(second))
        json.member("topic", "tonnelle/v1/up/p\(sensor / 2)/s\(sensor)")
        json.member("qos", 1)
        json.member("retain", 0)
        json.member("payloadlen", payload.utf8.count)
        json.member("mid", number % 65_535 + 1)
        json.member("payload", payload)
      }
      trace.newline()
    }
    let file = try folder.write("trace.jsonl", trace.text)
    var rates: [Double] = []
    for _ in 0..<3 {
      let before = endedChildrenTime()
      _ = try output(of: [".build/release/tonnelle", "replay", file, "--config", settings, "--summary"])
      rates.append(Double(messages) / (endedChildrenTime() - before))
    }
    results.add(
      Row(
        name: "replay", unit: "messages a second of processor time", ours: rates.max() ?? 0, peer: 500_000,
        peerName: "limit", goal: .atLeast(1)))
  }

  private static func time(_ second: Int) -> String {
    let day = 18 + second / 86_400
    return String(
      format: "2026-07-%02dT%02d:%02d:%02dZ", day, second / 3600 % 24, second / 60 % 60, second % 60)
  }
}
