// What is known as one canonical JSON text: two worlds are the same if and only if their texts are.

internal import JSONText
internal import Publication
public import Quantities

extension OperatorsView {
  /// What is known, as JSON in a fixed order.
  ///
  /// - Parameters:
  ///   - view: the city; nil before the first configuration.
  ///   - ledger: the account.
  ///   - now: the moment of both.
  ///   - withInstants: whether moments are told.
  /// - Returns: one JSON object.
  public static func summary(
    _ view: OperatorsView?, _ ledger: Ledger, at now: Instant, withInstants: Bool = true
  ) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      if withInstants && now > .distantPast { json.member("now", now.rfc3339()) }
      json.key("ledger")
      json.object { json in for (name, count) in ledger.named { json.member(name, count) } }
      guard let view else { return }
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
