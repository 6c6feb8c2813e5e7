// When each rule holds.

internal import Configuration
internal import Quantities

extension AlertEngine {
  /// Whether a rule holds for a subject.
  struct Condition {
    var id: String
    var name: String
    /// nil where that is not known.
    var holds: Bool?
    /// Since when, where the facts say; otherwise since it was first seen.
    var since: Instant?
  }

  func conditions(
    _ rule: AlertRule, _ numbers: Settings.Alerts.Rule, _ facts: AlertFacts, _ now: Instant
  ) -> [Condition] {
    let gateway = facts.gateway
    func whole(_ holds: Bool?) -> [Condition] { [Condition(id: rule.rawValue, name: rule.rawValue, holds: holds)] }
    switch rule {
    case .sensorSilent:
      // Without a broker or a disk nobody is heard, and that is told already.
      let canHear = gateway.isConnected && gateway.isStoring
      return facts.sensors.map { sensor in
        let isKnown = !sensor.isInMaintenance && (canHear || !sensor.isSilent)
        return Condition(
          id: sensor.id, name: sensor.name, holds: isKnown ? sensor.isSilent : nil, since: sensor.lastHeard)
      }
    case .heatLevel:
      return (Int(numbers.limits[0])...4).map { level in
        Condition(id: "\(level)", name: "\(level)", holds: (facts.heatLevel ?? 1) >= level)
      }
    case .placeFull:
      return facts.places.map { place in
        Condition(id: place.id, name: place.name, holds: Self.whileOpen(place, place.isFull))
      }
    case .placeHot:
      let isHeat = (facts.heatLevel ?? 1) >= numbers.limits[0]
      return facts.places.map { place in
        var holds = isHeat ? Self.whileOpen(place, place.isCool.map { !$0 }) : false
        // One that was never cool is no news; one that is being watched was cool when that began.
        if holds == true, watches[rule]?[place.id] == nil {
          holds = lastCool[place.id].map { now - $0 <= Self.coolMemory } ?? false
        }
        return Condition(id: place.id, name: place.name, holds: holds)
      }
    case .gatewayBehind:
      return [
        Condition(id: "journal", name: "journal", holds: gateway.entriesBehind > numbers.limits[1]),
        Condition(id: "loop", name: "loop", holds: gateway.loopAge > .seconds(numbers.limits[0])),
      ]
    case .diskLow:
      let isLow = watches[rule]?[rule.rawValue] != nil
      let limit = isLow ? numbers.limits[0] * Self.diskRecovered / 100 : numbers.limits[0]
      return whole(gateway.freeMebibytes.map { $0 < limit })
    case .brokerLost:
      // A gateway that cannot store closes the connection itself.
      return whole(gateway.isStoring ? !gateway.isConnected : nil)
    case .storingFails: return whole(!gateway.isStoring)
    }
  }

  /// What holds of a place that must be open for it; nil where either is not known.
  private static func whileOpen(_ place: AlertFacts.Place, _ holds: Bool?) -> Bool? {
    guard let isOpen = place.isOpen else { return nil }
    return isOpen ? holds : false
  }

  mutating func remember(_ places: [AlertFacts.Place], _ now: Instant) {
    guard settings.rules[.placeHot] != nil else { return }
    let hour = now.floored(toMilliseconds: 3_600_000)
    for place in places where place.isCool == true && lastCool[place.id] != hour { lastCool[place.id] = hour }
    if lastCool.count > places.count {
      let ids = Set(places.map(\.id))
      lastCool = lastCool.filter { ids.contains($0.key) }
    }
  }
}
