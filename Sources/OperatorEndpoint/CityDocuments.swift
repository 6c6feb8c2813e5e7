// What the city's people on duty ask beside the board, as JSON: heat, sensors and their quality, room, coverage.

internal import CoolIslands
internal import JSONText
internal import Publication
internal import Quantities

struct CityDocuments {
  let view: OperatorsView

  private func time(_ instant: Instant) -> String { view.zone.text(instant) }

  /// What each source says of the heat, and what was observed against which thresholds.
  var heat: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("sources")
      json.array { json in
        for entry in view.heat {
          json.object { json in
            json.member("source", entry.source.rawValue)
            json.member("level", entry.level)
            json.member("from", time(entry.from))
            json.member(ifPresent: "until", entry.until.map(time))
            json.member("by", entry.by)
            json.member("reason", entry.reason)
          }
        }
      }
      guard let (heat, thresholds) = view.observed else { return }
      json.key("observed")
      json.object { json in
        json.member("last_day", heat.day.text)
        for (name, days, mean) in [
          ("minima", heat.minima, heat.meanMinimum), ("maxima", heat.maxima, heat.meanMaximum),
        ] {
          json.key(name)
          json.array { json in
            for value in days { if let value { json.raw(value.text(places: 1)) } else { json.null() } }
          }
          if let mean { json.member("mean_of_\(name)", raw: mean.text(places: 3)) }
        }
        guard let thresholds else { return }
        json.key("thresholds")
        json.object { json in
          json.member("minimum", raw: thresholds.minimum.text(places: 1))
          json.member("maximum", raw: thresholds.maximum.text(places: 1))
          json.member("valid_from", thresholds.validFrom.text)
          json.member("source", thresholds.source)
        }
      }
    }
    return json.bytes
  }

  /// Each sensor, its place, and what each of its fields is worth by QARTOD's flags.
  var sensors: [UInt8] {
    var json = JSONWriter()
    json.array { json in
      for (place, sensor) in view.places.flatMap({ row in row.sensors.map { (Optional(row.id), $0) } })
        + view.stations.map({ (nil, $0) })
      {
        json.object { json in
          json.member("id", sensor.id)
          json.member(ifPresent: "place", place)
          json.member("alive", sensor.isAlive)
          json.member(ifPresent: "last", sensor.lastObserved.map(time))
          if let battery = sensor.battery { json.member("battery_percent", raw: battery.text(places: 0)) }
          json.member("readings", sensor.readings)
          json.key("quality")
          json.object { json in
            for field in sensor.quality {
              json.key(field.field)
              json.object { json in
                json.member("flag", field.quality.flag.rawValue)
                json.key("tests")
                json.array { json in for name in field.quality.tests.names { json.string(name) } }
              }
            }
          }
        }
      }
    }
    return json.bytes
  }

  /// Exact heads and room of each place that counts, now and in the coming slots, and the city's sums.
  var room: [UInt8] {
    var json = JSONWriter()
    let counting = view.places.filter { $0.people != nil }.sorted { $0.id < $1.id }
    json.object { json in
      json.member("at", time(view.at))
      let open = counting.filter { $0.indicators.opening.state == .open }
      json.member("free", open.compactMap(\.free).reduce(0, +))
      json.key("places")
      json.array { json in
        for place in counting {
          json.object { json in
            json.member("id", place.id)
            if let people = place.people { json.member("people", people) }
            if let capacity = place.capacity { json.member("capacity", capacity) }
            if let free = place.free { json.member("free", free) }
            json.key("flags")
            json.array { json in for flag in place.countFlags { json.string(flag) } }
            if let drift = place.drift { json.member("drift_at_last_reset", drift) }
            json.key("slots")
            json.array { json in
              for slot in place.slots { slot.write(to: &json, zone: view.zone) }
            }
          }
        }
      }
    }
    return json.bytes
  }

  /// Who has a place in reach; nil where nobody has said where people live.
  var coverage: [UInt8]? {
    guard let report = view.coverage else { return nil }
    var json = JSONWriter()
    json.object { json in
      json.member("at", time(report.at))
      json.member("people", report.total)
      json.member("weighted", raw: Milli<Percent>(report.totalWeighted).text(places: 3))
      json.member("distance", "as the crow flies, 75 m a minute")
      json.key("scenarios")
      json.array { json in
        for scenario in report.scenarios {
          json.object { json in
            json.member("name", scenario.name)
            json.member("at", time(scenario.at))
            json.key("within")
            json.array { json in
              for (band, metres) in Coverage.metres.enumerated() {
                json.object { json in
                  json.member("metres", Int(metres))
                  json.member("people", scenario.covered[band])
                  json.member("weighted", raw: Milli<Percent>(scenario.coveredWeighted[band]).text(places: 3))
                }
              }
            }
            json.key("opening_would_gain")
            json.array { json in
              for gain in scenario.gains {
                json.object { json in
                  json.member("place", gain.place)
                  json.member("people", gain.people)
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
