// A season as a page for people: what was, what is not known, and how each number was found.

internal import CoolIslands
public import Pages
internal import Quantities
internal import Store

extension SeasonReport {
  /// Silences that the page lists; the tables have more.
  private static let silencesShown = 40

  /// The report as a page.
  ///
  /// - Parameter language: the reader's.
  /// - Returns: a page that is printed as one file.
  public func page(_ language: Language) -> DocumentPage {
    let wording = SeasonWording(report: self, language: language)
    return DocumentPage(
      title: language(
        "Rapport de saison, du \(wording.date(question.first)) au \(wording.date(question.last))",
        "Season report, \(wording.date(question.first)) to \(wording.date(question.last))"),
      cityName: cityName, path: nil,
      parts: wording.foreword + wording.heat + wording.coverage + wording.opening + wording.measures + wording.works
        + wording.silences(Self.silencesShown) + wording.missing + wording.methods,
      contact: nil)
  }
}

/// The words of a report.
private struct SeasonWording {
  let report: SeasonReport
  let language: Language

  typealias Part = DocumentPage.Part
  typealias Cell = DocumentPage.Cell

  func date(_ day: CivilDay) -> String { "\(language.date(day)) \(day.components.year)" }

  private var unknown: String { language("on ne sait pas", "not known") }
  private var notMeasured: String { language("non mesuré", "not measured") }

  private func cell<Value>(_ answer: Answer<Value>, _ text: (Value) -> String) -> Cell {
    switch answer {
    case .known(let value): Cell(text(value), isNumber: true)
    case .unknown: Cell(unknown)
    case .notMeasured: Cell(notMeasured)
    }
  }

  private func degrees(_ value: MilliCelsius) -> String { language.number(value, places: 1, unit: "°C") }
  private func decibels(_ value: MilliDecibels) -> String { language.number(value, places: 0, unit: "dB(A)") }
  private func hours(_ milliseconds: Int64) -> String {
    language.number(Milli<Never>(milliseconds.roundedDivided(by: 3600)), places: 0, unit: "h")
  }
  private func percent(_ thousandths: Int64) -> String {
    language.number(Milli<Never>(thousandths * 100), places: 0, unit: "%")
  }
  private func moment(_ instant: Instant) -> String {
    let day = report.zone.civil(instant).day
    return "\(date(day)), \(language.time(instant, report.zone))"
  }
  /// Days among those that are known.
  private func days(_ count: (days: Int, known: Int)) -> String {
    guard count.known > 0 else { return unknown }
    return language("\(count.days) sur \(count.known) connus", "\(count.days) of \(count.known) known")
  }

  // MARK: Beginning

  var foreword: [Part] {
    var parts: [Part] = []
    if let notice = report.notice[language.rawValue] { parts.append(.text(notice)) }
    guard let (from, until) = report.observed else {
      return parts + [
        .text(
          language(
            "L'historique ne contient rien de ces jours : rien ne peut être dit de la saison.",
            "The history holds nothing of these days: nothing can be said of the season."))
      ]
    }
    parts.append(
      .text(
        language(
          "L'historique couvre la période du \(moment(from)) au \(moment(until)). Les durées et les parts se rapportent à ce temps.",
          "The history covers the time from \(moment(from)) to \(moment(until)). Durations and shares are of that time."
        )))
    for gap in report.gaps.prefix(20) {
      let (begin, end) = (moment(Instant(milliseconds: gap.from)), moment(Instant(milliseconds: gap.until)))
      parts.append(
        .text(
          language(
            "Du \(begin) au \(end) la passerelle n'était pas là : ce temps ne compte pas dans les durées.",
            "From \(begin) to \(end) the gateway was not there: this time counts in no duration.")))
    }
    let measured = report.places.filter(\.isMeasured)
    var items = [
      language(
        "\(report.places.count) lieux, dont \(measured.count) où la température est mesurée",
        "\(report.places.count) places, \(measured.count) of them with a measured temperature")
    ]
    let cool = measured.compactMap(\.openAndCool.value)
    if !cool.isEmpty {
      items.append(
        language(
          "\(hours(cool.reduce(0, +))) de lieux frais et ouverts, additionnées sur les lieux mesurés",
          "\(hours(cool.reduce(0, +))) of cool and open places, added up over those that are measured"))
    }
    items.append(
      report.silenceCount == 0
        ? language("aucun silence de capteur au-delà de sa patience", "no sensor was silent beyond its patience")
        : language(
          "silences de capteurs au-delà de leur patience : \(report.silenceCount)",
          "silences of sensors beyond their patience: \(report.silenceCount)"))
    return parts + [.list(items)]
  }

  // MARK: Heat

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
            "\(outside) de ces jours sont hors de la saison de veille (1er juin au 15 septembre) : ils sont comptés, et la veille officielle n'y a pas cours.",
            "\(outside) of these days lie outside of the season of the official watch (1 June to 15 September): they are counted, and it does not run then."
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

  // MARK: Places

  var opening: [Part] {
    [
      .heading(language("Ouverture et fréquentation", "Opening and visitors")),
      .table(
        caption: language(
          "Heures de la saison par lieu ; les visiteurs sont une fourchette, hors temps scolaire dans les cours d'école",
          "Hours of the season by place; visitors are a range, outside school hours in schoolyards"),
        head: [
          language("Lieu", "Place"), language("Ouvert", "Open"), language("Ouverture inconnue", "Opening not known"),
          language("Frais et ouvert", "Cool and open"), language("État inconnu", "State not known"),
          language("Beaucoup de monde", "Crowded"),
          language("Complet", "Full"), language("Visiteurs", "Visitors"), language("Temps compté", "Time counted"),
        ],
        rows: report.places.map { place in
          [
            Cell(place.name), cell(place.open, hours), cell(place.openingUnknown, hours),
            cell(place.openAndCool, hours), cell(place.availabilityUnknown, hours), cell(place.crowded, hours),
            cell(place.full, hours),
            cell(place.visitors) { language("de \($0.low) à \($0.high)", "\($0.low) to \($0.high)") },
            cell(place.countingShare, percent),
          ]
        }),
    ]
  }

  var measures: [Part] {
    let border = degrees(report.choices.cooler)
    return [
      .heading(language("Fraîcheur, bruit, capteurs", "Coolness, noise, sensors")),
      .table(
        caption: language(
          "Écart de température de l'air : référence moins lieu, positif où le lieu est plus frais",
          "Difference of air temperature: reference less place, positive where the place is cooler"),
        head: [
          language("Lieu", "Place"), language("Écart, toutes heures", "Difference, all hours"),
          language("12 à 18 h", "12 to 18 h"), language("0 à 6 h", "0 to 6 h"),
          language("Heures comparées", "Hours compared"),
          language("dont plus fraîches d'au moins \(border)", "cooler by \(border) at least"),
          language("LAeq", "LAeq"), language("Lden / Lnight (jours)", "Lden / Lnight (days)"),
          language("Temps mesuré", "Time measured"), language("Silences", "Silences"),
        ],
        rows: report.places.map { place in
          [
            Cell(place.name), cell(place.difference(place.differences), degrees),
            cell(place.difference(place.afternoons), degrees), cell(place.difference(place.nights), degrees),
            cell(place.difference(place.differences)) { _ in "\(place.differences.hours)" },
            cell(place.difference(place.differences)) { _ in "\(place.coolerHours)" }, cell(place.laeq, decibels),
            cell(place.sound) { "\(decibels($0.lden)) / \(decibels($0.lnight)) (\($0.days))" },
            cell(place.sensorShare, percent), cell(place.sensorShare) { _ in "\(place.silences)" },
          ]
        }),
      .text(
        language(
          "Deux capteurs à ±0,2 °C donnent un écart à ±0,3 °C au mieux : des lieux à moins de 0,5 °C l'un de l'autre ne se classent pas. L'ombre se sent plus que la température de l'air ne le dit.",
          "Two sensors of ±0.2 °C give a difference of ±0.3 °C at best: places closer than 0.5 °C have no order. Shade is felt more than the air temperature tells."
        )),
    ]
  }

  // MARK: Works

  var works: [Part] {
    let places = report.places.filter { $0.works != nil }
    guard !places.isEmpty else { return [] }
    var rows: [[Cell]] = []
    for place in places {
      guard let works = place.works else { continue }
      for (name, effect) in [
        (language("12 à 18 h", "12 to 18 h"), works.afternoon), (language("0 à 6 h", "0 to 6 h"), works.night),
      ] {
        var row = [Cell("\(place.name), \(date(works.day))"), Cell(name)]
        if let effect {
          row += [
            Cell("\(degrees(effect.before)) (\(effect.daysBefore))", isNumber: true),
            Cell("\(degrees(effect.after)) (\(effect.daysAfter))", isNumber: true),
            Cell(degrees(effect.change), isNumber: true),
            Cell(
              language(
                "de \(degrees(effect.interval.lowerBound)) à \(degrees(effect.interval.upperBound))",
                "\(degrees(effect.interval.lowerBound)) to \(degrees(effect.interval.upperBound))"), isNumber: true),
            Cell(
              language(
                "de \(degrees(effect.weather.lowerBound)) à \(degrees(effect.weather.upperBound))",
                "\(degrees(effect.weather.lowerBound)) to \(degrees(effect.weather.upperBound))"), isNumber: true),
          ]
        } else {
          let isCompared = place.isMeasured && place.hasReference
          let why = Cell(
            isCompared
              ? language("on ne sait pas : trop peu de jours comparables", "not known: too few days are alike")
              : notMeasured)
          row += [why, why, why, why, why]
        }
        rows.append(row)
      }
    }
    return [
      .heading(language("Avant et après les travaux", "Before and after works")),
      .table(
        caption: language(
          "Écart à la référence ; un changement positif dit que le lieu est devenu plus frais",
          "Difference to the reference; a positive change says that the place became cooler"),
        head: [
          language("Lieu, travaux", "Place, works"), language("Heures", "Hours"),
          language("Avant (jours)", "Before (days)"),
          language("Après (jours)", "After (days)"), language("Changement", "Change"),
          language("Intervalle à 95 %", "95 % interval"), language("Maximum de la référence", "Reference maximum"),
        ], rows: rows),
    ]
  }

  // MARK: Silences

  func silences(_ most: Int) -> [Part] {
    let heading = Part.heading(language("Silences des capteurs", "Silences of sensors"))
    guard !report.silences.isEmpty else {
      return [
        heading,
        .text(
          language(
            "Aucun capteur ne s'est tu plus longtemps que sa patience.",
            "No sensor was silent for longer than its patience.")),
      ]
    }
    var parts = [
      heading,
      Part.table(
        caption: language("Les plus longs d'abord", "The longest first"),
        head: [
          language("Lieu", "Place"), language("Capteur", "Sensor"), language("Depuis", "Since"),
          language("Durée au moins", "For at least"), language("Fin", "End"),
        ],
        rows: report.silences.prefix(most).map { silence in
          [
            Cell(silence.place ?? language("station", "station")), Cell(silence.sensor), Cell(moment(silence.begin)),
            Cell(hours(silence.hours * HourGrid.hour), isNumber: true),
            Cell(silence.isOpen ? language("dure encore", "goes on") : language("revenu", "came back")),
          ]
        }),
    ]
    if report.silenceCount > most {
      parts.append(
        .text(
          language(
            "\(most) silences sur \(report.silenceCount) sont montrés ; les tableaux (incidents) en ont davantage.",
            "\(most) of \(report.silenceCount) silences are shown; the tables (incidents) have more.")))
    }
    return parts
  }

  // MARK: Coverage

  var coverage: [Part] {
    let heading = Part.heading(language("Qui avait un lieu frais à portée", "Who had a cool place in reach"))
    guard let coverage = report.coverage else {
      return [
        heading,
        .text(
          language(
            "L'historique n'en sait rien pour ces jours : les réglages ne disent pas où habitent les gens (population), ou le disent depuis peu.",
            "The history knows nothing of it for these days: the settings do not say where people live (population), or have said so lately only."
          )),
      ]
    }
    func cells(_ name: String, _ share: CoverageSeason.Share) -> [Cell] {
      [Cell(name)]
        + Coverage.metres.indices.map { band in
          share.thousandths(band).map { Cell(percent($0), isNumber: true) } ?? Cell(unknown)
        }
    }
    var parts = [
      heading,
      Part.table(
        caption: language(
          "Part des habitants à cette distance, à vol d'oiseau, d'un lieu mesuré, frais, ouvert et non complet ; moyenne des quarts d'heure",
          "Share of the people who have a measured, cool, open place that is not full at this distance, as the crow flies; mean of the quarter hours"
        ),
        head: [language("Quand", "When")] + Coverage.metres.map { "\(Int($0)) m" },
        rows: [
          cells(language("Toute la période", "The whole time"), coverage.whole),
          cells(language("De 12 à 18 h", "12 to 18 h"), coverage.afternoons),
          cells(language("De 20 à 24 h", "20 to 24 h"), coverage.evenings),
        ]),
    ]
    if let (day, share) = coverage.worst {
      parts.append(
        .text(
          language(
            "Le jour le moins couvert : le \(date(day)), \(percent(share)) des habitants à 10 minutes. Le tableau « coverage » donne chaque jour.",
            "The day with the least: \(date(day)), \(percent(share)) of the people within 10 minutes. The table \"coverage\" has every day."
          )))
    }
    return parts
  }

  // MARK: End

  var missing: [Part] {
    var items = [
      language(
        "Le niveau de chaleur en vigueur, avec la vigilance et les décisions des agents : l'historique garde ce qui est mesuré ; seul le niveau observé est donné.",
        "The heat level in force, with the national bulletin and people's decisions: the history keeps what is measured; only the observed level is given."
      ),
      language(
        "La qualité des mesures heure par heure n'est pas gardée ; ce qui est resté immobile a été écarté à nouveau.",
        "The quality of readings hour by hour is not kept; what stood still was left out again."),
    ]
    if !report.unheard.isEmpty {
      let names = report.unheard.prefix(20).joined(separator: ", ") + (report.unheard.count > 20 ? ", …" : "")
      items.append(
        language(
          "Capteurs des réglages jamais entendus jusque-là, pas encore posés ou jamais en marche : \(report.unheard.count) (\(names)).",
          "Sensors of the settings that were never heard until then, not mounted yet or never well: \(report.unheard.count) (\(names))."
        ))
    }
    if report.damagedDays > 0 {
      items.append(
        language(
          "\(report.damagedDays) jours de séries sont endommagés sur le disque et laissés de côté.",
          "\(report.damagedDays) days of series are damaged on the disk and left out."))
    }
    return [.heading(language("Ce que ce rapport ne sait pas", "What this report does not know")), .list(items)]
  }

  var methods: [Part] {
    let choices = report.choices
    let coverage = percent(choices.noiseDayCoverage)
    let still = choices.quality.flatFail.seconds / 3600
    let borders = choices.noiseHours
    return [
      .heading(language("Comment chaque nombre est trouvé", "How each number is found")),
      .list([
        language(
          "Chaleur : le minimum d'un jour va de 18 h UTC de la veille à 18 h UTC, le maximum de 6 h UTC à 6 h UTC du lendemain (Météo-France). Un jour couvert à moins de \(percent(choices.extremesCoverage)) n'est pas connu, ni les trois moyennes qui le contiennent. Niveau 3 : les deux moyennes sur trois jours atteignent les seuils ; 2 : le dernier jour seul ; 1 sinon.",
          "Heat: a day's minimum is from 18 UTC of the day before to 18 UTC, its maximum from 6 UTC to 6 UTC of the next day (Météo-France). A day covered by less than \(percent(choices.extremesCoverage)) is not known, nor are the three means that contain it. Level 3: both means of three days reach the thresholds; 2: the last day alone does; 1 otherwise."
        ),
        language(
          "Heures ouvertes, fraîches, complètes : somme des durées entre les changements d'état publiés. « Frais et ouvert » n'est dit que des lieux où la température est mesurée.",
          "Hours open, cool, full: the durations between the changes of state that were published, added up. “Cool and open” is said only of places with a measured temperature."
        ),
        language(
          "Écart : moyenne des écarts horaires, référence moins lieu, sur les heures dont les trois quarts sont mesurés des deux côtés ; plusieurs capteurs d'un lieu comptent par leur médiane. Un capteur immobile \(still) h ou plus est écarté pour ce temps.",
          "Difference: mean of hourly differences, reference less place, over hours of which three quarters are measured on both sides; several sensors of a place count by their median. A sensor that stood still for \(still) h or more is left out for that time."
        ),
        language(
          "Visiteurs : entrées et sorties encadrent le nombre, chacune à 3 % près, arrondi à la dizaine vers l'extérieur. Des portes qui n'ont compté qu'une part du temps en ont manqué. Dans une cour d'école rien n'est compté en temps scolaire.",
          "Visitors: entries and exits bracket the number, each within 3 %, rounded outwards to tens. Doors that counted only a part of the time missed some. In a schoolyard nothing is counted in school hours."
        ),
        language(
          "Bruit : moyenne énergétique (LAeq) là où au moins \(coverage) du temps est mesuré. Lden et Lnight : moyennes énergétiques des jours dont le jour (\(borders.day)–\(borders.evening) h), la soirée (\(borders.evening)–\(borders.night) h) et la nuit (\(borders.night)–\(borders.day) h) sont chacun mesurés à \(coverage) ; c'est une estimation, l'indicateur légal est annuel.",
          "Noise: energy mean (LAeq) where at least \(coverage) of the time is measured. Lden and Lnight: energy means of the days whose day (\(borders.day)–\(borders.evening) h), evening (\(borders.evening)–\(borders.night) h) and night (\(borders.night)–\(borders.day) h) are each measured by \(coverage); an estimate, the legal indicator is that of a year."
        ),
        language(
          "Temps mesuré : part du temps que couvrent les mesures des capteurs du lieu, chacune valant sa période. Silence : heures entières sans mesure, au moins aussi longues que la patience du capteur ; ce qui est plus court qu'une heure ne se voit pas. Un capteur compte dès sa première mesure, et seulement quand la passerelle était là pour l'entendre.",
          "Time measured: the share of time that the readings of the place's sensors cover, each standing for its period. Silence: whole hours without a reading, at least as long as the sensor's patience; what is shorter than an hour is not seen. A sensor counts from its first reading, and only while the gateway was there to hear it."
        ),
        language(
          "Travaux : moyenne des écarts journaliers avant et après, le jour des travaux exclu, sur les jours dont les six heures sont connues et dont le maximum horaire de la référence est dans la plage commune ; l'intervalle vient de \(WorksEffect.resamples) rééchantillonnages par jours (bootstrap), toujours les mêmes. Il faut \(WorksEffect.fewestDays) jours de chaque côté.",
          "Works: mean of daily differences before and after, the day of the works left out, over days of which all six hours are known and whose warmest hour at the reference lies in the range that both sides have; the interval comes from \(WorksEffect.resamples) resamples by days (bootstrap), always the same. \(WorksEffect.fewestDays) days are needed on each side."
        ),
      ]),
    ]
  }
}
