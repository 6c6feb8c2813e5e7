// Opening hours against opening-hours-py 2.1.4 (Europe/Paris, France's holidays), and where the specification differs.

import Configuration
import Foundation
import Quantities
import Testing

@testable import Timetables

/// Paris as tzdata has it, with France's holidays.
func paris() throws -> HoursCalendar {
  let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
  return HoursCalendar(
    zone: try TimeZoneFile.zone([UInt8](data), name: "Europe/Paris"), publicHolidays: PublicHolidays(.france))
}

@Suite("Opening hours") struct OpeningHoursTests {
  typealias Example = (at: String, state: OpeningHours.State, next: String?, value: String)

  /// Local time, state then, next change of state, as opening-hours-py says.
  static let library: [Example] = [
    ("2026-07-14T03:00", .open, nil, "24/7"),
    ("2026-07-17T18:00", .closed, "2026-07-20T08:30+02:00", "Mo-Fr 08:30-18:00"),
    ("2026-06-03T12:30", .closed, "2026-06-03T14:00+02:00", "Mo-Fr 08:30-12:00,14:00-18:00"),
    ("2026-06-07T14:00", .closed, "2026-06-08T09:00+02:00", "Mo-Sa 09:00-19:00; Su 10:00-13:00"),
    ("2026-06-10T10:00", .closed, "2026-06-11T08:00+02:00", "Mo-Su 08:00-20:00; We off"),
    ("2026-07-14T10:00", .closed, "2026-07-15T08:00+02:00", "Mo-Su 08:00-20:00; PH off"),
    ("2026-05-14T10:00", .closed, "2026-05-15T09:00+02:00", "Mo-Fr 09:00-17:00; PH off"),
    ("2026-08-15T11:00", .open, "2026-08-15T17:00+02:00", "Mo-Fr,PH 10:00-17:00"),
    ("2026-08-15T20:30", .closed, "2026-08-16T10:00+02:00", "Mo-Fr 09:00-21:00; PH,Sa,Su 10:00-20:00"),
    ("2026-07-05T01:30", .open, "2026-07-05T02:00+02:00", "Fr-Sa 20:00-26:00"),
    ("2026-07-05T02:00", .closed, "2026-07-10T20:00+02:00", "Fr-Sa 20:00-26:00"),
    ("2026-07-04T02:00", .open, "2026-07-04T04:00+02:00", "Fr 22:00-04:00, Sa 10:00-12:00"),
    ("2026-03-29T01:30", .open, "2026-03-29T06:00+02:00", "Mo-Su 22:00-06:00"),
    ("2026-10-25T01:30", .open, "2026-10-25T06:00+01:00", "Mo-Su 22:00-06:00"),
    ("2026-10-24T23:00", .open, "2026-10-25T02:30+01:00", "Mo-Su 22:00-02:30"),
    ("2026-03-29T09:00", .closed, "2026-03-29T10:00+02:00", "10:00-18:00"),
    ("2026-09-30T22:00", .closed, "2026-10-01T08:00+02:00", "May-Sep Mo-Su 07:00-21:30; Oct-Apr Mo-Su 08:00-17:30"),
    ("2026-06-14T21:00", .closed, "2026-06-15T08:00+02:00", "Jun 15-Sep 15 08:00-24:00; Sep 16-Jun 14 08:00-20:00"),
    ("2026-07-06T12:00", .closed, "2026-07-07T10:00+02:00", "2026 Jul 04-2026 Aug 30 Tu-Su 10:00-20:00"),
    ("2026-08-30T21:00", .closed, nil, "2026 Jul 04-2026 Aug 30 Tu-Su 10:00-20:00"),
    ("2026-12-25T10:00", .open, "2026-12-25T17:00+01:00", "Dec 20-Jan 05 off; Mo-Su 09:00-17:00"),
    ("2026-12-25T10:00", .closed, "2027-01-06T09:00+01:00", "Mo-Su 09:00-17:00; Dec 20-Jan 05 off"),
    ("2026-09-05T15:00", .open, "2026-09-05T18:00+02:00", "Sa[1] 14:00-18:00"),
    ("2026-08-30T08:00", .closed, "2026-08-30T09:00+02:00", "Su[-1] 09:00-12:00"),
    ("2026-06-26T12:00", .closed, "2026-06-29T10:00+02:00", "week 27-35 Mo-Fr 10:00-19:00"),
    ("2026-07-04T10:00", .open, "2026-07-04T12:00+02:00", "week 1-53/2 Sa 09:00-12:00"),
    ("2026-04-06T11:00", .closed, "2026-04-07T10:00+02:00", "Mo-Su 10:00-18:00; easter +1 day off"),
    ("2026-07-13T09:00", .open, "2026-07-13T12:00+02:00", "PH -1 day 08:00-12:00"),
    ("2026-06-03T10:00", .unknown, "2026-06-03T12:00+02:00", #"Mo-Fr 09:00-12:00 unknown "selon météo""#),
    ("2026-06-03T15:00", .open, "2026-06-03T17:00+02:00", "Mo-Fr 09:00-12:00, We 14:00-17:00"),
    ("2026-06-03T10:00", .closed, "2026-06-03T14:00+02:00", "Mo-Fr 09:00-12:00; We 14:00-17:00"),
    ("2026-06-05T11:30", .open, "2026-06-05T15:00+02:00", "Mo-Fr 09:00-12:00, Fr 11:00-15:00"),
    ("2026-06-03T10:00", .closed, nil, #"closed "travaux""#),
    ("2026-06-02T11:00", .open, "2026-06-02T12:00+02:00", "Mo-Su 10:00-18:00; Tu 12:00-13:00 off"),
    ("2026-06-02T12:30", .closed, "2026-06-02T13:00+02:00", "Mo-Su 10:00-18:00; Tu 12:00-13:00 off"),
    ("2026-03-31T18:00", .closed, "2026-11-01T08:00+01:00", "Jan-Mar,Nov-Dec 08:00-17:00"),
    ("2026-06-02T12:00", .open, "2026-06-02T23:59+02:00", "00:00-23:59"),
    ("2026-03-01T10:00", .closed, "2028-02-29T10:00+01:00", "Feb 29 10:00-12:00"),
    ("2026-08-14T16:30", .closed, "2026-08-17T09:00+02:00", "Mo-Fr 08:00-18:00; Aug Mo-Fr 09:00-16:00; PH off"),
    ("2026-06-07T13:00", .open, "2026-06-07T14:00+02:00", "Mo-Sa 10:00-20:00 || Su 10:00-14:00"),
  ]

  /// Where that library differs from the specification, the specification holds.
  static let specification: [Example] = [
    ("2026-06-03T10:00", .unknown, nil, #""sur rendez-vous""#),
    ("2026-06-06T10:00", .unknown, "2026-06-07T00:00+02:00", #"Mo-Fr 09:00-18:00; Sa "appeler avant""#),
    ("2026-06-03T10:00", .unknown, "2026-06-03T12:00+02:00", #"Mo-Fr 09:00-12:00 "sur rendez-vous""#),
    ("2026-06-07T13:00", .unknown, "2026-06-08T10:00+02:00", #"Mo-Sa 10:00-20:00 || "voir site""#),
    ("2026-06-03T20:00", .unknown, "2026-06-04T03:00+02:00", "17:00+"),
    ("2026-06-03T20:00", .unknown, "2026-06-04T00:00+02:00", "14:00+"),
    ("2026-06-03T23:00", .unknown, "2026-06-04T06:00+02:00", "18:00-22:00+"),
    ("2026-08-15T11:00", .closed, nil, "PH Mo-Fr 10:00-17:00"),
    ("2026-10-25T01:00", .closed, "2026-10-25T02:30+02:00", "02:30-05:00"),
    ("2026-06-21T12:00", .open, "2026-06-21T18:00+02:00", "sunrise-sunset"),
    ("2026-07-04T02:00", .closed, "2026-07-04T10:00+02:00", "Fr 22:00-04:00; Sa 10:00-12:00"),
  ]

  @Test("state and next change are as published", arguments: library + specification)
  func states(_ example: Example) throws {
    let calendar = try paris()
    let parts = example.at.split(separator: "T")
    let clock = parts[1].split(separator: ":").compactMap { Int($0) }
    let at = calendar.zone.instant(
      try #require(CivilDay(String(parts[0]))), secondOfDay: clock[0] * 3600 + clock[1] * 60)
    let status = try OpeningHours(example.value).status(at: at, in: calendar)
    #expect(status.state == example.state, "\(example.value)")
    guard example.next != nil || !example.value.hasPrefix("PH Mo-Fr") else { return }  // of that no change is published
    #expect(
      status.until.map { calendar.zone.text($0).replacing(":00+", with: "+") } == example.next, "\(example.value)")
  }

  static let unreadable: [(value: String, column: Int)] = [
    ("", 1), ("Horaires du Planétarium", 1), ("Mo-Fr 08:00", 12), ("Mo-Fr 25:00-26:00", 7), ("Mo-Fr 08:00-99:00", 13),
    ("Mo-", 4), ("Mo-Fr 08:00-18:00 truc", 19), ("Mo \"open", 4), ("Sa[6] 10:00-12:00", 4), ("Feb 30 off", 5),
    ("week 54 10:00-12:00", 6), ("(sunset) 10:00", 8), ("Mo-Fr 08:00-18:00 @", 19), ("12345", 1),
    ("Mo Tu 10:00-12:00", 4),
    ("2026 Nov 22-2026 Aug 16 off", 13),
  ]

  @Test("what is not understood is an error with its column", arguments: unreadable)
  func errors(_ example: (value: String, column: Int)) {
    #expect {
      _ = try OpeningHours(example.value)
    } throws: { ($0 as? OpeningHoursProblem)?.column == example.column }
  }

  /// What people write, and what is meant.
  static let tolerated: [(written: String, meant: String)] = [
    ("Mo-Fr 10-12", "Mo-Fr 10:00-12:00"), ("9h-12h", "09:00-12:00"), ("9h30-12h15", "09:30-12:15"),
    ("12.00-16.00", "12:00-16:00"), ("Mo-Fr 24/7", "Mo-Fr 00:00-24:00"), ("Mo–Fr 08:00–12:00", "Mo-Fr 08:00-12:00"),
    ("mo-fr 08:00-18:00; ph OFF", "Mo-Fr 08:00-18:00; PH off"), ("Mo-Fr 8:00-12:00", "Mo-Fr 08:00-12:00"),
    ("lu-ve 08:00-12:00", "Mo-Fr 08:00-12:00"), ("ma, je 14:00-18:00", "Tu,Th 14:00-18:00"),
    ("Mo-Fr 08:00-18:00;", "Mo-Fr 08:00-18:00"), ("Monday-Friday 08:00-18:00", "Mo-Fr 08:00-18:00"),
    ("juin-août Mo 10:00-12:00", "Jun-Aug Mo 10:00-12:00"), ("Mo-Fr 10:00 à 12:00", "Mo-Fr 10:00-12:00"),
    ("Mo-Fr: 10:00-12:00", "Mo-Fr 10:00-12:00"), ("samedi 9h - 12h", "Sa 09:00-12:00"),
    ("11am-11pm", "11:00-23:00"), ("10:00 AM - 7:30 P.M.", "10:00-19:30"), ("12am-12pm", "00:00-12:00"),
    ("Mo.-Th. 08:30-11:00", "Mo-Th 08:30-11:00"), ("Mo 08:00-12:00 14:00-18:00", "Mo 08:00-12:00,14:00-18:00"),
  ]

  @Test("usual spellings are read with a warning", arguments: tolerated)
  func tolerance(_ example: (written: String, meant: String)) throws {
    let (written, meant) = (try OpeningHours(example.written), try OpeningHours(example.meant))
    #expect(written.rules == meant.rules)
    #expect(meant.warnings.isEmpty)
    let isRight = ["Mo-Fr 08:00-18:00;", "Mo-Fr: 10:00-12:00"].contains(example.written)
    #expect(written.warnings.isEmpty == isRight, "\(written.warnings)")
  }

  static let nights: [(value: String, column: Int?)] = [
    ("Fr 22:00-04:00; Sa 10:00-12:00", 15), ("Fr-Sa 20:00-26:00; Su 10:00-12:00", 18),
    ("22:00-06:00; Sa 10:00-12:00", 12),
    ("Fr 22:00-04:00, Sa 10:00-12:00", nil), ("Fr 22:00-04:00; Mo 10:00-12:00", nil),
    ("Fr 20:00-24:00; Sa 10:00-12:00", nil),
    ("Mo-Su 22:00-06:00; Sa 02:00-03:00 off", nil), ("Mo-Fr 08:00-18:00; Sa 09:00-12:00", nil),
    ("Fr 22:00-04:00; PH off", nil),
    ("Mo-Sa 20:00-26:00; Th off", nil),
  ]

  @Test("a night that a later rule ends at midnight is a warning", arguments: nights)
  func lostNights(_ example: (value: String, column: Int?)) throws {
    #expect(try OpeningHours(example.value).warnings.map(\.column) == [example.column].compactMap { $0 })
  }

  static let ends: [(value: String, last: String?)] = [
    ("2026 Jul 04-2026 Aug 30 Tu-Su 10:00-20:00", "2026-08-30"), ("2026 May-Aug 10:00-20:00", "2026-08-31"),
    ("2026 Dec 20-Jan 05 10:00-16:00", "2027-01-05"), ("2025-2026 Mo 10:00-12:00", "2026-12-31"),
    ("2026 Jun 01-2026 Jun 30 10:00-18:00; 2026 Jul 01-2026 Jul 31 10:00-20:00; PH off", "2026-07-31"),
    ("2026 Jul 14,2026 Aug 15 10:00-12:00", "2026-08-15"), ("2026+ Su 10:00-12:00", nil), ("Jul-Aug 10:00-20:00", nil),
    ("Mo-Fr 09:00-17:00; 2026 Jul 14 off", nil), ("Mo-Fr 09:00-17:00; 2026 Jul 18 10:00-12:00", nil), ("off", nil),
    ("24/7", nil),
  ]

  @Test("a dated timetable has a last day", arguments: ends)
  func lastDay(_ example: (value: String, last: String?)) throws {
    #expect(try OpeningHours(example.value).lastDay?.text == example.last)
  }

  static let days: [(value: String, isOpen: [String], isClosed: [String])] = [
    ("2026,2027 Jul", ["2026-07-01", "2027-07-31"], ["2026-06-30", "2027-08-01", "2028-07-10"]),
    ("2025 Jun,Aug", ["2025-06-01", "2025-08-31"], ["2025-07-15", "2026-06-01", "2026-08-01"]),
    ("2027 Apr,May 01-05", ["2027-04-30", "2027-05-05"], ["2026-04-30", "2026-05-05", "2027-05-06"]),
    ("Nov 10-Feb 29", ["2026-11-10", "2026-02-28", "2028-02-29"], ["2026-11-09", "2026-03-01"]),
    ("Feb 29-Mar 05", ["2026-03-01", "2026-03-05", "2028-02-29"], ["2026-02-28", "2026-03-06", "2028-02-28"]),
    ("Feb 29", ["2028-02-29"], ["2026-02-28", "2026-03-01"]),
    ("2026 Jan 10-Feb 29", ["2026-01-10", "2026-02-28"], ["2026-01-09", "2026-03-01"]),
    ("2026 Dec-Feb", ["2026-12-01", "2027-02-28"], ["2026-02-01", "2027-03-01"]),
    ("10:00-12:00, 24/7", ["2026-06-03"], []), ("week 14, 2026", ["2026-06-03"], ["2025-06-03"]),
  ]

  @Test("days that are easily missed", arguments: days)
  func missedDays(_ example: (value: String, isOpen: [String], isClosed: [String])) throws {
    let (hours, calendar) = (try OpeningHours(example.value), try paris())
    for (days, state) in [(example.isOpen, OpeningHours.State.open), (example.isClosed, .closed)] {
      for text in days {
        let noon = calendar.zone.instant(try #require(CivilDay(text)), secondOfDay: 43_200)
        #expect(hours.status(at: noon, in: calendar).state == state, "\(example.value) on \(text)")
      }
    }
  }

  @Test("any text is an answer or an error, never a crash", arguments: UInt64(1)...400)
  func garbage(seed: UInt64) throws {
    let pieces = [
      "Mo", "-", "Fr", " ", "08:00", "24:00", ",", ";", "off", "PH", "SH", "Jan", "2026", "31", "\"x\"", ":", "+", "é",
      "24/7", "[", "]", "-1", "99", "||", "easter", "week", "sunrise", "(", ")", "/", "days", "26:00", "Su[-1]",
    ]
    var state = seed
    let text = (0..<12).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return pieces[Int(state >> 33) % pieces.count]
    }.joined()
    guard let hours = try? OpeningHours(text) else { return }
    let first = try #require(CivilDay("2026-03-25"))
    let intervals = hours.intervals(from: first, days: 10, in: try paris())
    #expect(!intervals.isEmpty)
    for (a, b) in zip(intervals, intervals.dropFirst()) {
      #expect(a.until == b.from && (a.state, a.comment ?? "") != (b.state, b.comment ?? ""), "\(text)")
    }
    for interval in intervals { #expect(interval.from < interval.until, "\(text)") }
  }

  @Test("school holidays: by the calendar; beyond it nobody knows, where it matters") func schoolHolidays() throws {
    var calendar = try paris()
    let summer = try #require(CivilDay("2026-07-04"))...(try #require(CivilDay("2026-08-31")))
    let autumn = try #require(CivilDay("2026-10-17"))...(try #require(CivilDay("2026-11-01")))
    func state(_ value: String, _ day: String, _ hour: Int) throws -> OpeningHours.State {
      let at = calendar.zone.instant(try #require(CivilDay(day)), secondOfDay: hour * 3600)
      return try OpeningHours(value).status(at: at, in: calendar).state
    }
    let value = "Mo-Fr 09:00-17:00; SH 14:00-20:00"
    #expect(try state(value, "2026-07-13", 15) == .open)  // open in either case
    #expect(try state(value, "2026-07-13", 10) == .unknown)
    #expect(try state(value, "2026-07-13", 8) == .closed)
    calendar.schoolHolidays = SchoolHolidays(periods: [summer, autumn])
    #expect(try state(value, "2026-07-13", 10) == .closed)
    #expect(try state(value, "2026-07-13", 19) == .open)
    #expect(try state(value, "2026-09-14", 10) == .open)
    #expect(try state(value, "2026-09-14", 19) == .closed)
    #expect(try state(value, "2027-02-15", 19) == .unknown)  // the list has ended
    #expect(try state("SH Mo-Fr 09:00-18:00", "2026-07-13", 10) == .open)
    #expect(try state("SH Mo-Fr 09:00-18:00", "2026-07-18", 10) == .closed)
  }

  @Test("Paris on the longest day: sunset at 21:57; near the pole the sun may not set") func sun() throws {
    var calendar = try paris()
    calendar.position = .init(latitude: 48.8566, longitude: 2.3522)
    let day = try #require(CivilDay("2026-06-21"))
    #expect(abs(calendar.minutes(of: .sunset, on: day) - (21 * 60 + 57)) <= 1)
    #expect(abs(calendar.minutes(of: .sunrise, on: day) - (5 * 60 + 47)) <= 1)
    calendar.position = .init(latitude: 78.2, longitude: 15.6)
    #expect(calendar.minutes(of: .sunset, on: day) == 1080)
  }

  @Test("France's holidays of 2026, and two more in Alsace and Moselle") func holidays() throws {
    let first = try #require(CivilDay("2026-01-01"))
    func days(_ law: PublicHolidays.Law) -> [String] {
      (0..<365).map { first.adding(days: $0) }.filter { PublicHolidays(law).contains($0) }.map {
        String($0.text.dropFirst(5))
      }
    }
    let national = ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]
    #expect(days(.france) == national)
    #expect(Set(days(.alsaceMoselle)).subtracting(national) == ["04-03", "12-26"])
    #expect(days(.none) == [])
    #expect([2027, 2028].map { Easter.sunday(of: $0).text } == ["2027-03-28", "2028-04-16"])
  }
}
