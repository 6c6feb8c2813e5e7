// The list: should I go there? One line for the state, one for the reasons.

public import Quantities

/// A place in the list.
public struct ListItem: Sendable {
  /// The identifier.
  public var id: String
  /// The name.
  public var name: String
  /// The kind's name, in words.
  public var kind: String
  /// How it is shown.
  public var state: PageState
  /// The state's name with until when.
  public var headline: String
  /// Further sentences, most important first.
  public var details: [String]
  /// When it was last measured; nil where nothing measures.
  public var observedAt: Instant?
  /// What it offers.
  public var amenities: [Amenity]
  /// Whether it is an invented example.
  public var isExample: Bool
  /// How far it is, in metres as the crow flies; nil where nobody said from where.
  public var metres: Double?

  /// An item.
  public init(
    id: String, name: String, kind: String, state: PageState, headline: String, details: [String],
    observedAt: Instant?, amenities: [Amenity], isExample: Bool
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.state = state
    self.headline = headline
    self.details = details
    self.observedAt = observedAt
    self.amenities = amenities
    self.isExample = isExample
  }
}

/// A filter, a time or a kind: a link that works without JavaScript, can be kept and sent.
public struct ListChoice: Sendable {
  /// What it says.
  public var text: String
  /// The list with it, or without it if it is chosen.
  public var href: String
  /// Whether it is chosen.
  public var isChosen: Bool

  /// A choice.
  public init(text: String, href: String, isChosen: Bool) {
    self.text = text
    self.href = href
    self.isChosen = isChosen
  }
}

/// The list of places.
public struct ListPage: Sendable {
  /// The city's name.
  public var cityName: String
  /// The heat banner and its level; nil level when not known.
  public var heat: (text: String, level: Int?)
  /// The headline.
  public var headline: String
  /// What visitors must know about the values.
  public var notice: String?
  /// The times one can choose.
  public var times: [ListChoice]
  /// The filters.
  public var filters: [ListChoice]
  /// Further filters, and the kinds of places.
  public var more: [ListChoice]
  /// Places in the order shown.
  public var items: [ListItem]
  /// Why there are none and what to do.
  public var advice: [String]
  /// The pages before and after this one.
  public var pages: [ListChoice]
  /// The list's own address, without the language.
  public var path: String
  /// The parameters with which the map asks for the same places.
  public var mapQuery: String
  /// Who answers questions.
  public var contact: String?
  /// The map's base layer, if one is configured.
  public var tiles: (url: String, attribution: String)?

  /// A list.
  public init(
    cityName: String, heat: (text: String, level: Int?), headline: String, notice: String?, times: [ListChoice],
    filters: [ListChoice], more: [ListChoice], items: [ListItem], advice: [String], pages: [ListChoice], path: String,
    mapQuery: String, contact: String?, tiles: (url: String, attribution: String)?
  ) {
    self.cityName = cityName
    self.heat = heat
    self.headline = headline
    self.notice = notice
    self.times = times
    self.filters = filters
    self.more = more
    self.items = items
    self.advice = advice
    self.pages = pages
    self.path = path
    self.mapQuery = mapQuery
    self.contact = contact
    self.tiles = tiles
  }

  /// The page.
  public func html(_ words: Words) -> String {
    let language = words.language
    let body = """
      <p id="heat" class="heat level-\(heat.level ?? 0)">\(escapeHTML(heat.text))</p>
      \([words.copyNotice, notice].compactMap { $0.map { "<p class=\"notice\">\(escapeHTML($0))</p>" } }.joined())
      <h1 id="headline">\(escapeHTML(headline))</h1>
      <p class="meta"><time id="updated" class="age" data-kind="updated" datetime="\(words.now.rfc3339())">\(escapeHTML(words.updated))</time></p>
      \(words.links.isLive ? words.connectionBar : "")
      \(words.links.isLive ? choices(words) : "")
      <div id="results">
      <div id="advice">\(advice.map { "<p>\(escapeHTML($0))</p>" }.joined())</div>
      <ul id="places" class="places" data-now="\(words.now.rfc3339())" data-age="\(language("Mesuré il y a {} min", "Measured {} min ago"))" data-fresh="\(language("Mesuré à l'instant", "Measured just now"))" data-updated="\(language("Mis à jour il y a {} min", "Updated {} min ago"))" data-updated-fresh="\(language("Mis à jour à l'instant", "Updated just now"))">
      \(items.map { item($0, words) }.joined(separator: "\n"))
      </ul>
      <div id="pages">\(pages.isEmpty ? "" : "<nav class=\"choices\" aria-label=\"\(language("Pages", "Pages"))\"><ul>\(pages.map { choice($0, words) }.joined())</ul></nav>")</div>
      </div>
      """
    return PageFrame(
      language: language, title: "\(headline) · \(cityName)", cityName: cityName,
      other: { words.links.isLive ? Pages.path(path, $0) : words.links.list($0) }, body: body,
      scripts: words.links.isLive ? ["/live.js"] : [], contact: contact, links: words.links
    ).html
  }

  /// The filters, and the map behind a button.
  private func choices(_ words: Words) -> String {
    let language = words.language
    let tileData =
      tiles.map { " data-tiles=\"\(escapeHTML($0.url))\" data-attribution=\"\(escapeHTML($0.attribution))\"" } ?? ""
    let isMoreChosen = more.contains(where: \.isChosen)
    return """
      <nav class="choices" aria-label="\(language("Filtres", "Filters"))">
      <ul><li><button id="near-me" type="button" hidden data-refused="\(language("Position non reçue. Autorisez-la dans le navigateur, ou ouvrez un lieu et choisissez « Autour d'ici ».", "No position received. Allow it in the browser, or open a place and choose “Around here”."))">\(language("Près de moi", "Near me"))</button></li>\(times.map { choice($0, words) }.joined())</ul>
      <ul>\(filters.map { choice($0, words) }.joined())</ul>
      <details\(isMoreChosen ? " open" : "")><summary>\(language("Plus de filtres", "More filters"))</summary><ul>\(more.map { choice($0, words) }.joined())</ul></details>
      </nav>
      <p><button id="show-map" type="button" hidden aria-expanded="false" aria-controls="map" data-other="\(language("Cacher la carte", "Hide the map"))">\(language("Voir la carte", "Show the map"))</button></p>
      <div id="map" hidden role="region" aria-label="\(language("Carte ; tout ce qu'elle montre est dans la liste", "Map; all that it shows is in the list"))" data-query="\(escapeHTML(mapQuery))" data-words="\(escapeHTML(PageState.allCases.map { "\($0.rawValue)=\(words.state($0))" }.joined(separator: ";")))"\(tileData)></div>
      """
  }

  private func choice(_ choice: ListChoice, _ words: Words) -> String {
    let remove = choice.isChosen ? " <span class=\"remove\">\(words.language("(retirer)", "(remove)"))</span>" : ""
    return
      "<li><a href=\"\(escapeHTML(choice.href))\"\(choice.isChosen ? " aria-current=\"true\"" : "")>\(choice.isChosen ? "✓ " : "")\(escapeHTML(choice.text))\(remove)</a></li>"
  }

  private func item(_ item: ListItem, _ words: Words) -> String {
    let example = item.isExample ? " <span class=\"example\">\(words.language("exemple", "example"))</span>" : ""
    let observed =
      item.observedAt.map {
        "<time class=\"age\" datetime=\"\($0.rfc3339())\">\(escapeHTML(words.measured(at: $0)))</time>"
      } ?? ""
    let amenities = item.amenities.map { amenity in
      "<li>\(Sprite.use("a-\(amenity.rawValue)", class: "amenity"))<span>\(escapeHTML(words.amenity(amenity)))</span></li>"
    }
    let distance = item.metres.map { "<span class=\"distance\">\(escapeHTML(words.distance($0)))</span>" } ?? ""
    return """
      <li id="place-\(item.id)" class="place \(item.state.rawValue)">
      <h2>\(Sprite.use("s-\(item.state.rawValue)", class: "shape"))<a href="\(words.links.place(item.id, words.language))">\(escapeHTML(item.name))</a> <span class="kind">\(escapeHTML(item.kind))</span>\(example)\(distance)</h2>
      <p><strong>\(escapeHTML(item.headline))</strong>\(item.details.map { ". " + escapeHTML($0) }.joined()).</p>
      <p class="meta">\(observed)</p>\(amenities.isEmpty ? "" : "<ul class=\"amenities\">\(amenities.joined())</ul>")
      </li>
      """
  }
}
