// The long history's lines: which quarters of an hour leave, with which values, and that they are read as they are written.

import Publication
import Quantities
import Testing

@testable import Outlets

@Suite("Published series") struct PublishedSeriesTests {
  static let noon = Instant(milliseconds: 1_784_383_200_000)
  static let quarter = RecentDay.step

  /// A place that has been published for so many quarters of an hour, a tenth of a degree warmer each time.
  static func snapshot(at: Instant, quarters: Int, _ availability: Availability = .available) -> PublicSnapshot {
    var recent = RecentDay()
    let last = at.floored(toMilliseconds: quarter.milliseconds)
    for index in stride(from: quarters - 1, through: 0, by: -1) {
      var sample = PublicSample(at: last - .minutes(15 * Int64(index)))
      sample.air = MilliCelsius(-500 + Int64(quarters - index) * 100)
      sample.laeq = MilliDecibels(47_000)
      recent.append(sample)
    }
    var indicators = PublicIndicators.unknown
    indicators.availability = availability
    indicators.occupancy = .init(level: .busy, roomLeft: 10)
    let about = PublicAbout(
      id: "parc", name: "Parc", kind: .park, address: nil,
      shape: GeoShape(PublicPosition(longitudeE7: 48_500_000, latitudeE7: 457_500_000)), geometry: "null",
      openingHours: nil, intervals: [], water: nil, toilets: nil, seats: nil, stepFree: nil, indoor: nil,
      isExample: false, source: nil, licence: nil)
    return PublicSnapshot(
      version: 1, at: at,
      city: PublicCity(id: "ville", name: "Ville", zone: .utc, heat: nil, notice: [:], contact: nil),
      places: [PublicPlace(about: about, indicators: indicators, recent: recent)])
  }

  static func closes(_ snapshot: PublicSnapshot, _ before: PublicSnapshot? = nil, after cursor: Instant?) -> [Instant] {
    PublishedValue.quarters(of: snapshot, before: before, after: cursor, gateway: "g").map(\.close)
  }

  @Test("what closed since the cursor leaves, a day at most, once") func cursor() {
    let now = Self.noon + .minutes(7)
    let whole = Self.snapshot(at: now, quarters: 96)
    #expect(Self.closes(whole, after: nil) == (0..<96).reversed().map { Self.noon - .minutes(15 * $0) })
    #expect(Self.closes(whole, after: Self.noon - .days(30)).count == 96)
    #expect(Self.closes(whole, after: Self.noon - .minutes(15)) == [Self.noon])
    #expect(Self.closes(whole, after: Self.noon).isEmpty)
    // A cursor of a clock that ran ahead keeps nothing from leaving.
    #expect(Self.closes(whole, after: now + .days(400)).count == 96)
  }

  @Test("a state stands until the next snapshot, and is not invented for what was before") func states() {
    let before = Self.snapshot(at: Self.noon - .minutes(20), quarters: 3, .crowded)
    let now = Self.snapshot(at: Self.noon + .seconds(1), quarters: 4, .closed)
    let quarters = PublishedValue.quarters(of: now, before: before, after: nil, gateway: "g")
    let states = quarters.map { quarter in
      quarter.values.flatMap(\.labels).filter { $0.name == "state" || $0.name == "level" }.map(\.value)
    }
    #expect(states == [[], [], ["crowded", "busy"], ["crowded", "busy"]])
    #expect(quarters.map { $0.values.count } == [2, 2, 4, 4])
    let alone = PublishedValue.quarters(of: now, before: nil, after: Self.noon - .minutes(15), gateway: "g")
    #expect(alone.map { $0.values.count } == [2])
  }

  @Test("what is written is read; labels that others added do not matter, values do") func lines() throws {
    let now = Self.snapshot(at: Self.noon, quarters: 12)
    let values = PublishedValue.quarters(of: now, before: now, after: nil, gateway: "g").flatMap(\.values)
    #expect(values.map(\.value).contains(-400) && values.map(\.value).contains(0))
    #expect(PublishedValue.values(of: values.flatMap(\.line)) == values)
    let line = String(decoding: try #require(values.first).line, as: UTF8.self)
    #expect(
      line == #"{"metric":{"__name__":"tonnelle_place_air_temperature_celsius","city":"ville","gateway":"g","#
        + #""place":"parc"},"values":[-0.4],"timestamps":[\#(values[0].at)]}"# + "\n")
    let more = line.replacing(#""city""#, with: #""dc":"x","city""#)
    #expect(PublishedValue.values(of: Array(more.utf8)) == [values[0]])
    #expect(PublishedValue.values(of: Array(line.replacing("-0.4", with: "-0.5").utf8)) != [values[0]])
    for broken in ["", "x", "{}", #"{"metric":{},"values":[null],"timestamps":[1]}"#, "[1]", #"{"metric":1}"#] {
      #expect(PublishedValue.values(of: Array(broken.utf8)).isEmpty)
    }
  }
}
