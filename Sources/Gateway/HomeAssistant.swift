// What Home Assistant needs to find places by itself: MQTT discovery, one retained configuration an entity.
//
// The entities read the topics that everybody reads; their configurations hold what is public of a place, and which of
// its indicators are measured at all.

internal import Configuration
internal import Core
internal import CoolIslands
internal import JSONText
internal import Publication
internal import SensorProtocol

/// One thing that Home Assistant shows of a place.
enum HomeAssistantEntity: String, CaseIterable {
  case availability
  case open
  case airTemperature = "air_temperature"
  case feltTemperature = "felt_temperature"
  case occupancy
  case noise

  /// What of a place's sensors it needs; nil where the timetable is enough.
  private var fields: [Field]? {
    switch self {
    case .availability, .open: nil
    case .airTemperature, .feltTemperature: [.temperature]
    case .occupancy: [.inTotal, .outTotal, .people, .occupied]
    case .noise: [.laeq]
    }
  }

  private var component: String { self == .open ? "binary_sensor" : "sensor" }

  private func topic(_ prefix: String, _ place: String) -> String {
    "\(prefix)/\(component)/tonnelle-\(place)/\(rawValue)/config"
  }

  private func name(_ language: Settings.HomeAssistant.Language) -> String {
    switch (self, language) {
    case (.availability, .fr): "Disponibilité"
    case (.availability, .en): "Availability"
    case (.open, .fr): "Ouvert"
    case (.open, .en): "Open"
    case (.airTemperature, .fr): "Température de l'air"
    case (.airTemperature, .en): "Air temperature"
    case (.feltTemperature, .fr): "Température ressentie"
    case (.feltTemperature, .en): "Felt temperature"
    case (.occupancy, .fr): "Affluence"
    case (.occupancy, .en): "Occupancy"
    case (.noise, .fr): "Bruit"
    case (.noise, .en): "Noise"
    }
  }

  /// Takes the state out of the place's indicators.
  ///
  /// What is not known there is unknown here: `None` is the word for it,
  /// and of a list of words it is one of them.
  private var template: String {
    func member(_ name: String, of group: String, otherwise: String) -> String {
      "{{ (value_json.\(group) | default({})).\(name) | default('\(otherwise)') }}"
    }
    return switch self {
    case .availability: "{{ value_json.availability }}"
    case .open: "{{ {'open': 'ON', 'closed': 'OFF'}.get(value_json.opening.state, 'None') }}"
    case .airTemperature, .feltTemperature: member(rawValue, of: "coolness", otherwise: "None")
    case .occupancy: member("level", of: "occupancy", otherwise: "unknown")
    case .noise: member("laeq_15min", of: "noise", otherwise: "None")
    }
  }

  private func write(kind json: inout JSONWriter) {
    func words(_ options: [String]) {
      json.member("device_class", "enum")
      json.key("options")
      json.array { json in for option in options { json.string(option) } }
    }
    func measurement(_ kind: String, _ unit: String) {
      json.member("device_class", kind)
      json.member("state_class", "measurement")
      json.member("unit_of_measurement", unit)
    }
    switch self {
    case .availability: words(Availability.allCases.map(\.rawValue))
    case .open: json.member("device_class", "opening")
    case .airTemperature, .feltTemperature: measurement("temperature", "°C")
    case .occupancy: words(OccupancyLevel.allCases.map(\.rawValue) + ["unknown"])
    case .noise: measurement("sound_pressure", "dBA")
    }
  }

  private func configuration(_ place: PublicAbout, _ settings: Settings, _ language: Settings.HomeAssistant.Language)
    -> [UInt8]
  {
    var json = JSONWriter()
    json.object { json in
      json.member("name", name(language))
      json.member("unique_id", "tonnelle_\(place.id)_\(rawValue)")
      json.member("state_topic", Topics.place(place.id))
      json.member("value_template", template)
      json.member("availability_topic", Topics.status(settings.gateway))
      write(kind: &json)
      json.key("device")
      json.object { json in
        json.key("identifiers")
        json.array { $0.string("tonnelle_\(place.id)") }
        json.member("name", place.name)
        json.member("manufacturer", "Tonnelle")
        json.member("model", place.kind.rawValue)
        json.member(ifPresent: "configuration_url", settings.site.url.map { "\($0)/places/\(place.id)" })
      }
      json.key("origin")
      json.object { json in
        json.member("name", "Tonnelle")
        json.member("sw_version", Version.text)
      }
    }
    return json.bytes
  }

  /// The entities of each place that has what they need: none where the settings do not ask for them.
  private static func all(_ configured: Configured) -> [(entity: Self, place: PublicAbout)] {
    guard configured.settings.homeAssistant != nil else { return [] }
    var measured = [Set<Field>](repeating: [], count: configured.city.places.count)
    for sensor in configured.city.sensors {
      if let place = sensor.place { measured[place].formUnion(sensor.fields) }
    }
    return zip(configured.city.places, measured).flatMap { place, measured in
      allCases.filter { $0.fields.map { !measured.isDisjoint(with: $0) } ?? true }.map { ($0, place.about) }
    }
  }

  /// The topics of all configurations.
  static func topics(_ configured: Configured) -> [String] {
    guard let settings = configured.settings.homeAssistant else { return [] }
    return all(configured).map { $0.entity.topic(settings.prefix, $0.place.id) }
  }

  /// All configurations, each with its topic.
  static func messages(_ configured: Configured) -> [(topic: String, payload: [UInt8])] {
    guard let settings = configured.settings.homeAssistant else { return [] }
    return all(configured).map { entity, place in
      (
        entity.topic(settings.prefix, place.id),
        entity.configuration(place, configured.settings, settings.language)
      )
    }
  }
}
