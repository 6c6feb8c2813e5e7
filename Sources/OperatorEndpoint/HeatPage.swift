// The heat: the level and who says so, what was observed against which thresholds, and the form that sets a level.

internal import CoolIslands
internal import Pages
internal import Publication
internal import Quantities

struct HeatPage {
  let call: Call

  private var view: OperatorsView { call.facts.view }
  private var words: Words { call.words }
  private var language: Language { call.language }

  var body: OperatorBody {
    let title = language("Chaleur", "Heat")
    return OperatorBody(
      title: title,
      html: """
        <h1>\(title)</h1>
        \(sources)
        \(observed)
        \(coverage)
        \(forms)
        """)
  }

  private var sources: String {
    guard !view.heat.isEmpty else { return "<p class=\"heat\">\(words.heatUnknown)</p>" }
    return operatorTable(
      language("Ce que dit chaque source ; la plus haute vaut", "What each source says; the highest holds"),
      language == .fr
        ? ["Source", "Niveau", "De", "Jusqu'à", "Vaut", "Qui", "Pourquoi"]
        : ["Source", "Level", "From", "Until", "Holds", "Who", "Why"],
      view.heat.map { entry in
        let source =
          switch entry.source {
          case .operator: language("Service de la ville", "City service")
          case .feed: "Météo-France"
          case .observation: language("Observé par les capteurs", "Observed by the sensors")
          }
        return operatorRow([
          source, "\(entry.level)", moment(entry.from),
          entry.until.map(moment) ?? language("sans fin", "without an end"), holds(entry), escapeHTML(entry.by),
          escapeHTML(OperatorTerms.reason(entry, language)),
        ])
      })
  }

  /// Bulletins speak of what comes, and what is over stays until somebody says something else.
  private func holds(_ entry: HeatEntry) -> String {
    if view.at < entry.from { return language("à venir", "comes") }
    return view.at < entry.until ?? .distantFuture ? language("maintenant", "now") : language("passé", "over")
  }

  private func moment(_ instant: Instant) -> String {
    escapeHTML(language.date(view.zone.civil(instant).day) + " " + language.time(instant, view.zone))
  }

  /// Means of three days against the thresholds, with their date and source.
  private var observed: String {
    guard let (heat, thresholds) = view.observed else {
      return
        "<p>\(language("Les réglages ne nomment pas de station pour la chaleur observée.", "The settings name no station for observed heat."))</p>"
    }
    func cell(_ value: MilliCelsius?) -> String {
      value.map { language.number($0, places: 1, unit: "°C") } ?? language("trop peu mesuré", "too little measured")
    }
    func row(_ name: String, _ days: [MilliCelsius?], _ mean: MilliCelsius?, _ threshold: MilliCelsius?) -> String {
      operatorRow(
        [name] + days.map(cell)
          + [
            cell(mean),
            threshold.map { language.number($0, places: 0, unit: "°C") } ?? language("inconnu", "not known"),
          ])
    }
    let days = heat.minima.indices.map { language.date(heat.day.adding(days: Int64($0 - heat.minima.count + 1))) }
    let table = operatorTable(
      language("Observé à la station", "Observed at the station"),
      [language("Extrême", "Extreme")] + days + [
        language("Moyenne de 3 jours", "Mean of 3 days"), language("Seuil", "Threshold"),
      ],
      [
        row(language("Minimum", "Minimum"), heat.minima, heat.meanMinimum, thresholds?.minimum),
        row(language("Maximum", "Maximum"), heat.maxima, heat.meanMaximum, thresholds?.maximum),
      ])
    let origin = thresholds.map {
      language("Seuils connus au ", "Thresholds as of ") + language.date($0.validFrom)
        + " \($0.validFrom.components.year)\(language(" : ", ": "))\($0.source)"
    }
    return table + (origin.map { "<p class=\"meta\">\(escapeHTML($0))</p>" } ?? "")
  }

  private var coverage: String {
    guard let report = view.coverage else { return "" }
    let scenarios = report.scenarios.map { scenario in
      operatorRow(
        [escapeHTML(name(scenario, report.at))]
          + scenario.covered.map { "\($0) / \(report.total)" }
          + [escapeHTML(scenario.gains.first.map { "\($0.place) (+\($0.people))" } ?? language("aucun", "none"))])
    }
    return operatorTable(
      language("Habitants ayant un lieu à portée, calculé à ", "People with a place in reach, worked out at ")
        + language.time(report.at, view.zone),
      [language("Cas", "Case")] + Coverage.metres.map { "\(Int($0)) m" } + [language("Ouvrir d'abord", "Open first")],
      scenarios)
  }

  private func name(_ scenario: CoverageScenario, _ now: Instant) -> String {
    let moment = scenario.at == now ? nil : language.moment(scenario.at, from: now, view.zone)
    switch scenario.name {
    case "now": return language("maintenant, frais et ouvert", "now, cool and open")
    case "now_unmeasured_too": return language("maintenant, non mesurés compris", "now, unmeasured ones too")
    case "tonight": return language("la nuit", "at night") + (moment.map { ", " + $0 } ?? "")
    case "sunday": return moment ?? language("dimanche", "on Sunday")
    default: return language("au niveau ", "at level ") + String(scenario.name.suffix(1))
    }
  }

  private var forms: String {
    guard call.caller.role == .act else {
      return "<p class=\"meta\">\(language("Ce compte peut lire, pas agir.", "This account may read, not act."))</p>"
    }
    let secret = [(name: "form", value: call.caller.formToken ?? "")]
    let levels = ActForm.Choice(
      name: "level", label: language("Niveau", "Level"),
      options: (1...4).reversed().map { level in
        (
          "\(level)",
          "\(level) · "
            + [language("vert", "green"), language("jaune", "yellow"), "orange", language("rouge", "red")][level - 1]
        )
      })
    let highest = view.heatNow.filter { $0.source != .operator }.map(\.level).max()
    let others =
      highest.map { language("en ce moment les autres sources disent \($0)", "at the moment other sources say \($0)") }
      ?? language("aucune autre source ne parle en ce moment", "no other source speaks at the moment")
    let note = language(
      "Le plus haut niveau vaut pour le public : \(others). Les lieux du plan canicule suivent leurs horaires de ce niveau.",
      "The highest level holds for the public: \(others). Places of the heat plan follow their hours of that level.")
    let set = ActForm(
      action: "/heat", title: language("Fixer un niveau", "Set a level"), choices: [levels, ActForm.hours(language)],
      hidden: secret, note: note, button: language("Fixer", "Set")
    ).html(language)
    guard view.heat.contains(where: { $0.source == .operator }) else { return set }
    return set
      + ActForm(
        action: "/heat", title: language("Retirer le niveau du service", "Take the service's level back"), choices: [],
        hidden: secret + [("level", "none")],
        note: language("Les autres sources valent de nouveau seules.", "The other sources alone hold again."),
        button: language("Retirer", "Take back")
      ).html(language)
  }
}
