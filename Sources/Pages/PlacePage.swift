// One place: the state as a sentence, why, the last day drawn, the hours of the week, what it offers.

public import Quantities

/// A day of the timetable.
public struct DayHours: Sendable {
  /// The day.
  public var day: CivilDay
  /// The spans, as text; empty for a closed day.
  public var spans: [String]

  /// A day.
  public init(day: CivilDay, spans: [String]) {
    self.day = day
    self.spans = spans
  }
}

/// A place's page.
public struct PlacePage: Sendable {
  /// What the list says of it.
  public var item: ListItem
  /// The city's name.
  public var cityName: String
  /// Street address, if known.
  public var address: String?
  /// Latitude and longitude as decimal text.
  public var position: (latitude: String, longitude: String)
  /// Further sentences: temperature, sensors.
  public var measurements: [String]
  /// What was published in the last day, oldest first.
  public var samples: [ChartSample]
  /// The days from today on; nil when the hours are not known.
  public var week: [DayHours]?
  /// The timetable as published.
  public var published: String?
  /// Register and licence.
  public var source: String?
  /// What visitors must know about the values.
  public var notice: String?
  /// Who answers questions.
  public var contact: String?

  /// A page.
  public init(
    item: ListItem, cityName: String, address: String?, position: (latitude: String, longitude: String),
    measurements: [String], samples: [ChartSample], week: [DayHours]?, published: String?, source: String?,
    notice: String?, contact: String?
  ) {
    self.item = item
    self.cityName = cityName
    self.address = address
    self.position = position
    self.measurements = measurements
    self.samples = samples
    self.week = week
    self.published = published
    self.source = source
    self.notice = notice
    self.contact = contact
  }

  /// The page.
  public func html(_ words: Words) -> String {
    let language = words.language
    let amenities = item.amenities.map {
      "<li>\(Sprite.use("a-\($0.rawValue)", class: "amenity"))\(escapeHTML(words.amenity($0)))</li>"
    }
    let example =
      item.isExample
      ? "<p class=\"notice\">\(language("Ce lieu est un exemple : il n'existe dans aucun registre.", "This place is an example: no register lists it."))</p>"
      : ""
    let body = """
      \(words.copyNotice.map { "<p class=\"notice\">\(escapeHTML($0))</p>" } ?? "")
      <p><a href="\(words.links.list(language))">\(language("Tous les lieux", "All places"))</a></p>
      <article id="place-\(item.id)" class="place \(item.state.rawValue)">
      <h1>\(Sprite.use("s-\(item.state.rawValue)", class: "shape"))\(escapeHTML(item.name))</h1>
      <p class="kind">\(escapeHTML([item.kind, address].compactMap { $0 }.joined(separator: " · ")))</p>
      <p class="state"><strong>\(escapeHTML(item.headline))</strong>\(item.details.map { ". " + escapeHTML($0) }.joined()).</p>
      \(measurements.map { "<p>\(escapeHTML($0)).</p>" }.joined(separator: "\n"))
      \(example)\(notice.map { "<p class=\"notice\">\(escapeHTML($0))</p>" } ?? "")
      <p><a class="button" href="geo:\(position.latitude),\(position.longitude)">\(language("Y aller", "Directions"))</a>
      \(words.links.isLive ? "<a class=\"button\" href=\"/?near=\(near.longitude),\(near.latitude)&amp;lang=\(language.rawValue)\">\(language("Autour d'ici", "Around here"))</a>" : "")</p>
      </article>
      \(words.links.isLive ? words.connectionBar : "")
      <section id="day">
      \(DayChart(samples, words).html)
      </section>
      <section id="hours">
      <h2>\(language("Horaires", "Opening hours"))</h2>
      \(hours(words))
      </section>
      \(amenities.isEmpty ? "" : "<h2>\(language("Sur place", "Amenities"))</h2><ul class=\"amenities\">\(amenities.joined())</ul>")
      \(words.links.isLive ? sign(language) : "")
      \(source.map { "<p class=\"meta\">\(language("Source : ", "Source: "))\(escapeHTML($0))</p>" } ?? "")
      """
    return PageFrame(
      language: language, title: "\(item.name)\(language(" : ", ": "))\(item.headline)", cityName: cityName,
      other: { words.links.place(item.id, $0) }, body: body, scripts: words.links.isLive ? ["/live.js"] : [],
      contact: contact, links: words.links
    ).html
  }

  private func sign(_ language: Language) -> String {
    """
    <p class="meta"><a href="/sign/\(item.id)?lang=\(language.rawValue)">\(language("Écran pour l'entrée", "Screen for the gate"))</a> · <a href="/sign/\(item.id).svg?lang=\(language.rawValue)">\(language("Affiche à imprimer", "Poster to print"))</a></p>
    """
  }

  /// The position with three decimals, as precise as a position in an address need be.
  private var near: (longitude: String, latitude: String) {
    (String(position.longitude.dropLast(4)), String(position.latitude.dropLast(4)))
  }

  private func hours(_ words: Words) -> String {
    let language = words.language
    guard let week else {
      let raw = published.map { " (\(escapeHTML($0)))" } ?? ""
      return "<p>\(language("Non connus", "Not known"))\(raw).</p>"
    }
    let rows = week.enumerated().map { index, day in
      let today = language("Aujourd'hui", "Today")
      let date = "\(language.weekday(day.day)) \(language.date(day.day))"
      // A file may be read on another day.
      let name = !words.links.isLive ? date : index == 0 ? today : language.weekday(day.day)
      let spans = day.spans.isEmpty ? language("Fermé", "Closed") : day.spans.joined(separator: ", ")
      return
        "<tr\(index == 0 ? " class=\"today\"" : "")><th scope=\"row\">\(escapeHTML(name))</th><td>\(escapeHTML(spans))</td></tr>"
    }
    return """
      <table class="hours"><caption>\(language("Les sept prochains jours", "The next seven days"))</caption>
      <thead><tr><th scope="col">\(language("Jour", "Day"))</th><th scope="col">\(language("Ouvert", "Open"))</th></tr></thead>
      <tbody>\(rows.joined())</tbody></table>
      """
  }
}
