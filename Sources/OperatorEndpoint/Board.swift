// The readiness board: one number, what to do first, then every place. It is the page to print.

internal import CoolIslands
internal import JSONText
internal import Pages
internal import Publication
internal import Quantities

struct Board {
  let call: Call
  let contacts: Contacts
  /// Errands on the page; `/api/readiness` has all.
  private static let tasksShown = 300

  private var facts: OperatorsFacts { call.facts }
  private var words: Words { call.words }
  private var language: Language { call.language }

  var body: OperatorBody {
    let places = facts.view.places
    let ready = facts.view.readyPlaces
    let headline = language(
      "\(ready) \(ready > 1 ? "lieux" : "lieu") sur \(places.count) \(ready > 1 ? "prêts" : "prêt")",
      "\(ready) of \(places.count) places ready")
    return OperatorBody(
      title: headline,
      html: """
        <h1>\(escapeHTML(headline))</h1>
        <p class="heat\(level.map { " level-\($0)" } ?? "")"><a href="/heat?lang=\(language.rawValue)">\(escapeHTML(heat))</a></p>
        \(notes.map { "<p class=\"notice\">\(escapeHTML($0))</p>" }.joined())
        <h2 id="tasks">\(language("À faire, le plus grave d'abord", "To do, the worst first"))</h2>
        \(tasks)
        <h2>\(language("Tous les lieux", "All places"))</h2>
        \(operatorTable(
          language("Lieux, ceux à voir d'abord", "Places, those that need attention first"),
          language == .fr ? ["Lieu", "Prêt", "État", "Personnes", "Capteurs"] : ["Place", "Ready", "State", "People", "Sensors"],
          places.map(row)))
        """)
  }

  private var level: Int? { facts.view.heatNow.map(\.level).max() }

  private var heat: String {
    facts.view.heatNow.isEmpty
      ? words.heatUnknown
      : facts.view.heatNow.map {
        words.heat(level: $0.level, sources: [$0.source.rawValue], until: $0.until)
          + " · \($0.by), \(OperatorTerms.reason($0, language))"
      }
      .joined(separator: " / ")
  }

  /// What is wrong with the gateway itself.
  private var notes: [String] {
    var notes: [String] = []
    if !facts.brokerConnected {
      notes.append(
        language("Pas de connexion au broker", "No connection to the broker")
          + (facts.brokerReason.map { language(" : ", ": ") + Sentences.text($0, language) } ?? ""))
    }
    for filter in facts.refusedFilters {
      notes.append(language("Le broker refuse l'abonnement à", "The broker refuses the subscription to") + " \(filter)")
    }
    if let reason = facts.storeReason {
      notes.append(
        language("Rien ne peut être enregistré", "Nothing can be stored") + language(" : ", ": ")
          + Sentences.text(reason, language))
    }
    return notes
  }

  private var tasks: String {
    // Without a broker every sensor is silent, and the notice above says why.
    let all = facts.view.tasks.filter { facts.brokerConnected || $0.kind != .sensorSilent }
    let tasks = all.prefix(Self.tasksShown).map {
      TaskText($0, words, zone: facts.view.zone, now: facts.view.at, contacts: contacts)
    }
    guard !tasks.isEmpty else {
      return "<p>\(language("Rien : tout est prêt.", "Nothing: all is ready."))</p>"
    }
    let rest =
      all.count > tasks.count
      ? language(", dont les \(tasks.count) premiers", ", of which the first \(tasks.count)") : ""
    return operatorTable(
      language("\(all.count) point\(all.count > 1 ? "s" : "")", "\(all.count) item\(all.count > 1 ? "s" : "")") + rest,
      language == .fr ? ["Quoi", "Où", "Depuis", "Qui appeler"] : ["What", "Where", "Since", "Whom to call"],
      tasks.map { task in
        operatorRow([
          escapeHTML(task.what),
          "<a href=\"\(task.link)?lang=\(language.rawValue)\">\(escapeHTML(task.subject.isEmpty ? language("voir", "look") : task.subject))</a>",
          escapeHTML(task.since),
          escapeHTML(task.contact ?? language("aucun contact dans les réglages", "no contact in the settings")),
        ])
      })
  }

  private func row(_ place: OperatorsView.PlaceRow) -> String {
    let reasons = place.indicators.reasons.map { words.reason($0.rawValue) }.joined(separator: ", ")
    var remarks = ["\(words.state(place.indicators.pageState)) (\(reasons))"]
    if let fault = place.timetableFault { remarks.append(Sentences.text(fault, language)) }
    if let override = place.override {
      remarks.append("\(override.by)\(language(" : ", ": "))\(override.reason), \(words.until(override.until))")
    }
    let people = place.people.map { count in "\(count)" + (place.capacity.map { " / \($0)" } ?? "") }
    let sensors = place.sensors.map { SensorText($0, words, facts.view).line }
    func list(_ lines: [String]) -> String { lines.map(escapeHTML).joined(separator: "<br>") }
    return operatorRow([
      "<a href=\"/places/\(place.id)?lang=\(language.rawValue)\">\(escapeHTML(place.name))</a>",
      place.isReady ? language("prêt", "ready") : "<strong>\(language("à voir", "needs attention"))</strong>",
      list(remarks), escapeHTML(people ?? language("non compté", "not counted")),
      sensors.isEmpty ? language("aucun capteur", "no sensor") : list(sensors),
    ])
  }
}

/// A sensor in a line.
struct SensorText {
  let state: String
  let last: String
  let battery: String
  let line: String

  init(_ sensor: OperatorsView.SensorRow, _ words: Words, _ view: OperatorsView) {
    let language = words.language
    state =
      sensor.maintenance.map { language("en maintenance ", "in maintenance ") + words.until($0.until) }
      ?? (sensor.isAlive ? language("en service", "working") : language("muet", "silent"))
    last =
      sensor.lastObserved.map { language.moment($0, from: view.at, view.zone) } ?? language("jamais", "never")
    battery = sensor.battery.map { language.number($0, places: 0, unit: "%") } ?? language("inconnue", "not known")
    line = "\(sensor.id)\(language(" :", ":")) \(state), \(last)" + (sensor.battery == nil ? "" : ", \(battery)")
  }
}

extension PublicIndicators {
  /// The state in the words and shapes of the pages.
  var pageState: PageState { PageState(availability: availability.rawValue, isMeasured: isMeasured) }
}

/// The same as JSON.
struct ReadinessDocument {
  let facts: OperatorsFacts

  var json: [UInt8] {
    let view = facts.view
    var json = JSONWriter()
    json.object { json in
      json.member("at", view.zone.text(view.at))
      json.member("places", view.places.count)
      json.member("places_ready", view.readyPlaces)
      json.key("tasks")
      json.array { json in
        for task in view.tasks {
          json.object { json in
            json.member("kind", task.kind.rawValue)
            json.member("urgent", task.kind.isUrgent)
            json.member(ifPresent: "place", task.place)
            json.member(ifPresent: "sensor", task.sensor)
            json.member(ifPresent: "since", task.since.map(view.zone.text))
            json.member(ifPresent: "detail", task.detail)
            if let count = task.count { json.member("count", count) }
          }
        }
      }
    }
    return json.bytes
  }
}
