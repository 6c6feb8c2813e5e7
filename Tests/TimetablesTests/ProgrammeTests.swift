// Programmes against recurring-ical-events, and what a calendar may hold beside recurrences.

import Foundation
import JSONText
import Quantities
import Testing

@testable import Timetables

@Suite("Programmes") struct ProgrammeTests {
  static let new2026 = CivilDay(daysSinceEpoch: 20_454)

  static func calendar(_ events: [String]) -> [UInt8] {
    Array((["BEGIN:VCALENDAR", "VERSION:2.0"] + events + ["END:VCALENDAR"]).joined(separator: "\r\n").utf8)
  }

  static func event(_ lines: [String], uid: String = "1") -> String {
    (["BEGIN:VEVENT", "UID:\(uid)"] + lines + ["END:VEVENT"]).joined(separator: "\r\n")
  }

  /// The slots of a day or more, as `14 18:00-20:00`.
  private func slots(_ events: [String], day: Int = 1, days: Int64 = 31, month: Int = 7) throws -> [String] {
    let programme = try Programme(iCalendar: Self.calendar(events), zone: try paris().zone)
    let zone = try paris().zone
    func clock(_ instant: Instant) -> String { String(zone.text(instant).dropFirst(11).prefix(5)) }
    let first = try #require(CivilDay(year: 2026, month: month, day: day))
    return programme.slots(from: first, days: days, in: zone).map {
      "\(zone.civil($0.from).day.components.day) \(clock($0.from))-\(clock($0.until))"
    }
  }

  @Test("slots of 2026 are those that recurring-ical-events finds") func authority() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Authorities/programmes.jsonl")
    let zone = try paris().zone
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count > 130)
    for line in lines {
      let row = try JSONDocument(Array(line.utf8)).root
      let event = row["lines"].map { $0.elements.compactMap(\.string) } ?? []
      let programme = try Programme(iCalendar: Self.calendar([Self.event(event)]), zone: try paris().zone)
      #expect(programme.warnings.isEmpty)
      let found = programme.slots(from: Self.new2026, days: 365, in: zone).map {
        "\($0.from.seconds / 60)+\(($0.until - $0.from).seconds / 60)"
      }
      #expect(found.joined(separator: " ") == row["slots"]?.string, "\(event)")
    }
  }

  @Test("an occurrence can be moved, called off, or take place besides") func moved() throws {
    let weekly = Self.event([
      "DTSTART;TZID=Europe/Paris:20260702T180000", "DTEND;TZID=Europe/Paris:20260702T200000", "RRULE:FREQ=WEEKLY",
      "EXDATE;TZID=Europe/Paris:20260716T180000", "RDATE;TZID=Europe/Paris:20260714T180000",
    ])
    let moved = Self.event([
      "RECURRENCE-ID;TZID=Europe/Paris:20260709T180000", "DTSTART;TZID=Europe/Paris:20260710T190000",
      "DURATION:PT1H30M",
    ])
    let calledOff = Self.event([
      "RECURRENCE-ID;TZID=Europe/Paris:20260723T180000", "DTSTART;TZID=Europe/Paris:20260723T180000", "DURATION:PT2H",
      "STATUS:CANCELLED",
    ])
    #expect(
      try slots([weekly, moved, calledOff]) == ["2 18:00-20:00", "10 19:00-20:30", "14 18:00-20:00", "30 18:00-20:00"])
    // In whichever order the file has them.
    #expect(try slots([calledOff, moved, weekly]).count == 4)
  }

  @Test("exceptions are moments, in whatever clock they are written") func moments() throws {
    let nightly = [
      "DTSTART;TZID=Europe/Paris:20260701T003000", "DURATION:PT2H", "RRULE:FREQ=DAILY;UNTIL=20260716T120000",
    ]
    let days = try slots([Self.event(nightly + ["EXDATE:20260712T223000Z,20260713T120000Z"])], days: 20)
    #expect(days.map { $0.split(separator: " ")[0] } == (1...16).filter { $0 != 13 }.map { "\($0)" })
    let moved = Self.event(["RECURRENCE-ID:20260713T223000Z", "DTSTART:20260714T203000Z", "DURATION:PT1H"])
    #expect(try slots([Self.event(nightly), moved], day: 14, days: 1) == ["14 22:30-23:30"])
    // A moment at which nothing takes place is no occurrence: nothing is taken away.
    let astray = Self.event([
      "RECURRENCE-ID;TZID=Europe/Paris:20260714T180000", "DTSTART:20260714T203000Z", "DURATION:PT1H",
    ])
    #expect(try slots([Self.event(nightly), astray], day: 14, days: 1) == ["14 00:30-02:30", "14 22:30-23:30"])
    let evening = ["DTSTART;TZID=Europe/Paris:20260714T210000", "DURATION:PT1H"]
    for (end, count) in [("20260716T120000", 2), ("20260716T210000", 3), ("20260716", 3), ("20260716T185959Z", 2)] {
      #expect(try slots([Self.event(evening + ["RRULE:FREQ=DAILY;UNTIL=\(end)"])]).count == count, "\(end)")
    }
    let outlook = ["DTSTART;TZID=Romance Standard Time:20260714T210000", "DURATION:PT1H"]
    #expect(try slots([Self.event(outlook)]) == ["14 21:00-22:00"])
  }

  @Test("rules that give nothing, or give what was long ago, cost nothing")
  func cost() throws {
    let zone = try paris().zone
    let never = (0..<1000).map { number in
      Self.event(
        ["DTSTART:20260228T100000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], uid: "\(number)")
    }
    let many = (0..<400).map { number in
      Self.event(["DTSTART:19700101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"], uid: "\(number)")
    }
    let start = ContinuousClock.now
    let first = CivilDay(daysSinceEpoch: 20_650)
    #expect(
      try Programme(iCalendar: Self.calendar(many), zone: zone).slots(from: first, days: 10, in: zone).count == 4000)
    // Only their first days: the thirtieth of February does not come.
    #expect(throws: ICalendarProblem.self) { try Programme(iCalendar: Self.calendar(never), zone: zone) }
    let few = Array(never.prefix(400))
    #expect(try Programme(iCalendar: Self.calendar(few), zone: zone).slots(from: first, days: 10, in: zone).isEmpty)
    #expect(ContinuousClock.now - start < .seconds(60))  // it was hours; a limit that only a hang can reach
  }

  @Test("what an event does to its place") func effects() throws {
    let time = ["DTSTART:20260714T080000Z", "DURATION:PT1H"]
    let cases: [([String], [Programme.Effect])] = [
      ([], [.takes(nil)]), (["X-TONNELLE-ROOM:30"], [.takes(30)]), (["CATEGORIES:Fête,Ouvert"], [.opens]),
      (["CATEGORIES:OPEN"], [.opens]), (["STATUS:CANCELLED"], []), (["TRANSP:TRANSPARENT"], []),
      (["BEGIN:VALARM", "TRIGGER:-PT1H", "DTSTART:20200101", "END:VALARM"], [.takes(nil)]),
      (["SUMMARY:une ligne", "  pliée; avec: signes"], [.takes(nil)]),
    ]
    for (lines, effects) in cases {
      let programme = try Programme(
        iCalendar: Self.calendar([Self.event(time + lines)]), zone: try paris().zone)
      #expect(programme.events.map(\.effect) == effects && programme.warnings.isEmpty, "\(lines)")
    }
  }

  @Test(
    "what is not understood is left out and said, and the events beside it stay",
    arguments: [
      "DTSTART:20260231", "DTSTART:20260714T250000", "DTSTART;TZID=Asia/Tokyo:20260714T100000", "SUMMARY:sans début",
      "DTSTART:20260714T100000Z\r\nDTEND:20260714T090000Z", "DTSTART:20260714T100000Z\r\nDTEND:20260714T120000",
      "DTSTART:20260714T100000\r\nDURATION:1h", "DTSTART:20260714T100000\r\nDURATION:PT1H\r\nX-TONNELLE-ROOM:beaucoup",
      "DTSTART:20260714T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY",
      "DTSTART:20260714\r\nRRULE:FREQ=WEEKLY;BYSETPOS=1", "DTSTART:20260714\r\nRRULE:FREQ=WEEKLY;INTERVAL=0",
      "DTSTART:20260714\r\nRRULE:FREQ=MONTHLY;BYDAY=6MO", "DTSTART:20260714\r\nRRULE:FREQ=YEARLY;BYDAY=20MO",
      "DTSTART:20260714\r\nRRULE:COUNT=3", "DTSTART:20260714\r\nRRULE:FREQ=DAILY;UNTIL=bientôt",
      "DTSTART:20260714\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260714", "DTSTART:20260714\r\nEXRULE:FREQ=WEEKLY",
      "DTSTART:20260714T100000Z\r\nDURATION:P999999W", "DTSTART:20260714T100000Z\r\nDURATION:P1DT1H1H",
      "DTSTART:19400714T100000Z\r\nDURATION:PT1H", "DTSTART:20260714\r\nDTEND:20270714",
      "DTSTART:20260714T100000\r\nDURATION:PT1H\r\nRDATE:20260715T113000",
    ])
  func faults(_ lines: String) throws {
    let good = Self.event(["DTSTART:20260715T080000Z", "DURATION:PT1H"], uid: "2")
    let programme = try Programme(
      iCalendar: Self.calendar([Self.event([lines]), good]), zone: try paris().zone)
    #expect(programme.events.count == 1 && programme.warnings.count == 1)
    #expect(programme.warnings.first?.line == 4 && !programme.isWhole)
  }

  @Test(
    "what is no calendar says where",
    arguments: [
      "": 1, "PK\u{3}\u{4}": 1, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR": 3,
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260714": 3, "BEGIN:VEVENT\nEND:VEVENT": 1,
    ])
  func broken(_ text: String, _ line: Int) throws {
    let problem = #expect(throws: ICalendarProblem.self) {
      try Programme(iCalendar: Array(text.utf8), zone: try paris().zone)
    }
    #expect(problem?.line == line)
  }
}
