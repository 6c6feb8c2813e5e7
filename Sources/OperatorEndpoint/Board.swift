// The readiness board: one number, then the places, those that need somebody first.

internal import CoolIslands
internal import Pages
internal import Publication
internal import Quantities

struct Board {
  let facts: OperatorsFacts
  let language: Language

  /// Strangers on the page; `tonnelle unknown` lists all.
  private static let strangersShown = 20

  private var words: Words { Words(language, zone: facts.view.zone, now: facts.view.at) }

  private func text(_ french: String, _ english: String) -> String { language == .fr ? french : english }

  var html: String {
    let places = facts.view.places
    let ready = places.count(where: \.isReady)
    let headline = text("\(ready) lieux sur \(places.count) prêts", "\(ready) of \(places.count) places ready")
    var notes: [String] = []
    if !facts.brokerConnected {
      notes.append(
        text("Pas de connexion au broker", "No connection to the broker")
          + (facts.brokerReason.map { " : \($0)" } ?? ""))
    }
    for filter in facts.refusedFilters {
      notes.append(text("Le broker refuse l'abonnement à", "The broker refuses the subscription to") + " \(filter)")
    }
    if let reason = facts.storeReason {
      notes.append(text("Rien ne peut être enregistré", "Nothing can be stored") + " : \(reason)")
    }
    let heat =
      facts.view.heat.isEmpty
      ? words.heatUnknown
      : facts.view.heat.map {
        words.heat(level: $0.level, sources: [$0.source.rawValue], until: $0.until) + " · \($0.by), \($0.reason)"
      }
      .joined(separator: " / ")
    return BoardPage(
      cityName: facts.view.cityName, headline: headline, notes: notes, heat: heat, rows: places.map(row),
      ledger: facts.ledger.named.map { ($0.name, String($0.count)) },
      strangers: facts.strangers.newest.prefix(Self.strangersShown).map {
        ("\($0.stranger.family) \($0.stranger.identity)", String($0.count), $0.stranger.settingsLine)
      }
    ).html(language)
  }

  private func row(_ place: OperatorsView.PlaceRow) -> BoardPage.Row {
    let sensors = place.sensors.map { sensor in
      let state = sensor.isAlive ? text("en service", "working") : text("muet", "silent")
      let last =
        sensor.lastObserved.map { words.language.moment($0, from: facts.view.at, facts.view.zone) }
        ?? text("jamais", "never")
      let battery = sensor.battery.map { ", " + words.language.number($0, places: 0, unit: "%") } ?? ""
      return "\(sensor.id) : \(state), \(last)\(battery)"
    }
    let reasons = place.indicators.reasons.map { words.reason($0.rawValue) }.joined(separator: ", ")
    var remarks = ["\(words.state(place.indicators.pageState)) (\(reasons))"]
    if let fault = place.timetableFault { remarks.append(fault) }
    if let override = place.override {
      remarks.append("\(override.by) : \(override.reason), \(words.until(override.until))")
    }
    let people = place.people.map { count in "\(count)" + (place.capacity.map { " / \($0)" } ?? "") }
    return .init(name: place.name, isReady: place.isReady, remarks: remarks, people: people, sensors: sensors)
  }
}

extension PublicIndicators {
  fileprivate var pageState: PageState { PageState(availability: availability.rawValue, isMeasured: isMeasured) }
}
