// The list for people: what is open and cool, near me, now or tonight, with filters as links.

internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities

extension PublicSite {
  /// Places of one page: more than a phone shows without waiting nobody reads.
  static let placesPerPage = 100

  /// Filters that people choose with a link, in their order; a machine may use all that there are.
  private static let offered = ["accessible", "water", "toilets", "calm", "room"]
  private static let offeredToo = ["available", "seats", "indoor"]
  private static let tonight = "22:00"

  func root(_ request: Request, _ base: String, _ snapshot: PublicSnapshot) throws(Problem) -> Reply {
    let query = request.query
    guard try Format(request, query, of: [.json, .html]) == .html else {
      try allow(["f"], query)
      return cache.resource("/ json \(base)", version: snapshot.version) { landing(base, snapshot) }.reply(to: request)
    }
    try allow(["f", "lang", "page"] + PlaceQuery.names, query)
    let language = try language(request, query)
    let asked = try PlaceQuery(query, snapshot)
    var number = 1
    if let text = query.first(where: { $0.name == "page" })?.value {
      guard let page = Int(text), (1...10_000).contains(page) else {
        throw Problem(400, "Bad request", "page is a whole number from 1 on")
      }
      number = page
    }
    return cache.resource("/ \(language.rawValue) \(Self.encoded(query))", version: snapshot.version) {
      let words = Words(language, zone: snapshot.city.zone, now: snapshot.at)
      let links = ListLinks(query.filter { $0.name != "f" })
      return page(listPage(asked, number, links, snapshot, words))
    }.reply(to: request)
  }

  private func listPage(
    _ asked: PlaceQuery, _ number: Int, _ links: ListLinks, _ snapshot: PublicSnapshot, _ words: Words,
    perPage: Int = PublicSite.placesPerPage
  ) -> String {
    let found = asked.places(snapshot, isRanked: true)
    let last = max(1, (found.count + perPage - 1) / perPage)
    let number = min(number, last)
    let first = (number - 1) * perPage
    let shown = found.dropFirst(first).prefix(perPage)
    let items = shown.map { ranked in
      var item = asked.openAt.map { ranked.place.listItem(words, openAt: $0.moment) } ?? ranked.place.listItem(words)
      item.metres = ranked.metres
      return item
    }
    var pages: [ListChoice] = []
    if first > 0 {
      pages.append(
        ListChoice(
          text: words.language("Lieux précédents", "Places before"), href: links.page(number - 1), isChosen: false))
    }
    if found.count > first + shown.count {
      pages.append(
        ListChoice(
          text: words.language("Lieux suivants", "More places"), href: links.page(number + 1), isChosen: false))
    }
    let heat = snapshot.city.heat
    return ListPage(
      cityName: snapshot.city.name,
      heat: (
        heat.map { words.heat(level: $0.level, sources: $0.sources, until: $0.until) } ?? words.heatUnknown, heat?.level
      ),
      headline: headline(asked, found, words), notice: snapshot.city.notice[words.language.rawValue],
      times: times(asked, links, words),
      filters: Self.offered.map { links.toggle($0, "true", words.filter($0), asked) },
      more: Self.offeredToo.map { links.toggle($0, "true", words.filter($0), asked) }
        + kinds(asked, links, snapshot, words), items: items,
      advice: items.isEmpty ? advice(asked, snapshot, words) : [], pages: pages, path: links.ownPath,
      mapQuery: Self.encoded(links.query.filter { $0.name != "near" && $0.name != "radius" }),
      contact: snapshot.city.contact, tiles: options.tiles
    ).html(words)
  }

  /// The whole list as a page among files.
  func wholeList(_ snapshot: PublicSnapshot, _ words: Words) throws(Problem) -> String {
    listPage(try PlaceQuery([], snapshot), 1, ListLinks([]), snapshot, words, perPage: max(1, snapshot.places.count))
  }

  /// Counts what was measured, and says which filters are chosen.
  private func headline(_ asked: PlaceQuery, _ found: [RankedPlace], _ words: Words) -> String {
    let chosen = asked.chosen.map { filter, value in
      let word = filter.name == "kind" ? words.kind(value) : words.filter(filter.name)
      return value == "false"
        ? words.language("pas : \(word)", "not: \(word)")
        : filter.values.isEmpty || filter.name == "kind" ? word : "\(word) \(value)"
    }
    let main =
      asked.openAt.map { words.headline(open: found.count, at: $0.moment) }
      ?? words.headline(
        cool: found.count { $0.place.indicators.isOpenAndCool },
        openUnmeasured: found.count { $0.place.pageState == .unmeasured })
    return main + (chosen.isEmpty ? "" : " · " + chosen.joined(separator: ", "))
  }

  private func times(_ asked: PlaceQuery, _ links: ListLinks, _ words: Words) -> [ListChoice] {
    var times: [ListChoice] = []
    if asked.near != nil {
      times.append(
        ListChoice(
          text: words.language("Près d'un point", "Near a point"), href: links.without(["near", "radius"]),
          isChosen: true))
    }
    times.append(
      ListChoice(
        text: words.language("À 22 h", "At 10 pm"),
        href: asked.openAt == nil ? links.with("open_at", Self.tonight) : links.without(["open_at"]),
        isChosen: asked.openAt?.text == Self.tonight))
    return times
  }

  /// Only kinds that the city has.
  private func kinds(_ asked: PlaceQuery, _ links: ListLinks, _ snapshot: PublicSnapshot, _ words: Words)
    -> [ListChoice]
  {
    let present = Set(snapshot.places.map(\.about.kind))
    return PlaceKind.allCases.filter(present.contains).map {
      links.toggle("kind", $0.rawValue, words.kind($0.rawValue), asked)
    }
  }

  /// Why the list is empty, and which of the places that would fit opens first.
  private func advice(_ asked: PlaceQuery, _ snapshot: PublicSnapshot, _ words: Words) -> [String] {
    let lasting = asked.lasting
    let next = snapshot.places.filter { $0.indicators.opening.state == .closed && lasting.matches($0) }
      .compactMap { place in place.indicators.opening.until.map { (place, $0) } }
      .min { ($0.1, $0.0.about.id) < ($1.1, $1.0.about.id) }
    return [words.nothingFits] + (next.map { [words.opensFirst($0.0.about.name, at: $0.1)] } ?? [])
  }
}

/// The addresses of the list with a filter more or less.
private struct ListLinks {
  /// The parameters of the page that is shown.
  let query: [(name: String, value: String)]
  private let language: [(name: String, value: String)]

  init(_ query: [(name: String, value: String)]) {
    self.query = query.filter { $0.name != "lang" && $0.name != "page" }
    language = query.filter { $0.name == "lang" }
  }

  /// The list's own address, without the language.
  var ownPath: String { address(query) }

  private func address(_ query: [(name: String, value: String)]) -> String {
    query.isEmpty ? "/" : "/?" + PublicSite.encoded(query)
  }

  func without(_ names: [String]) -> String { address(query.filter { !names.contains($0.name) } + language) }

  func with(_ name: String, _ value: String) -> String {
    address(query.filter { $0.name != name } + [(name, value)] + language)
  }

  func page(_ number: Int) -> String { address(query + (number > 1 ? [("page", "\(number)")] : []) + language) }

  /// A link that chooses a value, or takes it back.
  func toggle(_ name: String, _ value: String, _ text: String, _ asked: PlaceQuery) -> ListChoice {
    let isChosen = asked[name] == value
    return ListChoice(text: text, href: isChosen ? without([name]) : with(name, value), isChosen: isChosen)
  }
}
