// What has to be done, in words: what it is, since when, whom to call, and where to act.

internal import CoolIslands
internal import Pages
internal import Quantities

/// A task as people read it.
struct TaskText {
  let what: String
  let subject: String
  let since: String
  let contact: String?
  /// Where to look or to act.
  let link: String

  init(_ task: ReadinessTask, _ words: Words, zone: CivilZone, now: Instant, contacts: Contacts) {
    let language = words.language
    what = Self.what(task, language)
    subject = [task.placeName, task.sensor].compactMap { $0 }.joined(separator: " · ")
    since =
      task.since.map { since in
        switch task.kind {
        case .holidaysEnding, .timetableEnding:
          language("jusqu'au ", "until ") + language.date(zone.civil(since - .milliseconds(1)).day)
        default: Self.moment(since, language, zone, now)
        }
      }
      ?? Self.withoutTime(task.kind, language)
    let area = Self.area(task.kind)
    contact = task.place.flatMap { contacts.byName[$0] } ?? contacts.byName[area]
    link = task.place.map { "/places/\($0)" } ?? (area == "sensors" ? "/sensors" : "/heat")
  }

  private static func moment(_ instant: Instant, _ language: Language, _ zone: CivilZone, _ now: Instant) -> String {
    let minutes = (now - instant).seconds / 60
    if (0..<120).contains(minutes) { return language("depuis \(minutes) min", "for \(minutes) min") }
    let day = zone.civil(instant).day
    let time = language.time(instant, zone)
    guard day != zone.civil(now).day else { return language("depuis \(time)", "since \(time)") }
    return language("depuis le \(language.date(day)) à \(time)", "since \(language.date(day)), \(time)")
  }

  /// What stands where nobody knows since when.
  private static func withoutTime(_ kind: ReadinessTask.Kind, _ language: Language) -> String {
    switch kind {
    case .sensorSilent: language("n'a jamais parlé", "never spoke")
    case .timetableUnusable, .noNightHours, .holidaysEnding, .timetableEnding, .timetableExpired:
      language("tient aux réglages", "lies in the settings")
    case .planPlaceUnmeasured: language("jamais mesuré", "never measured")
    case .peopleUncovered, .batteryLow: language("en ce moment", "at the moment")
    case .sensorFaulty, .sensorDrifting, .sensorBadlySited: language("début inconnu", "beginning not known")
    }
  }

  private static func area(_ kind: ReadinessTask.Kind) -> String {
    switch kind {
    case .timetableUnusable, .timetableExpired, .timetableEnding, .holidaysEnding: "timetables"
    case .noNightHours, .peopleUncovered: "heat"
    default: "sensors"
    }
  }

  private static func what(_ task: ReadinessTask, _ language: Language) -> String {
    let detail = task.detail.map { " (\(Sentences.text($0, language)))" } ?? ""
    let fields = task.detail.map { " (\(OperatorTerms.detail($0, language)))" } ?? ""
    let count = task.count ?? 0
    return switch task.kind {
    case .planPlaceUnmeasured:
      language("Lieu du plan canicule que rien ne mesure", "Place of the heat plan that nothing measures")
    case .timetableUnusable: language("Horaires inutilisables", "Timetable cannot be used") + detail
    case .timetableExpired: language("Horaires expirés", "Timetable expired")
    case .sensorSilent: language("Capteur muet", "Silent sensor")
    case .sensorFaulty: language("Capteur en défaut", "Sensor at fault") + fields
    case .noNightHours:
      language("Lieu du plan canicule fermé la nuit", "Place of the heat plan that is closed at night")
    case .peopleUncovered:
      language(
        "\(count) \(count > 1 ? "habitants" : "habitant") sans lieu ouvert à 10 min cette nuit",
        "\(count) \(count == 1 ? "person" : "people") without an open place within 10 minutes tonight")
    case .sensorDrifting: language("Capteur qui s'écarte des autres", "Sensor that stands apart from others") + fields
    case .sensorBadlySited: language("Capteur au soleil", "Sensor that the sun reaches") + fields
    case .batteryLow: language("Pile à \(count)\u{202F}%", "Battery at \(count)%")
    case .timetableEnding: language("Horaires bientôt expirés", "Timetable ends soon")
    case .holidaysEnding:
      language("Vacances scolaires à compléter", "School holidays to be completed")
    }
  }
}
