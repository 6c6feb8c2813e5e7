// Every sensor: what it last said, how far it can be believed, its account; and a map of their health.

internal import CoolIslands
internal import HTTPServer
internal import Pages
internal import Publication
internal import Quantities

struct SensorsPage {
  let call: Call

  private var view: OperatorsView { call.facts.view }
  private var words: Words { call.words }
  private var language: Language { call.language }
  private var shown: String { ["silent", "fault", "maintenance"].first { $0 == parameter("state") } ?? "" }
  private var page: Int { max(1, parameter("page").flatMap { Int($0) } ?? 1) }
  /// Sensors on a page, and how many of them may be shown for each to have its form.
  private static let (rowsShown, formsShown) = (200, 25)

  private func parameter(_ name: String) -> String? { call.request.query.first { $0.name == name }?.value }

  var body: OperatorBody {
    let title = language("Capteurs", "Sensors")
    let filters = ["", "silent", "fault", "maintenance"].map { filter in
      let current = filter == shown ? " aria-current=\"true\"" : ""
      let query = filter.isEmpty ? "" : "state=\(filter)&"
      return "<li><a href=\"/sensors?\(query)lang=\(language.rawValue)\"\(current)>\(name(filter))</a></li>"
    }
    let found = view.sensors.filter { isShown($0.sensor) }
    let first = min(page - 1, max(0, found.count - 1) / Self.rowsShown) * Self.rowsShown
    let rows = Array(found.dropFirst(first).prefix(Self.rowsShown))
    let accounts = Dictionary(
      call.facts.ledger.sensors.map { ($0.id, $0.account) }, uniquingKeysWith: { first, _ in first })
    return OperatorBody(
      title: title,
      html: """
        <h1>\(title)</h1>
        <nav class="choices" aria-label="\(language("État", "State"))"><ul>\(filters.joined())</ul></nav>
        \(SensorMap(view: view, words: words).svg)
        \(operatorTable(
          language("\(found.count) capteur\(found.count > 1 ? "s" : "")", "\(found.count) sensor\(found.count == 1 ? "" : "s")"),
          language == .fr
            ? ["Capteur", "Lieu", "État", "Dernière mesure", "Pile", "Qualité", "Mesures comptées"]
            : ["Sensor", "Place", "State", "Last reading", "Battery", "Quality", "Readings that count"],
          rows.map { row($0.place, $0.sensor, accounts) }))
        \(found.count > first + rows.count ? more(first) : "")
        \(call.caller.role == .act && rows.count <= Self.formsShown ? forms(rows.map(\.sensor)) : "")
        """)
  }

  private func name(_ filter: String) -> String {
    switch filter {
    case "silent": language("Muets", "Silent")
    case "fault": language("Douteux ou en défaut", "Doubtful or at fault")
    case "maintenance": language("En maintenance", "In maintenance")
    default: language("Tous", "All")
    }
  }

  private func more(_ first: Int) -> String {
    let query = shown.isEmpty ? "" : "state=\(shown)&amp;"
    let next = first / Self.rowsShown + 2
    return
      "<p><a href=\"/sensors?\(query)page=\(next)&amp;lang=\(language.rawValue)\">\(language("Capteurs suivants", "More sensors"))</a></p>"
  }

  private func isShown(_ sensor: OperatorsView.SensorRow) -> Bool {
    if let asked = parameter("sensor") { return sensor.id == asked }
    return switch shown {
    case "silent": !sensor.isAlive && sensor.maintenance == nil
    case "fault": sensor.quality.contains { [.suspect, .fail].contains($0.quality.flag) }
    case "maintenance": sensor.maintenance != nil
    default: true
    }
  }

  private func row(
    _ place: OperatorsView.PlaceRow?, _ sensor: OperatorsView.SensorRow, _ accounts: [String: CoolIslands.Account]
  ) -> String {
    let text = SensorText(sensor, words, view)
    let quality = sensor.quality.map { field in
      let since = field.since.map {
        language(", depuis le ", ", since ") + language.date(view.zone.civil($0).day)
          + language(" à ", ", ") + language.time($0, view.zone)
      }
      return
        "\(OperatorTerms.name(field.field, language))\(language(" : ", ": "))\(QualityText.flag(field.quality.flag, language))"
        + (field.quality.tests.isEmpty ? "" : " (\(OperatorTerms.names(field.quality.tests.names, language)))")
        + (since ?? "")
    }
    let refused = accounts[sensor.id]?.reasons.map { "\($0.name) \($0.count)" } ?? []
    return operatorRow([
      "<a href=\"/sensors?sensor=\(sensor.id)&amp;lang=\(language.rawValue)\">\(escapeHTML(sensor.id))</a>",
      place.map { "<a href=\"/places/\($0.id)?lang=\(language.rawValue)\">\(escapeHTML($0.name))</a>" }
        ?? language("station de rue", "station in the street"),
      escapeHTML(text.state), escapeHTML(text.last), escapeHTML(text.battery),
      quality.map(escapeHTML).joined(separator: "<br>"),
      escapeHTML(
        "\(sensor.readings)"
          + (refused.isEmpty ? "" : language(", refusées : ", ", refused: ") + refused.joined(separator: ", "))),
    ])
  }

  private func forms(_ sensors: [OperatorsView.SensorRow]) -> String {
    let secret = [(name: "form", value: call.caller.formToken ?? "")]
    let note = language(
      "Pendant la maintenance ses mesures ne comptent pas ; le lieu se lit comme s'il se taisait.",
      "During maintenance its readings do not count; the place reads as if it were silent.")
    let forms = sensors.map { sensor in
      let address = "/sensors/\(sensor.id)/maintenance"
      let form =
        sensor.maintenance == nil
        ? ActForm(
          action: address, title: language("Mettre \(sensor.id) en maintenance", "Take \(sensor.id) into maintenance"),
          choices: [ActForm.hours(language)], hidden: secret, note: note, button: language("Commencer", "Begin"))
        : ActForm(
          action: address,
          title: language("Finir la maintenance de \(sensor.id)", "End the maintenance of \(sensor.id)"),
          choices: [], hidden: secret + [("end", "1")],
          note: language("Ses mesures comptent de nouveau.", "Its readings count again."),
          button: language("Finir", "End"))
      return "<details><summary>\(escapeHTML(sensor.id))</summary>\(form.html(language))</details>"
    }
    return "<h2>\(language("Maintenance", "Maintenance"))</h2>" + forms.joined()
  }
}

/// Flags in words.
enum QualityText {
  static func flag(_ flag: QualityFlag, _ language: Language) -> String {
    switch flag {
    case .pass: language("bonne", "good")
    case .notEvaluated: language("pas encore jugée", "not judged yet")
    case .suspect: language("douteuse", "doubtful")
    case .fail: language("en défaut", "at fault")
    case .missing: language("sans mesure", "no reading")
    }
  }
}

/// Where places are and how their sensors do; the table says the same.
struct SensorMap {
  let view: OperatorsView
  let words: Words

  private static let (width, height, margin) = (640.0, 360.0, 20.0)

  var svg: String {
    let language = words.language
    let positions = view.places.map { (Double($0.position.longitudeE7), Double($0.position.latitudeE7)) }
    guard let west = positions.map(\.0).min(), let east = positions.map(\.0).max(),
      let south = positions.map(\.1).min(), let north = positions.map(\.1).max(), positions.count > 1
    else { return "" }
    // A degree of longitude is shorter than one of latitude.
    let squeeze = 0.7
    let scale = min(
      (Self.width - 2 * Self.margin) / max(1, (east - west) * squeeze),
      (Self.height - 2 * Self.margin) / max(1, north - south))
    func whole(_ value: Double) -> String { String(Int(value.rounded())) }
    var marks: [String] = []
    var counts = (good: 0, bad: 0, none: 0)
    let troubled = Set(
      view.tasks.filter { [.sensorSilent, .sensorFaulty].contains($0.kind) }.compactMap(\.place))
    for (place, position) in zip(view.places, positions) {
      let x = whole(Self.margin + (position.0 - west) * squeeze * scale)
      let y = whole(Self.margin + (north - position.1) * scale)
      let name = escapeHTML(place.name)
      if place.sensors.isEmpty {
        counts.none += 1
        marks.append("<circle cx=\"\(x)\" cy=\"\(y)\" r=\"4\" class=\"none\"><title>\(name)</title></circle>")
      } else if !troubled.contains(place.id) {
        counts.good += 1
        marks.append("<circle cx=\"\(x)\" cy=\"\(y)\" r=\"6\" class=\"good\"><title>\(name)</title></circle>")
      } else {
        counts.bad += 1
        marks.append(
          "<path transform=\"translate(\(x) \(y))\" d=\"M0-9 8 6H-8z\" class=\"bad\"><title>\(name)</title></path>")
      }
    }
    let text = language(
      "Lieux dont les capteurs vont bien (disques) : \(counts.good) ; à voir (triangles) : \(counts.bad) ; sans capteur (cercles) : \(counts.none)",
      "Places whose sensors are well (discs): \(counts.good); to look at (triangles): \(counts.bad); without sensors (circles): \(counts.none)"
    )
    return """
      <figure><svg class="chart health" viewBox="0 0 640 360" role="img" aria-labelledby="health-title"><title id="health-title">\(escapeHTML(text))</title>\(marks.joined())</svg>
      <figcaption>\(escapeHTML(text))</figcaption></figure>
      """
  }
}
