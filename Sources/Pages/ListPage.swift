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

/// The list of all places.
public struct ListPage: Sendable {
  /// The city's name.
  public var cityName: String
  /// The heat banner and its level; nil level when not known.
  public var heat: (text: String, level: Int?)
  /// The headline.
  public var headline: String
  /// What visitors must know about the values.
  public var notice: String?
  /// Places in the order shown.
  public var items: [ListItem]
  /// Who answers questions.
  public var contact: String?
  /// The map's base layer, if one is configured.
  public var tiles: (url: String, attribution: String)?

  /// A list.
  public init(
    cityName: String, heat: (text: String, level: Int?), headline: String, notice: String?, items: [ListItem],
    contact: String?, tiles: (url: String, attribution: String)?
  ) {
    self.cityName = cityName
    self.heat = heat
    self.headline = headline
    self.notice = notice
    self.items = items
    self.contact = contact
    self.tiles = tiles
  }

  /// The page.
  public func html(_ words: Words) -> String {
    let language = words.language
    let tileData =
      tiles.map { " data-tiles=\"\(escapeHTML($0.url))\" data-attribution=\"\(escapeHTML($0.attribution))\"" } ?? ""
    let body = """
      <p id="heat" class="heat level-\(heat.level ?? 0)">\(escapeHTML(heat.text))</p>
      \(notice.map { "<p class=\"notice\">\(escapeHTML($0))</p>" } ?? "")
      <h1 id="headline">\(escapeHTML(headline))</h1>
      <p id="connection" class="connection" role="status" data-lost="\(language("Connexion perdue. Dernier état connu :", "Connection lost. Last known state:"))" data-changed="\(language("Mis à jour :", "Updated:"))"></p>
      <p><button id="show-map" type="button" hidden aria-expanded="false" aria-controls="map">\(language("Voir la carte", "Show the map"))</button></p>
      <div id="map" hidden role="region" aria-label="\(language("Carte ; tout ce qu'elle montre est dans la liste", "Map; all that it shows is in the list"))"\(tileData)></div>
      <ul id="places" class="places" data-now="\(words.now.rfc3339())" data-age="\(language("Mesuré il y a {} min", "Measured {} min ago"))" data-fresh="\(language("Mesuré à l'instant", "Measured just now"))">
      \(items.map { item($0, words) }.joined(separator: "\n"))
      </ul>
      """
    return PageFrame(
      language: language, title: "\(headline) · \(cityName)", cityName: cityName, path: "/", body: body,
      scripts: ["/live.js"], contact: contact
    ).html
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
    return """
      <li id="place-\(item.id)" class="place \(item.state.rawValue)">
      <h2>\(Sprite.use("s-\(item.state.rawValue)", class: "shape"))<a href="/places/\(item.id)?lang=\(words.language.rawValue)">\(escapeHTML(item.name))</a> <span class="kind">\(escapeHTML(item.kind))</span>\(example)</h2>
      <p><strong>\(escapeHTML(item.headline))</strong>\(item.details.map { ". " + escapeHTML($0) }.joined()).</p>
      <p class="meta">\(observed)</p>\(amenities.isEmpty ? "" : "<ul class=\"amenities\">\(amenities.joined())</ul>")
      </li>
      """
  }
}
