// Instants, days and their text.

import Testing

@testable import Quantities

@Suite("Time") struct TimeTests {
  static let times: [(text: String, milliseconds: Int64?)] = [
    ("1970-01-01T00:00:00Z", 0), ("2026-07-18T10:00:00Z", 1_784_368_800_000),
    ("2026-07-18T12:00:00+02:00", 1_784_368_800_000), ("2026-07-18t12:00:00.5+02:00", 1_784_368_800_500),
    ("2026-07-18T09:34:15.775023242+00:00", 1_784_367_255_775), ("1969-12-31T23:59:59.999Z", -1),
    // mosquitto_sub writes local time, a literal Z, and then the offset.
    ("2026-11-21T14:55:39.495298Z+0100", 1_795_269_339_495), ("2026-11-21T13:54:39.208559Z+0000", 1_795_269_279_208),
    ("2026-02-29T00:00:00Z", nil), ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2026-13-01T00:00:00Z", nil),
    ("2026-07-18T24:00:00Z", nil), ("2026-07-18T12:00:00", nil), ("2026-07-18", nil), ("", nil),
    ("2026-07-18T12:00:00.Z", nil), ("2026-07-18T12:00:00+2:00", nil), ("2026-07-18T12:00:00Zx", nil),
  ]

  @Test("RFC 3339 is read, and what is not is refused", arguments: times)
  func reading(_ example: (text: String, milliseconds: Int64?)) {
    #expect(Instant(rfc3339: example.text)?.milliseconds == example.milliseconds, "\(example.text)")
  }

  @Test(
    "what is written is read back",
    arguments: [Int64(0), 1, -1, 1_784_368_800_000, 253_402_200_000_000, -62_135_596_800_000])
  func roundTrip(milliseconds: Int64) {
    let instant = Instant(milliseconds: milliseconds)
    #expect(Instant(rfc3339: instant.rfc3339()) == instant)
    if milliseconds > 0 { #expect(Instant(rfc3339: instant.rfc3339(offset: 7200)) == instant) }
  }

  @Test("every day of 1900 to 2100 is the day after the one before") func days() throws {
    var day = try #require(CivilDay(year: 1900, month: 1, day: 1))
    #expect(day.weekday == 0)  // a Monday
    while day.components.year < 2101 {
      let (year, month, number) = day.components
      #expect(CivilDay(year: year, month: month, day: number) == day)
      #expect(day.adding(days: 1).weekday == (day.weekday + 1) % 7)
      #expect(CivilDay(day.text) == day)
      day = day.adding(days: 1)
    }
    #expect(CivilDay(year: 2026, month: 2, day: 29) == nil)
    #expect(CivilDay("2026-7-18") == nil)
  }

  @Test("division rounds down, and to the nearest with halves away from zero") func division() {
    #expect(Int64(-1).floorDivided(by: 60) == -1)
    #expect(Int64(60).floorDivided(by: 60) == 1)
    for (value, expected) in [(5, 1), (4, 0), (-5, -1), (-4, 0), (15, 2), (-15, -2)] as [(Int64, Int64)] {
      #expect(value.roundedDivided(by: 10) == expected)
    }
  }
}
