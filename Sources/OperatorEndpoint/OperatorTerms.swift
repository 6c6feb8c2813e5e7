// Names that the core and the journal keep, as people on duty read them.

internal import CoolIslands
internal import Pages
internal import Quantities

enum OperatorTerms {
  private static let french = [
    // Tests of a series.
    "flat_line": "immobile", "step": "saut", "spike": "pic", "neighbours": "écart aux voisins", "siting": "au soleil",
    "ratio": "entrées et sorties inégales",
    // What a head count is to be taken with.
    "clamped_low": "compte revenu sous zéro", "over_capacity": "au-dessus de la capacité", "silent": "compteur muet",
    "rooms_uncertain": "salles incertaines",
    // Fields.
    "temperature": "température", "humidity": "humidité", "in_total": "entrées", "out_total": "sorties",
    "people": "personnes", "occupied": "présence", "laeq": "LAeq", "lafmax": "LAFmax", "battery_percent": "pile",
    "temperature_globe": "température du globe",
  ]

  /// The name of a test, a flag or a field.
  static func name(_ identifier: String, _ language: Language) -> String {
    let plain = identifier.split(separator: "_").joined(separator: " ")
    return language(french[identifier] ?? plain, plain)
  }

  /// Some of them.
  static func names(_ identifiers: [String], _ language: Language) -> String {
    identifiers.map { name($0, language) }.joined(separator: ", ")
  }

  /// What held before or after an act, which the audit log keeps in English: `open until …`, `level 3 until …, level 2`.
  static func state(_ text: String, _ language: Language) -> String {
    guard language == .fr else { return text }
    let words = [
      "regular hours": "horaires habituels", "nothing": "rien", "in service": "en service", "open": "ouvert",
      "closed": "fermé", "maintenance": "en maintenance",
    ]
    return text.split(separator: ", ").map { part in
      var halves = part.split(separator: " until ").map(String.init)
      guard let what = halves.first else { return String(part) }
      halves[0] = words[what] ?? (what.hasPrefix("level ") ? "niveau " + what.dropFirst(6) : what)
      return halves.joined(separator: " jusqu'à ")
    }.joined(separator: ", ")
  }

  /// Why a heat level holds; what the gateway itself observed has words of its own.
  static func reason(_ entry: HeatEntry, _ language: Language) -> String {
    let means = entry.reason.split(separator: " ").dropFirst(2)
    guard language == .fr, entry.source == .observation, means.count == 4, let day = CivilDay(String(means.last ?? ""))
    else { return entry.reason }
    let values = means.prefix(2).joined(separator: " ").map { $0 == "." ? "," : String($0) }.joined()
    return "moyennes sur trois jours \(values), le \(language.date(day))"
  }

  /// What a task says of a sensor's fields and tests: `temperature (flat_line)`.
  static func detail(_ text: String, _ language: Language) -> String {
    var result = ""
    var rest = text[...]
    while let first = rest.first {
      let word = rest.prefix { ("a"..."z").contains($0) || $0 == "_" }
      result += word.isEmpty ? String(first) : name(String(word), language)
      rest = rest.dropFirst(max(1, word.count))
    }
    return result
  }
}
