// The sentences of alerts, in French and English.

internal import Configuration

enum AlertWords {
  /// Names that a sentence lists; of more, the number.
  private static let mostNames = 5

  static func french(_ event: AlertEvent) -> String {
    let names = names(event) { $0 == 1 ? "et 1 autre" : "et \($0) autres" }
    let many = event.subjects.count > 1
    switch (event.rule, event.state) {
    case (.sensorSilent, .raised): return many ? "Capteurs muets : \(names)." : "Capteur muet : \(names)."
    case (.sensorSilent, .cleared): return "On entend de nouveau : \(names)."
    case (.heatLevel, .raised): return "Le niveau de chaleur est passé à \(level(event, ["jaune", "orange", "rouge"]))."
    case (.heatLevel, .cleared):
      return "Le niveau de chaleur \(level(event, ["jaune", "orange", "rouge"])) n'est plus en vigueur."
    case (.placeFull, .raised): return many ? "Lieux complets : \(names)." : "Lieu complet : \(names)."
    case (.placeFull, .cleared):
      return "\(many ? "Ne sont plus signalés complets" : "N'est plus signalé complet") : \(names)."
    case (.placeHot, .raised):
      return "\(many ? "Ne sont" : "N'est") plus frais alors qu'il fait très chaud en ville : \(names)."
    case (.placeHot, .cleared):
      return "De nouveau frais, \(many ? "fermés" : "fermé"), ou la chaleur est passée : \(names)."
    case (.gatewayBehind, .raised): return "La passerelle a pris du retard : ce qu'elle montre peut être ancien."
    case (.gatewayBehind, .cleared): return "La passerelle a rattrapé son retard."
    case (.diskLow, .raised): return "Le disque des données est presque plein."
    case (.diskLow, .cleared): return "Le disque des données a de nouveau de la place."
    case (.brokerLost, .raised): return "Plus de liaison avec le broker MQTT : aucune mesure n'arrive."
    case (.brokerLost, .cleared): return "La liaison avec le broker MQTT est rétablie."
    case (.storingFails, .raised): return "Rien ne peut être enregistré : aucune mesure n'est prise en compte."
    case (.storingFails, .cleared): return "L'enregistrement fonctionne de nouveau."
    }
  }

  static func english(_ event: AlertEvent) -> String {
    let names = names(event) { "and \($0) more" }
    let many = event.subjects.count > 1
    switch (event.rule, event.state) {
    case (.sensorSilent, .raised): return many ? "Silent sensors: \(names)." : "Silent sensor: \(names)."
    case (.sensorSilent, .cleared): return "Heard again: \(names)."
    case (.heatLevel, .raised): return "The heat level has risen to \(level(event, ["yellow", "orange", "red"]))."
    case (.heatLevel, .cleared):
      return "The heat level \(level(event, ["yellow", "orange", "red"])) is no longer in force."
    case (.placeFull, .raised): return many ? "Places that are full: \(names)." : "A place is full: \(names)."
    case (.placeFull, .cleared): return "No longer reported as full: \(names)."
    case (.placeHot, .raised): return "No longer cool while it is very hot in the city: \(names)."
    case (.placeHot, .cleared): return "Cool again, closed, or the heat has passed: \(names)."
    case (.gatewayBehind, .raised): return "The gateway is behind: what it shows may be old."
    case (.gatewayBehind, .cleared): return "The gateway has caught up."
    case (.diskLow, .raised): return "The disk of the data is nearly full."
    case (.diskLow, .cleared): return "The disk of the data has room again."
    case (.brokerLost, .raised): return "No connection to the MQTT broker: no reading arrives."
    case (.brokerLost, .cleared): return "The MQTT broker is connected again."
    case (.storingFails, .raised): return "Nothing can be stored: no reading is taken in."
    case (.storingFails, .cleared): return "Storing works again."
    }
  }

  private static func names(_ event: AlertEvent, more: (Int) -> String) -> String {
    let listed = event.subjects.prefix(mostNames).map(\.name).joined(separator: ", ")
    let rest = event.subjects.count - mostNames
    return rest > 0 ? "\(listed) \(more(rest))" : listed
  }

  /// The level that counts: the highest that was reached, the lowest that is left.
  private static func level(_ event: AlertEvent, _ colours: [String]) -> String {
    let levels = event.subjects.compactMap { Int($0.id) }
    let level = (event.state == .raised ? levels.max() : levels.min()) ?? 0
    return (2...4).contains(level) ? "\(level) (\(colours[level - 2]))" : "\(level)"
  }
}
