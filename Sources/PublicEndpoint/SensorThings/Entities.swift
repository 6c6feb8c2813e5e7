// What SensorThings 1.1 calls the things of a city: each entity is a number or two, its fields are made when asked for.

internal import Publication
internal import Quantities

/// A quantity that is published as a datastream.
enum PublishedQuantity: String, CaseIterable {
  case air = "air_temperature"
  case felt = "felt_temperature"
  case sound = "laeq_15min"

  var name: String {
    switch self {
    case .air: "Air temperature"
    case .felt: "Felt temperature"
    case .sound: "Equivalent sound level, 15 minutes"
    }
  }

  var meaning: String {
    switch self {
    case .air: "Median of the place's sensors in the shade, to a tenth of a degree"
    case .felt: "Heat Index of the US National Weather Service, or the air temperature where humidity is not measured"
    case .sound: "LAeq of the last 15 minutes in whole decibels; no sound is recorded"
    }
  }

  /// Name, symbol and definition.
  var unit: (name: String, symbol: String, definition: String) {
    switch self {
    case .air, .felt: ("degree Celsius", "°C", "http://qudt.org/vocab/unit/DEG_C")
    case .sound: ("decibel (A-weighted)", "dB(A)", "http://qudt.org/vocab/unit/DeciB")
    }
  }

  var definition: String {
    switch self {
    case .air, .felt: "http://qudt.org/vocab/quantitykind/Temperature"
    case .sound: "http://qudt.org/vocab/quantitykind/SoundPressureLevel"
    }
  }

  /// The value in thousandths of its unit.
  func value(of sample: PublicSample) -> Int64? {
    switch self {
    case .air: sample.air?.rawValue
    case .felt: sample.felt?.rawValue
    case .sound: sample.laeq?.rawValue
    }
  }
}

/// A value of a field.
indirect enum FieldValue {
  case text(String)
  /// Thousandths.
  case number(Int64)
  case flag(Bool)
  case time(Instant)
  case interval(Instant, Instant)
  case shape(GeoShape, geoJSON: String)
  case object([(name: String, value: FieldValue)])
  /// Nothing; a comparison with it is false.
  case null
}

/// The eight sets of SensorThings.
enum EntitySet: String, CaseIterable {
  case things = "Things"
  case locations = "Locations"
  case historicalLocations = "HistoricalLocations"
  case datastreams = "Datastreams"
  case sensors = "Sensors"
  case observedProperties = "ObservedProperties"
  case observations = "Observations"
  case features = "FeaturesOfInterest"
}

/// An entity: places by their number in the snapshot, samples by theirs.
enum Entity {
  case thing(Int)
  case location(Int)
  case datastream(Int, PublishedQuantity)
  case sensor(PublishedQuantity)
  case observedProperty(PublishedQuantity)
  case observation(Int, PublishedQuantity, PublicSample)
  case feature(Int)

  var set: EntitySet {
    switch self {
    case .thing: .things
    case .location: .locations
    case .datastream: .datastreams
    case .sensor: .sensors
    case .observedProperty: .observedProperties
    case .observation: .observations
    case .feature: .features
    }
  }
}

/// What a link of an entity leads to.
enum Related {
  case one(Entity)
  case many(EntitySet, [Entity])
}

/// A snapshot, as SensorThings sees it.
struct ThingsModel {
  let snapshot: PublicSnapshot
  /// The site's address.
  let base: String

  // MARK: Sets

  func entities(_ set: EntitySet) -> [Entity] {
    let places = snapshot.places.indices
    switch set {
    case .things: return places.map { .thing($0) }
    case .locations: return places.map { .location($0) }
    case .historicalLocations: return []  // places stay where they are
    case .datastreams: return places.flatMap(datastreams)
    case .sensors: return PublishedQuantity.allCases.map { .sensor($0) }
    case .observedProperties: return PublishedQuantity.allCases.map { .observedProperty($0) }
    case .observations: return places.flatMap(datastreams).flatMap(observations)
    case .features: return places.filter { !datastreams($0).isEmpty }.map { .feature($0) }
    }
  }

  /// What a place measures, or has measured in the last day.
  private func datastreams(_ place: Int) -> [Entity] {
    let indicators = snapshot.places[place].indicators
    return PublishedQuantity.allCases.filter { quantity in
      let isNow = quantity == .sound ? indicators.noise != nil : indicators.isMeasured
      return isNow || snapshot.places[place].recent.has(quantity == .sound)
    }.map { .datastream(place, $0) }
  }

  /// The samples of the last day and the newest reading, oldest first.
  private func samples(_ place: Int, _ quantity: PublishedQuantity) -> [PublicSample] {
    let place = snapshot.places[place]
    var samples = place.recent.samples
    if let observed = place.indicators.freshness?.observedAt, observed > samples.last?.at ?? .distantPast {
      samples.append(PublicSample(place.indicators, at: observed))
    }
    return samples.filter { quantity.value(of: $0) != nil }
  }

  private func observations(_ datastream: Entity) -> [Entity] {
    guard case .datastream(let place, let quantity) = datastream else { return [] }
    return samples(place, quantity).map { .observation(place, quantity, $0) }
  }

  /// The entity of a set with an identifier; nil if there is none.
  func entity(_ set: EntitySet, _ id: String) -> Entity? {
    // An identifier begins with its place's or its quantity's, so that nothing is looked through.
    let parts = id.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let place = parts.first.flatMap { snapshot.index(of: $0) }
    let quantity = parts.count > 1 ? PublishedQuantity(rawValue: parts[1]) : nil
    switch set {
    case .things: return parts.count == 1 ? place.map { .thing($0) } : nil
    case .locations: return parts.count == 1 ? place.map { .location($0) } : nil
    case .features: return parts.count == 1 ? place.map { .feature($0) } : nil
    case .historicalLocations: return nil
    case .sensors: return PublishedQuantity(rawValue: id).map { .sensor($0) }
    case .observedProperties: return PublishedQuantity(rawValue: id).map { .observedProperty($0) }
    case .datastreams:
      guard parts.count == 2, let place, let quantity else { return nil }
      return datastreams(place).first { self.id($0) == "\(parts[0]):\(quantity.rawValue)" }
    case .observations:
      guard parts.count == 3, let place, let quantity else { return nil }
      return observations(.datastream(place, quantity)).first { self.id($0) == id }
    }
  }

  // MARK: One entity

  func id(_ entity: Entity) -> String {
    func name(_ place: Int) -> String { snapshot.places[place].about.id }
    switch entity {
    case .thing(let place), .location(let place), .feature(let place): return name(place)
    case .datastream(let place, let quantity): return "\(name(place)):\(quantity.rawValue)"
    case .sensor(let quantity), .observedProperty(let quantity): return quantity.rawValue
    case .observation(let place, let quantity, let sample):
      return "\(name(place)):\(quantity.rawValue):\(sample.at.seconds)"
    }
  }

  func address(_ entity: Entity) -> String { "\(base)/v1.1/\(entity.set.rawValue)('\(id(entity))')" }

  /// The names of the links of an entity.
  static func links(of set: EntitySet) -> [String] {
    switch set {
    case .things: ["Locations", "HistoricalLocations", "Datastreams"]
    case .locations: ["Things", "HistoricalLocations"]
    case .historicalLocations: ["Thing", "Locations"]
    case .datastreams: ["Thing", "Sensor", "ObservedProperty", "Observations"]
    case .sensors, .observedProperties: ["Datastreams"]
    case .observations: ["Datastream", "FeatureOfInterest"]
    case .features: ["Observations"]
    }
  }

  /// Where a link leads; nil if the entity has no such link.
  func related(_ entity: Entity, _ link: String) -> Related? {
    switch (entity, link) {
    case (.thing(let place), "Locations"): return .many(.locations, [.location(place)])
    case (.thing, "HistoricalLocations"), (.location, "HistoricalLocations"): return .many(.historicalLocations, [])
    case (.thing(let place), "Datastreams"): return .many(.datastreams, datastreams(place))
    case (.location(let place), "Things"): return .many(.things, [.thing(place)])
    case (.datastream(let place, _), "Thing"): return .one(.thing(place))
    case (.datastream(_, let quantity), "Sensor"): return .one(.sensor(quantity))
    case (.datastream(_, let quantity), "ObservedProperty"): return .one(.observedProperty(quantity))
    case (.datastream, "Observations"): return .many(.observations, observations(entity))
    case (.sensor(let quantity), "Datastreams"), (.observedProperty(let quantity), "Datastreams"):
      return .many(
        .datastreams,
        entities(.datastreams).filter { if case .datastream(_, let own) = $0 { own == quantity } else { false } })
    case (.observation(let place, let quantity, _), "Datastream"): return .one(.datastream(place, quantity))
    case (.observation(let place, _, _), "FeatureOfInterest"): return .one(.feature(place))
    case (.feature(let place), "Observations"):
      return .many(.observations, datastreams(place).flatMap(observations))
    default: return nil
    }
  }

  /// The fields of an entity, in the order in which they are written.
  ///
  /// - Parameters:
  ///   - entity: the entity.
  ///   - name: the only field that is wanted; the others may be there all the same.
  /// - Returns: names and values.
  func fields(_ entity: Entity, only name: String? = nil) -> [(name: String, value: FieldValue)] {
    switch entity {
    case .thing(let index):
      let place = snapshot.places[index]
      return [
        ("name", .text(place.about.name)), ("description", .text("A cool place: \(place.about.kind.rawValue)")),
        (
          "properties",
          .object(
            PlaceProperty.all.compactMap { property in
              guard property.name != "name" else { return nil }
              return property.value(place, snapshot.city.zone).map { (property.name, Self.field($0)) }
            })
        ),
      ]
    case .location(let index):
      let about = snapshot.places[index].about
      return [
        ("name", .text(about.name)), ("description", .text(about.address ?? "Where \(about.name) lies")),
        ("encodingType", .text("application/geo+json")), ("location", .shape(about.shape, geoJSON: about.geometry)),
      ]
    case .feature(let index):
      let about = snapshot.places[index].about
      return [
        ("name", .text(about.name)), ("description", .text("The air and the sound of \(about.name)")),
        ("encodingType", .text("application/geo+json")), ("feature", .shape(about.shape, geoJSON: about.geometry)),
      ]
    case .sensor(let quantity):
      return [
        ("name", .text("\(quantity.name), as published")), ("description", .text(quantity.meaning)),
        ("encodingType", .text("text/html")), ("metadata", .text(base + "/data")),
      ]
    case .observedProperty(let quantity):
      return [
        ("name", .text(quantity.name)), ("definition", .text(quantity.definition)),
        ("description", .text(quantity.meaning)),
      ]
    case .datastream(let index, let quantity): return fields(ofDatastream: index, quantity, only: name)
    case .observation(_, let quantity, let sample):
      return [
        ("phenomenonTime", .time(sample.at)), ("resultTime", .time(sample.at)),
        ("result", quantity.value(of: sample).map { .number($0) } ?? .null),
      ]
    }
  }

  private func fields(
    ofDatastream index: Int, _ quantity: PublishedQuantity, only name: String?
  ) -> [(name: String, value: FieldValue)] {
    let about = snapshot.places[index].about
    let samples = name == nil || name?.hasSuffix("Time") == true ? samples(index, quantity) : []
    let time = samples.first.flatMap { first in samples.last.map { FieldValue.interval(first.at, $0.at) } } ?? .null
    let unit = quantity.unit
    let position = about.position
    let point =
      "{\"type\":\"Point\",\"coordinates\":[\(PublicAbout.degrees(position.longitudeE7)),\(PublicAbout.degrees(position.latitudeE7))]}"
    return [
      ("name", .text("\(quantity.name), \(about.name)")), ("description", .text(quantity.meaning)),
      ("observationType", .text("http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement")),
      (
        "unitOfMeasurement",
        .object([
          ("name", .text(unit.name)), ("symbol", .text(unit.symbol)), ("definition", .text(unit.definition)),
        ])
      ),
      ("observedArea", .shape(GeoShape(position), geoJSON: point)), ("phenomenonTime", time), ("resultTime", time),
    ]
  }

  private static func field(_ value: PlaceProperty.Value) -> FieldValue {
    switch value {
    case .text(let text): .text(text)
    case .number(let digits): (ExactDecimal(digits)?.thousandths).map { .number($0) } ?? .null
    case .flag(let isSo): .flag(isSo)
    }
  }
}
