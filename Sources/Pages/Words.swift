// The words that people read. A state is a word, a shape and a colour, in that order; each alone is enough.

public import Quantities

private enum Kilometre {}

/// How a place is shown.
public enum PageState: String, CaseIterable, Hashable, Sendable {
  case available, unmeasured, crowded, warm, closed, unknown

  /// The state of an availability by its name; an available place that nothing measures is told apart.
  public init(availability: String, isMeasured: Bool) {
    let state = PageState(rawValue: availability) ?? .unknown
    self = state == .available && !isMeasured ? .unmeasured : state
  }
}

/// What a place offers.
public enum Amenity: String, CaseIterable, Hashable, Sendable {
  case water, toilets, stepFree, seats, indoor
}

/// Sentences in both languages.
public struct Words: Sendable {
  /// The language.
  public let language: Language
  let zone: CivilZone
  let now: Instant
  /// Where links lead.
  let links: Links

  /// Words for a reader at a moment, in the city's civil time.
  public init(_ language: Language, zone: CivilZone, now: Instant, links: Links = .gateway) {
    self.language = language
    self.zone = zone
    self.now = now
    self.links = links
  }

  /// What a page of files says of itself; nil for a live one.
  var copyNotice: String? {
    guard case .files(let end) = links else { return nil }
    // With the day: it may be read on another one.
    func full(_ instant: Instant) -> String {
      let day = zone.civil(instant).day
      return language(
        "\(language.weekday(day)) \(language.date(day)) à \(language.time(instant, zone))",
        "\(language.weekday(day)), \(language.date(day)), at \(language.time(instant, zone))")
    }
    let (made, until) = (full(now), full(end))
    return language(
      "Copie faite \(made), valable jusqu'au \(until). Après, l'état des lieux peut avoir changé : vérifiez avant de partir.",
      "Copy made on \(made), good until \(until). After that places may have changed: check before you go.")
  }

  /// The state's name.
  public func state(_ state: PageState) -> String {
    switch state {
    case .available: language("Frais et ouvert", "Open and cool")
    case .unmeasured: language("Ouvert, non mesuré", "Open, not measured")
    case .crowded: language("Ouvert, beaucoup de monde", "Open, crowded")
    case .warm: language("Ouvert, pas plus frais", "Open, not cooler")
    case .closed: language("Fermé", "Closed")
    case .unknown: language("On ne sait pas", "Not known")
    }
  }

  /// Open, and hotter than anyone should rest in, even if the street is hotter still.
  public var tooHot: String { language("Ouvert, trop chaud", "Open, too hot") }

  /// Words such as `jusqu'à 22 h 30`.
  public func until(_ instant: Instant) -> String { language.until(instant, from: now, zone) }

  /// Words such as `ouvre demain à 8 h`.
  public func opens(_ instant: Instant) -> String {
    language("ouvre ", "opens ") + language.moment(instant, from: now, zone)
  }

  /// Words such as `3,2 °C de moins que la rue`.
  public func difference(_ difference: MilliCelsius) -> String {
    let size = language.number(MilliCelsius(abs(difference.rawValue)), places: 1, unit: "°C")
    if abs(difference.rawValue) < 500 { return language("Aussi chaud que la rue", "As warm as the street") }
    return difference.rawValue > 0
      ? language("\(size) de moins que la rue", "\(size) cooler than the street")
      : language("\(size) de plus que la rue", "\(size) warmer than the street")
  }

  /// Words such as `Air 29,4 °C, ressenti 33,1 °C`.
  public func temperature(air: MilliCelsius, felt: MilliCelsius, hasHumidity: Bool) -> String {
    let airText = language.number(air, places: 1, unit: "°C")
    guard hasHumidity, air != felt else { return language("Air \(airText)", "Air \(airText)") }
    let feltText = language.number(felt, places: 1, unit: "°C")
    return language("Air \(airText), ressenti \(feltText)", "Air \(airText), feels like \(feltText)")
  }

  /// A level of occupancy: `free`, `busy` or `full`.
  public func occupancy(_ level: String) -> String {
    switch level {
    case "free": language("De la place", "Plenty of room")
    case "busy": language("Du monde, encore de la place", "Busy, some room left")
    default: language("Complet", "Full")
    }
  }

  /// A class of noise: `quiet`, `moderate`, `loud` or `very_loud`, with its level.
  public func noise(_ noiseClass: String, _ level: MilliDecibels) -> String {
    let number = language.number(level, places: 0, unit: "dB(A)")
    let word =
      switch noiseClass {
      case "quiet": language("Calme", "Quiet")
      case "moderate": language("Assez calme", "Fairly quiet")
      case "loud": language("Bruyant", "Loud")
      default: language("Très bruyant", "Very loud")
      }
    return "\(word) (\(number))"
  }

  /// Words such as `Mesuré à 14 h 05`.
  public func measured(at instant: Instant) -> String {
    language("Mesuré ", "Measured ") + language.moment(instant, from: now, zone)
  }

  /// Words such as `Capteur muet depuis hier à 14 h`.
  public func silent(since instant: Instant?) -> String {
    guard let instant else { return language("Aucun capteur n'a encore parlé", "No sensor has reported yet") }
    return language("Capteur muet depuis ", "Sensor silent since ")
      + (language == .fr
        ? language.moment(instant, from: now, zone).dropPrefix("à ")
        : language.moment(instant, from: now, zone).dropPrefix("at ").dropPrefix("on "))
  }

  /// All sensors of a place speak, and none can be believed.
  public var readingsFailed: String { language("Capteur en défaut", "Sensor at fault") }

  /// What sensors of a place say cannot be relied on.
  public var readingsDoubtful: String { language("Mesures douteuses", "Doubtful readings") }

  /// Words such as `2 capteurs sur 3 en service`.
  public func sensors(alive: Int, of expected: Int) -> String {
    language(
      "\(alive) \(expected > 1 ? "capteurs" : "capteur") sur \(expected) en service",
      "\(alive) of \(expected) \(expected == 1 ? "sensor" : "sensors") working")
  }

  /// Why opening is not known, by the reason's name.
  public func openingUnknown(_ reason: String) -> String {
    switch reason {
    case "no_timetable": language("Horaires inconnus", "Opening hours not known")
    case "hours_unreadable": language("Horaires publiés illisibles", "Published hours cannot be read")
    case "timetable_expired": language("Horaires publiés expirés", "Published hours have expired")
    case "hours_contradicted": language("Horaires publiés contradictoires", "Published hours contradict each other")
    default: language("Ouverture incertaine, renseignez-vous", "Opening uncertain, please check")
    }
  }

  /// Words such as `Horaires publiés expirés depuis le 31 août 2026`, by the first moment of which they say nothing.
  public func expired(since end: Instant) -> String {
    let last = zone.civil(end - .seconds(1)).day
    let date = "\(language.date(last)) \(last.components.year)"
    return language("Horaires publiés jusqu'au \(date) seulement", "Published hours ended on \(date)")
  }

  /// Words such as `Décision de la ville`.
  public var overridden: String { language("Sur décision du service de la ville", "By decision of the city's service") }

  /// Words such as `Ouvert par son programme`.
  public var openedByProgramme: String { language("Ouvert par son programme", "Open by its programme") }

  /// All of a place is taken by what goes on in it.
  public var roomsTaken: String { language("Salles occupées en ce moment", "Rooms taken at the moment") }

  /// Nobody knows whether a programme takes the place's rooms.
  public var roomsUncertain: String {
    language("Programme illisible : salles peut-être occupées", "Programme unreadable: rooms may be taken")
  }

  /// Words such as `Horaires de canicule`.
  public var openedByHeat: String { language("Horaires de canicule", "Hours in a heatwave") }

  /// Words such as `9 lieux frais ouverts maintenant`.
  public func headline(cool: Int, openUnmeasured: Int) -> String {
    let main =
      switch cool {
      case 0: language("Aucun lieu frais mesuré n'est ouvert maintenant", "No measured cool place is open now")
      case 1: language("1 lieu frais ouvert maintenant", "1 cool place open now")
      default: language("\(cool) lieux frais ouverts maintenant", "\(cool) cool places open now")
      }
    guard cool == 0, openUnmeasured > 0 else { return main }
    return main
      + language(
        " ; \(openUnmeasured) \(openUnmeasured == 1 ? "ouvert" : "ouverts") sans mesure",
        "; \(openUnmeasured) open without measurements")
  }

  /// Where a page says that it has lost the gateway, and what changed.
  var connectionBar: String {
    """
    <p id="connection" class="connection" role="status" data-lost="\(language("Connexion perdue. Dernier état connu :", "Connection lost. Last known state:"))" data-changed="\(language("Mis à jour :", "Updated:"))"></p>
    """
  }

  /// Words such as `Mis à jour à 14 h 05`.
  public var updated: String { language("Mis à jour ", "Updated ") + language.moment(now, from: now, zone) }

  /// Words such as `650 m · 9 min`, by the pace of somebody who takes their time: 4.5 km/h.
  public func distance(_ metres: Double) -> String {
    let metres = min(metres, 20_000_000)
    let minutes = max(1, Int((metres / 75).rounded()))
    let far =
      metres < 1000
      ? "\(Int((metres / 10).rounded()) * 10)\u{202F}m"
      : language.number(Milli<Kilometre>(Int64(metres)), places: 1, unit: "km")
    return minutes <= 90 ? "\(far) · \(minutes)\u{202F}min" : far
  }

  /// Another place, how far and where: `Le plus proche : Parc (Frais et ouvert), 450 m · 6 min, vers le nord-est`.
  ///
  /// No arrow: by the compass it would point the wrong way on most walls.
  ///
  /// - Parameters:
  ///   - name: the place's name.
  ///   - state: what it is like, in words.
  ///   - metres: how far it is as the crow flies.
  ///   - direction: eighths of a circle from north, clockwise.
  /// - Returns: a line for a sign.
  public func elsewhere(_ name: String, _ state: String, _ metres: Double, direction: Int) -> String {
    let french = [
      "le nord", "le nord-est", "l'est", "le sud-est", "le sud", "le sud-ouest", "l'ouest", "le nord-ouest",
    ]
    let english = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"]
    let way = language("vers \(french[direction])", "to the \(english[direction])")
    return language("Le plus proche : ", "The nearest: ") + "\(name) (\(state)), \(distance(metres)), \(way)"
  }

  /// Words such as `Ouvert à 22 h, jusqu'à minuit`, for a moment to come.
  public func open(at moment: Instant, until end: Instant) -> String {
    let when = language.moment(moment, from: now, zone)
    return language("Ouvert \(when), ", "Open \(when), ") + until(end)
  }

  /// Words such as `Maintenant : fermé, ouvre à 8 h`.
  public func nowIs(_ headline: String) -> String {
    language("Maintenant : ", "Now: ") + headline.prefix(1).lowercased() + headline.dropFirst()
  }

  /// Words such as `Aujourd'hui, samedi 18 juillet`.
  public var today: String {
    let day = zone.civil(now).day
    return language("Aujourd'hui, ", "Today, ") + "\(language.weekday(day)) \(language.date(day))"
  }

  /// Hours, with what makes them so unless it is the timetable: `heat`, `programme` or `override`.
  public func hours(_ times: String, isSure: Bool, rule: String) -> String {
    let why: String? =
      switch rule {
      case "heat": language("horaires de canicule", "hours in a heatwave")
      case "programme": language("programme", "programme")
      case "override": language("décision de la ville", "decided by the city")
      default: nil
      }
    let remarks = (isSure ? [] : [language("à vérifier", "please check")]) + [why].compactMap { $0 }
    return remarks.isEmpty ? times : "\(times) (\(remarks.joined(separator: ", ")))"
  }

  /// Words such as `12 lieux ouverts à 22 h`; only what is known of now can be measured.
  public func headline(open count: Int, at moment: Instant) -> String {
    let when = language.moment(moment, from: now, zone)
    switch count {
    case 0: return language("Aucun lieu connu ne sera ouvert \(when)", "No known place will be open \(when)")
    case 1: return language("1 lieu ouvert \(when)", "1 place open \(when)")
    default: return language("\(count) lieux ouverts \(when)", "\(count) places open \(when)")
    }
  }

  /// What to do when no place fits all filters.
  public var nothingFits: String {
    language(
      "Aucun lieu ne correspond à tous ces filtres. Retirez-en un, ou choisissez un autre moment.",
      "No place fits all these filters. Remove one, or choose another time.")
  }

  /// Which of the places that would fit opens first, and when.
  public func opensFirst(_ name: String, at moment: Instant) -> String {
    let when = language.moment(moment, from: now, zone)
    return language("Le premier à ouvrir : \(name), \(when).", "The first to open: \(name), \(when).")
  }

  /// The heat banner: level, who says so, until when.
  public func heat(level: Int, sources: [String], until: Instant?) -> String {
    // Only the national bulletin is a "vigilance"; what others say must not sound like one.
    let colour =
      switch level {
      case 1: language("vert", "green")
      case 2: language("jaune", "yellow")
      case 3: language("orange", "orange")
      default: language("rouge", "red")
      }
    let name =
      sources.contains("feed")
      ? language("Vigilance canicule \(colour)", "Official heat warning: \(colour)")
      : language("Niveau de chaleur : \(colour)", "Heat level: \(colour)")
    let who = sources.map { source in
      switch source {
      case "operator": language("service de la ville", "city service")
      case "feed": "Météo-France"
      default: language("observé par les capteurs", "observed by the sensors")
      }
    }
    return ([name, who.joined(separator: ", ")] + (until.map { [self.until($0)] } ?? [])).joined(separator: " · ")
  }

  /// When no source gives a heat level.
  public var heatUnknown: String {
    language("Niveau de chaleur non communiqué", "Heat level not available")
  }

  /// Why an availability is what it is, by the reason's name.
  public func reason(_ name: String) -> String {
    switch name {
    case "open_now": language("ouvert aux heures prévues", "open by its timetable")
    case "closed_now": language("fermé aux heures prévues", "closed by its timetable")
    case "no_timetable": language("horaires inconnus", "hours not known")
    case "hours_unreadable": language("horaires illisibles", "hours unreadable")
    case "timetable_expired": language("horaires expirés", "hours expired")
    case "hours_contradicted": language("horaires contradictoires", "contradictory hours")
    case "rooms_uncertain": language("programme illisible", "programme unreadable")
    case "rooms_taken": language("salles occupées par le programme", "rooms taken by the programme")
    case "hours_uncertain": language("ouverture incertaine", "opening uncertain")
    case "overridden": language("décision du service", "decided by the service")
    case "not_measured": language("non mesuré", "not measured")
    case "no_fresh_reading": language("aucune mesure récente", "no recent reading")
    case "readings_failed": language("mesures en défaut", "readings at fault")
    case "readings_doubtful": language("mesures douteuses", "doubtful readings")
    case "felt_cool": language("ressenti frais", "feels cool")
    case "cooler_than_reference": language("plus frais que la rue", "cooler than the street")
    case "felt_hot": language("ressenti trop chaud", "feels too hot")
    case "not_cooler": language("pas plus frais que la rue", "not cooler than the street")
    case "no_reference": language("pas de référence", "no reference")
    case "full": language("complet", "full")
    default: name
    }
  }

  /// An amenity's name.
  public func amenity(_ amenity: Amenity) -> String {
    switch amenity {
    case .water: language("Eau potable", "Drinking water")
    case .toilets: language("Toilettes", "Toilets")
    case .stepFree: language("Accès sans marche", "Step-free access")
    case .seats: language("Assises", "Seats")
    case .indoor: language("En intérieur", "Indoors")
    }
  }

  /// A filter that can be chosen with a link, by its parameter's name.
  public func filter(_ name: String) -> String {
    switch name {
    case "open": language("Ouvert", "Open")
    case "available": language("Frais ou non mesuré, avec de la place", "Not known to be hot or full")
    case "measured": language("Mesuré", "Measured")
    case "accessible": language("Sans marche", "Step-free")
    case "water": language("Eau", "Water")
    case "toilets": language("Toilettes", "Toilets")
    case "seats": language("Assises", "Seats")
    case "indoor": language("En intérieur", "Indoors")
    case "calm": language("Calme", "Calm")
    case "room": language("De la place", "Room left")
    default: name
    }
  }

  /// A kind of place, by its name in the data.
  public func kind(_ kind: String) -> String {
    switch kind {
    case "schoolyard": language("Cour d'école", "Schoolyard")
    case "park": language("Parc", "Park")
    case "garden": language("Jardin", "Garden")
    case "tiers_lieu": language("Tiers-lieu", "Community place")
    case "library": language("Bibliothèque", "Library")
    case "museum": language("Musée", "Museum")
    case "pool": language("Piscine", "Swimming pool")
    case "worship": language("Lieu de culte", "Place of worship")
    case "town_hall": language("Mairie", "Town hall")
    case "mall": language("Galerie marchande", "Shopping centre")
    case "mister": language("Brumisateur", "Mist sprayer")
    case "shade": language("Ombrière", "Shade structure")
    default: language("Lieu", "Place")
    }
  }
}

extension String {
  func dropPrefix(_ prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}
