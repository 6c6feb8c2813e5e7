// What a season's report says of the heat.

internal import CoolIslands
internal import Pages
internal import Quantities

extension SeasonWording {
  var heat: [Part] {
    let heading = Part.heading(language("Chaleur", "Heat"))
    guard let heat = report.heat, let station = report.heatStation else {
      return [
        heading,
        .text(
          language(
            "Aucune station de référence n'est nommée dans les réglages (city.heat_station) : on ne sait pas combien de jours ont été chauds.",
            "The settings name no station (city.heat_station): how many days were hot is not known.")),
      ]
    }
    var rows: [[Cell]] = []
    func row(_ name: String, _ value: String) { rows.append([Cell(name), Cell(value, isNumber: true)]) }
    row(
      language("Nuits tropicales (minimum d'au moins 20 °C)", "Tropical nights (minimum of at least 20 °C)"),
      days(heat.tropicalNights))
    row(language("Jours chauds (maximum d'au moins 30 °C)", "Hot days (maximum of at least 30 °C)"), days(heat.hotDays))
    row(
      language("Jours très chauds (maximum d'au moins 35 °C)", "Very hot days (maximum of at least 35 °C)"),
      days(heat.veryHotDays))
    if let limits = heat.thresholds, let nights = heat.heatNights, let hot = heat.heatDays {
      row(
        language(
          "Nuits au seuil du département (\(degrees(limits.minimum)))",
          "Nights at the threshold of the département (\(degrees(limits.minimum)))"), days(nights))
      row(
        language(
          "Jours au seuil du département (\(degrees(limits.maximum)))",
          "Days at the threshold of the département (\(degrees(limits.maximum)))"), days(hot))
      for level in 1...3 {
        row(language("Jours au niveau observé \(level)", "Days at observed level \(level)"), "\(heat.days(at: level))")
      }
      row(
        language("Jours dont le niveau observé n'est pas connu", "Days whose observed level is not known"),
        "\(heat.days(at: nil))")
    } else {
      row(
        language("Jours par niveau de chaleur", "Days by heat level"),
        language("on ne sait pas : aucun seuil n'est connu ici", "not known: there are no thresholds here"))
    }
    var parts: [Part] = [
      heading,
      .text(
        language(
          "Observée à la station « \(station) », \(heat.days.count) jours.",
          "Observed at the station “\(station)”, \(heat.days.count) days.")),
      .season(chart(heat)),
      .table(
        caption: language("Jours et nuits de chaleur", "Days and nights of heat"),
        head: [language("Ce qui est compté", "What is counted"), language("Jours", "Days")], rows: rows),
    ]
    if let limits = heat.thresholds {
      parts.append(
        .text(
          language(
            "Seuils : \(degrees(limits.minimum)) la nuit et \(degrees(limits.maximum)) le jour, en vigueur ou relevés le \(date(limits.validFrom)), source : \(limits.source). Ce qui est observé n'est jamais la vigilance officielle.",
            "Thresholds: \(degrees(limits.minimum)) at night and \(degrees(limits.maximum)) by day, in force or looked up on \(date(limits.validFrom)), source: \(limits.source). What is observed is never the official warning."
          )))
      parts += episodes(heat)
    }
    let outside = heat.days.count { !Self.isInSeason($0.day) }
    if outside > 0 {
      parts.append(
        .text(
          language(
            "Jours hors de la saison de veille (1er juin au 15 septembre), comptés aussi, bien que la veille officielle n'y ait pas cours : \(outside).",
            "Days outside of the season of the official watch (1 June to 15 September), counted too, though it does not run then: \(outside)."
          )))
    }
    return parts
  }

  /// Whether a day lies in the season of the heat watch.
  private static func isInSeason(_ day: CivilDay) -> Bool {
    let (_, month, number) = day.components
    return (6...8).contains(month) || month == 9 && number <= 15
  }

  private func chart(_ heat: HeatSeason) -> SeasonChart {
    SeasonChart(
      heat.days.map { SeasonChart.Day(day: $0.day, low: $0.minimum, high: $0.maximum, isHot: $0.level == 3) },
      thresholds: heat.thresholds.map { [$0.minimum, $0.maximum] } ?? [],
      title: language("Du minimum au maximum de chaque jour", "From minimum to maximum of each day"),
      text: language(
        "Une barre par jour, du minimum au maximum ; en rouge les jours dont les moyennes sur trois jours atteignent les deux seuils ; les lignes sont les seuils. Un jour sans barre n'est pas connu. Les chiffres suivent.",
        "One bar a day, from minimum to maximum; in red the days whose means of three days reach both thresholds; the lines are the thresholds. A day without a bar is not known. The figures follow."
      ),
      language: language)
  }

  private func episodes(_ heat: HeatSeason) -> [Part] {
    let episodes = heat.episodes
    guard !episodes.isEmpty else {
      let isWhole = heat.days(at: nil) == 0
      return [
        .text(
          isWhole
            ? language(
              "Aucun épisode : les moyennes sur trois jours n'ont jamais atteint les deux seuils.",
              "No episode: the means of three days never reached both thresholds.")
            : language("Aucun épisode parmi les jours connus.", "No episode among the days that are known."))
      ]
    }
    return [
      .table(
        caption: language(
          "Épisodes : moyennes sur trois jours aux deux seuils", "Episodes: means of three days at both thresholds"),
        head: [
          language("Premier jour", "First day"), language("Dernier jour", "Last day"), language("Jours", "Days"),
          language("Plus haute moyenne des minima", "Highest mean of minima"),
          language("Plus haute moyenne des maxima", "Highest mean of maxima"), language("Remarque", "Remark"),
        ],
        rows: episodes.map { episode in
          [
            Cell(date(episode.first)), Cell(date(episode.last)), Cell("\(episode.days)", isNumber: true),
            Cell(degrees(episode.highestMinimum), isNumber: true),
            Cell(degrees(episode.highestMaximum), isNumber: true),
            Cell(
              episode.isInterrupted
                ? language("interrompu : un jour n'est pas connu", "interrupted: a day is not known")
                : language("complet", "whole")),
          ]
        })
    ]
  }
}
