// What the rings have forgotten, for people on duty: quarter hours, hours and days of a sensor, transitions of a place.

internal import CoolIslands
internal import HTTPServer
internal import JSONText
internal import Quantities
internal import RingSeries
internal import Store

/// Why a question about the history has no answer.
struct HistoryProblem: Error {
  let status: Int
  let title: String
  let detail: String
}

struct HistoryDocuments {
  /// Civil days of one answer at most.
  private static let longest: Int64 = 1100
  /// Transitions of one answer at most.
  private static let mostTransitions: Int64 = 10_000

  let history: HistoryReader
  let zone: CivilZone

  func reply(to request: Request) throws(HistoryProblem) -> [UInt8] {
    func value(_ name: String) -> String? { request.query.first { $0.name == name }?.value }
    func day(_ name: String) throws(HistoryProblem) -> CivilDay {
      guard let text = value(name), let day = CivilDay(text) else {
        throw HistoryProblem(
          status: 400, title: "Bad request", detail: "\"\(name)\" takes a civil day such as 2026-07-18")
      }
      return day
    }
    let (from, to) = (try day("from"), try day("to"))
    guard from <= to, to.daysSinceEpoch - from.daysSinceEpoch < Self.longest else {
      throw HistoryProblem(
        status: 400, title: "Bad request",
        detail: "\"to\" is not before \"from\", and less than \(Self.longest) days later")
    }
    if request.path == "/api/transitions" { return try transitions(of: value("place"), from, to) }
    guard let sensor = value("sensor"), let field = value("field") else {
      throw HistoryProblem(status: 400, title: "Bad request", detail: "\"sensor\" and \"field\" are needed")
    }
    let steps = ["quarter", "hour", "day"]
    guard let step = steps.firstIndex(of: value("step") ?? "hour") else {
      throw HistoryProblem(status: 400, title: "Bad request", detail: "\"step\" is quarter, hour or day")
    }
    return try series(sensor, field, from, to, step: step)
  }

  private func ask<Result>(_ body: () throws(StoreError) -> Result) throws(HistoryProblem) -> Result {
    do throws(StoreError) {
      return try body()
    } catch {
      throw HistoryProblem(status: 503, title: "The history cannot be read", detail: error.description)
    }
  }

  private func series(
    _ sensor: String, _ field: String, _ from: CivilDay, _ to: CivilDay, step: Int
  ) throws(HistoryProblem) -> [UInt8] {
    let range = from.daysSinceEpoch...to.daysSinceEpoch
    let days = try ask { () throws(StoreError) in try history.days(sensor: sensor, field: field, days: range) }
    var json = JSONWriter()
    json.object { json in
      json.member("sensor", sensor)
      json.member("field", field)
      json.key("buckets")
      json.array { json in
        for day in days {
          // Of an old day the quarter hours have been let go; what is damaged is left out.
          guard let bytes = [day.quarters, day.hours, day.whole][step], let packed = try? PackedBuckets(bytes: bytes)
          else { continue }
          for (index, entry) in packed.entries.enumerated() where entry.bucket.count > 0 {
            let start = Instant(milliseconds: day.start + Int64(index) * [900_000, 3_600_000, 0][step])
            write(entry, start, to: &json)
          }
        }
      }
    }
    return json.bytes
  }

  private func write(_ entry: PackedBuckets.Entry, _ start: Instant, to json: inout JSONWriter) {
    let bucket = entry.bucket
    func number(_ value: Int64) -> String { Milli<Never>(value).text(places: 3) }
    json.object { json in
      json.member("start", zone.text(start))
      json.member("count", bucket.count)
      json.member("seconds", bucket.seconds)
      if let mean = bucket.mean { json.member("mean", raw: number(mean)) }
      json.member("min", raw: number(bucket.minimum))
      json.member("max", raw: number(bucket.maximum))
      json.member("sum", raw: number(Int64(clamping: bucket.sum)))
      if bucket.energy > 0, let energy = bucket.meanEnergy {
        json.member("laeq", raw: Sound.laeq(meanEnergy: energy).text(places: 1))
      }
      if entry.isRevised { json.member("revised", true) }
    }
  }

  private func transitions(of place: String?, _ from: CivilDay, _ to: CivilDay) throws(HistoryProblem) -> [UInt8] {
    let start = zone.instant(from, secondOfDay: 0).milliseconds
    let end = zone.instant(to.adding(days: 1), secondOfDay: 0).milliseconds
    let rows = try ask { () throws(StoreError) in
      try history.transitions(place: place, from: start, to: end, limit: Self.mostTransitions)
    }
    var json = JSONWriter()
    json.object { json in
      json.member("complete", Int64(rows.count) < Self.mostTransitions)
      json.key("transitions")
      json.array { json in
        for row in rows {
          json.object { json in
            json.member("at", zone.text(Instant(milliseconds: row.at)))
            json.member("place", row.place)
            json.member("indicator", row.indicator)
            json.member("from", row.before)
            json.member("to", row.after)
            if !row.reasons.isEmpty {
              json.key("reasons")
              json.array { json in for reason in row.reasons { json.string(reason) } }
            }
          }
        }
      }
    }
    return json.bytes
  }
}
