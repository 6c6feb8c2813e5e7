// The operators' page: plain tables that also print.

/// The readiness board.
public struct BoardPage: Sendable {
  /// One place.
  public struct Row: Sendable {
    /// The name.
    public var name: String
    /// Whether all is well.
    public var isReady: Bool
    /// State and reasons.
    public var remarks: [String]
    /// The exact head count and the capacity.
    public var people: String?
    /// The sensors, a line each.
    public var sensors: [String]

    /// A row.
    public init(name: String, isReady: Bool, remarks: [String], people: String?, sensors: [String]) {
      self.name = name
      self.isReady = isReady
      self.remarks = remarks
      self.people = people
      self.sensors = sensors
    }
  }

  /// The city's name.
  public var cityName: String
  /// How many places are ready.
  public var headline: String
  /// What is wrong with the gateway itself.
  public var notes: [String]
  /// The heat, with its sources.
  public var heat: String
  /// Places, those that need somebody first.
  public var rows: [Row]
  /// Counts with their names.
  public var ledger: [(name: String, count: String)]
  /// Who speaks and stands in no setting: who, how often, and a line for the settings.
  public var strangers: [(name: String, count: String, line: String)]

  /// A board.
  public init(
    cityName: String, headline: String, notes: [String], heat: String, rows: [Row],
    ledger: [(name: String, count: String)], strangers: [(name: String, count: String, line: String)]
  ) {
    self.cityName = cityName
    self.headline = headline
    self.notes = notes
    self.heat = heat
    self.rows = rows
    self.ledger = ledger
    self.strangers = strangers
  }

  /// The page.
  public func html(_ language: Language) -> String {
    func list(_ lines: [String]) -> String { lines.map(escapeHTML).joined(separator: "<br>") }
    let rows = rows.map { row in
      """
      <tr><th scope="row">\(escapeHTML(row.name))</th><td>\(row.isReady ? language("prêt", "ready") : "<strong>\(language("à voir", "needs attention"))</strong>")</td>\
      <td>\(list(row.remarks))</td><td class="number">\(escapeHTML(row.people ?? language("non compté", "not counted")))</td>\
      <td>\(row.sensors.isEmpty ? language("aucun capteur", "no sensor") : list(row.sensors))</td></tr>
      """
    }
    let ledger = ledger.map {
      "<tr><th scope=\"row\">\(escapeHTML($0.name))</th><td class=\"number\">\($0.count)</td></tr>"
    }
    let strangers = strangers.map {
      "<tr><th scope=\"row\">\(escapeHTML($0.name))</th><td class=\"number\">\($0.count)</td><td><code>\(escapeHTML($0.line))</code></td></tr>"
    }
    let unknown = """
      <h2 id="unknown">\(language("Capteurs inconnus", "Unknown sensors"))</h2>
      <div class="table" role="region" tabindex="0" aria-label="\(language("Capteurs inconnus", "Unknown sensors"))"><table>
      <caption>\(language("Entendus, absents des réglages ; les plus récents d'abord", "Heard, and not in the settings; the newest first"))</caption>
      <thead><tr><th scope="col">\(language("Identité", "Identity"))</th><th scope="col">\(language("Messages", "Messages"))</th>\
      <th scope="col">\(language("Ligne à coller", "Line to paste"))</th></tr></thead><tbody>\(strangers.joined())</tbody></table></div>
      """
    let body = """
      <h1>\(escapeHTML(headline))</h1>
      \(notes.map { "<p class=\"notice\">\(escapeHTML($0))</p>" }.joined())
      <p class="heat">\(escapeHTML(heat))</p>
      <div class="table" role="region" tabindex="0" aria-label="\(language("Lieux", "Places"))"><table>
      <caption>\(language("Lieux, ceux à voir d'abord", "Places, those that need attention first"))</caption>
      <thead><tr><th scope="col">\(language("Lieu", "Place"))</th><th scope="col">\(language("Prêt", "Ready"))</th>\
      <th scope="col">\(language("État", "State"))</th><th scope="col">\(language("Personnes", "People"))</th>\
      <th scope="col">\(language("Capteurs", "Sensors"))</th></tr></thead>
      <tbody>\(rows.joined())</tbody></table></div>
      \(strangers.isEmpty ? "" : unknown)
      <h2>\(language("Registre des messages", "Ledger of messages"))</h2>
      <table><caption>\(language("Depuis le début du journal", "Since the journal began"))</caption><thead><tr>\
      <th scope="col">\(language("Issue", "Outcome"))</th><th scope="col">\(language("Nombre", "Count"))</th></tr></thead>
      <tbody>\(ledger.joined())</tbody></table>
      """
    return PageFrame(
      language: language, title: "\(headline) · \(cityName)", cityName: cityName, other: { path("/", $0) }, body: body,
      isPublic: false
    ).html
  }
}
