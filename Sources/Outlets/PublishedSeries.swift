// What was published of places at quarters of an hour, as lines for VictoriaMetrics: one line a series, one value each.

internal import JSONText
internal import Publication
internal import Quantities

/// A value of a series at a moment.
struct PublishedValue: Hashable, Sendable {
  /// Labels, in the order of their names; the first is the metric's name.
  var labels: [Label]
  /// The moment, in Unix milliseconds.
  var at: Int64
  /// The value, in thousandths.
  var value: Int64

  /// A label and what it says.
  struct Label: Hashable, Sendable {
    var name: String
    var value: String
  }

  /// The line that imports it.
  var line: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("metric")
      json.object { json in for label in labels { json.member(label.name, label.value) } }
      json.key("values")
      json.array { json in json.raw(Milli<Celsius>(value).text(places: value % 1000 == 0 ? 0 : 1)) }
      json.key("timestamps")
      json.array { json in json.number(at) }
    }
    return json.bytes + [0x0A]
  }

  /// The values of lines in the form of import and export; what cannot be read is left out.
  static func values(of lines: some Collection<UInt8>) -> [PublishedValue] {
    var found: [PublishedValue] = []
    for line in lines.split(separator: 0x0A) {
      guard let root = try? JSONDocument(Array(line)).root, let metric = root["metric"], let values = root["values"],
        let times = root["timestamps"]
      else { continue }
      // Others may have added labels of theirs.
      let labels = metric.members.filter { names.contains($0.key) }
        .map { Label(name: $0.key, value: $0.value.string ?? "") }.sorted { $0.name < $1.name }
      for (value, time) in zip(values.elements, times.elements) {
        guard let text = value.numberText, let number = Double(String(decoding: text, as: UTF8.self)),
          let at = time.integer, abs(number) < 1e12
        else { continue }
        found.append(PublishedValue(labels: labels, at: Int64(at), value: Int64((number * 1000).rounded())))
      }
    }
    return found
  }

  /// Names of our labels.
  private static let names: Set<String> = ["__name__", "city", "gateway", "level", "place", "state"]

  /// What was published of a place at the close of a quarter of an hour.
  ///
  /// - Parameters:
  ///   - sample: temperatures and levels; nil where there were none.
  ///   - indicators: what stood there as the quarter closed; nil where that is not known.
  ///   - at: the quarter's close.
  ///   - place: the place's identifier.
  ///   - city: the city's identifier.
  ///   - gateway: the gateway's identifier.
  /// - Returns: a value for all that is known.
  static func values(
    _ sample: PublicSample?, _ indicators: PublicIndicators?, at: Instant, place: String, city: String, gateway: String
  ) -> [PublishedValue] {
    var values: [PublishedValue] = []
    func add(_ name: String, _ value: Int64?, _ label: Label? = nil) {
      guard let value else { return }
      var labels = [
        Label(name: "__name__", value: "tonnelle_place_" + name), Label(name: "city", value: city),
        Label(name: "gateway", value: gateway), Label(name: "place", value: place),
      ]
      if let label { labels.append(label) }
      labels.sort { $0.name < $1.name }
      values.append(PublishedValue(labels: labels, at: at.milliseconds, value: value))
    }
    add("air_temperature_celsius", sample?.air?.rawValue)
    add("felt_temperature_celsius", sample?.felt?.rawValue)
    add("reference_temperature_celsius", sample?.reference?.rawValue)
    add("laeq_15min_decibels", sample?.laeq?.rawValue)
    add("l10_1h_decibels", sample?.l10?.rawValue)
    add("l90_1h_decibels", sample?.l90?.rawValue)
    if let indicators {
      add("availability", 1000, Label(name: "state", value: indicators.availability.rawValue))
      if let level = indicators.occupancy?.level {
        add("occupancy", 1000, Label(name: "level", value: level.rawValue))
      }
    }
    return values
  }

  /// What was published of all places at quarters of an hour that have closed.
  ///
  /// - Parameters:
  ///   - snapshot: what is published now, with the last 24 hours.
  ///   - before: what was published until then; nil where that is not known.
  ///   - cursor: the last quarter that is kept already; nil where none is.
  ///   - gateway: the gateway's identifier.
  /// - Returns: quarters in order, each with its values in the order of the places.
  static func quarters(
    of snapshot: PublicSnapshot, before: PublicSnapshot?, after cursor: Instant?, gateway: String
  ) -> [(close: Instant, values: [PublishedValue])] {
    let last = snapshot.at.floored(toMilliseconds: RecentDay.step.milliseconds)
    let day = last - Span.hours(24)
    // A cursor in the future is of a clock that ran ahead: what was kept of this day is found there again.
    let from = cursor.map { $0 > snapshot.at ? day : max($0, day) } ?? day
    let places = snapshot.places.map { place in
      (
        place.about.id, Dictionary(place.recent.samples.map { ($0.at, $0) }, uniquingKeysWith: { $1 }),
        before?.place(place.about.id)?.indicators
      )
    }
    var quarters: [(close: Instant, values: [PublishedValue])] = []
    var close = from.floored(toMilliseconds: RecentDay.step.milliseconds) + RecentDay.step
    while close <= last {
      // What is published stands until the next snapshot.
      let isKnown = before.map { $0.at <= close } ?? false
      let values = places.flatMap { id, samples, indicators in
        Self.values(
          samples[close], isKnown ? indicators : nil, at: close, place: id, city: snapshot.city.id, gateway: gateway)
      }
      if !values.isEmpty { quarters.append((close, values)) }
      close = close + RecentDay.step
    }
    return quarters
  }
}
