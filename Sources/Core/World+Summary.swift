// The world in one canonical JSON text: two worlds are the same if and only if their texts are.

internal import CoolIslands
public import JSONText
internal import Publication
public import Quantities

extension World {
  /// What the world knows, as JSON in a fixed order.
  ///
  /// - Parameter withInstants: whether moments are told; runs that saw the same messages at other times differ in
  ///   nothing else.
  /// - Returns: one JSON object.
  public func summary(withInstants: Bool = true) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if withInstants && now > .distantPast { json.member("now", now.rfc3339()) }
      json.key("ledger")
      json.object { json in for (name, count) in ledger.named { json.member(name, count) } }
      guard let view = withState({ $0.operatorsView(at: now) }) else { return }
      json.key("heat")
      json.array { json in
        for entry in view.heat {
          json.object { json in
            json.member("source", entry.source.rawValue)
            json.member("level", entry.level)
            if withInstants { json.member(ifPresent: "until", entry.until?.rfc3339()) }
          }
        }
      }
      json.key("places")
      json.array { json in
        for place in view.places.sorted(by: { $0.id < $1.id }) {
          json.object { json in
            json.member("id", place.id)
            if let people = place.people { json.member("people", people) }
            if withInstants {
              json.key("indicators")
              json.object { place.indicators.write(to: &$0, zone: view.zone) }
            }
            json.key("sensors")
            json.array { json in
              for sensor in place.sensors {
                json.object { json in
                  json.member("id", sensor.id)
                  json.member("readings", sensor.readings)
                  if withInstants { json.member(ifPresent: "last", sensor.lastObserved?.rfc3339()) }
                }
              }
            }
          }
        }
      }
    }
    return json.bytes
  }
}

extension Effect {
  /// The effect as a line of JSON, newline included: what `tonnelle replay` prints.
  ///
  /// What is for the history alone has none.
  public func write(to json: inout JSONWriter, zone: CivilZone) {
    if case .history = self { return }
    json.object { json in
      switch self {
      case .history: break
      case .transition(let transition):
        json.member("at", zone.text(transition.at))
        json.member("place", transition.place)
        json.member("indicator", transition.indicator.rawValue)
        json.member("from", transition.from)
        json.member("to", transition.to)
        if !transition.reasons.isEmpty {
          json.key("reasons")
          json.array { json in for reason in transition.reasons { json.string(reason.rawValue) } }
        }
      case .heat(let at, let from, let to):
        json.member("at", zone.text(at))
        json.member("indicator", "heat")
        json.member("from", from.map(String.init) ?? "unknown")
        json.member("to", to.map(String.init) ?? "unknown")
      case .command(let result):
        json.member("at", zone.text(result.at))
        json.member("command", result.topic)
        json.member("accepted", result.refusal == nil)
        json.member(ifPresent: "refused_because", result.refusal)
      }
    }
    json.newline()
  }
}
