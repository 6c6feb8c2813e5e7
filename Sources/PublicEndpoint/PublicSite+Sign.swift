// Signs: a screen at a place's gate, and a poster with the code of its page.

internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities
internal import Synchronization

extension PublicSite {
  /// The screen, or with `.svg` behind its identifier the poster.
  func sign(_ request: Request, _ base: String, _ snapshot: PublicSnapshot, _ name: String) throws(Problem) -> Reply {
    let isPoster = name.hasSuffix(".svg")
    let id = isPoster ? String(name.dropLast(4)) : name
    let query = request.query
    try allow(["lang"], query)
    let language = try language(request, query)
    guard let place = snapshot.place(id) else { throw Problem(404, "Not found", "there is no such place") }
    return cache.resource("/sign/\(name) \(language.rawValue) \(base)", version: snapshot.version) {
      let words = Words(language, zone: snapshot.city.zone, now: snapshot.at)
      let sign = signPage(place, base, snapshot, words)
      guard isPoster else { return page(sign.html(words)) }
      return Resource(
        type: "image/svg+xml", body: Array(sign.poster(words).utf8),
        headers: Self.pageHeaders(tiles: nil) + [("Content-Disposition", "inline; filename=\"\(id).svg\"")])
    }.reply(to: request)
  }

  private func signPage(_ place: PublicPlace, _ base: String, _ snapshot: PublicSnapshot, _ words: Words) -> SignPage {
    var item = place.listItem(words)
    let temperature = place.indicators.coolness.map {
      words.temperature(air: $0.air, felt: $0.felt, hasHumidity: $0.feltMethod == .heatIndex)
    }
    // What stands large is not said twice.
    item.details.removeAll { $0 == temperature }
    let today = place.week(words, zone: snapshot.city.zone, now: snapshot.at)?.first
    let day = snapshot.city.zone.civil(snapshot.at).day
    let rest = snapshot.city.zone.instant(day.adding(days: 1), secondOfDay: 0) - snapshot.at
    let address = "\(base)/places/\(place.about.id)"
    return SignPage(
      item: item, cityName: snapshot.city.name,
      temperature: temperature,
      today: today.map { $0.spans.isEmpty ? words.language("Fermé", "Closed") : $0.spans.joined(separator: ", ") }
        ?? words.language("Horaires inconnus", "Opening hours not known"),
      day: words.today, restOfDay: rest.milliseconds,
      other: nearestOther(to: place, snapshot, words), address: address, code: code(of: address),
      notice: place.indicators.isMeasured ? snapshot.city.notice[words.language.rawValue] : nil)
  }

  /// Where else to go: the nearest place that is open and not known to be hot or full.
  private func nearestOther(to place: PublicPlace, _ snapshot: PublicSnapshot, _ words: Words) -> String? {
    let here = place.about.position
    let others = snapshot.places.filter { $0.about.id != place.about.id && $0.indicators.availability == .available }
    let distances = others.map { ($0, $0.about.shape.distance(to: here)) }
    guard let (other, metres) = distances.min(by: { ($0.1, $0.0.about.id) < ($1.1, $1.0.about.id) }), metres < 1500
    else {
      return nil
    }
    let direction = LocalPlane(around: here).direction(of: other.about.position)
    return words.elsewhere(other.about.name, words.state(other.pageState), metres, direction: direction)
  }

  /// The QR code of an address, made once.
  private func code(of address: String) -> QRCode? {
    let (known, count) = codes.withLock { ($0[address], $0.count) }
    if let known { return known }
    // Whoever asks under ever other names does not have us start programs for ever: codes are for the configured
    // address, or for the first few hundred that are asked for.
    guard options.url != nil || count < 500 else { return nil }
    let made = options.qrCode(address).flatMap { QRCode(ascii: $0) }
    codes.withLock { codes in
      codes[address] = .some(made)
    }
    return made
  }
}
