// Pages for people: a place, and what all pages share.

internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities

extension PublicSite {
  /// Headers of every page: nothing inline, nothing from elsewhere but the map's base layer, where one is configured.
  static func pageHeaders(tiles: String?) -> [(String, String)] {
    // `https://{s}.tiles.org/{z}/{x}/{y}.png` is on `https://*.tiles.org`.
    let parts = (tiles ?? "").split(separator: "/", maxSplits: 2).prefix(2)
    let host = parts.count == 2 ? " \(parts[0])//\(parts[1].replacing("{s}", with: "*"))" : ""
    return security + [
      (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:\(host); connect-src 'self'; "
          + "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
      ),
      ("Cache-Control", "no-cache"), ("Vary", "Accept, Accept-Encoding, Accept-Language"),
    ]
  }

  func placePage(_ request: Request, _ snapshot: PublicSnapshot, _ id: String) throws(Problem) -> Reply {
    guard let place = snapshot.place(id) else { throw Problem(404, "Not found", "there is no such place") }
    let query = request.query
    try allow(["lang"], query)
    let language = try language(request, query)
    return cache.resource("/places/\(id) \(language.rawValue)", version: snapshot.version) {
      page(placePage(place, snapshot, Words(language, zone: snapshot.city.zone, now: snapshot.at)))
    }.reply(to: request)
  }

  func page(_ html: String) -> Resource {
    Resource(
      type: "text/html; charset=utf-8", body: Array(html.utf8), headers: Self.pageHeaders(tiles: options.tiles?.url))
  }

  func language(_ request: Request, _ query: [(name: String, value: String)]) throws(Problem) -> Language {
    guard let asked = query.last(where: { $0.name == "lang" }) else {
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

  func placePage(_ place: PublicPlace, _ snapshot: PublicSnapshot, _ words: Words) -> String {
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
      measurements: measurements, samples: place.chartSamples,
      week: place.week(words, zone: snapshot.city.zone, now: snapshot.at),
      published: place.about.openingHours, source: source.isEmpty ? nil : source,
      notice: place.indicators.isMeasured ? snapshot.city.notice[words.language.rawValue] : nil,
      contact: snapshot.city.contact
    ).html(words)
  }
}
