// A place as an entity of NGSI-LD, in the normalised form of ETSI GS CIM 009.

internal import JSONText
internal import Publication
internal import Quantities

/// Entities of places, with names from the Smart Data Models where those have one.
enum ContextEntity {
  /// The name of a place's entity.
  static func name(city: String, place: String) -> String { "urn:ngsi-ld:PointOfInterest:\(city):\(place)" }

  /// Each name that is not of the core context, and what it stands for.
  private static let terms = [
    ("PointOfInterest", "https://smartdatamodels.org/dataModel.PointOfInterest/PointOfInterest"),
    ("name", "https://smartdatamodels.org/name"),
    ("category", "https://smartdatamodels.org/dataModel.PointOfInterest/category"),
    ("source", "https://smartdatamodels.org/source"),
    ("openingHours", "https://smartdatamodels.org/openingHours"),
    ("temperature", "https://smartdatamodels.org/dataModel.Weather/temperature"),
    ("feelsLikeTemperature", "https://smartdatamodels.org/dataModel.Weather/feelsLikeTemperature"),
    ("LAeq", "https://smartdatamodels.org/dataModel.Environment/LAeq"),
    ("availability", "urn:tonnelle:availability"), ("reasons", "urn:tonnelle:reasons"),
    ("opening", "urn:tonnelle:opening"), ("measured", "urn:tonnelle:measured"), ("example", "urn:tonnelle:example"),
    ("temperatureDifference", "urn:tonnelle:temperatureDifference"), ("noiseClass", "urn:tonnelle:noiseClass"),
    ("occupancyLevel", "urn:tonnelle:occupancyLevel"),
  ]
  private static let core = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.6.jsonld"

  /// The entity of a place.
  ///
  /// - Parameters:
  ///   - place: what is published of it.
  ///   - city: the city's identifier.
  /// - Returns: one JSON object, the same bytes as long as nothing changes.
  static func json(_ place: PublicPlace, city: String) -> [UInt8] {
    let (about, indicators) = (place.about, place.indicators)
    var json = JSONWriter()
    json.object { json in
      json.member("id", name(city: city, place: about.id))
      json.member("type", "PointOfInterest")
      property("name", &json) { $0.string(about.name) }
      property("category", &json) { json in json.array { $0.string(about.kind.rawValue) } }
      json.key("location")
      json.object { json in
        json.member("type", "GeoProperty")
        json.key("value")
        json.object { json in
          json.member("type", "Point")
          json.key("coordinates")
          json.array { json in
            json.raw("\(about.position.longitude)")
            json.raw("\(about.position.latitude)")
          }
        }
      }
      if let hours = about.openingHours { property("openingHours", &json) { $0.string(hours) } }
      if let source = about.source { property("source", &json) { $0.string(source) } }
      if about.isExample { property("example", &json) { $0.bool(true) } }
      property("availability", &json, at: indicators.since) { $0.string(indicators.availability.rawValue) }
      property("reasons", &json) { json in
        json.array { json in for reason in indicators.reasons { json.string(reason.rawValue) } }
      }
      property("opening", &json) { $0.string(indicators.opening.state.rawValue) }
      property("measured", &json) { $0.bool(indicators.isMeasured) }
      measured(indicators, &json)
      json.key("@context")
      json.array { json in
        json.object { json in for (term, name) in terms { json.member(term, name) } }
        json.string(core)
      }
    }
    return json.bytes
  }

  private static func measured(_ indicators: PublicIndicators, _ json: inout JSONWriter) {
    let observed = indicators.freshness?.observedAt
    // Units are codes of UN/CEFACT Recommendation 20: degree Celsius, kelvin, decibel.
    if let coolness = indicators.coolness {
      property("temperature", &json, at: observed, unit: "CEL") { $0.raw(coolness.air.text(places: 1)) }
      property("feelsLikeTemperature", &json, at: observed, unit: "CEL") { $0.raw(coolness.felt.text(places: 1)) }
      if let difference = coolness.difference {
        property("temperatureDifference", &json, at: observed, unit: "KEL") { $0.raw(difference.text(places: 1)) }
      }
    }
    if let noise = indicators.noise {
      property("LAeq", &json, at: observed, unit: "2N") { $0.raw(noise.laeq.text(places: 0)) }
      property("noiseClass", &json, at: observed) { $0.string(noise.noiseClass.rawValue) }
    }
    // The level alone: `occupancy` of the Smart Data Models is a count of people.
    if let occupancy = indicators.occupancy {
      property("occupancyLevel", &json, at: observed) { $0.string(occupancy.level.rawValue) }
    }
  }

  private static func property(
    _ name: String, _ json: inout JSONWriter, at observed: Instant? = nil, unit: String? = nil,
    _ value: (inout JSONWriter) -> Void
  ) {
    json.key(name)
    json.object { json in
      json.member("type", "Property")
      json.key("value")
      value(&json)
      json.member(ifPresent: "unitCode", unit)
      if let observed, observed > Instant(milliseconds: 0) { json.member("observedAt", observed.rfc3339()) }
    }
  }
}
