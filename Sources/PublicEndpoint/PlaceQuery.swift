// Which places somebody asks for: the same parameters for pages, features and events.

internal import HTTPServer
internal import Publication
internal import Quantities

/// What can be asked of a place: each property that has a few values, and what people ask for in other words.
struct PlaceFilter: Sendable {
  /// The parameter's name.
  let name: String
  /// What it means, for the API's description.
  let meaning: String
  /// The values it takes; none for yes and no.
  let values: [String]
  /// The place's value; nil where it is not known, which matches nothing.
  let value: @Sendable (PublicPlace) -> String?

  private init(_ name: String, _ meaning: String, _ value: @escaping @Sendable (PublicPlace) -> Bool?) {
    self.name = name
    self.meaning = meaning
    values = []
    self.value = { value($0).map { $0 ? "true" : "false" } }
  }

  private init?(_ property: PlaceProperty) {
    switch property.kind {
    case .flag: values = []
    case .choice(let words): values = words
    case .text, .time, .number: return nil
    }
    name = property.name
    meaning = property.meaning
    value = { place in
      switch property.value(place, .utc) {
      case .text(let word): word
      case .flag(let isSo): isSo ? "true" : "false"
      case .number, nil: nil
      }
    }
  }

  static let all: [PlaceFilter] =
    PlaceProperty.all.compactMap { PlaceFilter($0) } + [
      PlaceFilter("available", "Whether it is open and neither known to be hot nor full.") {
        $0.indicators.availability == .available
      },
      PlaceFilter("room", "Whether people still fit in.") { $0.indicators.occupancy.map { $0.level != .full } },
      PlaceFilter("accessible", "Whether it can be reached without a step.") { $0.about.stepFree.map { $0 == .yes } },
    ]

  /// A value as it is compared; GIS programs write yes and no as 1 and 0.
  func normal(_ text: String) throws(Problem) -> String {
    let normal = values.isEmpty ? ["1": "true", "0": "false"][text] ?? text : text
    let known = values.isEmpty ? ["true", "false"] : values
    guard known.contains(normal) else {
      throw Problem(400, "Bad request", "\(name) is one of: \(known.joined(separator: ", "))")
    }
    return normal
  }
}

/// What somebody asks for.
struct PlaceQuery: Sendable {
  /// Names of the parameters that every query of places takes.
  static let names = PlaceFilter.all.map(\.name) + ["open_at", "near", "radius"]

  /// Chosen values, in the order of ``PlaceFilter/all``.
  private(set) var chosen: [(filter: PlaceFilter, value: String)] = []
  /// Asks for what is open at a moment to come, and how that was written.
  private(set) var openAt: (moment: Instant, text: String)?
  /// From where distances count.
  private(set) var near: PublicPosition?
  /// How far at most, in metres.
  private(set) var radius: Double?

  /// Reads the parameters among others; each may stand there once.
  init(_ query: [(name: String, value: String)], _ snapshot: PublicSnapshot) throws(Problem) {
    var given: [String: String] = [:]
    for (name, value) in query where given.updateValue(value, forKey: name) != nil {
      throw Problem(400, "Bad request", "\(name) stands there twice")
    }
    for filter in PlaceFilter.all {
      guard let text = given[filter.name] else { continue }
      chosen.append((filter, try filter.normal(text)))
    }
    if let text = given["open_at"] { openAt = (try Self.moment(text, snapshot), text) }
    if let text = given["near"] { near = try Self.position(text) }
    if let text = given["radius"] {
      guard let metres = Double(text), metres > 0, metres.isFinite else {
        throw Problem(400, "Bad request", "radius is a number of metres above 0")
      }
      guard near != nil else { throw Problem(400, "Bad request", "radius needs near=longitude,latitude") }
      radius = metres
    }
  }

  /// The value of a filter, if it is chosen.
  subscript(name: String) -> String? { chosen.first { $0.filter.name == name }?.value }

  /// What is asked of a place that will be so tomorrow too: what it is and offers, not how it is now.
  var lasting: PlaceQuery {
    let names = ["kind", "accessible", "step_free", "water", "toilets", "seats", "indoor"]
    var copy = self
    copy.chosen = chosen.filter { names.contains($0.filter.name) }
    copy.openAt = nil
    return copy
  }

  /// Whether a place is meant; distances are not looked at.
  func matches(_ place: PublicPlace) -> Bool {
    if let moment = openAt?.moment {
      guard place.openUntil(at: moment) != nil else { return false }
    }
    return chosen.allSatisfy { $0.filter.value(place) == $0.value }
  }

  /// The places that are meant, the best first or by identifier.
  func places(_ snapshot: PublicSnapshot, isRanked: Bool) -> [RankedPlace] {
    if !isRanked && near == nil {
      return snapshot.places.lazy.filter(matches).map { RankedPlace(place: $0, metres: nil) }
    }
    var subset = snapshot
    if !chosen.isEmpty || openAt != nil { subset.places = snapshot.places.filter(matches) }
    let ranked = subset.ranked(near: near)
    return radius.map { radius in ranked.filter { $0.metres.map { $0 <= radius } ?? false } } ?? ranked
  }

  /// A time of day, of which the next one is meant, or a moment.
  private static func moment(_ text: String, _ snapshot: PublicSnapshot) throws(Problem) -> Instant {
    // A plus sign in a query means a space, and few people write %2B.
    if let moment = Instant(rfc3339: text.replacing(" ", with: "+")) {
      let zone = snapshot.city.zone
      let first = zone.instant(zone.civil(snapshot.at).day, secondOfDay: 0)
      guard moment >= first, moment < first + .days(7) else {
        throw Problem(400, "Bad request", "open_at lies outside of the seven days of which the hours are known")
      }
      return moment
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
    else { throw Problem(400, "Bad request", "open_at is a time such as 22:00 or 2026-07-18T22:00:00+02:00") }
    let zone = snapshot.city.zone
    let today = zone.civil(snapshot.at).day
    let moment = zone.instant(today, secondOfDay: hour * 3600 + minute * 60)
    return moment >= snapshot.at ? moment : zone.instant(today.adding(days: 1), secondOfDay: hour * 3600 + minute * 60)
  }

  private static func position(_ text: String) throws(Problem) -> PublicPosition {
    guard let numbers = numbers(text), numbers.count == 2, abs(numbers[0]) <= 180, abs(numbers[1]) <= 90 else {
      throw Problem(400, "Bad request", "near is a longitude and a latitude in degrees, such as 4.842,45.759")
    }
    return PublicPosition(
      longitudeE7: Int64((numbers[0] * 1e7).rounded()), latitudeE7: Int64((numbers[1] * 1e7).rounded()))
  }

  /// Finite numbers between commas; nil when one of them is none.
  static func numbers(_ text: String) -> [Double]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Double($0) }.filter(\.isFinite)
    return numbers.count == parts.count ? numbers : nil
  }
}
