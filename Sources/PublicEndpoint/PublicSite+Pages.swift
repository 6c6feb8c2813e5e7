// Pages for people: the list and a place.

internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities

extension PublicSite {
  static let pageHeaders =
    security + [
      (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; "
          + "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
      ),
      ("Cache-Control", "no-cache"), ("Vary", "Accept, Accept-Encoding, Accept-Language"),
    ]

  func root(_ request: Request, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let accepted = request.header("Accept") ?? ""
    guard accepted.contains("text/html") else {
      try allow([], request.query)
      return cache.resource("/ json", version: snapshot.version) { landing(snapshot) }.reply(to: request)
    }
    let language = try language(request)
    return cache.resource("/ \(language.rawValue)", version: snapshot.version) {
      page(listPage(snapshot, language))
    }.reply(to: request)
  }

  func placePage(_ request: Request, _ snapshot: PublicSnapshot, _ id: String) throws(Problem) -> Reply {
    guard let place = snapshot.place(id) else { throw Problem(404, "Not found", "there is no such place") }
    let language = try language(request)
    return cache.resource("/places/\(id) \(language.rawValue)", version: snapshot.version) {
      page(placePage(place, snapshot, language))
    }.reply(to: request)
  }

  private func page(_ html: String) -> Resource {
    Resource(type: "text/html; charset=utf-8", body: Array(html.utf8), headers: Self.pageHeaders)
  }

  private func language(_ request: Request) throws(Problem) -> Language {
    let query = request.query
    try allow(["lang"], query)
    guard let asked = query.first else {
      return Language(accepting: request.header("Accept-Language"))
    }
    guard let language = Language(rawValue: asked.value) else {
      throw Problem(400, "Bad request", "lang is fr or en")
    }
    return language
  }

  /// Refuses parameters that nobody knows: a misspelt filter must not look like an answer.
  func allow(_ names: [String], _ query: [(name: String, value: String)]) throws(Problem) {
    for (name, _) in query where !names.contains(name) {
      let known = names.isEmpty ? "none is known here" : "known here: \(names.joined(separator: ", "))"
      throw Problem(400, "Bad request", "there is no parameter \"\(name)\"; \(known)")
    }
  }

  private func listPage(_ snapshot: PublicSnapshot, _ language: Language) -> String {
    let words = Words(language, zone: snapshot.city.zone, now: snapshot.at)
    let unmeasured = snapshot.places.count { $0.pageState == .unmeasured }
    let heat = snapshot.city.heat
    return ListPage(
      cityName: snapshot.city.name,
      heat: (
        heat.map { words.heat(level: $0.level, sources: $0.sources, until: $0.until) } ?? words.heatUnknown, heat?.level
      ),
      headline: words.headline(cool: snapshot.counts.cool, openUnmeasured: unmeasured),
      notice: snapshot.city.notice[language.rawValue],
      items: snapshot.ranked().map { $0.place.listItem(words) },
      contact: snapshot.city.contact, tiles: options.tiles
    ).html(words)
  }

  private func placePage(_ place: PublicPlace, _ snapshot: PublicSnapshot, _ language: Language) -> String {
    let words = Words(language, zone: snapshot.city.zone, now: snapshot.at)
    var measurements: [String] = []
    if let freshness = place.indicators.freshness {
      if let observed = freshness.observedAt { measurements.append(words.measured(at: observed)) }
      measurements.append(words.sensors(alive: freshness.alive, of: freshness.expected))
    }
    let source = [place.about.source, place.about.licence].compactMap { $0 }.joined(separator: ", ")
    return PlacePage(
      item: place.listItem(words), cityName: snapshot.city.name, address: place.about.address,
      position: (
        PublicAbout.degrees(place.about.position.latitudeE7), PublicAbout.degrees(place.about.position.longitudeE7)
      ),
      measurements: measurements, week: place.week(words, zone: snapshot.city.zone, now: snapshot.at),
      published: place.about.openingHours, source: source.isEmpty ? nil : source,
      notice: place.indicators.isMeasured ? snapshot.city.notice[language.rawValue] : nil,
      contact: snapshot.city.contact
    ).html(words)
  }
}
