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
struct SeasonWording {
  let report: SeasonReport
  let language: Language

  typealias Part = DocumentPage.Part
  typealias Cell = DocumentPage.Cell

  func date(_ day: CivilDay) -> String { "\(language.date(day)) \(day.components.year)" }

  var unknown: String { language("on ne sait pas", "not known") }
  var notMeasured: String { language("non mesuré", "not measured") }

  func cell<Value>(_ answer: Answer<Value>, _ text: (Value) -> String) -> Cell {
    switch answer {
    case .known(let value): Cell(text(value), isNumber: true)
    case .unknown: Cell(unknown)
    case .notMeasured: Cell(notMeasured)
    }
  }

  func degrees(_ value: MilliCelsius) -> String { language.number(value, places: 1, unit: "°C") }
  func decibels(_ value: MilliDecibels) -> String { language.number(value, places: 0, unit: "dB(A)") }
  func hours(_ milliseconds: Int64) -> String {
    language.number(Milli<Never>(milliseconds.roundedDivided(by: 3600)), places: 0, unit: "h")
  }
  func percent(_ thousandths: Int64) -> String {
    language.number(Milli<Never>(thousandths * 100), places: 0, unit: "%")
  }
  func moment(_ instant: Instant) -> String {
    let day = report.zone.civil(instant).day
    return "\(date(day)), \(language.time(instant, report.zone))"
  }
  /// Days among those that are known.
  func days(_ count: (days: Int, known: Int)) -> String {
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
        "\(report.places.count) \(report.places.count > 1 ? "lieux" : "lieu"), dont \(measured.count) où la température est mesurée",
        "\(report.places.count) \(report.places.count == 1 ? "place" : "places"), \(measured.count) of them with a measured temperature"
      )
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
          "Jours de séries endommagés sur le disque et laissés de côté : \(report.damagedDays).",
          "Days of series that are damaged on the disk and left out: \(report.damagedDays)."))
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
