// The report of a season of a large city: 1,400 places from 1 June to 15 September, against its limits of time and memory.

import Foundation
import Quantities
import RingSeries
import Store

enum ReportBenchmark {
  private static let places = 1400
  /// Every so many places one of sound, and one with counters.
  private static let special = 7
  private static let days = 111
  /// Days that differ; all others are copies of them.
  private static let patterns = 32

  static func run(_ results: inout Results) throws {
    let folder = try Folder()
    let settings = try writeSettings(folder)
    try FileManager.default.createDirectory(atPath: folder.path + "/data", withIntermediateDirectories: true)
    try writeHistory(folder.path + "/data")
    let begun = Date()
    let child = try Child([
      ".build/release/tonnelle", "report", "--config", settings, "--from", "2026-06-01", "--to", "2026-09-15", "--html",
      folder.path + "/report.html", "--csv", folder.path + "/tables",
    ])
    var peak = 0.0
    while child.isRunning {
      peak = max(peak, child.memory("VmHWM"))
      Thread.sleep(forTimeInterval: 0.02)
    }
    let seconds = Date().timeIntervalSince(begun)
    let table = try String(contentsOfFile: folder.path + "/tables/days.csv", encoding: .utf8)
    guard table.split(separator: "\r\n").count == places * 107 + 1 else {
      throw BenchmarkError(description: "the report is not whole")
    }
    results.add(
      Row(
        name: "report season", unit: "s for 1,400 places", ours: seconds, peer: 60, peerName: "limit", goal: .atMost(1))
    )
    results.add(
      Row(
        name: "report memory", unit: "MB resident at most", ours: peak, peer: 100, peerName: "limit", goal: .atMost(1)))
  }

  private static func writeSettings(_ folder: Folder) throws -> String {
    let features = (0..<places).map {
      #"{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},"properties":{"id":"p\#($0)","name":"Place \#($0)","kind":"park","opening_hours":"Mo-Su 06:00-23:00","zone":"z","capacity":200}}"#
    }
    _ = try folder.write(
      "places.geojson", #"{"type":"FeatureCollection","features":[\#(features.joined(separator: ","))]}"#)
    func sensor(_ id: String, _ place: Int, _ fields: String) -> String {
      #"{"id":"\#(id)\#(place)","place":"p\#(place)","fields":[\#(fields)],"period_s":600}"#
    }
    var sensors: [String] = []
    for place in 0..<places {
      sensors.append(sensor("a", place, #""temperature","humidity""#))
      if place % special == 0 { sensors.append(sensor("n", place, #""laeq""#)) }
      if place % special == 1 { sensors.append(sensor("d", place, #""in_total","out_total""#)) }
    }
    return try folder.write(
      "settings.json",
      """
      {"gateway":"bench","data":"data","places":"places.geojson",
      "city":{"id":"c","name":"C","time_zone":"Europe/Paris","departement":"69","heat_station":"rue"},
      "zones":[{"id":"z","reference":"rue"}],
      "sensors":[{"id":"rue","station":"rue","fields":["temperature"],"period_s":600},\(sensors.joined(separator: ","))]}
      """)
  }

  /// A day of readings every ten minutes around a value.
  private static func day(around middle: Int64, isSound: Bool = false, seed: Int) -> (hours: [UInt8], whole: [UInt8]) {
    let hours = (0..<24).map { hour in
      var bucket = Bucket()
      for reading in 0..<6 {
        let value = middle + Int64(hour * 300 + reading * 37 + seed * 53) % 4001
        bucket.combine(
          Bucket(Sample(time: Int64(hour * 3600 + reading * 600) * 1000, value: value, seconds: 600), isSound: isSound))
      }
      return PackedBuckets.Entry(bucket)
    }
    let packed = PackedBuckets(hours)
    return (packed.bytes, packed.combined(by: 24).bytes)
  }

  /// Days and transitions, as a gateway would have stored them; quarter hours are long gone.
  private static func writeHistory(_ folder: String) throws {
    let database = try Database(folder: folder)
    guard let first = CivilDay("2026-05-29") else { return }
    let kinds: [(field: String, middle: Int64, isSound: Bool)] = [
      ("temperature", 28_000, false), ("humidity", 40_000, false), ("laeq", 48_000, true), ("in_total", 2000, false),
      ("out_total", 2000, false),
    ]
    let made = kinds.map { kind in
      (0..<patterns).map { day(around: kind.middle, isSound: kind.isSound, seed: $0) }
    }
    var commit = Commit()
    func store() throws {
      try database.commit(commit)
      commit = Commit()
    }
    for place in -1..<places {
      var series: [(sensor: String, kind: Int)] = [(place < 0 ? "rue" : "a\(place)", 0)]
      if place >= 0 { series.append(("a\(place)", 1)) }
      if place >= 0, place % special == 0 { series.append(("n\(place)", 2)) }
      if place % special == 1 { series += [("d\(place)", 3), ("d\(place)", 4)] }
      for number in 0..<days {
        let date = first.adding(days: Int64(number))
        let start = (date.daysSinceEpoch * 86_400 - 7200) * 1000  // summer time
        for (sensor, kind) in series {
          let pattern = made[kind][(number * 7 + place + kind + 1) % patterns]
          commit.days.append(
            HistoryDay(
              sensor: sensor, field: kinds[kind].field, day: date.daysSinceEpoch, start: start, position: 1,
              quarters: nil, hours: pattern.hours, whole: pattern.whole))
        }
        guard place >= 0 else { continue }
        for (hour, indicator, before, after) in [
          (6, "opening", "closed", "open"), (6, "availability", "closed", "available"),
          (13, "availability", "available", "warm"), (20, "availability", "warm", "available"),
          (23, "opening", "open", "closed"), (23, "availability", "available", "closed"),
        ] {
          commit.transitions.append(
            HistoryTransition(
              place: "p\(place)", at: start + Int64(hour) * 3_600_000, indicator: indicator, position: 1,
              before: before, after: after, reasons: []))
        }
      }
      if commit.days.count > 20_000 { try store() }
    }
    try store()
  }
}
