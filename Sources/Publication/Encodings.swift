// Public values as JSON: retained topics, events and GeoJSON features say the same in the same words.

public import JSONText
public import Quantities

extension PublicIndicators {
  /// The members of the indicators' object, times in the city's zone.
  public func write(to json: inout JSONWriter, zone: CivilZone) {
    json.member("availability", availability.rawValue)
    json.member("measured", isMeasured)
    json.key("reasons")
    json.array { json in for reason in reasons { json.string(reason.rawValue) } }
    json.member("since", zone.text(since))
    json.member(ifPresent: "next_change", nextChange.map(zone.text))
    json.key("opening")
    json.object { json in
      json.member("state", opening.state.rawValue)
      json.member(ifPresent: "until", opening.until.map(zone.text))
      json.member("rule", opening.rule.rawValue)
    }
    if let coolness {
      json.key("coolness")
      json.object { json in
        json.member("air_temperature", raw: coolness.air.text(places: 1))
        json.member("felt_temperature", raw: coolness.felt.text(places: 1))
        json.member("felt_method", coolness.feltMethod.rawValue)
        json.member("felt_class", coolness.feltClass.rawValue)
        if let difference = coolness.difference { json.member("difference", raw: difference.text(places: 1)) }
        json.member(ifPresent: "class", coolness.differenceClass?.rawValue)
        if let day = coolness.differenceByDay { json.member("difference_by_day", raw: day.text(places: 1)) }
        if let night = coolness.differenceByNight { json.member("difference_by_night", raw: night.text(places: 1)) }
      }
    }
    if let occupancy {
      json.key("occupancy")
      json.object { json in
        json.member("level", occupancy.level.rawValue)
        if let room = occupancy.roomLeft { json.member("room_left", room) }
      }
    }
    if let noise {
      json.key("noise")
      json.object { json in
        json.member("laeq_15min", raw: noise.laeq.text(places: 0))
        json.member("class", noise.noiseClass.rawValue)
        if let calm = noise.isCalm { json.member("calm", calm) }
        if let exceeded = noise.exceeded {
          json.member("l10_1h", raw: exceeded.l10.text(places: 0))
          json.member("l50_1h", raw: exceeded.l50.text(places: 0))
          json.member("l90_1h", raw: exceeded.l90.text(places: 0))
        }
      }
    }
    if let day = noiseOfDay {
      json.key("noise_of_day")
      json.object { json in
        json.member("day", day.day.text)
        json.member("lden", raw: day.lden.text(places: 0))
        json.member("lnight", raw: day.lnight.text(places: 0))
        json.member("coverage_percent", day.coverage)
      }
    }
    if let freshness {
      json.key("freshness")
      json.object { json in
        json.member(ifPresent: "observed_at", freshness.observedAt.map(zone.text))
        json.member("alive", freshness.alive)
        json.member("expected", freshness.expected)
      }
    }
  }

  /// What `tonnelle/v1/places/<place>` carries.
  public func json(zone: CivilZone) -> [UInt8] {
    var json = JSONWriter()
    json.object { write(to: &$0, zone: zone) }
    return json.bytes
  }
}

extension PublicAbout {
  /// Bytes that `tonnelle/v1/places/<place>/about` may have at most.
  public static let maximumJSON = 32 * 1024

  /// What `tonnelle/v1/places/<place>/about` carries; without the geometry if it would grow too large.
  public func json(zone: CivilZone) -> [UInt8] {
    func encoded(withGeometry: Bool) -> [UInt8] {
      var json = JSONWriter()
      json.object { json in
        json.member("id", id)
        PublicPlace(about: self, indicators: .unknown).write(PlaceProperty.about, to: &json, zone: zone)
        json.member(ifPresent: "timetable_ends", timetableEnds.map(zone.text))
        json.key("position")
        json.array { json in
          json.raw(Self.degrees(position.longitudeE7))
          json.raw(Self.degrees(position.latitudeE7))
        }
        if withGeometry { json.member("geometry", raw: geometry) }
        json.key("open_intervals")
        json.array { json in
          for interval in intervals {
            json.object { json in
              json.member("from", zone.text(interval.from))
              json.member("until", zone.text(interval.until))
              json.member("state", interval.state.rawValue)
            }
          }
        }
        if !slots.isEmpty {
          json.key("programme")
          json.array { json in
            for slot in slots { slot.write(to: &json, zone: zone) }
          }
        }
      }
      return json.bytes
    }
    let whole = encoded(withGeometry: true)
    return whole.count <= Self.maximumJSON ? whole : encoded(withGeometry: false)
  }

  /// 10⁻⁷ degrees as decimal text.
  public static func degrees(_ e7: Int64) -> String {
    let digits = String(e7.magnitude)
    let padded = String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
    return (e7 < 0 ? "-" : "") + padded.dropLast(7) + "." + padded.suffix(7)
  }
}

extension PublicSlot {
  /// The slot as an object.
  public func write(to json: inout JSONWriter, zone: CivilZone) {
    json.object { json in
      json.member("from", zone.text(from))
      json.member("until", zone.text(until))
      json.member("effect", opens ? "opens" : "takes_room")
      if let capacityLeft { json.member("capacity_left", capacityLeft) }
    }
  }
}

extension PublicPlace {
  /// Writes properties as members; what is not known is left out.
  func write(_ properties: [PlaceProperty], to json: inout JSONWriter, zone: CivilZone) {
    for property in properties {
      switch property.value(self, zone) {
      case .text(let text): json.member(property.name, text)
      case .number(let digits): json.member(property.name, raw: digits)
      case .flag(let isSo): json.member(property.name, isSo)
      case nil: break
      }
    }
  }

  /// The place as a GeoJSON feature with flat properties, which GIS programs show as a table.
  ///
  /// - Parameters:
  ///   - json: where to.
  ///   - zone: the city's civil time.
  ///   - more: writes further members of the feature.
  public func writeFeature(to json: inout JSONWriter, zone: CivilZone, more: (inout JSONWriter) -> Void = { _ in }) {
    json.object { json in
      json.member("type", "Feature")
      json.member("id", about.id)
      json.member("geometry", raw: about.geometry)
      json.key("properties")
      json.object { write(PlaceProperty.all, to: &$0, zone: zone) }
      more(&json)
    }
  }

  /// What a `place` event of `/events` carries: the identifier, then the indicators.
  public func eventJSON(zone: CivilZone) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.member("id", about.id)
      indicators.write(to: &json, zone: zone)
    }
    return json.bytes
  }
}

extension PublicSnapshot {
  /// What `tonnelle/v1/city/<city>` carries.
  public func cityJSON() -> [UInt8] {
    let counts = counts
    var json = JSONWriter()
    json.object { json in
      json.member("name", city.name)
      json.member("open", counts.open)
      json.member("cool", counts.cool)
      json.member("quiet", counts.quiet)
      json.member("with_room", counts.withRoom)
      json.member("room_left", counts.roomLeft)
      json.key("heat")
      if let heat = city.heat {
        json.object { json in
          json.member("level", heat.level)
          json.key("sources")
          json.array { json in for source in heat.sources { json.string(source) } }
          json.member("since", city.zone.text(heat.since))
          json.member(ifPresent: "until", heat.until.map(city.zone.text))
        }
      } else {
        json.null()
      }
    }
    return json.bytes
  }
}
