// Civil time against Foundation.

import Configuration
import Foundation
import Quantities
import Testing

/// Paris as tzdata has it.
func paris() throws -> CivilZone {
  let data = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Paris"))
  return try TimeZoneFile.zone([UInt8](data), name: "Europe/Paris")
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
