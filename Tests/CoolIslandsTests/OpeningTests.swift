// Opening hours against opening-hours-py 2.1.4 (Europe/Paris, France's holidays), for the part that is understood.

import Configuration
import Foundation
import Publication
import Quantities
import Testing

@testable import CoolIslands

/// Paris as tzdata has it.
func paris() throws -> CivilZone {
  let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
  return try TimeZoneFile.zone([UInt8](data), name: "Europe/Paris")
}

/// France's holidays of 2026.
let holidays2026 = Set(
  ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]
    .compactMap { CivilDay("2026-\($0)") })

@Suite("Opening hours") struct OpeningTests {
  /// Local instant, state then, next change; the numbers are those of the published list of check strings.
  static let library: [(at: String, state: OpeningState, next: String?, value: String)] = [
    ("2026-07-14T03:00:00+02:00", .open, nil, "24/7"),
    ("2026-07-17T18:00:00+02:00", .closed, "2026-07-20T08:30:00+02:00", "Mo-Fr 08:30-18:00"),
    ("2026-06-03T12:30:00+02:00", .closed, "2026-06-03T14:00:00+02:00", "Mo-Fr 08:30-12:00,14:00-18:00"),
    ("2026-06-07T14:00:00+02:00", .closed, "2026-06-08T09:00:00+02:00", "Mo-Sa 09:00-19:00; Su 10:00-13:00"),
    ("2026-06-10T10:00:00+02:00", .closed, "2026-06-11T08:00:00+02:00", "Mo-Su 08:00-20:00; We off"),
    ("2026-07-14T10:00:00+02:00", .closed, "2026-07-15T08:00:00+02:00", "Mo-Su 08:00-20:00; PH off"),
    ("2026-05-14T10:00:00+02:00", .closed, "2026-05-15T09:00:00+02:00", "Mo-Fr 09:00-17:00; PH off"),
    ("2026-08-15T11:00:00+02:00", .open, "2026-08-15T17:00:00+02:00", "Mo-Fr,PH 10:00-17:00"),
    ("2026-08-15T20:30:00+02:00", .closed, "2026-08-16T10:00:00+02:00", "Mo-Fr 09:00-21:00; PH,Sa,Su 10:00-20:00"),
    ("2026-07-05T01:30:00+02:00", .open, "2026-07-05T02:00:00+02:00", "Fr-Sa 20:00-26:00"),
    ("2026-07-05T02:00:00+02:00", .closed, "2026-07-10T20:00:00+02:00", "Fr-Sa 20:00-26:00"),
    ("2026-07-04T02:00:00+02:00", .open, "2026-07-04T04:00:00+02:00", "Fr 22:00-04:00, Sa 10:00-12:00"),
    ("2026-03-29T01:30:00+01:00", .open, "2026-03-29T06:00:00+02:00", "Mo-Su 22:00-06:00"),
    ("2026-10-25T01:30:00+02:00", .open, "2026-10-25T06:00:00+01:00", "Mo-Su 22:00-06:00"),
    ("2026-10-24T23:00:00+02:00", .open, "2026-10-25T02:30:00+01:00", "Mo-Su 22:00-02:30"),
    ("2026-03-29T09:00:00+02:00", .closed, "2026-03-29T10:00:00+02:00", "10:00-18:00"),
    (
      "2026-09-30T22:00:00+02:00", .closed, "2026-10-01T08:00:00+02:00",
      "May-Sep Mo-Su 07:00-21:30; Oct-Apr Mo-Su 08:00-17:30"
    ),
    (
      "2026-06-14T21:00:00+02:00", .closed, "2026-06-15T08:00:00+02:00",
      "Jun 15-Sep 15 08:00-24:00; Sep 16-Jun 14 08:00-20:00"
    ),
    ("2026-07-06T12:00:00+02:00", .closed, "2026-07-07T10:00:00+02:00", "2026 Jul 04-2026 Aug 30 Tu-Su 10:00-20:00"),
    ("2026-08-30T21:00:00+02:00", .closed, nil, "2026 Jul 04-2026 Aug 30 Tu-Su 10:00-20:00"),
    ("2026-12-25T10:00:00+01:00", .open, "2026-12-25T17:00:00+01:00", "Dec 20-Jan 05 off; Mo-Su 09:00-17:00"),
    ("2026-06-03T10:00:00+02:00", .unknown, "2026-06-03T12:00:00+02:00", "Mo-Fr 09:00-12:00 unknown \"selon météo\""),
    ("2026-06-03T15:00:00+02:00", .open, "2026-06-03T17:00:00+02:00", "Mo-Fr 09:00-12:00, We 14:00-17:00"),
    ("2026-06-03T10:00:00+02:00", .closed, "2026-06-03T14:00:00+02:00", "Mo-Fr 09:00-12:00; We 14:00-17:00"),
    ("2026-06-05T11:30:00+02:00", .open, "2026-06-05T15:00:00+02:00", "Mo-Fr 09:00-12:00, Fr 11:00-15:00"),
    ("2026-06-03T10:00:00+02:00", .closed, nil, "closed \"travaux\""),
    ("2026-06-02T11:00:00+02:00", .open, "2026-06-02T12:00:00+02:00", "Mo-Su 10:00-18:00; Tu 12:00-13:00 off"),
    ("2026-06-02T12:30:00+02:00", .closed, "2026-06-02T13:00:00+02:00", "Mo-Su 10:00-18:00; Tu 12:00-13:00 off"),
    ("2026-06-02T12:00:00+02:00", .open, "2026-06-02T23:59:00+02:00", "00:00-23:59"),
    (
      "2026-08-14T16:30:00+02:00", .closed, "2026-08-17T09:00:00+02:00",
      "Mo-Fr 08:00-18:00; Aug Mo-Fr 09:00-16:00; PH off"
    ),
    // Where the library differs from the specification, the specification holds.
    ("2026-06-06T10:00:00+02:00", .unknown, "2026-06-07T00:00:00+02:00", "Mo-Fr 09:00-18:00; Sa \"appeler avant\""),
    ("2026-06-03T10:00:00+02:00", .unknown, "2026-06-03T12:00:00+02:00", "Mo-Fr 09:00-12:00 \"sur rendez-vous\""),
    ("2026-07-04T02:00:00+02:00", .closed, "2026-07-04T10:00:00+02:00", "Fr 22:00-04:00; Sa 10:00-12:00"),
    ("2026-06-03T10:00:00+02:00", .unknown, nil, "\"sur rendez-vous\""),
  ]

  @Test("state and next change are as published", arguments: library)
  func states(_ example: (at: String, state: OpeningState, next: String?, value: String)) throws {
    let zone = try paris()
    let at = try #require(Instant(rfc3339: example.at))
    let first = zone.civil(at).day.adding(days: -1)
    let intervals = try OpeningHours(example.value).intervals(from: first, days: 10, zone: zone, holidays: holidays2026)
    let current = intervals.first { $0.until > at }
    let isInside = current.map { $0.from <= at } ?? false
    #expect(isInside ? current?.state == example.state : example.state == .closed, "\(example.value)")
    var next = isInside ? current?.until : current?.from
    // What reaches the end of the ten days that were asked for does not end there.
    if let end = next, end >= zone.instant(first.adding(days: 10), secondOfDay: 0) { next = nil }
    #expect(next.map(zone.text) == example.next, "\(example.value)")
  }

  static let unreadable: [(value: String, column: Int)] = [
    ("", 1), ("Horaires du Planétarium", 1), ("Mo-Fr 08:00", 12), ("Mo-Fr 25:00-26:00x", 18), ("Mo-Fr 08:00-99:00", 13),
    ("Mo-", 4), ("Mo-Fr 08:00-18:00 truc", 19), ("Sa[1] 14:00-18:00", 3), ("17:00+", 6), ("sunrise-sunset", 1),
    ("Mo \"open", 9), ("week 27-35 Mo-Fr 10:00-19:00", 1), ("Mo-Fr 8h-12h", 7), ("Mo-Fr 10-12", 7),
    ("SH 10:00-12:00", 1),
  ]

  @Test("what is not understood is an error with its column", arguments: unreadable)
  func errors(_ example: (value: String, column: Int)) {
    #expect {
      _ = try OpeningHours(example.value)
    } throws: { ($0 as? OpeningHoursError)?.column == example.column }
  }

  @Test("any text is an answer or an error, never a crash", arguments: UInt64(1)...200)
  func garbage(seed: UInt64) throws {
    let pieces = [
      "Mo", "-", "Fr", " ", "08:00", "24:00", ",", ";", "off", "PH", "Jan", "2026", "31", "\"x\"", ":", "+", "é",
      "24/7", "[", "99",
    ]
    var state = seed
    let text = (0..<12).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return pieces[Int(state >> 33) % pieces.count]
    }.joined()
    guard let hours = try? OpeningHours(text) else { return }
    let zone = try paris()
    let first = try #require(CivilDay(year: 2026, month: 3, day: 25))
    let intervals = hours.intervals(from: first, days: 10, zone: zone, holidays: [])
    for (a, b) in zip(intervals, intervals.dropFirst()) { #expect(a.until <= b.from, "\(text)") }
    for interval in intervals { #expect(interval.from < interval.until, "\(text)") }
  }
}

@Suite("Civil time") struct CivilZoneTests {
  @Test("a time that clocks skip is the change; one they show twice is told apart") func changes() throws {
    let zone = try paris()
    let spring = try #require(CivilDay("2026-03-29"))
    #expect(zone.text(zone.instant(spring, secondOfDay: 2 * 3600 + 1800)) == "2026-03-29T03:00:00+02:00")
    let autumn = try #require(CivilDay("2026-10-25"))
    #expect(zone.text(zone.instant(autumn, secondOfDay: 2 * 3600 + 1800)) == "2026-10-25T02:30:00+02:00")
    #expect(
      zone.text(zone.instant(autumn, secondOfDay: 2 * 3600 + 1800, occurrence: .last)) == "2026-10-25T02:30:00+01:00")
  }

  @Test(
    "the zone agrees with Foundation's until 2036, every 42 hours",
    arguments: ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Europe/Dublin"])
  func agreement(name: String) throws {
    let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
    let zone = try TimeZoneFile.zone([UInt8](data), name: name)
    let foundation = try #require(TimeZone(identifier: name))
    var seconds: Int64 = -1_000_000_000
    while seconds < 2_114_380_800 {
      let expected = foundation.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
      #expect(zone.offset(atUnixSeconds: seconds) == expected, "\(name) at \(seconds)")
      seconds += 21_600 * 7
    }
  }
}
