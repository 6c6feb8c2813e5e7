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
  private func slots(_ events: [String], from day: Int = 1, days: Int64 = 31, month: Int = 7) throws -> [String] {
    let programme = try Programme(iCalendar: Self.calendar(events), zoneName: "Europe/Paris")
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
      let programme = try Programme(iCalendar: Self.calendar([Self.event(event)]), zoneName: "Europe/Paris")
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
        iCalendar: Self.calendar([Self.event(time + lines)]), zoneName: "Europe/Paris")
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
      "DTSTART:20260714\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260714",
    ])
  func faults(_ lines: String) throws {
    let good = Self.event(["DTSTART:20260715T080000Z", "DURATION:PT1H"], uid: "2")
    let programme = try Programme(
      iCalendar: Self.calendar([Self.event([lines]), good]), zoneName: "Europe/Paris")
    #expect(programme.events.count == 1 && programme.warnings.count == 1)
    #expect(programme.warnings.first?.line == 4)
  }

  @Test(
    "what is no calendar says where",
    arguments: [
      "": 1, "PK\u{3}\u{4}": 1, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR": 3,
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260714": 3, "BEGIN:VEVENT\nEND:VEVENT": 1,
    ])
  func broken(_ text: String, _ line: Int) throws {
    let problem = #expect(throws: ICalendarProblem.self) {
      try Programme(iCalendar: Array(text.utf8), zoneName: "Europe/Paris")
    }
    #expect(problem?.line == line)
  }
}
