// The register of what is processed: from the settings alone, sensor class by sensor class (GDPR, articles 5, 25, 30, 35).
//
// No identifier of a device, no topic, no address of the broker and no secret is ever asked for here.

public import Configuration
internal import CoolIslands
public import Pages
internal import Publication
internal import Quantities
internal import SensorProtocol

/// What is measured, why, where it is kept, for how long, and who reads it.
public struct PrivacyRegister: Sendable {
  /// Sensors that measure the same kind of thing.
  enum Class: CaseIterable {
    case climate, doors, presence, sound, battery

    init(_ field: Field) {
      switch field {
      case .temperature, .humidity, .temperatureGlobe: self = .climate
      case .inTotal, .outTotal: self = .doors
      case .people, .occupied: self = .presence
      case .laeq, .lafmax: self = .sound
      case .batteryPercent: self = .battery
      }
    }
  }

  /// A class as it is configured.
  struct Row {
    var kind: Class
    var sensors: Int
    var places: Int
    var fields: [String]
    /// The shortest and the longest period in seconds.
    var periods: ClosedRange<Int64>
    /// Sensors of it that stand in schoolyards with school hours.
    var inSchoolyards: Int
  }

  private let settings: Settings
  private let city: City
  /// The classes that are configured, in a fixed order.
  let rows: [Row]

  /// The register of a configuration.
  public init(_ configured: Configured) {
    settings = configured.settings
    city = configured.city
    let city = configured.city
    rows = Class.allCases.compactMap { kind in
      let sensors = city.sensors.filter { $0.fields.contains { Class($0) == kind } }
      guard let shortest = sensors.map(\.period).min(), let longest = sensors.map(\.period).max() else { return nil }
      let fields = Field.allCases.filter { field in
        Class(field) == kind && sensors.contains { $0.fields.contains(field) }
      }
      return Row(
        kind: kind, sensors: sensors.count, places: Set(sensors.compactMap(\.place)).count,
        fields: fields.map(\.rawValue), periods: shortest...longest,
        inSchoolyards: sensors.count { $0.place.map { city.places[$0].schoolHours != nil } ?? false })
    }
  }

  // MARK: Words

  private func name(_ kind: Class, _ language: Language) -> String {
    switch kind {
    case .climate: language("Climat", "Climate")
    case .doors: language("Passages comptés", "Passages counted")
    case .presence: language("Présence comptée", "Presence counted")
    case .sound: language("Bruit", "Sound")
    case .battery: language("Piles des capteurs", "Sensors' batteries")
    }
  }

  private func purpose(_ kind: Class, _ language: Language) -> String {
    switch kind {
    case .climate:
      language("dire quels lieux sont frais, suivre la chaleur", "to tell which places are cool, to follow the heat")
    case .doors, .presence:
      language("dire s'il y a de la place", "to tell whether there is room")
    case .sound: language("dire quels lieux sont calmes", "to tell which places are quiet")
    case .battery: language("changer les piles à temps", "to change batteries in time")
    }
  }

  private func publicly(_ kind: Class, _ language: Language) -> String {
    switch kind {
    case .climate:
      return language(
        "publiées au dixième de degré, moyenne de \(city.choices.coolnessWindowMinutes) min",
        "published to a tenth of a degree, mean of \(city.choices.coolnessWindowMinutes) min")
    case .doors, .presence:
      let borders = city.choices.occupancyBorders.map { "\($0 / 10) %" }.joined(separator: ", ")
      return language(
        "jamais un nombre : un niveau (libre, du monde, complet ; limites \(borders) de la capacité), toutes les 5 minutes",
        "never a number: a level (free, busy, full; borders at \(borders) of the capacity), every 5 minutes")
    case .sound:
      return language(
        "en décibels entiers, moyenne de 15 min", "in whole decibels, mean of 15 min")
    case .battery: return language("jamais", "never")
    }
  }

  private func data(_ row: Row, _ language: Language) -> String {
    let period =
      row.periods.lowerBound == row.periods.upperBound
      ? "\(row.periods.lowerBound) s" : "\(row.periods.lowerBound)–\(row.periods.upperBound) s"
    let fields = row.fields.joined(separator: ", ")
    return language(
      "\(fields) ; capteurs : \(row.sensors), lieux : \(row.places), une mesure par \(period)",
      "\(fields); sensors: \(row.sensors), places: \(row.places), a reading every \(period)")
  }

  private func refused(_ row: Row, _ language: Language) -> String {
    switch row.kind {
    case .climate, .battery: return language("rien de plus n'est lu du message", "nothing else of the message is read")
    case .doors, .presence, .sound:
      let content =
        row.kind == .sound
        ? language("le contenu sonore, les spectres et les événements ; ", "what is heard, spectra and events; ")
        : language("images et identités ; ", "pictures and identities; ")
      return content
        + (row.inSchoolyards > 0
          ? language(
            "en temps scolaire tout (capteurs dans des cours d'école : \(row.inSchoolyards))",
            "in school hours everything (sensors in schoolyards: \(row.inSchoolyards))")
          : language(
            "aucun capteur de cette classe n'est dans une cour d'école", "no sensor of this class is in a schoolyard"))
    }
  }

  /// The register as a page.
  ///
  /// - Parameter language: the reader's.
  /// - Returns: a page; ``text(_:)`` says the same.
  public func page(_ language: Language) -> DocumentPage {
    let kept = settings.retention
    let head = [
      language("Classe", "Class"), language("Données", "Data"), language("Finalité", "Purpose"),
      language("Conservation", "Kept"), language("Ce que lit le public", "What the public reads"),
      language("Ce que lisent les agents", "What people on duty read"), language("Refusé", "Refused"),
    ]
    let keeping = language(
      "journal \(kept.journalDays) jours, quarts d'heure \(kept.quarterDays) jours, heures \(kept.historyDays) jours",
      "journal \(kept.journalDays) days, quarter hours \(kept.quarterDays) days, hours \(kept.historyDays) days")
    let exact = language("les valeurs exactes, avec un jeton", "exact values, with a token")
    let table: DocumentPage.Part = .table(
      caption: language("Ce qui est mesuré", "What is measured"), head: head,
      rows: rows.map { row in
        [
          DocumentPage.Cell(name(row.kind, language)), DocumentPage.Cell(data(row, language)),
          DocumentPage.Cell(purpose(row.kind, language)), DocumentPage.Cell(keeping),
          DocumentPage.Cell(publicly(row.kind, language)), DocumentPage.Cell(exact),
          DocumentPage.Cell(refused(row, language)),
        ]
      })
    let schoolyards = city.places.count { $0.schoolHours != nil }
    let servers = city.feeds.count { !$0.decoder.isKnownByTopic }
    return DocumentPage(
      title: language("Registre des données", "Register of data"), cityName: city.name, path: nil,
      parts: [
        .text(
          language(
            "Établi à partir des réglages de la passerelle « \(settings.gateway) ». Lieux : \(city.places.count), capteurs : \(city.sensors.count).",
            "Made from the settings of the gateway “\(settings.gateway)”. Places: \(city.places.count), sensors: \(city.sensors.count)."
          )),
        rows.isEmpty
          ? .text(
            language(
              "Aucun capteur n'est configuré : rien n'est mesuré.", "No sensor is configured: nothing is measured."))
          : table,
        .heading(language("Où c'est gardé, et combien de temps", "Where it is kept, and for how long")),
        .list([
          language(
            "Journal des messages, dans le dossier de données de la passerelle : \(kept.journalDays) jours, \(kept.journalMebibytes) Mio au plus",
            "Journal of messages, in the gateway's data folder: \(kept.journalDays) days, \(kept.journalMebibytes) MiB at most"
          ),
          language(
            "Quarts d'heure de l'historique : \(kept.quarterDays) jours",
            "Quarter hours of the history: \(kept.quarterDays) days"),
          language(
            "Heures, jours et changements d'état : \(kept.historyDays) jours",
            "Hours, days and changes of state: \(kept.historyDays) days"),
          language(
            "Journal des décisions : qui a agi, quand et pourquoi (comptes des agents), \(kept.historyDays) jours",
            "Audit log: who acted, when and why (accounts of people on duty), \(kept.historyDays) days"),
          language(
            "Contacts du service (\(settings.contacts.count)) : dans les réglages, donc dans le journal et ses sauvegardes",
            "Contacts of the service (\(settings.contacts.count)): in the settings, and so in the journal and its backups"
          ),
          language(
            "Au-delà, c'est effacé peu à peu par la passerelle elle-même",
            "Beyond that the gateway itself deletes them, a little at a time"),
        ]),
        .heading(language("Qui lit", "Who reads")),
        .list([
          language(
            "Tout le monde : des niveaux et des moyennes, \(isPublicLocal ? "sur cette machine seulement" : "sur le réseau"), et des topics MQTT retenus",
            "Everyone: levels and means, \(isPublicLocal ? "on this machine only" : "over the network"), and retained MQTT topics"
          ),
          language(
            "Les agents, avec un jeton : nombres exacts, séries, état des capteurs, \(isOperatorsLocal ? "sur cette machine seulement" : "sur le réseau")",
            "People on duty, with a token: exact counts, series, state of sensors, \(isOperatorsLocal ? "on this machine only" : "over the network")"
          ),
          language(
            "Destinataires des alertes (jamais de nombre de personnes) : \(receivers)",
            "Receivers of alerts (never a count of people): \(receivers)"),
          language(
            "Ce qui est publié, gardé ailleurs : \(elsewhere(language))",
            "What is published, kept elsewhere: \(elsewhere(language))"),
          language(
            "Qui administre la machine : le dossier de données",
            "Whoever administers the machine: the data folder"),
        ]),
        .heading(language("Ce qui est refusé avant d'être gardé", "What is refused before it is kept")),
        .list([
          language(
            "Occupation et bruit en temps scolaire (cours d'école qui en ont un : \(schoolyards))",
            "Occupancy and sound in school hours (schoolyards that have some: \(schoolyards))"),
          language(
            "Les appareils que les réglages ne nomment pas, téléphones compris : comptés, leur contenu n'est gardé nulle part (serveurs et passerelles radio écoutés : \(servers))",
            "Devices that the settings do not name, phones among them: counted, their content is kept nowhere (servers and radio hubs listened to: \(servers))"
          ),
          language(
            "Images et sons : aucun message qui en porte n'est gardé",
            "Pictures and sound: no message that carries them is kept"),
          language(
            "Plus de \(settings.limits.messagesPerSecond) messages par seconde d'un même capteur, à la longue",
            "More than \(settings.limits.messagesPerSecond) messages a second from one sensor, in the long run"),
        ]),
      ], contact: nil)
  }

  /// A proxy before a port brings others to it.
  private var isPublicLocal: Bool {
    settings.publicPort.address.hasPrefix("127.") && settings.site.url == nil && settings.site.trustedProxies.isEmpty
  }

  private var isOperatorsLocal: Bool {
    settings.operatorsPort.address.hasPrefix("127.") && settings.operatorsURL == nil
      && settings.site.trustedProxies.isEmpty
  }

  private func elsewhere(_ language: Language) -> String {
    var names: [String] = []
    if settings.longHistory != nil {
      names.append(language("historique long (VictoriaMetrics)", "long history (VictoriaMetrics)"))
    }
    if settings.contextBroker != nil { names.append(language("plateforme NGSI-LD", "NGSI-LD context broker")) }
    return names.isEmpty ? language("nulle part", "nowhere") : names.joined(separator: ", ")
  }

  private var receivers: String {
    let names = settings.alerts?.receivers.map(\.id) ?? []
    return names.isEmpty ? "0" : names.joined(separator: ", ")
  }

  /// The register as text.
  ///
  /// - Parameter language: the reader's.
  /// - Returns: lines for a terminal; they say what ``page(_:)`` says.
  public func text(_ language: Language) -> String {
    page(language).text
  }
}
