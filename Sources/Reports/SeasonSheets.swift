// The tables of a season for machines: RFC 4180, decimal points, units in the head, and no cell that is empty.

internal import CoolIslands
internal import Quantities

enum SeasonSheets {
  static let unknown = "unknown"
  static let notMeasured = "not measured"

  // MARK: Text

  /// A field, in quotes where it needs them.
  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars { quoted += scalar == "\"" ? "\"\"" : String(scalar) }
    return quoted + "\""
  }

  private static func line(_ fields: [String]) -> [UInt8] {
    Array((fields.map(field).joined(separator: ",") + "\r\n").utf8)
  }

  private static func cell<Value>(_ answer: Answer<Value>, _ text: (Value) -> String) -> String {
    switch answer {
    case .known(let value): text(value)
    case .unknown: unknown
    case .notMeasured: notMeasured
    }
  }

  /// Hours with two decimals, of milliseconds.
  static func hours(_ milliseconds: Int64) -> String {
    Milli<Never>(milliseconds.roundedDivided(by: 36_000) * 10).text(places: 2)
  }

  private static func tenths<Unit>(_ value: Milli<Unit>) -> String { value.text(places: 1) }
  private static func whole(_ value: MilliDecibels) -> String { value.text(places: 0) }
  private static func percent(_ thousandths: Int64) -> String { Milli<Never>(thousandths * 100).text(places: 1) }

  // MARK: Heads

  static func head(of sheet: Sheet, _ choices: Choices) -> [UInt8] {
    let cooler = "cooler_by_\(choices.cooler.text(places: 1))_degC_h"
    let states = [
      "observed_h", "open_h", "opening_unknown_h", "open_and_cool_h", "crowded_h", "full_h", "availability_unknown_h",
    ]
    switch sheet {
    case .places:
      return line(
        ["place", "name", "kind"] + states + [
          "difference_degC", "difference_hours", cooler, "difference_12_18_degC", "difference_12_18_hours",
          "difference_0_6_degC", "difference_0_6_hours", "visitors_low", "visitors_high", "counting_share_percent",
          "laeq_dBA", "sound_share_percent", "lden_estimate_dBA", "lnight_estimate_dBA", "lden_days",
          "sensor_share_percent", "silences", "works", "works_12_18_change_degC", "works_12_18_low_degC",
          "works_12_18_high_degC", "works_12_18_days_before", "works_12_18_days_after", "works_0_6_change_degC",
          "works_0_6_low_degC", "works_0_6_high_degC", "works_0_6_days_before", "works_0_6_days_after",
        ])
    case .days:
      return line(
        ["place", "day"] + states + [
          "warmest_degC", "difference_degC", "difference_hours", cooler, "difference_12_18_degC",
          "difference_0_6_degC", "visitors_low", "visitors_high", "laeq_dBA", "lden_estimate_dBA",
          "lnight_estimate_dBA", "sensor_share_percent",
        ])
    case .incidents: return line(["place", "sensor", "begin", "silent_h", "goes_on"])
    case .coverage:
      return line(
        ["day", "quarter_hours", "people"] + Coverage.metres.map { "within_\(Int($0))_m_percent" }
          + ["within_750_m_12_18_percent", "within_750_m_20_24_percent"])
    }
  }

  // MARK: Rows

  private static func states(_ times: StateTimes, of season: PlaceSeason) -> [String] {
    let isKnown = times.observed > 0
    func time(_ milliseconds: Int64, isMeasured: Bool = true, isKnown: Bool) -> String {
      isMeasured ? (isKnown ? hours(milliseconds) : unknown) : notMeasured
    }
    let counted = times.occupancyKnown > 0
    return [
      hours(times.observed), time(times.open, isKnown: isKnown), time(times.openingUnknown, isKnown: isKnown),
      time(times.available, isMeasured: season.isMeasured, isKnown: isKnown && times.knowsAvailability),
      time(times.crowded, isMeasured: season.hasOccupancy, isKnown: counted),
      time(times.full, isMeasured: season.hasOccupancy, isKnown: counted),
      time(times.availabilityUnknown, isKnown: isKnown),
    ]
  }

  static func row(_ season: PlaceSeason) -> [UInt8] {
    var row = [season.id, season.name, season.kind] + states(season.times, of: season)
    func count(_ differences: Differences) -> String {
      season.isMeasured && season.hasReference ? String(differences.hours) : notMeasured
    }
    row += [
      cell(season.difference(season.differences), tenths), count(season.differences),
      cell(season.difference(season.differences)) { _ in String(season.coolerHours) },
      cell(season.difference(season.afternoons), tenths), count(season.afternoons),
      cell(season.difference(season.nights), tenths), count(season.nights),
      cell(season.visitors) { String($0.low) }, cell(season.visitors) { String($0.high) },
      cell(season.countingShare, percent), cell(season.laeq, whole), cell(season.soundShare, percent),
      cell(season.sound) { whole($0.lden) }, cell(season.sound) { whole($0.lnight) },
      cell(season.sound) { String($0.days) }, cell(season.sensorShare, percent),
      cell(season.sensorShare) { _ in String(season.silences) },
    ]
    guard let works = season.works else { return line(row + Array(repeating: "none", count: 11)) }
    row.append(works.day.text)
    for effect in [works.afternoon, works.night] {
      guard let effect else {
        row += Array(repeating: season.isMeasured && season.hasReference ? unknown : notMeasured, count: 5)
        continue
      }
      row += [
        tenths(effect.change), tenths(effect.interval.lowerBound), tenths(effect.interval.upperBound),
        String(effect.daysBefore), String(effect.daysAfter),
      ]
    }
    return line(row)
  }

  static func row(_ day: PlaceDay, of season: PlaceSeason) -> [UInt8] {
    func count(_ hours: Int64) -> String { season.isMeasured && season.hasReference ? String(hours) : notMeasured }
    return line(
      [season.id, day.day.text] + states(day.times, of: season) + [
        cell(day.warmest, tenths), cell(season.difference(day.differences), tenths), count(day.differences.hours),
        cell(season.difference(day.differences)) { _ in String(day.coolerHours) },
        cell(season.difference(day.afternoon), tenths), cell(season.difference(day.night), tenths),
        cell(day.visitors) { String($0.low) }, cell(day.visitors) { String($0.high) }, cell(day.laeq, whole),
        cell(day.sound) { whole($0.lden) }, cell(day.sound) { whole($0.lnight) }, cell(day.sensorShare, percent),
      ])
  }

  static func row(_ day: CoverageSeason.Day) -> [UInt8] {
    func share(_ share: CoverageSeason.Share, _ band: Int) -> String { share.thousandths(band).map(percent) ?? unknown }
    let band = CoverageSeason.tenMinutes
    return line(
      [day.day.text, String(day.whole.quarters), String(day.people)]
        + Coverage.metres.indices.map { share(day.whole, $0) } + [share(day.afternoon, band), share(day.evening, band)])
  }

  static func row(_ silence: Silence, _ zone: CivilZone) -> [UInt8] {
    line([
      silence.place ?? "none", silence.sensor, zone.text(silence.begin), String(silence.hours),
      silence.isOpen ? "yes" : "no",
    ])
  }
}
