// From the text of a configuration to the values that a gateway runs on.

public import Core
public import CoolIslands
internal import FoundationEssentials
internal import JSONText
internal import Publication
internal import Quantities
internal import RingSeries
internal import SensorProtocol
internal import Timetables

/// A configuration that can be used.
public struct Configured: Sendable {
  /// The settings.
  public var settings: Settings
  /// The city with its places and sensors.
  public var city: City
  /// Tells one configuration's text from another's: a hash over all of it, in hexadecimal.
  public var digest: String
}

/// What came of reading a configuration.
public struct ConfigurationOutcome: Sendable {
  /// The values; nil when there are errors.
  public var configured: Configured?
  /// Errors and warnings.
  public var findings: [Finding]
}

/// What came of reading the files of a configuration.
public struct FilesOutcome: Sendable {
  /// The texts; nil when a file is missing or the settings are not JSON.
  public var text: ConfigurationText?
  /// Errors.
  public var findings: [Finding]
}

/// Reads configurations.
public enum ConfigurationReader {
  /// Reads the settings file and the files it names, which are relative to its folder.
  public static func files(settingsPath: String) -> FilesOutcome {
    let report = Report()
    let name = settingsPath.split(separator: "/").last.map(String.init) ?? settingsPath
    guard let settings = contents(settingsPath) else {
      report.add(.error, settingsPath, nil, "", "the file cannot be read")
      return FilesOutcome(text: nil, findings: report.findings)
    }
    guard let content = SettingsReader(file: name, report: Report()).read(settings) else {
      _ = SettingsReader(file: name, report: report).read(settings)
      return FilesOutcome(text: nil, findings: report.findings)
    }
    var files = [ConfigurationText.File(name: name, text: settings)]
    let placesName = content.settings.placesFile
    if !placesName.isEmpty {
      if let places = contents(path(placesName, besides: settingsPath)) {
        files.append(.init(name: placesName, text: places))
        for name in PlacesReader.calendarNames(in: places) {
          // One that is missing is told where the place names it.
          if let calendar = contents(path(name, besides: settingsPath)) {
            files.append(.init(name: name, text: calendar))
          }
        }
      } else {
        report.add(.error, name, nil, "places", "the file \"\(placesName)\" cannot be read")
      }
    }
    if let name = content.settings.populationFile {
      if let population = contents(path(name, besides: settingsPath)) {
        files.append(.init(name: name, text: population))
      } else {
        report.add(.error, name, nil, "", "the file of the population cannot be read")
      }
    }
    for name in content.sensorLists where !files.contains(where: { $0.name == name }) {
      if let list = contents(path(name, besides: settingsPath)) {
        files.append(.init(name: name, text: list))
      } else {
        report.add(.error, name, nil, "", "the list of sensors cannot be read")
      }
    }
    let zoneName = content.settings.timeZone
    let isName = zoneName.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
        || [0x2F, 0x5F, 0x2B, 0x2D].contains($0)
    }
    guard isName, !zoneName.hasPrefix("/"), let zone = contents("\(TimeZoneFile.folder)/\(zoneName)") else {
      report.add(.error, name, nil, "city.time_zone", "there is no time zone \"\(zoneName)\" in \(TimeZoneFile.folder)")
      return FilesOutcome(text: nil, findings: report.findings)
    }
    let text = report.hasErrors ? nil : ConfigurationText(files: files, zone: zone)
    return FilesOutcome(text: text, findings: report.findings)
  }

  /// The calendars that a file of places names, as its `programme` properties have them.
  public static func calendarNames(inPlaces text: [UInt8]) -> [String] { PlacesReader.calendarNames(in: text) }

  /// A path that settings give, relative to the settings' folder.
  public static func path(_ name: String, besides settingsPath: String) -> String {
    guard !name.hasPrefix("/"), let slash = settingsPath.lastIndex(of: "/") else { return name }
    return settingsPath[...slash] + name
  }

  private static func contents(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) }
  }

  /// Checks a configuration's text and makes values of it.
  ///
  /// Pure: a journal's configuration gives the same values
  /// on any machine.
  public static func values(_ text: ConfigurationText) -> ConfigurationOutcome {
    let report = Report()
    func outcome(_ configured: Configured?) -> ConfigurationOutcome {
      ConfigurationOutcome(configured: report.hasErrors ? nil : configured, findings: report.findings)
    }
    guard let file = text.files.first else { return outcome(nil) }
    for file in text.files where !UTF8Check.isText(file.text) {
      // Also where a comment could hold it: the journal keeps the files as text.
      report.add(.error, file.name, nil, "", "the file is not UTF-8 text")
    }
    guard !report.hasErrors else { return outcome(nil) }
    let others = Dictionary(text.files.dropFirst().map { ($0.name, $0.text) }) { first, _ in first }
    let settingsReader = SettingsReader(file: file.name, report: report, lists: others)
    guard let content = settingsReader.read(file.text) else { return outcome(nil) }
    let zone: CivilZone
    do {
      zone = try TimeZoneFile.zone(text.zone, name: content.settings.timeZone)
    } catch {
      report.add(.error, file.name, nil, "city.time_zone", error.description)
      return outcome(nil)
    }
    var places: [PlaceContent] = []
    if let written = others[content.settings.placesFile] {
      let reader = PlacesReader(file: content.settings.placesFile, calendars: others, zone: zone, report: report)
      places = reader.read(written)
    }
    places.sort { $0.place.about.id < $1.place.about.id }
    let sensors = self.sensors(content, places, file.name, report)
    let zones = self.zones(content, sensors, file.name, report)
    var city = City(
      id: content.cityID, name: content.cityName, zone: zone, holidays: content.holidays,
      places: places.map { resolve($0, zones, sensors, content, report) }, sensors: sensors, zones: zones,
      choices: content.choices, rings: content.rings, notice: content.notice, contact: content.contact)
    city.licence = content.licence
    if let name = content.settings.populationFile, let written = others[name] {
      var reader = PopulationReader(file: name, report: report)
      city.population = reader.read(written)
    }
    city.departement = content.departement
    city.feeds = content.settings.subscriptions.map { Feed(filter: $0.filter, decoder: $0.decoder) }
    city.heatThresholds = content.heatThresholds
    if let name = content.heatStation {
      city.heatStation = sensors.firstIndex { $0.id == name && $0.fields.contains(.temperature) }
      if city.heatStation == nil {
        report.add(
          .error, file.name, nil, "city.heat_station", "there is no sensor \"\(name)\" that measures temperature")
      }
    }
    // Far below what a bank may have: it aligns what is only added up here.
    if city.seriesByteCount > SeriesBank.maximumByteCount / 2 {
      let gibibytes = city.seriesByteCount >> 30
      report.add(
        .error, file.name, nil, "sensors",
        "their readings would need \(gibibytes) GiB, and one gateway keeps at most \(SeriesBank.maximumByteCount >> 31)"
      )
    }
    return outcome(Configured(settings: content.settings, city: city, digest: digest(text)))
  }

  private static func digest(_ text: ConfigurationText) -> String {
    var hash = StableHash()
    for bytes in text.files.map(\.text) + [text.zone] { hash.add(bytes) }
    return hash.text
  }

  private static func sensors(
    _ content: SettingsContent, _ places: [PlaceContent], _ file: String, _ report: Report
  ) -> [Sensor] {
    var sensors: [Sensor] = []
    var ids: Set<String> = []
    var topics: Set<String> = []
    var devices: Set<String> = []
    for sensor in content.sensors {
      var place: Int?
      if let name = sensor.place {
        place = places.firstIndex { $0.place.about.id == name }
        if place == nil {
          let hint = Spelling.nearest(to: name, among: places.map(\.place.about.id)).map { "; did you mean \"\($0)\"?" }
          report.add(
            .error, sensor.file, sensor.position, sensor.path + ".place", "there is no place \"\(name)\"\(hint ?? "")")
        }
      }
      if !ids.insert(sensor.id).inserted {
        report.add(.error, sensor.file, sensor.position, sensor.path + ".id", "the id \"\(sensor.id)\" stands twice")
        continue
      }
      if !topics.insert(sensor.topic).inserted
        || sensor.ownTopic != sensor.topic && !topics.insert(sensor.ownTopic).inserted
      {
        report.add(
          .error, sensor.file, sensor.position, sensor.path + ".topic",
          "another sensor has the topic \"\(sensor.topic)\"")
        continue
      }
      if let device = sensor.device, !devices.insert("\(sensor.decoder.rawValue) \(device)").inserted {
        report.add(
          .error, sensor.file, sensor.position, sensor.path + ".device", "another sensor is the device \"\(device)\"")
        continue
      }
      if sensor.decoder != .senml && sensor.decoder.isKnownByTopic && sensor.topic == sensor.ownTopic {
        report.add(
          .error, sensor.file, sensor.position, sensor.path + ".topic",
          "on \"\(sensor.topic)\" all speak SenML: another topic was expected for the decoder \(sensor.decoder.rawValue)"
        )
      }
      let topics = sensor.device.map(sensor.decoder.topics) ?? sensor.topic
      let isReceived = content.settings.subscriptions.contains { subscription in
        subscription.decoder == sensor.decoder && topics.map { TopicFilter.overlap(subscription.filter, $0) } ?? true
      }
      if !isReceived {
        let what = topics.map { " receives \"\($0)\"" } ?? " stands in the settings"
        let member = sensor.decoder.isKnownByTopic ? ".topic" : topics != nil ? ".device" : ".decoder"
        report.add(
          .error, sensor.file, sensor.position, sensor.path + member,
          "no subscription with the decoder \(sensor.decoder.rawValue)\(what)")
      }
      var configured = Sensor(
        id: sensor.id, topic: sensor.topic, decoder: sensor.decoder, place: place,
        fields: sensor.mapping.sources.map(\.field), period: Int64(sensor.period),
        staleAfter: .seconds(Int64(sensor.staleAfter)), counter: Counter.Model(bits: sensor.counterBits))
      configured.ownTopic = sensor.ownTopic
      configured.device = sensor.device
      configured.mapping = sensor.mapping
      sensors.append(configured)
    }
    return sensors.sorted { $0.topic < $1.topic }
  }

  private static func zones(
    _ content: SettingsContent, _ sensors: [Sensor], _ file: String, _ report: Report
  ) -> [ReferenceZone] {
    var zones: [ReferenceZone] = []
    for zone in content.zones {
      guard let sensor = sensors.firstIndex(where: { $0.id == zone.reference }),
        sensors[sensor].fields.contains(.temperature)
      else {
        report.add(
          .error, file, zone.value.position, "zones[\(zone.id)].reference",
          "there is no sensor \"\(zone.reference)\" that measures temperature")
        continue
      }
      zones.append(ReferenceZone(id: zone.id, reference: sensor))
    }
    return zones.sorted { $0.id < $1.id }
  }

  private static func resolve(
    _ written: PlaceContent, _ zones: [ReferenceZone], _ sensors: [Sensor], _ content: SettingsContent,
    _ report: Report
  ) -> Place {
    var place = written.place
    func note(_ severity: Finding.Severity, _ key: String, _ message: String) {
      report.add(
        severity, content.settings.placesFile, written.value.position, "places[\(place.about.id)].\(key)", message)
    }
    if let name = written.schoolZone {
      place.schoolHolidays = content.schoolHolidays[name]
      if place.schoolHolidays == nil {
        note(.warning, "school_zone", "the settings have no school holidays of zone \"\(name)\"")
      }
    } else if case .hours(let hours) = place.opening, hours.namesSchoolHolidays {
      note(.warning, "opening_hours", "SH needs a school_zone: without it nobody knows on days where it matters")
    }
    if let name = written.zone {
      place.zone = zones.firstIndex { $0.id == name }
      if place.zone == nil { note(.error, "zone", "the settings have no zone \"\(name)\"") }
    }
    if let name = written.reference {
      place.reference = sensors.firstIndex { $0.id == name && $0.fields.contains(.temperature) }
      if place.reference == nil {
        note(.error, "reference", "there is no sensor \"\(name)\" that measures temperature")
      }
    }
    return place
  }
}
