// What a season's report says of places, works, sensors and people in reach.

internal import CoolIslands
internal import Pages
internal import Quantities

extension SeasonWording {
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
}
