// The flat properties of a place, named once: GeoJSON features, CSV columns, filters and the API's description follow.

public import Quantities

/// A property of a place, as GIS programs show it in a table.
public struct PlaceProperty: Sendable {
  /// What its values are.
  public enum Kind: Hashable, Sendable {
    /// Any text.
    case text
    /// A moment as RFC 3339 text.
    case time
    /// A decimal number.
    case number
    /// Yes or no.
    case flag
    /// One of some words.
    case choice([String])
  }

  /// A value.
  public enum Value: Hashable, Sendable {
    /// Text, a word or a moment.
    case text(String)
    /// Decimal digits.
    case number(String)
    /// Yes or no.
    case flag(Bool)
  }

  /// Its name.
  public let name: String
  /// What its values are.
  public let kind: Kind
  /// What it means, with its unit.
  public let meaning: String
  /// The value of a place, times in the city's zone; nil where it is not known.
  public let value: @Sendable (PublicPlace, CivilZone) -> Value?

  private static func text(_ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> String?)
    -> Self
  {
    Self(name: name, kind: .text, meaning: meaning) { place, _ in value(place).map { .text($0) } }
  }

  private static func time(_ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> Instant?)
    -> Self
  {
    Self(name: name, kind: .time, meaning: meaning) { place, zone in value(place).map { .text(zone.text($0)) } }
  }

  private static func number(_ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> String?)
    -> Self
  {
    Self(name: name, kind: .number, meaning: meaning) { place, _ in value(place).map { .number($0) } }
  }

  private static func flag(_ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> Bool?)
    -> Self
  {
    Self(name: name, kind: .flag, meaning: meaning) { place, _ in value(place).map { .flag($0) } }
  }

  private static func choice<Word: CaseIterable & RawRepresentable<String> & SendableMetatype>(
    _ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> Word?
  ) -> Self {
    Self(name: name, kind: .choice(Word.allCases.map(\.rawValue)), meaning: meaning) { place, _ in
      value(place).map { .text($0.rawValue) }
    }
  }

  /// What rarely changes.
  static let about: [PlaceProperty] = [
    text("name", "The name people know it by.") { $0.about.name },
    choice("kind", "What kind of place it is.") { $0.about.kind },
    text("address", "Street address.") { $0.about.address },
    text("opening_hours", "The timetable as published, in OpenStreetMap's syntax.") { $0.about.openingHours },
    flag("water", "Whether there is drinking water.") { $0.about.water },
    flag("toilets", "Whether there are toilets.") { $0.about.toilets },
    flag("seats", "Whether there are seats.") { $0.about.seats },
    flag("indoor", "Whether it is indoors.") { $0.about.indoor },
    choice("step_free", "Whether it can be reached without a step.") { $0.about.stepFree },
    flag("example", "True where it is an invented example.") { $0.about.isExample ? true : nil },
    text("source", "The register it comes from.") { $0.about.source },
    text("licence", "The register's licence.") { $0.about.licence },
  ]

  /// What changes by the minute.
  static let indicators: [PlaceProperty] = [
    choice("availability", "Whether one should go there now.") { $0.indicators.availability },
    flag("measured", "Whether sensors say how cool it is.") { $0.indicators.isMeasured },
    text("reasons", "Why the availability is what it is: words between spaces.") {
      $0.indicators.reasons.map(\.rawValue).joined(separator: " ")
    },
    time("since", "Since when the availability has been what it is.") { $0.indicators.since },
    time("next_change", "When it opens or closes next.") { $0.indicators.nextChange },
    choice("opening", "Whether it is open now, and whether that is known.") { $0.indicators.opening.state },
    flag("open", "Whether it is known to be open now.") { $0.indicators.opening.state == .open },
    time("open_until", "Until when the opening is what it is.") { $0.indicators.opening.until },
    number("air_temperature", "Air temperature in °C.") { $0.indicators.coolness?.air.text(places: 1) },
    number("felt_temperature", "Felt temperature in °C.") { $0.indicators.coolness?.felt.text(places: 1) },
    choice("felt_class", "What the felt temperature means for a person.") { $0.indicators.coolness?.feltClass },
    number("difference_to_reference", "Reference minus place in K: positive where it is cooler than the street.") {
      $0.indicators.coolness?.difference?.text(places: 1)
    },
    choice("occupancy", "How full it is.") { $0.indicators.occupancy?.level },
    number("room_left", "People who still fit at least.") { $0.indicators.occupancy?.roomLeft.map { "\($0)" } },
    number("laeq_15min", "Equivalent sound level of the last quarter of an hour in dB(A).") {
      $0.indicators.noise?.laeq.text(places: 0)
    },
    choice("noise", "How loud it is.") { $0.indicators.noise?.noiseClass },
    flag("calm", "Whether it is quiet now and was in the last hour.") { $0.indicators.noise?.isCalm },
    time("observed_at", "Time of the newest reading.") { $0.indicators.freshness?.observedAt },
  ]

  /// All of them, in the order in which they are written.
  public static let all = about + indicators
}
