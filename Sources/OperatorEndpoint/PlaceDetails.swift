// One place for people on duty: exact counts, every series, what was decided, and the form that opens or closes it.

internal import CoolIslands
internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities
internal import RingSeries
internal import Store
internal import Synchronization

extension OperatorSite {
  func place(_ call: Call) -> Reply {
    guard let place = call.facts.view.places.first(where: { $0.id == call.id }) else {
      return .response(.problem(404, "Not found", "there is no such place"))
    }
    let history = reader.withLock { $0 }
    return page(call, PlaceDetails(call: call, place: place, history: history, contacts: options.contacts).body)
  }
}

struct PlaceDetails {
  /// Days of the grid of hours.
  private static let gridDays: Int64 = 14

  let call: Call
  let place: OperatorsView.PlaceRow
  let history: HistoryReader?
  let contacts: Contacts

  private var view: OperatorsView { call.facts.view }
  private var words: Words { call.words }
  private var language: Language { call.language }

  var body: OperatorBody {
    let reasons = place.indicators.reasons.map { words.reason($0.rawValue) }.joined(separator: ", ")
    let tasks = view.tasks.filter { $0.place == place.id }
      .map { TaskText($0, words, zone: view.zone, now: view.at, contacts: contacts) }
      .map { "<li>\(escapeHTML("\($0.what) · \($0.subject) · \($0.since)"))</li>" }
    return OperatorBody(
      title: place.name,
      html: """
        <h1>\(escapeHTML(place.name))</h1>
        <p><strong>\(escapeHTML(words.state(place.indicators.pageState)))</strong> (\(escapeHTML(reasons)))</p>
        \(tasks.isEmpty ? "" : "<h2>\(language("À faire", "To do"))</h2><ul>\(tasks.joined())</ul>")
        \(facts)
        <h2>\(language("Un jour de mesures", "A day of readings"))</h2>
        \(charts)
        \(grid)
        \(forms)
        """)
  }

  private var facts: String {
    var rows: [(String, String)] = []
    if let people = place.people {
      rows.append(
        (
          language("Personnes (compte exact)", "People (exact count)"),
          "\(people)" + (place.capacity.map { " / \($0)" } ?? "")
        ))
      rows.append(
        (
          language("Places libres assurées", "Room for sure"),
          place.free.map(String.init) ?? language("inconnu", "not known")
        ))
      if !place.countFlags.isEmpty {
        rows.append(
          (
            language("Réserves du compte", "What the count is to be taken with"),
            OperatorTerms.names(place.countFlags, language)
          ))
      }
      if let drift = place.drift {
        rows.append((language("Écart à la dernière remise à zéro", "Difference at the last reset"), "\(drift)"))
      }
    }
    let opening = place.indicators.opening
    let state =
      switch opening.state {
      case .open: language("ouvert", "open")
      case .closed: language("fermé", "closed")
      default: language("inconnu", "not known")
      }
    rows.append((language("Ouverture", "Opening"), state + (opening.until.map { ", " + words.until($0) } ?? "")))
    if let override = place.override {
      rows.append(
        (
          language("Décidé par", "Decided by"),
          "\(override.by)\(language(" : ", ": "))\(override.reason), \(words.until(override.until))"
        ))
    }
    for sensor in place.sensors { rows.append((language("Capteur", "Sensor"), SensorText(sensor, words, view).line)) }
    return operatorTable(
      language("Ce qu'on sait", "What is known"), [language("Quoi", "What"), language("Valeur", "Value")],
      rows.map { operatorRow([escapeHTML($0.0), escapeHTML($0.1)]) })
  }

  /// Days of a series; nil when the history cannot be read.
  private func days(_ sensor: String, _ field: String, back: Int64) -> [HistoryDay]? {
    let today = view.zone.civil(view.at).day.daysSinceEpoch
    return try? history?.days(sensor: sensor, field: field, days: today - back...today)
  }

  /// Every series of the place, with the flag of its quality beside its name.
  private var charts: String {
    let charts = place.sensors.flatMap { sensor in
      sensor.quality.map { field in
        guard let days = days(sensor.id, field.field, back: 1) else {
          let name = "\(sensor.id) · \(OperatorTerms.name(field.field, language))"
          return
            "<p class=\"notice\">\(escapeHTML(name))\(language(" : l'historique ne peut être lu", ": the history cannot be read")).</p>"
        }
        let points = days.flatMap(Self.points)
        let flag = field.quality.flag == .pass ? "" : " (\(QualityText.flag(field.quality.flag, language)))"
        return SeriesChart(
          name: "\(sensor.id) · \(OperatorTerms.name(field.field, language))\(flag)", unit: Self.unit(field.field),
          points: points, end: view.at,
          words: words
        ).html
      }
    }
    return charts.isEmpty ? "<p>\(language("Aucun capteur.", "No sensor."))</p>" : charts.joined()
  }

  private static func points(_ day: HistoryDay) -> [SeriesPoint] {
    guard let bytes = day.quarters, let packed = try? PackedBuckets(bytes: bytes) else { return [] }
    return packed.entries.enumerated().compactMap { index, entry in
      guard entry.bucket.count > 0, let mean = entry.bucket.mean else { return nil }
      return SeriesPoint(
        at: Instant(milliseconds: day.start + Int64(index) * 900_000), mean: mean, low: entry.bucket.minimum,
        high: entry.bucket.maximum)
    }
  }

  private static func unit(_ field: String) -> String {
    if field.hasPrefix("temperature") { return "°C" }
    if field.hasPrefix("la") { return "dB(A)" }
    return ["humidity": "%", "battery_percent": "%"][field] ?? ""
  }

  private var grid: String {
    guard let sensor = place.sensors.first(where: { $0.quality.contains { $0.field == "temperature" } }) else {
      return ""
    }
    let rows = (days(sensor.id, "temperature", back: Self.gridDays - 1) ?? []).map { day in
      let hours = (try? PackedBuckets(bytes: day.hours))?.entries ?? []
      return (day: CivilDay(daysSinceEpoch: day.day), hours: hours.map { $0.bucket.mean.map { MilliCelsius($0) } })
    }
    let html = HourSquares(rows, words: words).html
    return html.isEmpty ? "" : "<h2>\(language("Heures et jours", "Hours and days"))</h2>\(html)"
  }

  private var forms: String {
    guard call.caller.role == .act else { return "" }
    let secret = [(name: "form", value: call.caller.formToken ?? "")]
    let address = "/places/\(place.id)/opening"
    let decide = ActForm(
      action: address, title: language("Ouvrir ou fermer", "Open or close"),
      choices: [
        .init(
          name: "state", label: language("Décision", "Decision"),
          options: [("open", language("Ouvrir", "Open")), ("closed", language("Fermer", "Close"))]),
        ActForm.hours(language),
      ], hidden: secret,
      note: language(
        "Le public lira « \(words.overridden) », l'état et l'heure de fin ; la raison reste ici.",
        "The public will read \"\(words.overridden)\", the state and its end; the reason stays here."),
      button: language("Décider", "Decide"))
    let undo =
      place.override == nil
      ? ""
      : ActForm(
        action: address, title: language("Revenir aux horaires", "Return to the timetable"), choices: [],
        hidden: secret + [("state", "regular")],
        note: language("Les horaires valent de nouveau.", "The timetable holds again."),
        button: language("Annuler la décision", "Undo the decision")
      ).html(language)
    return "<h2>\(language("Décider", "Decide"))</h2>" + undo + decide.html(language)
  }
}
